use super::*;
use crate::kv::Sessions;

fn pair() -> (Node, Node) {
    let config = config(2, Rule::MultiValue);
    (started(&config, 0), started(&config, 1))
}

#[test]
fn demers_1987_each_node_tells_the_others_from_time_to_time_what_it_has() {
    let (mut a, _) = pair();
    a.write(9, 1, put("a"));
    let digest = Peer::Digest { vector: vector(&[(0, 1)]), clock: Stamp::default() };
    assert_eq!(a.on_timeout(&Timer::Gossip), [Did::Set(Timer::Gossip), send(1, digest.clone())]);
    assert_eq!(a.restart(), [Did::Set(Timer::Gossip), send(1, digest)]);
}

#[test]
fn a_digest_with_something_new_is_answered_with_a_pull() {
    let (_, mut b) = pair();
    let digest = Peer::Digest { vector: vector(&[(0, 1)]), clock: Stamp::default() };
    let pull = Peer::Pull { have: VersionVector::default(), resume: None };
    assert_eq!(b.on_peer(0, digest), [send(0, pull)]);
    let nothing = Peer::Digest { vector: VersionVector::default(), clock: Stamp::default() };
    b.ignores(0, Service::Peer(nothing));
}

#[test]
fn demers_1987_what_was_lost_is_noticed_and_fetched_and_then_nothing_is_missing() {
    let (mut a, mut b) = pair();
    let lost = a.write(9, 1, with(put("a"), VersionVector::default())).unwrap();
    let second = a.write(9, 2, with(put("b"), VersionVector::default())).unwrap();
    let pull = Peer::Pull { have: VersionVector::default(), resume: None };
    assert_eq!(b.on_peer(0, Peer::Delta(second.clone())), [send(0, pull.clone())]);
    assert_eq!(b.values("x"), bytes(&[]));
    let (upto, updates) = (vector(&[(0, 2)]), vec![lost.clone(), second]);
    let piece = Peer::Piece(Piece { upto, after: None, updates, next: None });
    assert_eq!(a.on_peer(1, pull), [send(1, piece.clone())]);
    b.on_peer(0, piece.clone());
    assert_eq!(b.image().store, a.image().store);
    assert_eq!(b.image().vector, vector(&[(0, 2)]));
    b.ignores(0, Service::Peer(Peer::Delta(lost)));
    b.ignores(0, Service::Peer(piece));
}

#[test]
fn what_was_replaced_is_not_sent() {
    let (mut a, mut b) = pair();
    a.write(9, 1, put("a"));
    let last = a.write(9, 2, put("b")).unwrap();
    let pull = Peer::Pull { have: VersionVector::default(), resume: None };
    let (upto, updates) = (vector(&[(0, 2)]), vec![last]);
    let piece = Peer::Piece(Piece { upto, after: None, updates, next: None });
    assert_eq!(a.on_peer(1, pull), [send(1, piece)]);
    transfer(&mut a, &mut b);
    assert_eq!(b.image().vector, vector(&[(0, 2)]));
}

#[test]
fn a_transfer_is_cut_into_pieces_and_the_vector_moves_with_the_last() {
    let config = Config { piece_bytes: 1, ..config(2, Rule::MultiValue) };
    let (mut a, mut b) = (started(&config, 0), started(&config, 1));
    let one = a.write(9, 1, Op::put("x", "a").into()).unwrap();
    let two = a.write(9, 2, Op::put("y", "b").into()).unwrap();
    let (have, upto) = (VersionVector::default(), vector(&[(0, 2)]));
    let after = Mark { key: "x".into(), partly: None };
    let piece =
        |after, updates, next| Peer::Piece(Piece { upto: upto.clone(), after, updates, next });
    let first = piece(None, vec![one], Some(after.clone()));
    let pull = Peer::Pull { have: have.clone(), resume: None };
    assert_eq!(a.on_peer(1, pull), [send(1, first.clone())]);
    let did = b.on_peer(0, first);
    let resume = Some(Resume { upto: upto.clone(), after: after.clone() });
    let on = Peer::Pull { have, resume };
    assert_eq!(did.last(), Some(&send(0, on.clone())));
    assert_eq!((b.values("x"), &b.image().vector), (bytes(&["a"]), &VersionVector::default()));
    let last = piece(Some(after), vec![two], None);
    assert_eq!(a.on_peer(1, on), [send(1, last.clone())]);
    b.on_peer(0, last);
    assert_eq!((b.values("y"), &b.image().vector), (bytes(&["b"]), &upto));
}

#[test]
fn a_key_where_a_transfer_stopped_half_way_is_sent_again_if_it_changed() {
    let config = Config { piece_bytes: 1, ..config(2, Rule::MultiValue) };
    let mut a = started(&config, 0);
    let one = a.write(9, 1, with(put("a"), VersionVector::default())).unwrap();
    a.write(9, 2, with(put("b"), VersionVector::default()));
    let have = VersionVector::default();
    let partly = Some(Partly { last: one.dot, of: [one.dot, dot(0, 2)].into() });
    let after = Mark { key: "x".into(), partly };
    let resume = Some(Resume { upto: vector(&[(0, 2)]), after });
    let pull = Peer::Pull { have, resume };
    let updates = |did: &[Did]| match did {
        [Did::Send(_, Service::Peer(Peer::Piece(Piece { upto, updates, .. })))] => {
            (upto.clone(), updates[0].dot)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(updates(&a.on_peer(1, pull.clone())), (vector(&[(0, 2)]), dot(0, 2)));
    a.write(9, 3, with(put("c"), VersionVector::default()));
    assert_eq!(updates(&a.on_peer(1, pull)), (vector(&[(0, 2)]), one.dot));
}

#[test]
fn every_message_fits_a_datagram() {
    let mut a = started(&config(2, Rule::MultiValue), 0);
    for seq in 1..=6 {
        let value = "v".repeat(crate::kv::map::MAX_VALUE_BYTES);
        let key = format!("{seq}").repeat(crate::kv::map::MAX_KEY_BYTES);
        a.write(9, seq, Op::put(&key, &value).into());
    }
    let mut pull = Peer::Pull { have: VersionVector::default(), resume: None };
    let mut pieces = 0;
    loop {
        let did = a.on_peer(1, pull);
        let [Did::Send(_, Service::Peer(Peer::Piece(Piece { upto, next, .. })))] = &did[..] else {
            panic!("{did:?}")
        };
        let Did::Send(_, msg) = &did[0] else { panic!() };
        assert!(postcard::to_allocvec(msg).unwrap().len() < 60 * 1024);
        pieces += 1;
        let Some(after) = next.clone() else { break };
        let resume = Some(Resume { upto: upto.clone(), after });
        pull = Peer::Pull { have: VersionVector::default(), resume };
    }
    assert_eq!(pieces, 6);
}

/// Delivers what two nodes send each other, in the order sent, until nothing is left. How many
/// messages that takes; a transfer that never ends is cut off.
fn converse(nodes: &mut [Node; 2], first: impl IntoIterator<Item = (usize, Msg)>) -> usize {
    let mut queue: std::collections::VecDeque<(usize, Msg)> = first.into_iter().collect();
    let mut delivered = 0;
    while let Some((to, msg)) = queue.pop_front() {
        delivered += 1;
        assert!(delivered < 1000, "they never come to an end");
        for did in nodes[to].on_msg(1 - to, msg) {
            if let Did::Send(dst, msg) = did {
                queue.push_back((dst, msg));
            }
        }
    }
    delivered
}

fn digest_of(node: &Node) -> Msg {
    Service::Peer(Peer::Digest { vector: node.image().vector.clone(), clock: node.image().clock })
}

/// Each brings the key where the other's transfer stopped half way a sibling that is not in that
/// transfer's vector: if that alone made it start again, both would do so for ever.
#[test]
fn two_nodes_that_fetch_siblings_of_one_key_from_each_other_come_to_an_end() {
    let config = Config { piece_bytes: 1, ..config(2, Rule::MultiValue) };
    let mut nodes = [0, 1].map(|at| started(&config, at));
    for (at, node) in nodes.iter_mut().enumerate() {
        for seq in 1..=3 {
            node.write(9, seq, with(put(&format!("{at}.{seq}")), VersionVector::default()));
        }
    }
    let digests = [(0, digest_of(&nodes[1])), (1, digest_of(&nodes[0]))];
    converse(&mut nodes, digests);
    let [a, b] = &nodes;
    assert_eq!(a.image().vector, vector(&[(0, 3), (1, 3)]));
    assert_eq!(a.image().vector, b.image().vector);
    assert_eq!(a.image().store, b.image().store);
}

/// A node with so many keys that it sends them in as many pieces, and one that has nothing.
fn large_and_empty(keys: u64) -> [Node; 2] {
    let config = Config { piece_bytes: 1, ..config(2, Rule::MultiValue) };
    let mut nodes = [0, 1].map(|at| started(&config, at));
    for seq in 1..=keys {
        nodes[0].write(9, seq, Op::put(&format!("key {seq:02}"), "v").into());
    }
    nodes
}

#[test]
fn a_piece_that_is_lost_is_asked_for_again_and_not_all_that_came_before() {
    let [mut a, mut b] = large_and_empty(9);
    let mut pieces = 0;
    // Only every second piece arrives. A transfer that began again each time would never end.
    for round in 0..30 {
        let mut asked = b.on_msg(0, digest_of(&a));
        while let Some(Did::Send(_, pull)) = asked.last().cloned() {
            let Did::Send(_, piece) = a.on_msg(1, pull).remove(0) else { panic!("a piece") };
            pieces += 1;
            if pieces % 2 == 0 {
                break;
            }
            asked = b.on_msg(0, piece);
        }
        if b.image().vector == a.image().vector {
            assert_eq!(
                (b.image(), round),
                (&Image { sessions: Sessions::default(), ..a.image().clone() }, 8)
            );
            assert_eq!(b.replica().fetching, [].into());
            return;
        }
    }
    panic!("the transfer does not end");
}

#[test]
fn a_transfer_is_one_stream_whatever_comes_out_of_order_and_twice() {
    let [mut a, mut b] = large_and_empty(9);
    let first = b.on_msg(0, digest_of(&a)).remove(0);
    let Did::Send(_, pull) = first else { panic!("a pull") };
    let Did::Send(_, piece) = a.on_msg(1, pull).remove(0) else { panic!("a piece") };
    assert_eq!(b.on_msg(0, piece.clone()).len(), 2, "it is saved, and the next one asked for");
    assert_eq!(b.on_msg(0, piece), [], "a copy");
    let late = a.write(9, 10, put("late")).unwrap();
    assert_eq!(b.on_peer(0, Peer::Delta(late)), [], "a gap that is being filled");
    let messages = converse(
        &mut [a, b],
        [(1, Service::Peer(Peer::Digest { vector: vector(&[(0, 10)]), clock: Stamp::default() }))],
    );
    assert!(messages < 25, "{messages} messages for 9 pieces");
}

#[test]
fn a_node_that_comes_back_begins_its_transfers_again() {
    let [mut a, mut b] = large_and_empty(3);
    let mut asked = b.on_msg(0, digest_of(&a));
    for _ in 0..2 {
        let Some(Did::Send(_, pull)) = asked.last().cloned() else { panic!("a pull") };
        let Did::Send(_, piece) = a.on_msg(1, pull).remove(0) else { panic!("a piece") };
        asked = b.on_msg(0, piece);
    }
    assert_eq!(b.replica().fetching.len(), 1);
    b.restart();
    assert_eq!(b.replica().fetching, [].into());
    let all = Peer::Pull { have: VersionVector::default(), resume: None };
    assert_eq!(b.on_msg(0, digest_of(&a)), [send(0, all)]);
}
