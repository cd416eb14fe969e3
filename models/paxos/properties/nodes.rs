//! The parts that properties look at: the states of the replicas, up or down.

use crate::kv::history::Linearizable;
use crate::kv::{Map, Op, Recorded};
use crate::paxos::{Ballot, Command, Image, Paxos, ReplicaState, Saved, Slot, Stable, State};
use crate::shared_map::SharedMap;
use crate::world::{NodeOf, Nodes, Property, View};

/// The machine that the checked instances replicate.
pub type Machine = Recorded<Map>;
/// A node of a checked instance.
pub type Actor = Paxos<Machine>;
/// The history that instances are judged by.
pub type History = Linearizable<Map>;
/// A property of an instance.
pub type Claim = Property<Actor, History>;

/// A state, as properties see it.
pub(super) type World<'a> = View<'a, Actor, History>;

pub(super) fn replica(state: &State<Machine>) -> Option<&ReplicaState<Machine>> {
    match state {
        State::Replica(replica) => Some(replica),
        State::Client(_) => None,
    }
}

/// The stable states of the replicas: of one that is down, the one on its disk.
pub(super) fn stables<'a>(nodes: &Nodes<'a, Actor>) -> impl Iterator<Item = &'a Stable<Machine>> {
    nodes.iter().filter_map(stable)
}

pub(super) fn stable(node: &NodeOf<Actor>) -> Option<&Stable<Machine>> {
    match (node.state(), &node.disk.durable) {
        (Some(State::Replica(replica)), _) => Some(&replica.stable),
        (None, Some(Saved::Complete(stable))) => Some(stable),
        _ => None,
    }
}

/// The commands that a replica knows to be chosen, by slot.
pub(super) type Log = SharedMap<Slot, Command<Op>>;

/// What a replica applied, and the last commands of it.
pub(super) fn applied(node: &NodeOf<Actor>, all: &mut Vec<(Image<Machine>, Log)>) {
    all.extend(stable(node).map(|stable| (stable.image.clone(), stable.log.clone())));
}

/// The last commands that a replica applied, and what it promised.
pub(super) fn learned(node: &NodeOf<Actor>, all: &mut Vec<(Ballot, Log)>) {
    all.extend(stable(node).map(|stable| (stable.promised, stable.log.clone())));
}
