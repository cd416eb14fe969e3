//! Synchronisation: a server takes over the history of another.

use super::*;

/// A server that accepted the epoch of server 0.
fn joining(history: &[Txn<Op>]) -> Node {
    let mut server = restarted(&config(), 1, epoch(1, 2), history);
    server.on_peer(0, Peer::NewEpoch { epoch: epoch(2, 0) });
    server
}

fn new_leader(part: Part<Op>) -> Peer<Map> {
    Peer::NewLeader { epoch: epoch(2, 0), part }
}

#[test]
fn the_history_is_durable_before_the_epoch_and_that_before_the_acknowledgment() {
    let mut server = joining(&[]);
    let did = server.on_peer(0, new_leader(part(Zxid::default(), &[txn(first(1), 1)])));
    let records = [Record::Appended(txn(first(1), 1)), Record::Current(epoch(2, 0))];
    assert_eq!(saved(&did), records);
    let ack = Peer::AckLeader { epoch: epoch(2, 0), last: first(1) };
    assert_eq!(sent(&did), [(0, ack)]);
    assert_eq!(server.delivered(), Zxid::default(), "nothing says that it is committed");
}

#[test]
fn what_the_leader_does_not_have_is_cut_off() {
    let mut server = joining(&[txn(first(1), 1), txn(first(2), 2)]);
    let did = server.on_peer(0, new_leader(part(first(1), &[txn(zxid(1, 2, 1), 3)])));
    let records = [
        Record::Cut { after: 1 },
        Record::Appended(txn(zxid(1, 2, 1), 3)),
        Record::Current(epoch(2, 0)),
    ];
    assert_eq!(saved(&did), records);
    assert_eq!(server.history(), [first(1), zxid(1, 2, 1)]);
}

#[test]
fn once_taken_over_nothing_is_cut_off_in_that_epoch() {
    let mut server = joining(&[]);
    let old = new_leader(part(Zxid::default(), &[txn(first(1), 1)]));
    server.on_peer(0, old.clone());
    let proposed = [txn(zxid(2, 0, 1), 2)];
    let epoch = epoch(2, 0);
    server.on_peer(0, Peer::Propose { epoch, prev: first(1), txns: proposed.to_vec() });
    let did = server.on_peer(0, old);
    assert_eq!(saved(&did), []);
    assert_eq!(server.history(), [first(1), zxid(2, 0, 1)]);
}

#[test]
fn a_server_that_lacks_the_point_names_an_earlier_one() {
    let mut server = joining(&[txn(first(1), 1)]);
    let did = server.on_peer(0, new_leader(part(first(2), &[txn(first(3), 3)])));
    let fetch = Peer::Fetch { epoch: epoch(2, 0), last: first(1), held: None };
    assert_eq!((saved(&did), sent(&did)), (vec![], vec![(0, fetch)]));
}

#[test]
fn a_history_in_several_messages_is_taken_over_with_the_last() {
    let mut server = joining(&[]);
    let first_part = Part { end: first(2), ..part(Zxid::default(), &[txn(first(1), 1)]) };
    let did = server.on_peer(0, new_leader(first_part));
    let fetch = Peer::Fetch { epoch: epoch(2, 0), last: first(1), held: None };
    assert_eq!(sent(&did), [(0, fetch)]);
    assert!(!server.server().is_synchronized());
    server.on_peer(0, new_leader(part(first(1), &[txn(first(2), 2)])));
    assert!(server.server().is_synchronized());
}

#[test]
fn where_the_log_is_forgotten_a_snapshot_takes_its_place_and_one_that_is_had_is_refused() {
    let config = Config { keep: 0, ..config() };
    let mut leader = started(&config, 0);
    leader.asks(CLIENT, 1, Ask::Do { op: put(1) });
    leader.on_peer(1, Peer::Ack { epoch: epoch(0, 0), last: first(1) });
    assert_eq!(leader.history(), []);
    let fetch = Peer::Fetch { epoch: epoch(0, 0), last: Zxid::default(), held: None };
    let snapshot = sent(&leader.on_peer(2, fetch));
    let [(2, piece @ Peer::Snapshot { next: None, .. })] = &snapshot[..] else {
        panic!("{snapshot:?}")
    };
    let mut follower = started(&config, 2);
    follower.on_peer(0, piece.clone());
    assert_eq!(follower.server().stable.image, leader.server().stable.image);
    assert_eq!(follower.delivered(), first(1));
    assert_eq!(follower.on_peer(0, piece.clone()), [], "it has it");
}
