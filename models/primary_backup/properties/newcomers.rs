//! States that must be reachable where disks are lost.

use super::nodes::{Actor, Claim};
use crate::primary_backup::State;
use crate::statements;
use crate::world::{Condition, NodeOf, Property};

statements! {
    pub RETURNED = "returned", "a replica that had lost its disk took over";
    pub SUCCEEDED = "succeeded", "a backup took over from a primary that had lost its disk";
    /// Only one replica is certified, and loses its disk.
    pub STOPPED = "service-stopped", "the service stopped because acknowledged writes may be lost";
}

/// The view service makes no view, because no certified replica is left.
pub fn stopped() -> Claim {
    Property::sometimes(
        STOPPED,
        Condition::some_node(|node| match node.state() {
            Some(State::ViewService(service)) => service.stopped_by.is_some(),
            _ => false,
        }),
    )
}

/// A replica that lost its disk acts, with what it copied.
pub fn returned() -> Claim {
    Property::sometimes(RETURNED, Condition::some_node(|node| node.life > 0 && acts(node, 1)))
}

/// A backup acts in a view that names the first primary's second life.
pub fn succeeded() -> Claim {
    let knows = |node: &NodeOf<Actor>| match node.state() {
        Some(State::Replica(replica)) => replica.view.lives.contains_key(&1.into()),
        _ => false,
    };
    Property::sometimes(
        SUCCEEDED,
        Condition::some_node(move |node| node.life == 0 && acts(node, 0) && knows(node)),
    )
}

/// Whether a node acts as primary with at least so many operations.
fn acts(node: &NodeOf<Actor>, operations: u64) -> bool {
    match node.state() {
        Some(State::Replica(replica)) => replica.is_acting() && replica.image.op >= operations,
        _ => false,
    }
}
