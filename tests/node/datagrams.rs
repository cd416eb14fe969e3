//! The largest messages of two-phase commit fit a datagram: what bounds them are the constants of
//! the models, and what a datagram holds is the runtime's business, so the two meet here.

use quorate::models::kv::txn::{MAX_OUTCOME_BYTES, MAX_TXN_BYTES, MAX_TXN_OPS, OP_BYTES};
use quorate::models::kv::{Bytes, Op, Outcome, Reply, Service, Transaction};
use quorate::models::two_phase_commit::{MAX_LIVE, Msg, Peer, TxnId, Vote};
use quorate::node::MAX_DATAGRAM;
use stateright::actor::Id;
use std::collections::BTreeSet;

/// The bytes that the runtime adds to a message: header, nonce and tag.
const FRAME_BYTES: usize = 128;

fn assert_fits(message: &Msg) {
    let bytes = postcard::to_stdvec(message).unwrap().len();
    assert!(bytes + FRAME_BYTES <= MAX_DATAGRAM, "{bytes} bytes");
}

fn largest_id() -> Id {
    Id::from(usize::MAX)
}

fn txn() -> TxnId {
    TxnId { client: largest_id(), seq: u64::MAX, epoch: u64::MAX }
}

/// All participants of the largest cluster.
fn participants() -> BTreeSet<Id> {
    (1..64).map(Id::from).collect()
}

fn value(bytes: usize) -> Bytes {
    vec![b'v'; bytes].into()
}

/// One large value, and as many small ones as there may be.
fn transactions() -> [Transaction; 2] {
    let one = Op::Put { key: "k".into(), value: value(MAX_TXN_BYTES - OP_BYTES - 1) };
    let each = MAX_TXN_BYTES / MAX_TXN_OPS - OP_BYTES - 1;
    let many = Op::Put { key: "k".into(), value: value(each) };
    [one.into(), Transaction { ops: vec![many; MAX_TXN_OPS] }]
}

fn replies() -> [Vec<Reply>; 2] {
    let one = Reply::Value(Some(value(MAX_OUTCOME_BYTES - OP_BYTES)));
    let each = MAX_OUTCOME_BYTES / MAX_TXN_OPS - OP_BYTES;
    let many = Reply::Swapped { swapped: true, found: Some(value(each)) };
    [vec![one], vec![many; MAX_TXN_OPS]]
}

#[test]
fn requests_and_vote_requests_fit_a_datagram() {
    for transaction in transactions() {
        assert_eq!(transaction.check(), Ok(()));
        let part = (0..).zip(transaction.ops.clone()).collect();
        assert_fits(&Service::Request { seq: u64::MAX, op: transaction });
        let prepare = Peer::Prepare { txn: txn(), part, participants: participants() };
        assert_fits(&Service::Peer(prepare));
    }
}

#[test]
fn votes_and_replies_fit_a_datagram() {
    for replies in replies() {
        let vote = Vote::Yes((0..).zip(replies.clone()).collect());
        assert_fits(&Service::Peer(Peer::Vote { txn: txn(), vote }));
        assert_fits(&Service::Reply { seq: u64::MAX, reply: Outcome::Committed(replies) });
    }
}

#[test]
fn a_restarted_coordinators_announcement_fits_a_datagram() {
    let committed = (0..MAX_LIVE as u64).map(|at| TxnId { seq: u64::MAX - at, ..txn() }).collect();
    assert_fits(&Service::Peer(Peer::Recovered { epoch: u64::MAX, committed }));
}
