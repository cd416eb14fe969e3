//! The seeded bugs, as the protocol's code knows them: their names, and those of them that leave
//! out a save, alter a message or mistake a transaction. `mutants.rs` says what each does, and
//! which property must notice.

use super::message::{Msg, Peer, TxnId, Vote};
use super::storage::{Known, LedgerRecord, Progress, Shard, ShardRecord, Storage};
use crate::kv::sessions::RequestStatus;
use crate::kv::{Abort, Service};
use crate::seeded::bugs;
use crate::turn::Seeded;
use stateright::actor::Id;

bugs! {
    CommitEarly,
    AbortAnyway,
    ForgetDecision,
    EndEarly,
    ReuseId,
    ForgetSessions,
    ForgetEnd,
    ForgetVote,
    ForgetRefusal,
    ForgetOutcome,
    ForgetLocks,
    AbortAlone,
    DropLocks,
    NoReadLocks,
    KeepLocks,
    PresumeCommit,
    AbortNewer,
    AbortListed,
    TakeOldPrepare,
    AnswerInDoubt,
    AbortUnrecorded,
    NeverAsk,
    TellNobody,
    InformEarly,
    RepliesByParticipant,
    UndoUninformed,
    AnswerStillInDoubt,
    AnswerOld,
    AnswerForgotten,
    RefuseForgotten,
    ForgottenIsNew,
    NewEpochIsOld,
    AskFirst,
    AskOnce,
    CancelDoubt,
    TellOnce,
    NoResendAfterRestart,
    RestEarly,
    ResendOnce,
    AckOnce,
    AnswerOnce,
    PrepareOnce,
    VoteOnce,
    RefuseOnce,
    VoteEarly,
    DecideEarly,
    AckEarly,
    CommitLazily,
    PassOnUndurable,
}

impl Seeded<Msg, Storage> for Bug {
    fn forgets(self, _id: Id, saved: &Storage) -> bool {
        match saved {
            Storage::Coordinator(saved) => saved.records().iter().any(|record| {
                matches!(
                    (self, record),
                    (Self::ForgetDecision, LedgerRecord::Decided { .. })
                        | (Self::ForgetEnd, LedgerRecord::Ended(_))
                )
            }),
            Storage::Participant(saved) => saved.records().iter().any(|record| match record {
                ShardRecord::Prepared(..) => self == Self::ForgetVote,
                // Its own vote, not an answer to another participant.
                ShardRecord::Refused(_, why) => {
                    self == Self::ForgetRefusal && *why != Abort::Unavailable
                }
                ShardRecord::Decided(..) => self == Self::ForgetOutcome,
            }),
        }
    }

    fn alters(self, _id: Id, msg: Msg) -> Option<Msg> {
        match (self, msg) {
            (Self::RefuseForgotten, Service::Peer(Peer::Vote { txn, vote: Vote::Forgotten })) => {
                Some(Peer::Vote { txn, vote: Vote::No(Abort::Forgotten) }.into())
            }
            (_, msg) => Some(msg),
        }
    }
}

/// How a participant knows a transaction, perhaps with a bug.
pub(super) fn known(bug: Option<Bug>, shard: &Shard, txn: TxnId) -> Known<'_> {
    let is_again =
        || matches!(shard.newest.status(txn.client, txn.seq), RequestStatus::Repeated(_));
    match (bug, shard.known(txn)) {
        (Some(Bug::ForgottenIsNew), Known::Expired) => Known::New,
        (Some(Bug::NewEpochIsOld), Known::New) if is_again() => Known::Old,
        (_, known) => known,
    }
}

/// Whether a bug makes a participant that does not know a decision report that it is to abort.
pub(super) fn is_guessed(bug: Option<Bug>, known: &Known<'_>) -> bool {
    matches!(
        (bug, known),
        (Some(Bug::AnswerInDoubt), Known::Newest(Progress::Prepared))
            | (Some(Bug::AnswerStillInDoubt), Known::StillPrepared)
            | (Some(Bug::AnswerOld), Known::Old)
            | (Some(Bug::AnswerForgotten), Known::Expired)
    )
}
