//! What properties look at: what the nodes have, up or down.

use super::super::config::Kafka;
use super::super::history::LogHistory;
use super::super::log::Log;
use super::super::registry::Registry;
use super::super::state::{BrokerState, Role, State};
use super::super::storage::Storage;
use crate::Saved;
use crate::world::{NodeOf, Nodes, Property, View};
use stateright::actor::Id;

/// A node of an instance.
pub type Actor = Kafka;
/// The history that instances are judged by.
pub type History = LogHistory;
/// A property of an instance.
pub type Claim = Property<Actor, History>;

/// A state of an instance.
pub(super) type World<'a> = View<'a, Actor, History>;

/// What was decided: the newest that a controller knows.
pub(super) fn registry<'a>(nodes: &Nodes<'a, Actor>) -> Option<&'a Registry> {
    let newest = decided(nodes.node(Id::from(0)))?;
    voters(nodes).max_by_key(|registry| registry.version).or(Some(newest))
}

/// What each controller knows to be decided, where they are several; what it will know when it is
/// back, if it is down.
pub(super) fn voters<'a, 'n>(
    nodes: &'n Nodes<'a, Actor>,
) -> impl Iterator<Item = &'a Registry> + use<'a, 'n> {
    voter_nodes(nodes).filter_map(decided)
}

/// The controllers, where they are several. They have the first ids.
pub(super) fn voter_nodes<'a, 'n>(
    nodes: &'n Nodes<'a, Actor>,
) -> impl Iterator<Item = &'a NodeOf<Actor>> + use<'a, 'n> {
    let is_voter = |node: &&NodeOf<Actor>| match (node.state(), &node.disk.durable) {
        (Some(state), _) => matches!(state, State::Voter(_)),
        (None, saved) => matches!(saved, Some(Storage::Voter(_))),
    };
    (0..).map(|id| nodes.node(Id::from(id))).take_while(is_voter)
}

/// What a controller decided. A single one never crashes for good.
fn decided(node: &NodeOf<Actor>) -> Option<&Registry> {
    match (node.state(), &node.disk.durable) {
        (Some(State::Controller(registry)), _) | (None, Some(Storage::Controller(registry))) => {
            Some(registry)
        }
        (Some(State::Voter(voter)), _) => Some(&voter.stable.image.machine),
        (None, Some(Storage::Voter(Saved::Complete(stable)))) => Some(&stable.image.machine),
        _ => None,
    }
}

/// The brokers that are up.
pub(super) fn brokers<'a>(
    nodes: &Nodes<'a, Actor>,
) -> impl Iterator<Item = (Id, &'a BrokerState)> + use<'a> {
    let up: Vec<_> = nodes.up().collect();
    up.into_iter().filter_map(|(id, state)| match state {
        State::Broker(broker) => Some((id, broker)),
        _ => None,
    })
}

/// A broker that leads.
pub(super) fn leaders<'a>(
    nodes: &Nodes<'a, Actor>,
) -> impl Iterator<Item = (Id, &'a BrokerState)> + use<'a> {
    brokers(nodes).filter(|(_, broker)| broker.leading().is_some())
}

/// The leader that the controller elected, if it leads.
pub(super) fn newest_leader<'a>(nodes: &Nodes<'a, Actor>) -> Option<(Id, &'a BrokerState)> {
    let epoch = registry(nodes)?.partition.leader_epoch;
    leaders(nodes).find(|(_, broker)| broker.partition().leader_epoch == epoch)
}

/// Those that may be elected, and run in the life that the controller knows.
pub(super) fn candidates<'a>(
    nodes: &Nodes<'a, Actor>,
) -> impl Iterator<Item = (Id, &'a BrokerState)> + use<'a> {
    let registry = registry(nodes);
    brokers(nodes).filter(move |(id, broker)| {
        registry.is_some_and(|Registry { brokers, partition, .. }| {
            let is_known = brokers.get(id).is_some_and(|known| known.epoch == broker.epoch);
            is_known && (partition.isr.contains(id) || partition.elr.contains(id))
        })
    })
}

/// A broker's log, or what it will be when the broker is back.
pub(super) fn log_of(node: &NodeOf<Actor>) -> Option<Log> {
    match (node.state(), &node.disk.durable) {
        (Some(State::Broker(broker)), _) => Some(broker.log.clone()),
        (None, Some(Storage::Broker(saved))) => Some(saved.state().log),
        _ => None,
    }
}

/// Whether a log has a record.
pub(super) fn has(log: &Log, (producer, sequence): (Id, u64)) -> bool {
    log.has(producer, sequence)
}

/// Whether it takes part: it runs, and its start is known.
pub(super) fn takes_part(broker: &BrokerState) -> bool {
    matches!(broker.role, Role::Follower | Role::Leader(_))
}
