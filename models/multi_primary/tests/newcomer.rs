//! A node that lost its disk: it counts for nothing until it has all that the others have.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

const LIFE: u64 = 77;

fn newcomer(config: &Config, at: usize) -> (Node, Vec<Did>) {
    let mut node = started(config, at);
    let did = node.replace(LIFE);
    (node, did)
}

fn back(generation: u16) -> Return {
    Return { generation, life: LIFE }
}

fn returns(dst: usize, generation: u16) -> Did {
    send(dst, Peer::Return(back(generation)))
}

fn restore(dst: usize, have: &[(usize, u64)]) -> Did {
    send(dst, Peer::Restore { back: back(1), have: vector(have), resume: None })
}

/// The messages that a node sends, each with its receiver.
fn sent(did: Vec<Did>) -> Vec<(usize, Msg)> {
    let sends = did.into_iter().filter_map(|did| match did {
        Did::Send(dst, msg) => Some((dst, msg)),
        _ => None,
    });
    sends.collect()
}

/// All that the nodes say to each other arrives, in order; what is said to no node is left out.
fn settle(nodes: &mut [Node], from: usize, did: Vec<Did>) {
    let mut flying: std::collections::VecDeque<_> =
        sent(did).into_iter().map(|(dst, msg)| (from, dst, msg)).collect();
    while let Some((src, dst, msg)) = flying.pop_front() {
        let Some(node) = nodes.get_mut(dst) else { continue };
        let did = node.on_msg(src, msg);
        flying.extend(sent(did).into_iter().map(|(to, msg)| (dst, to, msg)));
    }
}

#[test]
fn it_says_that_it_lost_its_disk_again_and_again_through_crashes() {
    let (mut node, did) = newcomer(&config(3, Rule::MultiValue), 0);
    assert!(matches!(&did[..], [Did::Set(Timer::Gossip), Did::Save(Storage::Image(_)), ..]));
    assert_eq!(did[2..], [returns(1, 1), returns(2, 1)]);
    let again = [Did::Set(Timer::Gossip), returns(1, 1), returns(2, 1)];
    assert_eq!(node.on_timeout(&Timer::Gossip), again);
    assert_eq!(node.restart(), again);
    node.on_peer(2, Peer::Known(back(1)));
    assert_eq!(node.restart(), again[..2], "a node that has heard gets no second announcement");
}

#[test]
fn it_serves_nobody_and_takes_nothing_that_was_meant_for_its_former_life() {
    let (mut node, _) = newcomer(&config(3, Rule::MultiValue), 0);
    let written = update(dot(1, 1), Order::Knowing(VersionVector::default()), Some("a"));
    let piece =
        Piece { upto: vector(&[(1, 1)]), after: None, updates: vec![written.clone()], next: None };
    node.ignores(9, request(1, Op::put("x", "b")));
    node.ignores(9, request(1, Op::get("x")));
    node.ignores(1, Service::Peer(Peer::Delta(written)));
    node.ignores(1, Service::Peer(Peer::Piece(piece.clone())));
    let digest = Peer::Digest { vector: vector(&[(1, 1)]), clock: Stamp::default() };
    node.ignores(1, Service::Peer(digest));
    let pull = Peer::Pull { have: VersionVector::default(), resume: None };
    node.ignores(1, Service::Peer(pull));
    let other = Return { generation: 1, life: LIFE + 1 };
    let (clock, returns) = (Stamp::default(), BTreeMap::new());
    let restored = Peer::Restored { back: other, piece, clock, returns };
    node.ignores(1, Service::Peer(restored));
}

#[test]
fn it_asks_nobody_for_what_he_has_before_all_have_heard() {
    let (mut node, _) = newcomer(&config(3, Rule::MultiValue), 0);
    let did = node.on_peer(1, Peer::Known(back(1)));
    assert!(matches!(&did[..], [Did::Save(_), again] if *again == returns(2, 1)), "{did:?}");
    let did = node.on_peer(2, Peer::Known(back(1)));
    assert_eq!(did[1..], [restore(1, &[]), restore(2, &[])]);
}

#[test]
fn it_goes_above_every_generation_that_is_known() {
    let mut other = started(&config(2, Rule::MultiValue), 1);
    let former = Return { generation: 4, life: 3 };
    other.on_peer(0, Peer::Return(former));
    let (mut node, _) = newcomer(&config(2, Rule::MultiValue), 0);
    let answer = other.on_peer(0, Peer::Return(back(1)));
    assert_eq!(answer, [send(0, Peer::Known(former))]);
    let did = node.on_peer(1, Peer::Known(former));
    assert_eq!(did[1..], [returns(1, 5)]);
    node.ignores(1, Service::Peer(Peer::Known(former)));
    other.on_peer(0, Peer::Return(back(5)));
    let did = other.on_peer(0, Peer::Return(former));
    assert_eq!(did, [send(0, Peer::Known(back(5)))], "a former life is late");
    // A node that knows no return, but writes of that generation.
    let mut third = started(&config(2, Rule::MultiValue), 1);
    let begin = vector(&[(0, Dot::below(id(0), 7).counter)]);
    let piece = Piece { upto: begin, after: None, updates: vec![], next: None };
    third.on_peer(0, Peer::Piece(piece));
    let known = Return { generation: 7, life: 0 };
    assert_eq!(third.on_peer(0, Peer::Return(back(5))), [send(0, Peer::Known(known))]);
}

#[test]
fn it_has_what_the_others_have_and_its_writes_are_new_to_them() {
    for rule in [Rule::LastWriterWins, Rule::MultiValue] {
        let config = Config { piece_bytes: 1, ..config(3, rule) };
        let mut nodes = [0, 1, 2].map(|at| started(&config, at));
        let [known, gone] = [("x", "a"), ("y", "b")].map(|(key, value)| {
            nodes[0].write(9, u64::from(key == "y") + 1, Op::put(key, value).into()).unwrap()
        });
        nodes[1].on_peer(0, Peer::Delta(known));
        let elsewhere = nodes[2].write(8, 1, Op::put("z", "c").into()).unwrap();
        let (node, did) = newcomer(&config, 0);
        nodes[0] = node;
        settle(&mut nodes, 0, did);
        assert_eq!(nodes[0].image().newcomer, None);
        for node in &nodes {
            assert_eq!(["x", "y", "z"].map(|key| node.values(key).len()), [1, 0, 1], "{rule:?}");
            assert!(
                node.image().vector.covers(gone.dot),
                "what is nowhere is waited for by nobody"
            );
        }
        nodes[1].ignores(0, Service::Peer(Peer::Delta(gone.clone())));
        let written = nodes[0].write(9, 3, Op::put("y", "d").into()).unwrap();
        assert_eq!(written.dot, Dot::new(id(0), Dot::below(id(0), 1).counter + 1));
        if let (Order::Written(new), Order::Written(old)) =
            (&written.version.order, &elsewhere.version.order)
        {
            assert!(new > old, "{new:?}");
        }
        nodes[1].on_peer(0, Peer::Delta(written));
        assert_eq!(nodes[1].values("y"), bytes(&["d"]));
    }
}

#[test]
fn what_its_former_life_said_counts_for_nothing_once_it_is_heard() {
    let mut node = started(&config(2, Rule::MultiValue), 0);
    node.write(9, 1, put("a"));
    node.write(9, 2, delete());
    let digest = |has| Peer::Digest { vector: vector(&[(0, has)]), clock: Stamp::default() };
    node.on_peer(1, digest(1));
    assert_ne!(node.replica().stability, Stability::default());
    node.on_peer(1, Peer::Return(back(1)));
    assert_eq!(node.replica().stability, Stability::default());
    node.ignores(1, Service::Peer(digest(2)));
    assert!(node.image().store.has_tombstones());
    node.restart();
    node.ignores(1, Service::Peer(digest(2)));
    let vector: VersionVector = [dot(0, 2), Dot::below(id(1), 1)].into_iter().collect();
    let piece = Piece { upto: vector.clone(), after: None, updates: vec![], next: None };
    node.on_peer(1, Peer::Piece(piece));
    node.on_peer(1, Peer::Digest { vector, clock: Stamp::default() });
    assert!(!node.image().store.has_tombstones());
}

/// Node 0 must not fetch from node 2 before node 1 has heard of it, too: node 1 drops its
/// tombstone, which the former life of node 0 had, and the value that node 2 still had would stay
/// at node 0 for ever. (Without that guard, the check of three nodes finds it in 20 steps.)
#[test]
fn no_tombstone_goes_between_two_answers() {
    let config = config(3, Rule::MultiValue);
    let mut nodes = [0, 1, 2].map(|at| started(&config, at));
    let value = nodes[1].write(9, 1, put("a")).unwrap();
    for at in [0, 2] {
        nodes[at].on_peer(1, Peer::Delta(value.clone()));
    }
    let tombstone = nodes[1].write(9, 2, delete()).unwrap();
    let digest = || Peer::Digest { vector: vector(&[(1, 2)]), clock: Stamp::default() };
    nodes[1].on_peer(0, digest());
    let (node, _) = newcomer(&config, 0);
    nodes[0] = node;
    let known = sent(nodes[2].on_peer(0, Peer::Return(back(1)))).remove(0).1;
    let did = nodes[0].on_msg(2, known);
    assert_eq!(did[1..], [returns(1, 1)], "it does not fetch yet");
    nodes[2].on_peer(1, Peer::Delta(tombstone));
    nodes[1].on_peer(2, digest());
    assert!(!nodes[1].image().store.has_tombstones());
    let did = nodes[0].on_timeout(&Timer::Gossip);
    settle(&mut nodes, 0, did);
    assert_eq!((&nodes[0].image().newcomer, nodes[0].values("x")), (&None, vec![]));
}

/// Nodes 0 and 1 lost their disks. Neither serves the other before it has what node 2 has.
#[test]
fn two_newcomers_serve_each_other_when_they_have_what_the_third_has() {
    let config = config(3, Rule::MultiValue);
    let mut third = started(&config, 2);
    third.write(9, 1, put("a"));
    let [mut zero, mut one] = [0, 1].map(|at| newcomer(&config, at).0);
    for (a, b) in [(0, 1), (1, 0)] {
        third.on_peer(a, Peer::Return(back(1)));
        let node = if b == 0 { &mut zero } else { &mut one };
        node.on_peer(a, Peer::Return(back(1)));
        node.on_peer(2, Peer::Known(back(1)));
        node.on_peer(a, Peer::Known(back(1)));
    }
    let ask =
        |have: &[(usize, u64)]| Peer::Restore { back: back(1), have: vector(have), resume: None };
    one.ignores(0, Service::Peer(ask(&[])));
    let restored = sent(third.on_peer(1, ask(&[]))).remove(0).1;
    one.on_msg(2, restored);
    assert!(one.image().newcomer.as_ref().unwrap().restored == BTreeSet::from([id(2)]));
    let answer = sent(one.on_peer(0, ask(&[])));
    assert!(
        matches!(&answer[..], [(0, Service::Peer(Peer::Restored { piece, returns, .. }))]
            if piece.updates.len() == 1 && returns[&id(1)] == back(1)),
        "{answer:?}"
    );
}

#[test]
#[should_panic(expected = "only a node")]
fn a_client_is_not_taken_back() {
    let client = config(2, Rule::MultiValue).client(0, vec![]);
    client.on_newcomer(id(2), LIFE, &mut Out::new());
}
