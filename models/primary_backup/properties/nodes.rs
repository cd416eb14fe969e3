//! The parts that properties look at: the states of the nodes, up or down.

use super::super::config::{PrimaryBackup, view_service};
use super::super::state::{ReplicaState, State};
use super::super::storage::{Image, Registry, Storage};
use super::super::view::View;
use crate::kv::history::Linearizable;
use crate::kv::{Map, Recorded};
use crate::world::{NodeOf, Nodes, Property};

/// The machine that the checked instances replicate.
pub type Machine = Recorded<Map>;
/// A node of a checked instance.
pub type Actor = PrimaryBackup<Machine>;
/// The history that instances are judged by.
pub type History = Linearizable<Map>;
/// A property of an instance.
pub type Claim = Property<Actor, History>;

/// A node of an instance.
pub(super) type Node = NodeOf<Actor>;
/// The replicas that are up.
pub(super) fn replicas<'a>(
    nodes: &Nodes<'a, Actor>,
) -> impl Iterator<Item = &'a ReplicaState<Machine>> {
    nodes.up().filter_map(|(_, state)| match state {
        State::Replica(replica) => Some(replica),
        _ => None,
    })
}

/// What the view service knows, or will know when it is back.
pub(super) fn registry<'a>(nodes: &Nodes<'a, Actor>) -> Option<&'a Registry> {
    let node = nodes.node(view_service());
    match (node.state(), &node.disk.durable) {
        (Some(State::ViewService(state)), _) => Some(&state.registry),
        (None, Some(Storage::ViewService(registry))) => Some(registry),
        _ => None,
    }
}

/// The newest view that a replica knows.
pub(super) fn view_of(node: &Node) -> Option<&View> {
    match (node.state(), &node.disk.durable) {
        (Some(State::Replica(replica)), _) => Some(&replica.view),
        (None, Some(Storage::Replica(saved))) => saved.view.as_ref(),
        _ => None,
    }
}

/// The last view in which a replica held the state.
pub(super) fn synced(node: &Node) -> Option<u64> {
    match (node.state(), &node.disk.durable) {
        (Some(State::Replica(replica)), _) => Some(replica.synced),
        (None, Some(Storage::Replica(saved))) => saved.synced,
        _ => None,
    }
}

/// The replicated state of a replica, or what it will be when the replica is back.
pub(super) fn image(node: &Node) -> Option<&Image<Machine>> {
    match (node.state(), &node.disk.durable) {
        (Some(State::Replica(replica)), _) => Some(&replica.image),
        (None, Some(Storage::Replica(saved))) => saved.image(),
        _ => None,
    }
}

/// The replicated states of all replicas, of those that are down too.
pub(super) fn images<'a>(nodes: &Nodes<'a, Actor>) -> impl Iterator<Item = &'a Image<Machine>> {
    nodes.iter().filter_map(image)
}
