//! Several nodes, whose messages arrive in the order in which they were sent.

use super::super::config::{Config, QuorumStore};
use super::super::message::{InEpoch, Level, Peer, Request};
use super::super::state::{ReplicaState, State, Timer};
use super::super::storage::Stable;
use crate::kv::{Op, Service};
use crate::testing::{Did, Node};
use std::collections::VecDeque;

/// The nodes, by id.
pub(super) type Cluster = Vec<Node<QuorumStore>>;
/// A message between nodes: from, to, and what it says.
pub(super) type Sent = (usize, usize, InEpoch);

pub(super) fn cluster(config: &Config) -> Cluster {
    (0..config.nodes).map(|id| Node::start(config.server(), id, None).0).collect()
}

pub(super) fn replica(node: &Node<QuorumStore>) -> &ReplicaState {
    match &node.state {
        State::Replica(replica) => replica,
        State::Client(_) => panic!("a node"),
    }
}

pub(super) fn stable(node: &Node<QuorumStore>) -> &Stable {
    &replica(node).stable
}

/// What a node said to others.
pub(super) fn sent(from: usize, did: Vec<Did<QuorumStore>>) -> Vec<Sent> {
    let between = |did: Did<QuorumStore>| match did {
        Did::Send(to, Service::Peer(msg)) => Some((from, to, msg)),
        _ => None,
    };
    did.into_iter().filter_map(between).collect()
}

/// A client's request at level one; what the node says to others.
pub(super) fn ask(nodes: &mut Cluster, at: usize, client: usize, op: Op) -> Vec<Sent> {
    let op = Request::Key { op, level: Level::One, context: None };
    sent(at, nodes[at].on_msg(100 + client, Service::Request { seq: 1, op }))
}

/// A timer of a node fires; what it says to others.
pub(super) fn fire(nodes: &mut Cluster, at: usize, timer: Timer) -> Vec<Sent> {
    sent(at, nodes[at].on_timeout(&timer))
}

/// One message arrives; what the receiver says.
pub(super) fn hear(nodes: &mut Cluster, (from, to, msg): Sent) -> Vec<Sent> {
    sent(to, nodes[to].on_msg(from, Service::Peer(msg)))
}

/// All of these arrive, and what follows from them, but for those to a node that is down. How many but
/// the first ones of anti-entropy there were.
pub(super) fn deliver(nodes: &mut Cluster, open: Vec<Sent>, down: Option<usize>) -> usize {
    let mut open = VecDeque::from(open);
    let mut count = 0;
    while let Some(sent) = open.pop_front() {
        let is_top = matches!(&sent.2.msg, Peer::Tree { path, .. } if path.is_empty());
        count += usize::from(!is_top);
        if Some(sent.1) != down {
            open.extend(hear(nodes, sent));
        }
        assert!(count < 100_000, "it has no end");
    }
    count
}

/// Each node begins a round of anti-entropy, and all messages arrive. How many there were.
pub(super) fn round(nodes: &mut Cluster) -> usize {
    let open = (0..nodes.len()).flat_map(|at| fire(nodes, at, Timer::Repair)).collect();
    deliver(nodes, open, None)
}
