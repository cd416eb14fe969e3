//! The properties of the queue of waiting requests.

use super::nodes::{Actor, Claim};
use crate::kv::Service;
use crate::kv::service::Refusal;
use crate::primary_backup::{Config, ReplicaState, Role, State};
use crate::statements;
use crate::world::{Condition, NodeOf, Property};

statements! {
    pub TURNS = "work-conserving", "no request waits for its turn while there is room";
    pub BOUNDED = "bounded-queue", "the queue of waiting requests never exceeds its bound";
    pub BUSY = "queue-full", "a request was refused because the queue was full";
}

/// Requests wait for their turn, not longer than they must, and not too many.
pub fn queued(config: Config) -> Vec<Claim> {
    let most = config.max_waiting;
    let turns = Condition::each_node(move |node: &NodeOf<Actor>| match node.state() {
        Some(State::Replica(replica)) => !replica.has_waiting() || !replica.has_room(&config),
        _ => true,
    });
    let bounded = Condition::each_node(move |node| match node.state() {
        Some(State::Replica(ReplicaState { role: Role::Primary(leading), .. })) => {
            leading.waiting.len() <= most
        }
        _ => true,
    });
    let busy = Condition::some_message(|envelope, _| {
        matches!(envelope.msg, Service::Refused { why: Refusal::Busy, .. })
    });
    vec![
        Property::always(TURNS, turns),
        Property::always(BOUNDED, bounded),
        Property::sometimes(BUSY, busy),
    ]
}
