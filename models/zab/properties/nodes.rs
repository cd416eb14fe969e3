//! The parts that properties look at: the states of the servers, up or down.

use crate::kv::{Image, Map, Op, Recorded};
use crate::shared_map::SharedMap;
use crate::world::{NodeOf, Nodes, Property, View};
use crate::zab::epoch::Zxid;
use crate::zab::history::SessionHistory;
use crate::zab::{Command, Leading, Saved, ServerState, Stable, State, Txn, Zab};
use stateright::actor::Id;

/// The machine that the checked instances replicate.
pub type Machine = Recorded<Map>;
/// A node of a checked instance.
pub type Actor = Zab<Machine>;
/// The history that instances are judged by.
pub type History = SessionHistory;
/// A property of an instance.
pub type Claim = Property<Actor, History>;

/// A state, as properties see it.
pub(super) type World<'a> = View<'a, Actor, History>;

pub(super) fn server(state: &State<Machine>) -> Option<&ServerState<Machine>> {
    match state {
        State::Server(server) => Some(server),
        State::Client(_) => None,
    }
}

/// The servers that are up.
pub(super) fn servers<'a>(
    nodes: &Nodes<'a, Actor>,
) -> impl Iterator<Item = (Id, &'a ServerState<Machine>)> {
    nodes.up().filter_map(|(id, state)| Some((id, server(state)?)))
}

/// The leaders that are up, established or not.
pub(super) fn leaders<'a>(
    nodes: &Nodes<'a, Actor>,
) -> impl Iterator<Item = (Id, &'a ServerState<Machine>, &'a Leading)> {
    servers(nodes).filter_map(|(id, state)| Some((id, state, state.leading()?)))
}

/// The leaders whose history a quorum took over.
pub(super) fn established<'a>(
    nodes: &Nodes<'a, Actor>,
    quorum: usize,
) -> impl Iterator<Item = (Id, &'a ServerState<Machine>)> {
    leaders(nodes)
        .filter(move |(_, _, leading)| leading.followers.len() + 1 >= quorum)
        .map(|(id, state, _)| (id, state))
}

/// The stable states of the servers: of one that is down, the one on its disk.
pub(super) fn stables<'a>(nodes: &Nodes<'a, Actor>) -> impl Iterator<Item = &'a Stable<Machine>> {
    nodes.iter().filter_map(stable)
}

pub(super) fn stable(node: &NodeOf<Actor>) -> Option<&Stable<Machine>> {
    match (node.state(), &node.disk.durable) {
        (Some(State::Server(server)), _) => Some(&server.stable),
        (None, Some(Saved::Complete(stable))) => Some(stable),
        _ => None,
    }
}

/// The delivered part of a history, as far as the log has it, in order.
pub(super) fn delivered(
    stable: &Stable<Machine>,
) -> impl Iterator<Item = (u64, Zxid, &Command<Op>)> {
    let log = stable.log.range(..=stable.image.slot);
    log.map(|(at, txn)| (*at, txn.zxid, &txn.command))
}

/// Whether a transaction is in a history. One that is no longer in the log was delivered.
pub(super) fn has(stable: &Stable<Machine>, zxid: Zxid) -> bool {
    let first = stable.log.first_key_value().map_or(stable.delivered, |(_, txn)| txn.zxid);
    zxid == Zxid::default()
        || stable.log.values().any(|txn| txn.zxid == zxid)
        || zxid == stable.delivered
        || zxid < first
            && stable.log.keys().next().is_none_or(|at| *at > 1)
            && zxid < stable.delivered
}

/// The history of a server, by position.
pub(super) type Log = SharedMap<u64, Txn<Op>>;

/// What a server delivered, and its history.
pub(super) fn applied(node: &NodeOf<Actor>, all: &mut Vec<(Image<Machine>, Log)>) {
    all.extend(stable(node).map(|stable| (stable.image.clone(), stable.log.clone())));
}
