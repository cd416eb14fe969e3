//! The coordinator, event by event.

use super::super::{LedgerRecord, MAX_LIVE};
use super::*;
use crate::kv::sessions::MAX_SESSIONS;
use crate::kv::{Abort, Outcome, Reply};

fn save(record: LedgerRecord) -> Did {
    Did::Save(Storage::Coordinator(Saved::Changed(vec![record])))
}

fn yes(number: u32) -> Msg {
    vote(Vote::Yes(vec![(number, Reply::Done)]))
}

fn commit() -> LedgerRecord {
    let outcome = Outcome::Committed(vec![Reply::Done, Reply::Done]);
    LedgerRecord::Decided { txn: txn(), outcome, participants: ids([1, 2]) }
}

fn abort(why: Abort) -> LedgerRecord {
    let outcome = Outcome::Aborted(why);
    LedgerRecord::Decided { txn: txn(), outcome, participants: ids([]) }
}

fn reply(reply: Outcome) -> Did {
    Did::Send(3, Service::Reply { seq: 1, reply })
}

/// A coordinator that waits for the votes of both participants.
fn voting() -> Node {
    let mut node = server(0);
    node.on_msg(3, request());
    node
}

/// A coordinator that committed, and waits for acknowledgements.
fn committed() -> Node {
    let mut node = voting();
    node.on_msg(1, yes(0));
    node.on_msg(2, yes(1));
    node
}

#[test]
fn a_request_makes_it_ask_each_participant_for_its_vote() {
    let mut node = server(0);
    let ask = |number, op| {
        let (part, participants) = (vec![(number, op)], ids([1, 2]));
        peer(Peer::Prepare { txn: txn(), part, participants })
    };
    assert_eq!(
        node.on_msg(3, request()),
        [
            Did::Send(1, ask(0, Op::put("x", "a"))),
            Did::Send(2, ask(1, Op::put("y", "b"))),
            Did::Set(Timer::Deadline(txn())),
            Did::Set(Timer::Resend),
        ]
    );
    assert_eq!(node.coordinator().voting.keys().collect::<Vec<_>>(), [&txn()]);
    assert_eq!(node.on_msg(3, request()), [], "it has begun");
    let next = Service::Request { seq: 2, op: Op::get("x").into() };
    assert_eq!(node.on_msg(3, next.clone()), [], "one at a time");
}

#[test]
fn the_last_yes_commits() {
    let mut node = voting();
    assert_eq!(node.on_msg(1, yes(0)), []);
    assert_eq!(node.on_msg(1, yes(0)), [], "a vote counts once");
    assert_eq!(node.on_msg(3, yes(1)), [], "a participant that is not asked has no vote");
    assert_eq!(
        node.on_msg(2, yes(1)),
        [
            save(commit()),
            Did::Send(1, decide(Decision::Commit)),
            Did::Send(2, decide(Decision::Commit)),
            reply(Outcome::Committed(vec![Reply::Done, Reply::Done])),
            Did::Cancel(Timer::Deadline(txn())),
        ]
    );
    assert!(node.coordinator().voting.is_empty());
    assert_eq!(node.coordinator().ledger.committed[&txn()], ids([1, 2]));
}

#[test]
fn the_first_no_aborts_and_is_told_to_the_others() {
    let mut node = voting();
    assert_eq!(
        node.on_msg(2, vote(Vote::No(Abort::Conflict))),
        [
            save(abort(Abort::Conflict)),
            Did::Send(1, decide(Decision::Abort)),
            reply(Outcome::Aborted(Abort::Conflict)),
            Did::Cancel(Timer::Deadline(txn())),
            Did::Cancel(Timer::Resend),
        ]
    );
    assert!(node.coordinator().ledger.committed.is_empty());
    assert_eq!(
        node.on_msg(1, yes(0)),
        [Did::Send(1, peer(Peer::NoInformation { txn: txn() }))],
        "a vote that comes too late is answered"
    );
}

#[test]
fn the_deadline_aborts_what_is_undecided() {
    let mut node = voting();
    node.on_msg(1, yes(0));
    assert_eq!(
        node.on_timeout(&Timer::Deadline(txn())),
        [
            save(abort(Abort::Unavailable)),
            Did::Send(1, decide(Decision::Abort)),
            Did::Send(2, decide(Decision::Abort)),
            reply(Outcome::Aborted(Abort::Unavailable)),
            Did::Cancel(Timer::Deadline(txn())),
            Did::Cancel(Timer::Resend),
        ]
    );
    assert_eq!(node.on_timeout(&Timer::Deadline(txn())), [], "it is decided");
}

#[test]
fn the_last_acknowledgement_ends_a_commit() {
    let mut node = committed();
    let ack = peer(Peer::Ack { txn: txn() });
    assert_eq!(node.on_msg(1, ack.clone()), []);
    assert_eq!(node.on_msg(1, ack.clone()), []);
    let end = [save(LedgerRecord::Ended(txn())), Did::Cancel(Timer::Resend)];
    assert_eq!(node.on_msg(2, ack.clone()), end);
    assert!(node.coordinator().ledger.committed.is_empty());
    assert!(node.coordinator().acked.is_empty());
    assert_eq!(node.on_msg(2, ack.clone()), []);
}

#[test]
fn a_request_that_comes_again_gets_the_same_reply_even_after_a_restart() {
    let mut node = committed();
    let told = [reply(Outcome::Committed(vec![Reply::Done, Reply::Done]))];
    assert_eq!(node.on_msg(3, request()), told);
    node.restart();
    assert_eq!(node.on_msg(3, request()), told);
}

#[test]
fn it_resends_to_those_who_have_not_answered() {
    let mut node = voting();
    node.on_msg(1, yes(0));
    let did = node.on_timeout(&Timer::Resend);
    assert_eq!(did[0], Did::Set(Timer::Resend));
    assert_eq!(sends(&did).iter().map(|(to, _)| *to).collect::<Vec<_>>(), [2]);
    node.on_msg(2, yes(1));
    node.on_msg(2, peer(Peer::Ack { txn: txn() }));
    let again = [Did::Set(Timer::Resend), Did::Send(1, decide(Decision::Commit))];
    assert_eq!(node.on_timeout(&Timer::Resend), again);
    assert_eq!(server(0).on_timeout(&Timer::Resend), [], "nothing is open");
}

/// A timer that is set is put off: under steady load it would never fire.
#[test]
fn a_request_does_not_put_off_what_it_resends_for_others() {
    let mut node = voting();
    let did = node.on_msg(4, request());
    assert!(did.iter().any(|did| matches!(did, Did::Set(Timer::Deadline(_)))));
    assert!(!did.contains(&Did::Set(Timer::Resend)), "{did:?}");
    node.on_timeout(&Timer::Deadline(txn()));
    assert_eq!(
        node.on_timeout(&Timer::Resend)[0],
        Did::Set(Timer::Resend),
        "the other still waits"
    );
}

/// More clients than have sessions came while it was at work.
#[test]
fn a_client_whose_session_is_gone_is_not_refused_what_is_at_work() {
    let mut node = voting();
    for client in 0..=MAX_SESSIONS {
        let nothing = Service::Request { seq: 1, op: Transaction::default() };
        node.on_msg(4 + client, nothing.clone());
    }
    assert!(node.coordinator().ledger.sessions.floor().is_some());
    assert_eq!(node.on_msg(3, request()), [], "it will be answered");
    node.on_msg(1, yes(0));
    let did = node.on_msg(2, yes(1));
    let done = reply(Outcome::Committed(vec![Reply::Done, Reply::Done]));
    assert!(did.contains(&done));
    assert_eq!(node.on_msg(3, request()), [done], "its session is the newest now");
}

#[test]
fn a_transaction_without_operations_commits_at_once() {
    let mut node = server(0);
    let nothing = Service::Request { seq: 1, op: Transaction::default() };
    let did = node.on_msg(3, nothing.clone());
    assert!(did.contains(&reply(Outcome::Committed(vec![]))));
    assert_eq!(
        *node.coordinator(),
        CoordinatorState {
            ledger: node.coordinator().ledger.clone(),
            ..CoordinatorState::default()
        }
    );
    assert!(node.coordinator().ledger.committed.is_empty(), "nobody needs to know");
}

#[test]
fn a_transaction_over_the_limits_is_not_begun() {
    let mut node = server(0);
    let large = Transaction { ops: vec![Op::get("x"); 65] };
    let did = node.on_msg(3, Service::Request { seq: 1, op: large });
    assert_eq!(
        sends(&did),
        [(3, &Service::Reply { seq: 1, reply: Outcome::Aborted(Abort::TooLarge) })]
    );
}

#[test]
fn an_outcome_over_the_limits_aborts() {
    let mut node = voting();
    let value = Some("v".repeat(30 * 1024).as_str().into());
    let large = |number| vote(Vote::Yes(vec![(number, Reply::Value(value.clone()))]));
    node.on_msg(1, large(0));
    let did = node.on_msg(2, large(1));
    assert!(did.contains(&save(abort(Abort::TooLarge))));
}

#[test]
fn what_is_open_is_bounded() {
    let mut node = server(0);
    for client in 3..3 + MAX_LIVE {
        assert_ne!(node.on_msg(client, request()), []);
    }
    assert_eq!(node.on_msg(3 + MAX_LIVE, request()), [], "its client asks again");
    assert_eq!(node.coordinator().voting.len(), MAX_LIVE);
}
