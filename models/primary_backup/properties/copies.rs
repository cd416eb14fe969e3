//! The properties of copies: an outsider gets the state while requests go on.

use super::nodes::{Claim, synced};
use crate::kv::Service;
use crate::primary_backup::{Peer, ReplicaState, Role, State};
use crate::statements;
use crate::world::{Condition, Property};
use std::collections::BTreeMap;

statements! {
    /// A copy is of one state, and then of what was done since, or it never ends while requests go
    /// on.
    pub KEPT = "copy-suffix",
        "a primary keeps every operation that it ordered since the state that is being copied";
    /// A view that begins waits for messages, not for a state.
    pub COPIED = "join-after-copy", "a replica joins a view only after it has copied the state";
    /// A state is large: it is not cut again because requests went on.
    pub CUT_ONCE = "one-snapshot",
        "all the pieces that a replica receives in a view are of one state";
    /// Reached: what is sent again travels together.
    pub BATCHED = "batched", "a message carries several operations";
}

/// A primary keeps the operations that were ordered since the state that is being copied.
pub fn kept() -> Claim {
    Property::always(
        KEPT,
        Condition::each_node(|node| match node.state() {
            Some(State::Replica(ReplicaState { role: Role::Primary(leading), image, .. })) => {
                leading.copying.as_ref().is_none_or(|copying| {
                    let kept = copying.since.between(copying.copied() + 1, image.op).count();
                    kept as u64 == image.op - copying.copied()
                })
            }
            _ => true,
        }),
    )
}

/// The primary lets a replica in only after it has copied the state of its view.
pub fn copied() -> Claim {
    Property::always(
        COPIED,
        Condition::each_message(|envelope, around| match &envelope.msg {
            Service::Peer(Peer::Ping { view, ready: Some(id), .. }) => {
                synced(around.nodes().node(*id)).is_some_and(|synced| synced >= *view)
            }
            _ => true,
        }),
    )
}

/// In each view, all pieces that a replica is sent are of the same state. True only where no copy
/// is given up and no primary restarts.
pub fn cut_once() -> Claim {
    Property::always(
        CUT_ONCE,
        Condition::world(|world| {
            let mut cut = BTreeMap::new();
            world.envelopes().all(|envelope| match &envelope.msg {
                Service::Peer(Peer::Chunk { view, op, .. }) => {
                    *cut.entry((envelope.dst, *view)).or_insert(*op) == *op
                }
                _ => true,
            })
        }),
    )
    .monotone()
}

/// A message carries more than one operation.
pub fn batched() -> Claim {
    Property::sometimes(
        BATCHED,
        Condition::some_message(|envelope, _| match &envelope.msg {
            Service::Peer(Peer::Replicate { entries, .. }) => entries.len() > 1,
            _ => false,
        }),
    )
}
