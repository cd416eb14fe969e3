//! The follower: what it appends, acknowledges and delivers.

use super::*;

fn propose(prev: Zxid, txns: &[Txn<Op>]) -> Peer<Map> {
    Peer::Propose { epoch: epoch(0, 0), prev, txns: txns.to_vec() }
}

fn ack(last: Zxid) -> Peer<Map> {
    Peer::Ack { epoch: epoch(0, 0), last }
}

#[test]
fn a_proposal_is_saved_and_then_acknowledged() {
    let mut follower = started(&config(), 1);
    let did = follower.on_peer(0, propose(Zxid::default(), &[txn(first(1), 1)]));
    assert_eq!(saved(&did), [Record::Appended(txn(first(1), 1))]);
    assert_eq!(sent(&did), [(0, ack(first(1)))]);
    let again = follower.on_peer(0, propose(Zxid::default(), &[txn(first(1), 1)]));
    assert_eq!((saved(&again), sent(&again)), (vec![], vec![(0, ack(first(1)))]));
}

#[test]
fn a_proposal_after_a_gap_is_neither_appended_nor_acknowledged() {
    let mut follower = started(&config(), 1);
    let did = follower.on_peer(0, propose(first(1), &[txn(first(2), 2)]));
    assert_eq!((saved(&did), sent(&did)), (vec![], vec![]));
    assert_eq!(follower.history(), []);
}

#[test]
fn a_proposal_of_another_epoch_counts_for_nothing() {
    let mut follower = started(&config(), 1);
    let msg = Peer::Propose {
        epoch: epoch(1, 2),
        prev: Zxid::default(),
        txns: vec![txn(zxid(1, 2, 1), 1)],
    };
    assert_eq!(follower.on_peer(2, msg), []);
}

#[test]
fn a_commit_that_comes_first_counts_when_the_proposal_comes() {
    let mut follower = started(&config(), 1);
    follower.on_peer(0, Peer::Commit { epoch: epoch(0, 0), committed: first(2) });
    assert_eq!(follower.server().commit, Some(first(2)));
    follower.on_peer(0, propose(Zxid::default(), &[txn(first(1), 1)]));
    assert_eq!((follower.delivered(), follower.server().commit), (first(1), Some(first(2))));
    follower.on_peer(0, propose(first(1), &[txn(first(2), 2), txn(first(3), 3)]));
    assert_eq!((follower.delivered(), follower.server().commit), (first(2), None));
}

#[test]
fn a_request_is_redirected_to_the_leader() {
    let mut follower = started(&config(), 1);
    let did = follower.asks(CLIENT, 1, Ask::Do { op: put(1) });
    let elsewhere = Service::Redirect { seq: 1, epoch: 1, leader: 0.into() };
    assert_eq!(did, [Did::Send(CLIENT, elsewhere)]);
}

#[test]
fn the_first_ping_of_another_leader_is_answered_with_the_accepted_epoch() {
    let mut follower = started(&config(), 1);
    let did = follower.on_peer(2, Peer::Ping { epoch: epoch(1, 2), committed: Zxid::default() });
    assert_eq!(did, [Did::Send(2, Peer::CEpoch { accepted: epoch(0, 0) }.into())]);
}

#[test]
fn what_is_saved_is_there_after_a_restart_and_the_rest_is_not_taken_for_committed() {
    let mut follower = started(&config(), 1);
    follower.on_peer(0, propose(Zxid::default(), &[txn(first(1), 1), txn(first(2), 2)]));
    follower.on_peer(0, Peer::Commit { epoch: epoch(0, 0), committed: first(1) });
    follower.restart();
    assert_eq!(follower.history(), [first(1), first(2)]);
    assert_eq!((follower.delivered(), follower.role()), (first(1), &Role::Looking));
}
