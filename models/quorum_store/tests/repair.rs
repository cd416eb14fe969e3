//! Anti-entropy with many keys, which no instance has.

use super::super::config::{Config, Purge, Timing};
use super::super::message::{Cause, Peer};
use super::super::state::Timer;
use super::super::version::Version;
use super::cluster::{Cluster, Sent, ask, cluster, deliver, fire, hear, round, stable};
use crate::kv::Op;
use crate::ring::Ring;
use stateright::actor::Id;

/// A client's put that reaches the node that it asks, and no other.
fn put(nodes: &mut Cluster, at: usize, number: usize) {
    let op = Op::put(&format!("key {number}"), &format!("value {number} of {at}"));
    ask(nodes, at, number, op);
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

/// Two nodes that purge what both have deleted.
fn purging() -> Cluster {
    cluster(&Config {
        purge: Purge::AfterRepair,
        tree_depth: 2,
        ..Config::new(2, 2, Timing::model())
    })
}

fn delete(key: &str) -> Op {
    Op::Delete { key: key.into() }
}

/// Node 0 deletes a key, both nodes come to know that both have the tombstone, and it goes at node 1.
fn purge(nodes: &mut Cluster, key: &str, client: usize) {
    ask(nodes, 0, client, delete(key));
    let is_tombstone = |sent: &Sent| matches!(sent.2.msg, Peer::Write { cause: Cause::Repair, .. });
    let open = fire(nodes, 0, Timer::Repair).into_iter().filter(is_tombstone).collect();
    deliver(nodes, open, None);
    fire(nodes, 1, Timer::Purge);
    assert!(stable(&nodes[1]).version(&key.into()).is_none(), "it went");
}

#[test]
fn a_replica_takes_what_it_missed_though_a_later_tombstone_of_another_key_went() {
    let mut nodes = purging();
    let late = ask(&mut nodes, 0, 1, Op::put("x", "v"));
    purge(&mut nodes, "y", 2);
    let x = "x".into();
    assert!(stable(&nodes[1]).horizon > stable(&nodes[0]).version(&x).unwrap().stamp);
    let asked = hear(&mut nodes, late[0].clone());
    assert!(stable(&nodes[1]).version(&x).is_none(), "it may be one that was deleted");
    assert!(!asked.iter().any(|sent| matches!(sent.2.msg, Peer::Wrote { .. })), "{asked:?}");
    deliver(&mut nodes, asked, None);
    assert_eq!(stable(&nodes[1]).version(&x), stable(&nodes[0]).version(&x), "it is not");
    let again = hear(&mut nodes, late[0].clone());
    assert!(matches!(again[0].2.msg, Peer::Wrote { .. }), "{again:?}");
}

#[test]
fn what_a_replica_held_before_a_tombstone_went_is_not_taken() {
    let mut nodes = purging();
    let late = ask(&mut nodes, 0, 1, Op::put("y", "v"));
    // Node 1 asks before the delete, and the answer is on its way until the tombstone went.
    let mut open = fire(&mut nodes, 1, Timer::Repair);
    while !open.iter().any(|sent| matches!(sent.2.msg, Peer::Leaf { .. })) {
        open = open.into_iter().flat_map(|sent| hear(&mut nodes, sent)).collect();
    }
    // Of another key a tombstone goes later, but is older.
    ask(&mut nodes, 0, 4, delete("a"));
    purge(&mut nodes, "b", 2);
    let before = stable(&nodes[1]).horizon;
    purge(&mut nodes, "y", 3);
    assert!(stable(&nodes[1]).horizon > before);
    deliver(&mut nodes, open, None);
    hear(&mut nodes, late[0].clone());
    // Node 0 has the tombstone still, and node 1 may have it again.
    let version = stable(&nodes[1]).version(&"y".into());
    assert!(version.is_none_or(Version::is_tombstone), "{version:?}");
}

#[test]
fn a_hint_from_below_the_horizon_is_dropped() {
    let mut nodes = purging();
    let (_, _, mut hint) = ask(&mut nodes, 0, 1, Op::put("x", "v"))[0].clone();
    purge(&mut nodes, "y", 2);
    if let Peer::Write { cause, .. } = &mut hint.msg {
        *cause = Cause::Hint;
    }
    let did = hear(&mut nodes, (0, 1, hint));
    assert!(did.iter().any(|it| matches!(it.2.msg, Peer::Wrote { cause: Cause::Hint, .. })));
    assert!(stable(&nodes[1]).version(&"x".into()).is_none());
}
