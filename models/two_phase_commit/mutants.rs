//! The seeded bugs: each takes away one guard or one save, and a named property must notice.

mod liveness;
mod safety;

use super::properties::{Actor, History};
use super::{Known, Progress, Shard, TxnId};
use crate::Mutant;
use crate::kv::sessions::Standing;
use crate::world::Cluster;

/// A bug that the checker can put into the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bug {
    /// The coordinator commits when the first participant voted yes.
    CommitEarly,
    /// The coordinator aborts although all voted yes.
    AbortAnyway,
    /// The coordinator does not log its decisions.
    ForgetDecision,
    /// The coordinator forgets a commit when the first participant acknowledged it.
    EndEarly,
    /// The coordinator names transactions after a restart as it did before.
    ReuseId,
    /// The coordinator forgets in a crash which requests it answered.
    ForgetSessions,
    /// The coordinator does not log the end of a transaction.
    ForgetEnd,
    /// A participant does not log its vote.
    ForgetVote,
    /// A participant does not log that it refused.
    ForgetRefusal,
    /// A participant does not log the decision.
    ForgetOutcome,
    /// A participant that comes back does not lock what it is prepared for.
    ForgetLocks,
    /// A participant that is in doubt for too long aborts on its own.
    AbortAlone,
    /// A participant releases its locks when it votes.
    DropLocks,
    /// A participant does not lock what it reads.
    NoReadLocks,
    /// A participant keeps the locks of what aborts.
    KeepLocks,
    /// A participant takes want of information for a commit.
    PresumeCommit,
    /// A participant that hears of the coordinator's restart aborts what was begun after it too.
    AbortNewer,
    /// A participant that hears of the coordinator's restart aborts what is listed as committed.
    AbortListed,
    /// A participant votes again on what is decided.
    TakeOldPrepare,
    /// A participant in doubt tells others to abort.
    AnswerInDoubt,
    /// A participant that has not voted tells others that it aborted, and votes yes later.
    AbortUnrecorded,
    /// A participant in doubt asks nobody.
    NeverAsk,
    /// The coordinator decides and tells only the client.
    TellNobody,
    /// The coordinator has no information to give while the votes come in.
    InformEarly,
    /// The replies are ordered by participant.
    RepliesByParticipant,
    /// A participant that has no information aborts what it is not in doubt about.
    UndoUninformed,
    /// A participant in doubt about a client's older transaction tells others to abort it.
    AnswerStillInDoubt,
    /// A participant tells others that what it forgot, because there is a newer one, aborted.
    AnswerOld,
    /// A participant tells others that what a forgotten client asked for aborted.
    AnswerForgotten,
    /// A participant votes no on what a forgotten client asked for.
    RefuseForgotten,
    /// A participant takes a forgotten client for a new one.
    ForgottenIsNew,
    /// A participant takes a request that begins again in a new epoch for an old one.
    NewEpochIsOld,
    /// A participant in doubt asks about the first transactions only.
    AskFirst,
    /// A participant in doubt asks once.
    AskOnce,
    /// A participant that learns of one decision asks about no other transaction.
    CancelDoubt,
    /// The coordinator tells a commit once.
    TellOnce,
    /// The coordinator sets no timer when it restarts.
    NoResendAfterRestart,
    /// The coordinator cancels its timer when it has no votes to wait for.
    RestEarly,
    /// The coordinator sends again once.
    ResendOnce,
    /// A participant acknowledges a commit once.
    AckOnce,
    /// The coordinator answers a request once.
    AnswerOnce,
    /// The coordinator asks for a vote once.
    PrepareOnce,
    /// A participant votes yes once.
    VoteOnce,
    /// A participant votes no once.
    RefuseOnce,
}

/// A bug that a safety property kills, and the same instance without it.
pub(super) struct Seeded {
    pub(super) mutant: Mutant<Actor, History>,
    #[cfg_attr(not(test), expect(dead_code, reason = "for the tests"))]
    pub(super) sound: fn() -> Cluster<Actor, History>,
}

/// Every bug, with the property that kills it: those that a safety property kills first.
pub fn mutants() -> Vec<Mutant<Actor, History>> {
    let mut mutants: Vec<_> = safety_mutants().into_iter().map(|seeded| seeded.mutant).collect();
    mutants.extend(liveness::mutants());
    mutants
}

/// The bugs that safety properties kill.
pub(super) fn safety_mutants() -> Vec<Seeded> {
    safety::mutants()
}

/// What a transaction is to a participant, perhaps with a bug.
pub(super) fn known(bug: Option<Bug>, shard: &Shard, txn: TxnId) -> Known<'_> {
    let is_again = || matches!(shard.newest.standing(txn.client, txn.seq), Standing::Repeated(_));
    match (bug, shard.known(txn)) {
        (Some(Bug::ForgottenIsNew), Known::Expired) => Known::New,
        (Some(Bug::NewEpochIsOld), Known::New) if is_again() => Known::Old,
        (_, known) => known,
    }
}

/// Whether a bug makes a participant that does not know a decision tell that it is to abort.
pub(super) fn is_guessed(bug: Option<Bug>, known: &Known<'_>) -> bool {
    matches!(
        (bug, known),
        (Some(Bug::AnswerInDoubt), Known::Newest(Progress::Prepared))
            | (Some(Bug::AnswerStillInDoubt), Known::StillPrepared)
            | (Some(Bug::AnswerOld), Known::Old)
            | (Some(Bug::AnswerForgotten), Known::Expired)
    )
}
