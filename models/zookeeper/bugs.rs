//! The seeded bugs, as the protocol's code knows them: their names. `mutants.rs` says what each does,
//! and which property must notice.

use crate::seeded::bugs;

bugs! {
    UnconditionalSet,
    SequenceReused,
    EphemeralSurvives,
    CreateAfterClose,
    ExpireLocally,
    NeverExpire,
    ExpireOnce,
    TimeWhenHeard,
    IgnorePingOfClosed,
    WatchAfterRead,
    ForgetSetWatches,
    ForgetPush,
    FireEarly,
    TakeUnknownEvents,
    Unfenced,
    ReleaseLate,
    HoldOnCreate,
}
