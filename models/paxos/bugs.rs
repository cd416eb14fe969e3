//! The seeded bugs, as the protocol's code knows them: their names, and those of them that leave
//! out a save or alter a message. `mutants.rs` says what each does, and which property must notice.

use super::message::{Command, Msg, Peer, Proposal};
use super::storage::{Delta, Saved};
use crate::kv::{Service, Sessions, StateMachine};
use crate::seeded::bugs;
use crate::turn::Seeded;
use stateright::actor::Id;

bugs! {
    ForgetPromise,
    ForgetAccepted,
    ForgetChosen,
    ReuseBallot,
    BreakPromise,
    PromiseLower,
    PreemptedBySmaller,
    AcknowledgeUnstored,
    AcknowledgeTooFar,
    IgnoreAccepted,
    AdoptLast,
    CountAcrossBallots,
    CountVotesAcross,
    CountTwice,
    SmallPrepareQuorum,
    SmallAcceptQuorum,
    CutSilently,
    InventRequest,
    NoDedupe,
    OrderOld,
    OrderTwice,
    ForgetWaiting,
    EndlessQueue,
    ExceedWindow,
    TakeTooFar,
    StoreApplied,
    KeepLog,
    AnswerLocally,
    ApplyAnyBallot,
    LeaderLearns,
    LeaderTakesLog,
    LeaderInstalls,
    TruncateSilently,
    NoSnapshot,
    InstallOlder,
    InstallEarly,
    SnapshotWithoutSessions,
    CutAnew,
    HoldForEver,
    CountAgain,
    MixPieces,
    StaleOffer,
    NeverAsk,
    LogOverlap,
    LearnWithoutBallot,
    HeedOldHeartbeat,
    ElectionOnce,
    FollowUnarmed,
    HeartbeatOnce,
    PrepareOnce,
    LeaveSilently,
    SucceedNobody,
    NoPreVote,
    HelpDepose,
    SmallPreVote,
    MissForEver,
    NeverPreVote,
    NeverGiveUp,
    NoResend,
    JoinRound,
    ReadBehind,
    ConfirmOld,
    AskOnce,
    EndlessReads,
    RememberReads,
    VoteEarly,
    PromiseEarly,
    PrepareEarly,
    LeadEarly,
    VoteLazily,
    PromiseLazily,
}

/// On an asynchronous disk.
impl Bug {
    /// Whether a message leaves before the state that it reports is durable.
    pub(super) fn hastens<M: StateMachine>(self, msg: &Peer<M>) -> bool {
        match msg {
            Peer::Accepted { .. } => self == Self::VoteEarly,
            Peer::Promise { .. } => self == Self::PromiseEarly,
            Peer::Prepare { .. } => self == Self::PrepareEarly,
            _ => false,
        }
    }

    /// Whether nothing waits for this to be durable.
    pub(super) fn puts_off<O>(self, delta: &Delta<O>) -> bool {
        match delta {
            Delta::Accepted { .. } => self == Self::VoteLazily,
            Delta::Promised(_) => self == Self::PromiseLazily,
            _ => false,
        }
    }
}

impl<M: StateMachine> Seeded<Msg<M>, Saved<M>> for Bug {
    fn forgets(self, id: Id, saved: &Saved<M>) -> bool {
        saved.records().iter().any(|delta| match (self, delta) {
            (Self::ForgetPromise, Delta::Promised(ballot)) => ballot.leader != id,
            (Self::ForgetAccepted, Delta::Accepted { proposal, .. }) => {
                proposal.ballot.leader != id
            }
            (Self::ReuseBallot, Delta::Accepted { proposal, .. }) => proposal.ballot.leader == id,
            (Self::ForgetChosen, Delta::Chosen { .. }) => true,
            _ => false,
        })
    }

    fn alters(self, _id: Id, msg: Msg<M>) -> Option<Msg<M>> {
        let Service::Peer(mut msg) = msg else { return Some(msg) };
        match (self, &mut msg) {
            (Self::CutSilently, Peer::Promise { until, .. }) => *until = None,
            (Self::TruncateSilently, Peer::Promise { chosen, .. }) => *chosen = 0,
            (Self::SnapshotWithoutSessions, Peer::Snapshot { piece, .. }) => {
                piece.sessions.clear();
                piece.outline = Sessions::<M::Reply>::default().outline();
            }
            (Self::NeverAsk, Peer::CatchUp { .. })
            | (Self::NeverPreVote, Peer::PreVoted { .. }) => return None,
            _ => {}
        }
        Some(msg.into())
    }
}

/// For [`Bug::InventRequest`]: an operation that nobody asked for, like the next one.
pub(super) fn invented<O: Clone>(id: Id, slot: u64, next: &Proposal<O>) -> Command<O> {
    match &next.command {
        Command::Noop => Command::Noop,
        Command::Request { op, .. } => Command::Request { client: id, seq: slot, op: op.clone() },
    }
}
