//! What a node does with the pieces of a transfer.

use super::*;

/// Node 0 has two siblings of one key, which node 1 fetches one by one.
fn siblings() -> (Node, Node) {
    let config = Config { piece_bytes: 1, ..config(2, Rule::MultiValue) };
    let (mut a, b) = (started(&config, 0), started(&config, 1));
    for (seq, value) in [(1, "a"), (2, "b")] {
        a.write(9, seq, with(put(value), VersionVector::default()));
    }
    (a, b)
}

/// The next piece that node 0 sends, and what it was asked.
fn piece_of(a: &mut Node, pull: Peer) -> Peer {
    match &a.on_peer(1, pull)[..] {
        [Did::Send(_, Service::Peer(piece))] => piece.clone(),
        other => panic!("{other:?}"),
    }
}

fn pull_in(did: &[Did]) -> Peer {
    match did.last() {
        Some(Did::Send(_, Service::Peer(pull @ Peer::Pull { .. }))) => pull.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn preguica_2010_a_key_is_taken_over_when_all_its_versions_are_there() {
    let (mut a, mut b) = siblings();
    let first = piece_of(&mut a, all());
    let did = b.on_peer(0, first);
    assert_eq!(did.len(), 1, "nothing to save yet");
    assert_eq!(b.values("x"), bytes(&[]));
    let last = piece_of(&mut a, pull_in(&did));
    b.on_peer(0, last);
    assert_eq!(b.values("x"), bytes(&["a", "b"]));
    assert_eq!(b.image().vector, vector(&[(0, 2)]));
    assert_eq!(b.replica().fetching, [].into());
}

#[test]
fn a_piece_is_taken_only_where_the_receiver_is() {
    let (mut a, mut b) = siblings();
    let first = piece_of(&mut a, all());
    let rest = pull_in(&b.on_peer(0, first.clone()));
    let last = piece_of(&mut a, rest);
    b.ignores(0, Service::Peer(first.clone()));
    b.restart();
    b.ignores(0, Service::Peer(last.clone()));
    b.on_peer(0, first);
    b.on_peer(0, last);
    assert_eq!(b.values("x"), bytes(&["a", "b"]));
}

#[test]
fn what_is_aside_of_a_key_that_is_sent_again_is_dropped() {
    let (mut a, mut b) = siblings();
    a.write(9, 3, with(put("c"), VersionVector::default()));
    let rest = pull_in(&b.on_peer(0, piece_of(&mut a, all())));
    a.write(9, 4, put("d"));
    a.write(9, 5, with(put("e"), VersionVector::default()));
    let again = piece_of(&mut a, rest);
    let rest = pull_in(&b.on_peer(0, again));
    let [transfer] = b.replica().fetching.values().collect::<Vec<_>>()[..] else { panic!() };
    let aside: Vec<Dot> = transfer.aside.iter().map(|update| update.dot).collect();
    assert_eq!(aside, [dot(0, 4)], "what was replaced meanwhile is not kept");
    b.on_peer(0, piece_of(&mut a, rest));
    assert_eq!(b.values("x"), bytes(&["d", "e"]));
    assert_eq!(b.image().vector, vector(&[(0, 3)]), "what the sender had at the first piece");
}

fn all() -> Peer {
    Peer::Pull { have: VersionVector::default(), resume: None }
}
