//! The parts that properties look at: the states of the coordinator and the participants, up or
//! down.

use super::super::config::coordinator;
use super::super::{CoordinatorState, Ledger, Saved, Shard, State, Storage, TwoPhaseCommit};
use crate::kv::Transactional;
use crate::kv::history::Linearizable;
use crate::world::{NodeOf, Nodes, Property, View};

/// A node of a checked instance.
pub type Actor = TwoPhaseCommit;
/// The history that instances are judged by.
pub type History = Linearizable<Transactional>;
/// A property of an instance.
pub type Claim = Property<Actor, History>;

/// A state, as properties see it.
pub(super) type World<'a> = View<'a, Actor, History>;

/// The coordinator's state, if it is up.
pub(in super::super) fn coordinator_state<'a>(world: &World<'a>) -> Option<&'a CoordinatorState> {
    match world.nodes().state(coordinator()) {
        Some(State::Coordinator(state)) => Some(state),
        _ => None,
    }
}

/// What the coordinator knows, or will know when it is back.
pub(in super::super) fn ledger<'a>(world: &World<'a>) -> Option<&'a Ledger> {
    ledger_of(&world.nodes())
}

pub(super) fn ledger_of<'a>(nodes: &Nodes<'a, Actor>) -> Option<&'a Ledger> {
    ledger_on(nodes.node(coordinator()))
}

/// The same, if this is the coordinator.
pub(super) fn ledger_on(node: &NodeOf<Actor>) -> Option<&Ledger> {
    match (node.state(), &node.disk.durable) {
        (Some(State::Coordinator(state)), _) => Some(&state.ledger),
        (None, Some(Storage::Coordinator(Saved::Complete(ledger)))) => Some(ledger),
        _ => None,
    }
}

/// What a participant knows, or will know when it is back.
pub(in super::super) fn shard(node: &NodeOf<Actor>) -> Option<&Shard> {
    match (node.state(), &node.disk.durable) {
        (Some(State::Participant(state)), _) => Some(&state.shard),
        (None, Some(Storage::Participant(Saved::Complete(shard)))) => Some(shard),
        _ => None,
    }
}
