//! One test for each claim of the sources that the protocol rests on, named for it: those about a
//! single step. Those about whole runs are in `checked_claims.rs`, the refinement is in
//! `oracle.rs`.

use super::participant::prepared;
use super::*;
use crate::kv::{Abort, Outcome, Reply};

fn yes(number: u32) -> Msg {
    vote(Vote::Yes(vec![(number, Reply::Done)]))
}

fn committed() -> Node {
    let mut node = server(0);
    node.on_msg(3, request());
    node.on_msg(1, yes(0));
    node.on_msg(2, yes(1));
    node
}

fn no_information() -> Msg {
    peer(Peer::NoInformation { txn: txn() })
}

#[test]
fn gray_1978_a_participant_that_agreed_to_commit_can_go_either_way_after_a_restart() {
    for (decision, value) in [(Decision::Commit, Some("a".into())), (Decision::Abort, None)] {
        let mut node = prepared();
        node.restart();
        node.on_msg(0, decide(decision));
        assert_eq!(node.participant().shard.map.0.get(&"x".into()).cloned(), value);
    }
}

#[test]
fn gray_1978_the_commit_record_is_written_before_anyone_is_told() {
    let mut node = server(0);
    node.on_msg(3, request());
    node.on_msg(1, yes(0));
    let did = node.on_msg(2, yes(1));
    assert!(matches!(did[0], Did::Save(_)));
    assert_eq!(sends(&did[1..]).len(), 3, "two participants and the client");
}

#[test]
fn gray_1978_a_restarted_coordinator_tells_again_what_it_committed() {
    let mut node = committed();
    let did = node.restart();
    let sends = sends(&did);
    for participant in [1, 2] {
        assert!(sends.contains(&(participant, &decide(Decision::Commit))));
        let recovered = Peer::Recovered { epoch: 1, committed: [txn()].into() };
        assert!(sends.contains(&(participant, &peer(recovered))));
    }
}

#[test]
fn gray_1978_before_it_agrees_a_participant_may_abort_and_after_it_may_not() {
    let mut free = server(1);
    free.on_msg(2, decision_req());
    assert_eq!(free.progress(), Some(&Progress::Refused(Abort::Unavailable)));
    let mut bound = prepared();
    bound.on_timeout(&Timer::Doubt);
    bound.on_msg(2, decision_req());
    bound.restart();
    assert_eq!(bound.progress(), Some(&Progress::Prepared));
}

#[test]
fn bernstein_1987_a_no_vote_is_a_decision_to_abort() {
    let mut node = prepared();
    let other = TxnId { client: Id::from(4), ..txn() };
    let (part, participants) = (part(), ids([1, 2]));
    node.on_msg(0, peer(Peer::Prepare { txn: other, part, participants }));
    let ask = peer(Peer::DecisionReq { txn: other });
    let abort = peer(Peer::Decide { txn: other, decision: Decision::Abort });
    // What it saves before, if anything, is that what it decided is durable before it is passed on.
    assert_eq!(node.on_msg(2, ask.clone()).last(), Some(&Did::Send(2, abort)));
}

#[test]
fn bernstein_1987_a_participant_in_its_uncertainty_period_asks_and_does_not_decide() {
    let mut node = prepared();
    let before = node.state.clone();
    let asks = |to| Did::Send(to, decision_req());
    assert_eq!(node.on_timeout(&Timer::Doubt), [Did::Set(Timer::Doubt), asks(0), asks(2)]);
    assert_eq!(node.state, before);
}

#[test]
fn bernstein_1987_cooperative_termination_who_has_decided_tells() {
    for decision in [Decision::Commit, Decision::Abort] {
        let mut node = prepared();
        node.on_msg(0, decide(decision));
        let barrier = (decision == Decision::Abort)
            .then_some(Did::Save(Storage::Participant(Saved::barrier())));
        let expected: Vec<Did> =
            barrier.into_iter().chain([Did::Send(2, decide(decision))]).collect();
        assert_eq!(node.on_msg(2, decision_req()), expected, "an abort is durable before");
    }
}

#[test]
fn bernstein_1987_cooperative_termination_who_has_not_voted_aborts() {
    let mut node = server(1);
    let record = ShardRecord::Refused(txn(), Abort::Unavailable);
    let told = Did::Send(2, decide(Decision::Abort));
    assert_eq!(node.on_msg(2, decision_req()), [save_shard(record), told]);
    let did = node.on_msg(0, prepare());
    assert_eq!(sends(&did), [(0, &vote(Vote::No(Abort::Unavailable)))], "and cannot vote yes");
}

#[test]
fn bernstein_1987_cooperative_termination_who_is_uncertain_cannot_help() {
    assert_eq!(prepared().on_msg(2, decision_req()), []);
}

#[test]
fn bernstein_1987_a_participant_takes_the_decision_from_another() {
    let mut node = prepared();
    let did = node.on_msg(2, decide(Decision::Commit));
    assert_eq!(node.progress(), Some(&Progress::Committed));
    let ack = peer(Peer::Ack { txn: txn() });
    assert_eq!(sends(&did), [(0, &ack)], "the coordinator may forget it all the same");
}

#[test]
fn bernstein_1987_strict_locks_are_held_until_the_decision_and_no_longer() {
    let mut node = prepared();
    node.restart();
    node.on_timeout(&Timer::Doubt);
    node.on_msg(0, peer(Peer::Recovered { epoch: 1, committed: [txn()].into() }));
    assert_eq!(node.participant().locks.holders().collect::<Vec<_>>(), [txn()]);
    node.on_msg(0, decide(Decision::Commit));
    assert!(node.participant().locks.is_empty());
}

#[test]
fn mohan_1986_without_information_the_coordinator_answers_abort() {
    let mut node = server(0);
    assert_eq!(node.on_msg(1, decision_req()), [Did::Send(1, no_information())]);
    let mut node = prepared();
    node.on_msg(0, no_information());
    assert_eq!(node.progress(), Some(&Progress::Aborted));
}

#[test]
fn mohan_1986_what_is_not_decided_yet_is_not_presumed() {
    let mut node = server(0);
    node.on_msg(3, request());
    assert_eq!(node.on_msg(1, decision_req()), []);
}

#[test]
fn mohan_1986_an_abort_is_forgotten_at_once_and_not_acknowledged() {
    let mut node = server(0);
    node.on_msg(3, request());
    node.on_msg(2, vote(Vote::No(Abort::Conflict)));
    let state = node.coordinator();
    assert!(state.voting.is_empty() && state.ledger.committed.is_empty());
    let mut participant = prepared();
    assert_eq!(sends(&participant.on_msg(0, decide(Decision::Abort))), []);
}

#[test]
fn mohan_1986_a_commit_is_remembered_until_all_have_acknowledged_it() {
    let mut node = committed();
    node.on_msg(1, peer(Peer::Ack { txn: txn() }));
    node.restart();
    assert_eq!(node.on_msg(2, decision_req()), [Did::Send(2, decide(Decision::Commit))]);
    for participant in [1, 2] {
        node.on_msg(participant, peer(Peer::Ack { txn: txn() }));
    }
    node.restart();
    assert_eq!(node.on_msg(2, decision_req()), [Did::Send(2, no_information())]);
}

#[test]
fn mohan_1986_after_a_restart_what_was_undecided_is_aborted_and_begun_anew_under_another_name() {
    let mut node = server(0);
    node.on_msg(3, request());
    node.restart();
    assert_eq!(node.on_msg(1, yes(0)), [], "the vote of the old one does not count");
    let mut participant = prepared();
    let recovered = Peer::Recovered { epoch: 1, committed: BTreeSet::new() };
    participant.on_msg(0, peer(recovered));
    assert_eq!(participant.progress(), Some(&Progress::Aborted));
    let did = node.on_msg(3, request());
    assert!(sends(&did).iter().all(|(_, msg)| matches!(
        msg,
        Service::Peer(Peer::Prepare { txn: TxnId { epoch: 1, .. }, .. })
    )));
}

#[test]
fn mohan_1986_the_read_only_optimisation_is_not_used() {
    let mut node = server(1);
    let part = vec![(0, Op::get("x"))];
    node.on_msg(0, peer(Peer::Prepare { txn: txn(), part, participants: ids([1, 2]) }));
    assert!(!node.participant().locks.is_empty(), "a reader stays to the end");
}

#[test]
fn gray_lamport_2006_the_manager_aborts_whenever_it_has_not_committed() {
    let mut node = server(0);
    node.on_msg(3, request());
    node.on_msg(1, yes(0));
    let did = node.on_timeout(&Timer::Deadline(txn()));
    let told = Service::Reply { seq: 1, reply: Outcome::Aborted(Abort::Unavailable) };
    assert!(sends(&did).contains(&(3, &told)));
    assert_eq!(committed().on_timeout(&Timer::Deadline(txn())), []);
}
