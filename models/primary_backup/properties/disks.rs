//! States that must be reachable where a node goes on while its disk writes.

use super::nodes::{Claim, Node, registry, replicas};
use crate::kv::Service;
use crate::primary_backup::{Peer, Registry, ReplicaState, Role, State, Storage};
use crate::statements;
use crate::world::{Condition, Property};

statements! {
    /// Only who is certified is sure to hold every acknowledged request.
    pub CERTIFIED = "certified-primary", "the primary of the newest view is certified",
        "Alsberg and Day 1976";
    pub HELD = "acknowledgement-held", "a backup's acknowledgement waited for its disk";
    /// The syncs of the primary and of its backups overlap.
    pub BACKUPS_FIRST = "backups-first",
        "every backup had acknowledged an operation that its primary's disk did not hold";
    /// It would order another one under the same number.
    pub FORGOTTEN = "operation-forgotten",
        "a primary came back without an operation that a backup holds";
}

/// The view service lets nobody lead who is not certified.
pub fn certified() -> Claim {
    let is_certified = |registry: &Registry| registry.certified.contains(&registry.view.primary);
    Property::always(
        CERTIFIED,
        Condition::nodes(move |nodes| registry(nodes).is_none_or(is_certified)),
    )
}

/// An acknowledgement for another waits for the disk.
pub fn held() -> Claim {
    let is_ack = |msg: &_| matches!(msg, Service::Peer(Peer::Ack { .. }));
    let holds = move |node: &Node| node.held.iter().any(|(to, msg)| *to != node.id && is_ack(msg));
    Property::sometimes(HELD, Condition::some_node(holds))
}

/// A primary waits for its own disk, and for nothing else.
pub fn backups_first() -> Claim {
    Property::sometimes(
        BACKUPS_FIRST,
        Condition::some_node(|node| {
            let Some(State::Replica(replica)) = node.state() else { return false };
            let Role::Primary(leading) = &replica.role else { return false };
            let acked = |id: &_| leading.acked_by(*id) == replica.image.op;
            !replica.view.backups.is_empty()
                && replica.view.backups.iter().all(acked)
                && durable(node) < replica.image.op
        }),
    )
}

/// A primary that leads no more is behind a backup of its view.
pub fn forgotten() -> Claim {
    let is_ahead = |backup: &ReplicaState<_>, resigned: &ReplicaState<_>| {
        backup.view == resigned.view && backup.is_synced() && backup.image.op > resigned.image.op
    };
    Property::sometimes(
        FORGOTTEN,
        Condition::nodes(move |nodes| {
            let mut resigned = replicas(nodes).filter(|replica| replica.role == Role::Resigned);
            resigned.any(|resigned| replicas(nodes).any(|backup| is_ahead(backup, resigned)))
        }),
    )
}

/// The last operation on a replica's disk.
fn durable(node: &Node) -> u64 {
    match &node.disk.durable {
        Some(Storage::Replica(saved)) => saved.image().map_or(0, |image| image.op),
        _ => 0,
    }
}
