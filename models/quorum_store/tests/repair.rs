//! Anti-entropy with many keys, which no instance has.

use super::super::config::{Config, QuorumStore, Timing};
use super::super::message::{Level, Peer, Request};
use super::super::state::{State, Timer};
use super::super::storage::Stable;
use crate::kv::{Op, Service};
use crate::ring::Ring;
use crate::testing::{Did, Node};
use stateright::actor::Id;
use std::collections::VecDeque;

type Cluster = Vec<Node<QuorumStore>>;

fn cluster(config: &Config) -> Cluster {
    (0..config.nodes).map(|id| Node::start(config.server(), id, None).0).collect()
}

fn stable(node: &Node<QuorumStore>) -> &Stable {
    match &node.state {
        State::Replica(replica) => &replica.stable,
        State::Client(_) => panic!("a node"),
    }
}

/// A client's put that reaches the node that it asks, and no other.
fn put(nodes: &mut Cluster, at: usize, number: usize) {
    let op = Op::put(&format!("key {number}"), &format!("value {number} of {at}"));
    let op = Request { op, level: Level::One };
    nodes[at].on_msg(100 + number, Service::Request { seq: 1, op });
}

/// Each node begins a round, and all messages between nodes arrive. How many there were.
fn round(nodes: &mut Cluster) -> usize {
    let mut open = VecDeque::new();
    let sent = |from: usize, did: Vec<Did<QuorumStore>>| {
        did.into_iter().filter_map(move |did| match did {
            Did::Send(to, msg @ Service::Peer(_)) => Some((from, to, msg)),
            _ => None,
        })
    };
    for (id, node) in nodes.iter_mut().enumerate() {
        open.extend(sent(id, node.on_timeout(&Timer::Repair)));
    }
    let mut count = 0;
    while let Some((from, to, msg)) = open.pop_front() {
        count +=
            usize::from(!matches!(&msg, Service::Peer(Peer::Tree { path, .. }) if path.is_empty()));
        open.extend(sent(to, nodes[to].on_msg(from, msg)));
        assert!(count < 100_000, "it has no end");
    }
    count
}

#[test]
fn two_replicas_come_to_hold_the_same_in_small_pieces() {
    let config = Config { piece_bytes: 64, ..Config::new(2, 2, Timing::model()) };
    let mut nodes = cluster(&config);
    for number in 0..60 {
        put(&mut nodes, number % 2, number);
    }
    let rounds = (1..50).find(|_| round(&mut nodes) == 0);
    assert!(rounds.is_some(), "they always differ");
    assert_eq!(stable(&nodes[0]).rows, stable(&nodes[1]).rows);
    assert_eq!(stable(&nodes[0]).rows.len(), 60);
}

#[test]
fn a_node_gets_the_keys_that_it_holds_by_the_ring_and_no_others() {
    let ring = Ring::new((0..5).map(Id::from), 8);
    let config = Config { ring: Some(ring.clone()), ..Config::new(5, 3, Timing::model()) };
    let mut nodes = cluster(&config);
    for number in 0..60 {
        let key = format!("key {number}").as_str().into();
        let at = ring.owner(&key).map_or(0, usize::from);
        put(&mut nodes, at, number);
    }
    assert!((1..50).any(|_| round(&mut nodes) == 0), "they always differ");
    for number in 0..60 {
        let key = format!("key {number}").as_str().into();
        let holders = ring.replicas(&key, 3);
        for node in &nodes {
            let has = stable(node).version(&key).is_some();
            assert_eq!(has, holders.contains(&node.id), "{key:?} at {:?}", node.id);
        }
    }
}
