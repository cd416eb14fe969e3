//! The seeded bugs, as the protocol's code knows them: their names, and those of them that leave
//! out a save or alter a message. `mutants.rs` says what each does, and which property must notice.

use super::message::{Msg, Peer};
use super::storage::{Record, Saved};
use crate::kv::{Service, Sessions, StateMachine};
use crate::seeded::bugs;
use crate::turn::Seeded;
use stateright::actor::Id;

bugs! {
    EpochBeforeHistory,
    AckBeforeHistory,
    HistoryAfterUpToDate,
    KeepMemory,
    LateLogWrite,
    AckProposalFirst,
    DropCommitInSync,
    HoleInDiff,
    DiffWithoutTrunc,
    PartialSnapKept,
    ForgetAcceptedEpoch,
    AcceptEqualEpoch,
    MostEntriesWins,
    OwnHistory,
    CommitOldByCount,
    ProposeToSyncedOnly,
    UpToDateWithAckZxid,
    AcceptGap,
    ReinstallNewLeader,
    IgnoreLastZxid,
    ForgetWaiting,
    EndlessWaiting,
    SyncLocally,
    ReuseZxid,
    TakeOldProposal,
    ForgetCurrentEpoch,
    ForgetAppended,
    ForgetDelivered,
    InstallOlder,
    SnapshotWithoutSessions,
    SmallQuorum,
    NoDedupe,
    AnswerLocally,
    EndlessOpen,
    KeepLog,
    ResendOnce,
    NoResend,
    NeverGiveUp,
    AckEarly,
    CountEarly,
    LeadEarly,
    LeaveSilently,
    SucceedNobody,
    CountObserver,
    ObserverElects,
    ObserverLooks,
    InformEarly,
    HearObservers,
}

/// On an asynchronous disk.
impl Bug {
    /// Whether a message leaves before the state that it reports is durable.
    pub(super) fn hastens<M: StateMachine>(self, msg: &Peer<M>) -> bool {
        match msg {
            Peer::Ack { .. } | Peer::AckLeader { .. } => self == Self::AckEarly,
            Peer::NewLeader { .. } => self == Self::LeadEarly,
            _ => false,
        }
    }
}

impl<M: StateMachine> Seeded<Msg<M>, Saved<M>> for Bug {
    fn forgets(self, _id: Id, saved: &Saved<M>) -> bool {
        saved.records().iter().any(|record| match record {
            Record::Accepted(_) => self == Self::ForgetAcceptedEpoch,
            Record::Current(_) => self == Self::ForgetCurrentEpoch,
            Record::Appended(_) => self == Self::ForgetAppended,
            Record::Delivered { .. } => self == Self::ForgetDelivered,
            _ => false,
        })
    }

    fn alters(self, _id: Id, msg: Msg<M>) -> Option<Msg<M>> {
        let Service::Peer(mut msg) = msg else { return Some(msg) };
        match (self, &mut msg) {
            (Self::SnapshotWithoutSessions, Peer::Snapshot { piece, .. }) => {
                piece.sessions.clear();
                piece.outline = Sessions::<M::Reply>::default().outline();
            }
            (Self::HoleInDiff, Peer::NewLeader { part, .. }) if part.txns.len() > 1 => {
                part.txns.remove(0);
            }
            _ => {}
        }
        Some(msg.into())
    }
}
