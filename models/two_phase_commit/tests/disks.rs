//! What waits for the disk, and what nobody waits for.

use super::*;
use crate::Recoverable;
use crate::kv::{Abort, Outcome};

fn waits(server: usize, msg: &Msg) -> bool {
    config().server(server.into()).waits_for_disk(msg)
}

fn is_lazy(server: usize, saved: impl Into<Storage>) -> bool {
    config().server(server.into()).is_lazy(&saved.into())
}

#[test]
fn a_vote_request_and_the_coordinators_abort_leave_at_once() {
    assert!(!waits(0, &prepare()));
    assert!(!waits(0, &decide(Decision::Abort)));
}

#[test]
fn a_commit_an_answer_and_what_a_participant_says_wait() {
    assert!(waits(0, &decide(Decision::Commit)));
    let outcome = Outcome::Aborted(Abort::Conflict);
    assert!(waits(0, &Service::Reply { seq: 1, reply: outcome }));
    let says = [vote(Vote::No(Abort::Conflict)), vote(Vote::Yes(vec![])), decide(Decision::Abort)];
    assert!(says.iter().chain([&peer(Peer::Ack { txn: txn() })]).all(|msg| waits(1, msg)));
}

#[test]
fn mohan_1986_neither_the_end_nor_an_abort_is_forced() {
    assert!(is_lazy(0, LedgerRecord::Ended(txn())));
    assert!(is_lazy(1, ShardRecord::Decided(txn(), Decision::Abort)));
    assert!(!is_lazy(1, ShardRecord::Decided(txn(), Decision::Commit)));
    assert!(!is_lazy(1, prepared_record()));
    assert!(!is_lazy(1, ShardRecord::Refused(txn(), Abort::Conflict)));
    let (outcome, participants) = (Outcome::Aborted(Abort::Conflict), ids([1]));
    assert!(!is_lazy(0, LedgerRecord::Decided { txn: txn(), outcome, participants }));
    assert!(!is_lazy(0, LedgerRecord::Epoch(1)));
    assert!(!is_lazy(1, Storage::Participant(Saved::barrier())), "what follows waits for all");
}
