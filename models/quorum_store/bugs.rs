//! The seeded bugs, as the protocol's code knows them: their names, and those of them that leave out
//! a save. `mutants.rs` says what each does, and which property must notice.

use super::message::Msg;
use super::storage::{Record, Saved};
use crate::seeded::bugs;
use crate::turn::Seeded;
use stateright::actor::Id;

bugs! {
    AnswerBeforeRepair,
    RepairOneFewer,
    CountDuplicates,
    CountHints,
    DigestIsEnough,
    LastArrivalWins,
    ClockNotPastRead,
    QueryOneFewer,
    PurgeUnrepaired,
    LateHint,
    RefuseLate,
    StaleAnswer,
    TrustAbsent,
    CommitUntaken,
    ForgetWrite,
    NoHints,
    NoRepairTimer,
    ResendNothing,
    MixCells,
    FailDone,
    SerialReadWithoutProposal,
    FailedCasWithoutProposal,
    SkipUnfinished,
    FinishCommitted,
    NoRefresh,
    BreakPromise,
    BareBallots,
    ForgetPromise,
    ForgetAccepted,
    ForgetTaken,
    BeginAgain,
    IgnorePending,
    PendingNotCounted,
    NaturalReads,
    ReadyEarly,
    StreamFromOne,
    CopyNoPromises,
    ServeOldEpochs,
    CountOldAnswers,
    NumberAlone,
    NamelessView,
    KeepAcks,
    KeepMoved,
    ForgetView,
    NoMoveTimer,
    DotsAnywhere,
    PendingGives,
    IgnoreContext,
    BlindWrites,
    KeepReplaced,
    DropConcurrent,
    OneSibling,
}

impl Seeded<Msg, Saved> for Bug {
    fn forgets(self, _id: Id, saved: &Saved) -> bool {
        saved.records().iter().any(|record| match record {
            Record::Row(..) => self == Self::ForgetWrite,
            Record::Promised(..) => self == Self::ForgetPromise,
            Record::Accepted(..) => self == Self::ForgetAccepted,
            Record::Taken(..) => self == Self::ForgetTaken,
            Record::View(..) => self == Self::ForgetView,
            _ => false,
        })
    }
}
