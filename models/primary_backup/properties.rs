//! The properties of primary-backup: what must hold, and what must be reachable.
//!
//! The replicas replicate [`Recorded<Map>`](crate::kv::Recorded), whose state records which
//! requests were applied, in order: so these are statements about states, and the protocol carries
//! no history for the sake of its proof. A node that is down counts with what is on its disk,
//! because it may come back.

mod copies;
mod disks;
mod newcomers;
mod nodes;
mod queue;
mod sessions;

pub use copies::*;
pub use disks::*;
pub use newcomers::*;
pub use nodes::{Actor, Claim, History, Machine};
pub use queue::*;
pub use sessions::*;

use self::nodes::{image, registry, replicas, view_of};
use super::message::Peer;
use super::state::{ReplicaState, Role, State, Timer};
use super::storage::Image;
use crate::kv::Service;
use crate::statements;
use crate::world::{Condition, Nodes, Process, Property, View};
use stateright::actor::Id;
use std::collections::BTreeSet;

/// A request: its client and sequence number.
type Request = (Id, u64);

statements! {
    pub ONE_PRIMARY = "one-primary", "at most one replica acts as the primary of a view",
        "Budhiraja et al. 1993, Pb1";
    pub PROMOTABLE = "no-lost-update", "every certified replica holds every acknowledged request",
        "Alsberg and Day 1976";
    /// [`PROMOTABLE`], as users see it.
    pub NO_LOSS = "primary-completeness",
        "an acting primary of the newest view holds every acknowledged request";
    pub PREFIX = "prefix", "a backup has applied a prefix of what its primary applied",
        "Alsberg and Day 1976";
    pub EXACTLY_ONCE = "exactly-once", "no replica applies a request twice", "Alsberg and Day 1976";
    pub LINEARIZABLE = "linearizable", "the history that clients see is linearizable",
        "Budhiraja et al. 1993, Pb4; Herlihy and Wing 1990";
    /// Lost messages are sent again, and a silent replica is noticed. Where the checker lets every
    /// timer fire at any time, a timer that is never armed again shows in no run that is short
    /// enough.
    pub ARMED = "timers-armed", "every timer that progress depends on is pending";
    /// Once faults stop, messages that are sent again and again arrive.
    pub ANSWERED = "answered", "every request is eventually answered", "Budhiraja et al. 1993";
    /// Although one host failed, or one link.
    pub SERVED = "bounded-outage", "the newest view eventually has an acting primary",
        "Budhiraja et al. 1993";
    /// Once faults stop, and every replica takes part again.
    pub CONVERGED = "convergence", "replicas that differ eventually hold the same state";
    pub FAILED_OVER = "failover", "a backup took over as primary";
    pub TRANSFERRED = "state-transfer", "a backup caught up by state transfer";
    pub OVERLAP = "overlap", "requests of two clients overlapped";
    pub REFILLED = "gap-refilled", "a backup asked for the operations that it had missed";
}

/// At most one replica acts as the primary of a view.
pub fn one_primary() -> Claim {
    Property::always(
        ONE_PRIMARY,
        Condition::nodes(|nodes| {
            let mut views = BTreeSet::new();
            (replicas(nodes).filter(|replica| replica.is_acting()))
                .all(|replica| views.insert(replica.view.number))
        }),
    )
}

/// Every acknowledged request is in every replica that the next view may promote: not in one that
/// lost its disk, which is in no view that does not name its life.
pub fn promotable() -> Claim {
    Property::always(
        PROMOTABLE,
        Condition::world(|world| {
            let nodes = world.nodes();
            registry(&nodes).is_some_and(|registry| {
                let lives = |id: &&Id| {
                    let view = view_of(nodes.node(**id));
                    view.is_none_or(|view| view.same_life(&registry.view, **id))
                };
                let mut certified = registry.certified.iter().filter(lives);
                certified.all(|id| has_acknowledged(world, image(nodes.node(*id))))
            })
        }),
    )
}

/// The primary of the newest view, once it acts, has every acknowledged request.
pub fn no_loss() -> Claim {
    Property::always(
        NO_LOSS,
        Condition::world(|world| {
            let nodes = world.nodes();
            let newest = registry(&nodes).map(|registry| registry.view.number);
            (replicas(&nodes))
                .filter(|replica| replica.is_acting() && Some(replica.view.number) == newest)
                .all(|replica| has_acknowledged(world, Some(&replica.image)))
        }),
    )
}

/// In one view, what a backup applied is a prefix of what its primary applied, and if it is all of
/// it, they hold the same state.
pub fn prefix() -> Claim {
    let is_prefix = |backup: &ReplicaState<Machine>, primary: &ReplicaState<Machine>| {
        let (backup, primary) = (&backup.image, &primary.image);
        primary.machine.applied.starts_with(&backup.machine.applied)
            && (backup.op != primary.op || backup.is_like(primary))
    };
    Property::always(
        PREFIX,
        Condition::nodes(move |nodes| {
            (replicas(nodes).filter(|primary| primary.is_primary())).all(|primary| {
                (replicas(nodes))
                    .filter(|backup| !backup.is_primary() && backup.is_synced())
                    .filter(|backup| backup.view == primary.view)
                    .all(|backup| is_prefix(backup, primary))
            })
        }),
    )
}

/// No replica applied a request twice.
pub fn exactly_once() -> Claim {
    Property::always(
        EXACTLY_ONCE,
        Condition::each_node(|node| {
            let mut seen = BTreeSet::new();
            image(node).is_none_or(|image| {
                image.machine.applied.iter().all(|request| seen.insert(*request))
            })
        }),
    )
}

/// The history is linearizable.
pub fn linearizable() -> Claim {
    Property::always(LINEARIZABLE, Condition::history(|history: &History| history.is_consistent()))
}

/// The view service made no more than so many views, and those that are spared are outside the
/// newest only if they are out of reach: down, or with a link that is cut.
pub(super) fn within(views: u64, spared: Vec<usize>) -> Condition<Actor, History> {
    Condition::world(move |world| {
        let nodes = world.nodes();
        let Some(view) = registry(&nodes).map(|registry| &registry.view) else { return true };
        let servers = (0..servers(&nodes)).map(Id::from);
        let in_reach = |id: Id| {
            nodes.state(id).is_some() && servers.clone().all(|other| !world.is_cut(id, other))
        };
        let mut outside = spared.iter().map(|id| Id::from(*id)).filter(|id| !view.contains(*id));
        view.number <= views && !outside.any(in_reach)
    })
}

/// Every timer that progress rests on is set.
pub fn armed() -> Claim {
    Property::always(
        ARMED,
        Condition::each_node(|node| match &node.process {
            Process::Up { state, timers, .. } => {
                needed_timers(state).iter().all(|timer| timers.contains(timer))
            }
            Process::Down { .. } | Process::Panicked { .. } => true,
        }),
    )
}

fn needed_timers(state: &State<Machine>) -> Vec<Timer> {
    match state {
        State::ViewService(state) => state.registry.view.members().map(Timer::Suspect).collect(),
        State::Replica(ReplicaState { role: Role::Primary(leading), view, image, .. }) => {
            let owes = |id: &&Id| leading.acked.get(id).is_none_or(|acked| *acked < image.op);
            let silent: Vec<&Id> = view.backups.iter().filter(owes).collect();
            let expected = silent.iter().filter(|id| !leading.lagging.contains(id));
            let copying = leading.copying.iter().map(|copying| copying.to);
            (expected.map(|id| **id).chain(copying).map(Timer::Overdue))
                .chain((!silent.is_empty()).then_some(Timer::Resend))
                .chain([Timer::Ping])
                .collect()
        }
        State::Replica(_) => vec![Timer::Ping],
        State::Client(_) => vec![],
    }
}

/// What must always hold of synchronous replication.
pub fn safety() -> Vec<Claim> {
    let mut claims = vec![one_primary(), promotable(), no_loss(), prefix(), exactly_once()];
    claims.extend([linearizable(), kept(), copied(), armed()]);
    claims
}

/// What must hold where sessions are evicted.
pub fn few_sessions() -> Vec<Claim> {
    let mut claims = safety();
    claims.extend([active(), not_new(), same()]);
    claims
}

/// All clients have all their answers.
pub fn answered() -> Claim {
    Property::eventually(
        ANSWERED,
        Condition::history(|history: &History| {
            history.acknowledged().count() > 0 && history.open() == 0
        }),
    )
}

/// Whenever replicas differ, they are all alike later.
pub fn converged() -> Claim {
    Property::leads_to(
        CONVERGED,
        Condition::nodes(|nodes| !are_alike(nodes)),
        Condition::nodes(are_alike),
    )
}

/// Whenever no primary acts in the newest view, one does later.
pub fn served() -> Claim {
    fn is_served(nodes: &Nodes<'_, Actor>) -> bool {
        let newest = registry(nodes).map(|registry| registry.view.number);
        replicas(nodes).any(|replica| replica.is_acting() && Some(replica.view.number) == newest)
    }
    Property::leads_to(
        SERVED,
        Condition::nodes(|nodes| !is_served(nodes)),
        Condition::nodes(is_served),
    )
}

/// Whether all replicas take part in the newest view and hold the same state.
fn are_alike(nodes: &Nodes<'_, Actor>) -> bool {
    let Some(registry) = registry(nodes) else { return false };
    let all = registry.view.members().count();
    let mut taking_part = replicas(nodes)
        .filter(|replica| replica.view == registry.view && replica.is_synced())
        .map(|replica| &replica.image);
    let first = taking_part.next();
    let same = taking_part.filter(|image| first.is_some_and(|first| first.is_like(image))).count();
    first.is_some() && same + 1 == all && all + 1 == servers(nodes)
}

/// How many nodes are no clients.
fn servers(nodes: &Nodes<'_, Actor>) -> usize {
    nodes.iter().filter(|node| node.disk.durable.is_some()).count()
}

/// What must eventually happen.
pub fn liveness() -> Vec<Claim> {
    vec![answered(), converged()]
}

/// Another replica than the first acts.
pub fn failed_over() -> Claim {
    Property::sometimes(
        FAILED_OVER,
        Condition::some_node(|node| {
            node.id != Id::from(1)
                && matches!(node.state(), Some(State::Replica(replica)) if replica.is_acting())
        }),
    )
}

/// A backup holds a state, not empty, that it fetched: it takes part in a view in which its
/// primary sent it a piece.
pub fn transferred() -> Claim {
    Property::sometimes(
        TRANSFERRED,
        Condition::some_message(|envelope, around| match &envelope.msg {
            Service::Peer(Peer::Chunk { view, op, .. }) if *op > 0 => {
                matches!(
                    around.nodes().state(envelope.dst),
                    Some(State::Replica(replica)) if replica.synced == *view
                )
            }
            _ => false,
        }),
    )
}

/// A primary waits for its backups with requests of two clients at once.
pub fn overlap() -> Claim {
    Property::sometimes(
        OVERLAP,
        Condition::some_node(|node| match node.state() {
            Some(State::Replica(replica)) => {
                let clients: BTreeSet<Id> = replica.pending().map(|e| e.client).collect();
                clients.len() >= 2
            }
            _ => false,
        }),
    )
}

/// A backup noticed a gap.
pub fn refilled() -> Claim {
    Property::sometimes(
        REFILLED,
        Condition::some_message(|envelope, _| {
            matches!(envelope.msg, Service::Peer(Peer::Refill { .. }))
        }),
    )
}

fn has_acknowledged(world: &View<'_, Actor, History>, image: Option<&Image<Machine>>) -> bool {
    let holds =
        |request: Request| image.is_some_and(|image| image.machine.applied.contains(&request));
    world.history().acknowledged().all(holds)
}
