//! A participant, event by event.

use super::super::{Known, MAX_LIVE};
use super::*;
use crate::kv::{Abort, Reply};

fn yes() -> Did {
    Did::Send(0, vote(Vote::Yes(vec![(0, Reply::Done)])))
}

fn ack() -> Did {
    Did::Send(0, peer(Peer::Ack { txn: txn() }))
}

/// A participant that voted yes.
pub(super) fn prepared() -> Node {
    let mut node = server(1);
    node.on_msg(0, prepare());
    node
}

/// Asks participant 1 for the vote on an operation of another client.
fn rival(client: usize, op: Op) -> Msg {
    let txn = TxnId { client: Id::from(client), seq: 1, epoch: 0 };
    peer(Peer::Prepare { txn, part: vec![(0, op)], participants: ids([1]) })
}

fn votes_no(did: &[Did], reason: &Abort) -> bool {
    sends(did).iter().any(|(to, msg)| {
        *to == 0
            && matches!(
                msg,
                Service::Peer(Peer::Vote { vote: Vote::No(why), .. }) if why == reason
            )
    })
}

#[test]
fn it_locks_and_saves_before_it_votes_yes() {
    let mut node = server(1);
    let did = node.on_msg(0, prepare());
    assert_eq!(did, [Did::Set(Timer::Doubt), save_shard(prepared_record()), yes()]);
    assert_eq!(node.participant().locks.holders().collect::<Vec<_>>(), [txn()]);
    assert_eq!(node.participant().shard.map.0.len(), 0, "nothing is done yet");
    assert_eq!(node.on_msg(0, prepare()), [yes()], "asked again, it votes the same");
}

#[test]
fn a_commit_is_done_saved_and_acknowledged_and_frees_the_locks() {
    let mut node = prepared();
    let record = ShardRecord::Decided(txn(), Decision::Commit);
    let did = node.on_msg(0, decide(Decision::Commit));
    assert_eq!(did, [save_shard(record), ack(), Did::Cancel(Timer::Doubt)]);
    let state = node.participant();
    assert_eq!(state.shard.map.0.get(&"x".into()), Some(&"a".into()));
    assert!(state.locks.is_empty() && state.shard.prepared.is_empty());
    assert_eq!(node.on_msg(0, decide(Decision::Commit)), [ack()], "decided again");
    assert_eq!(node.on_msg(0, prepare()), [], "an old message");
    assert_eq!(node.on_msg(0, peer(Peer::NoInformation { txn: txn() })), []);
}

#[test]
fn an_abort_frees_the_locks_and_leaves_the_map() {
    let mut node = prepared();
    let record = ShardRecord::Decided(txn(), Decision::Abort);
    let did = node.on_msg(0, decide(Decision::Abort));
    assert_eq!(did, [save_shard(record), Did::Cancel(Timer::Doubt)]);
    let state = node.participant();
    assert!(state.locks.is_empty() && state.shard.map.0.is_empty());
}

#[test]
fn an_abort_that_overtakes_the_vote_request_is_remembered() {
    let mut node = server(1);
    let record = ShardRecord::Decided(txn(), Decision::Abort);
    assert_eq!(node.on_msg(0, decide(Decision::Abort)), [save_shard(record)]);
    assert_eq!(node.on_msg(0, prepare()), []);
    assert_eq!(node.progress(), Some(&Progress::Aborted));
}

#[test]
fn a_lock_that_is_taken_is_not_waited_for() {
    let mut node = prepared();
    for op in [Op::get("x"), Op::put("x", "b"), Op::Delete { key: "x".into() }] {
        let client = 4 + node.participant().shard.newest.iter().count();
        assert!(votes_no(&node.on_msg(0, rival(client, op)), &Abort::Conflict));
    }
    let other = Op::get("a");
    assert!(!votes_no(&node.on_msg(0, rival(9, other)), &Abort::Conflict));
}

#[test]
fn a_refusal_is_durable_and_the_same_for_ever() {
    let mut node = prepared();
    let read = rival(4, Op::get("x"));
    node.on_msg(0, read.clone());
    node.on_msg(0, decide(Decision::Abort));
    assert!(votes_no(&node.on_msg(0, read.clone()), &Abort::Conflict), "although the lock is free");
    node.restart();
    assert!(votes_no(&node.on_msg(0, read.clone()), &Abort::Conflict));
}

#[test]
fn a_condition_that_does_not_hold_is_refused_with_what_was_found() {
    let mut node = server(1);
    let cas = Op::Cas { key: "x".into(), expected: Some("a".into()), new: None };
    let why = Abort::Condition { op: 0, found: None };
    assert!(votes_no(&node.on_msg(0, rival(3, cas)), &why));
    assert!(node.participant().locks.is_empty());
}

#[test]
fn a_key_of_another_participant_is_refused() {
    let mut node = server(1);
    assert!(votes_no(&node.on_msg(0, rival(3, Op::get("z"))), &Abort::UnknownShard));
}

#[test]
fn a_restart_locks_again_what_is_in_doubt_and_asks_everybody() {
    let mut node = prepared();
    let before = node.state.clone();
    let did = node.restart();
    let asks = |to| Did::Send(to, decision_req());
    assert_eq!(did, [Did::Set(Timer::Doubt), asks(0), asks(2)]);
    assert_eq!(node.state, before);
}

#[test]
fn a_newer_transaction_of_a_client_makes_the_older_one_old() {
    let mut node = prepared();
    let newer = TxnId { seq: 2, ..txn() };
    let (part, participants) = (vec![(0, Op::put("a", "b"))], ids([1]));
    node.on_msg(0, peer(Peer::Prepare { txn: newer, part, participants }));
    assert_eq!(node.participant().shard.known(txn()), Known::StillPrepared);
    assert_eq!(node.on_msg(2, decision_req()), [], "it is in doubt about it");
    node.on_msg(0, decide(Decision::Commit));
    assert_eq!(node.participant().shard.known(txn()), Known::Old);
    assert_eq!(node.on_msg(0, prepare()), [], "it does not begin it again");
    assert_eq!(node.on_msg(2, decision_req()), [], "it has forgotten what was decided");
    let known = node.participant().shard.known(newer);
    assert_eq!(known, Known::Newest(&Progress::Prepared));
}

#[test]
fn what_it_is_prepared_for_is_bounded() {
    let mut node = server(1);
    for client in 0..MAX_LIVE {
        node.on_msg(0, rival(3 + client, Op::get("x")));
    }
    let did = node.on_msg(0, rival(3 + MAX_LIVE, Op::get("x")));
    assert!(votes_no(&did, &Abort::Unavailable));
    assert_eq!(node.participant().shard.prepared.len(), MAX_LIVE);
}

#[test]
fn bernstein_1987_what_is_in_doubt_for_long_does_not_keep_it_from_asking_about_the_rest() {
    let mut node = server(1);
    let txns: Vec<TxnId> =
        (0..40).map(|at| TxnId { client: Id::from(100 + at), seq: 1, epoch: 0 }).collect();
    for txn in &txns {
        let part = vec![(0, Op::put(&format!("key {:?}", txn.client), "a"))];
        node.on_msg(0, peer(Peer::Prepare { txn: *txn, part, participants: ids([1, 2]) }));
    }
    let mut asked = BTreeSet::new();
    for round in 1..=3 {
        let did = node.on_timeout(&Timer::Doubt);
        let about = sends(&did).into_iter().filter_map(|(_, msg)| match msg {
            Service::Peer(Peer::DecisionReq { txn }) => Some(*txn),
            _ => None,
        });
        asked.extend(about);
        assert_eq!(asked.len(), txns.len().min(16 * round));
    }
}
