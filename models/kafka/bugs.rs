//! The seeded bugs, as the protocol's code knows them. `mutants.rs` says what each does, and which
//! property must notice.

use super::message::Msg;
use super::storage::{DiskRecord, Storage};
use crate::seeded::bugs;
use crate::turn::Seeded;
use stateright::actor::Id;

bugs! {
    TruncateToWatermark,
    TrustOffsets,
    EndOfNextEpoch,
    FetchWithoutEpoch,
    TakeOldAnswer,
    AnswerByOffset,
    ExpandAtWatermark,
    ExpandOnHearsay,
    CountCommittedIsr,
    NoPartitionEpoch,
    AdmitFenced,
    AdmitFormerLife,
    LastReplicaStanding,
    CommitBelowMin,
    KeepCleanMark,
    UncleanStaysEligible,
    StopUnflushed,
    ServeToEnd,
    OffsetWithinBatch,
    AnswerAtAppend,
    NoDedupeAfterFailover,
    AcceptGap,
    SameLeaderEpoch,
    SameVersion,
    KeepEligible,
    ForgetDecision,
    ForgetFlush,
    ForgetUncommitted,
    ForgetTrim,
    MixPieces,
    InstallEarly,
    NeverExpand,
    NeverRefetch,
    NeverUnfence,
    NeverAskAgain,
    TellUnchosen,
    DecideUnelected,
    DecideUponOpen,
    NeverRemind,
    PrepareOnce,
}

impl Seeded<Msg, Storage> for Bug {
    fn forgets(self, _id: Id, saved: &Storage) -> bool {
        match (self, saved) {
            (Self::ForgetDecision, Storage::Controller(registry)) => registry.version > 1,
            (Self::ForgetFlush, Storage::Broker(saved)) => {
                matches!(saved.records(), [DiskRecord::Flushed(_)])
            }
            (Self::ForgetTrim, Storage::Broker(saved)) => {
                matches!(saved.records(), [DiskRecord::Trimmed(_)])
            }
            _ => false,
        }
    }
}
