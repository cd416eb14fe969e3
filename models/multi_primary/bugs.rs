//! The seeded bugs, as the protocol's code knows them: their names, and those of them that leave
//! out a save, alter a message or spoil a merge. `mutants.rs` says what each does, and which
//! property must notice.

use super::message::{Msg, Peer};
use super::storage::{Delta, Image, Storage};
use super::store::Update;
use crate::kv::Service;
use crate::seeded::bugs;
use crate::turn::Seeded;
use stateright::actor::Id;

bugs! {
    TieWithoutNode,
    ClockNotAdvanced,
    ClockNotDurable,
    NoAntiEntropy,
    DeleteWithoutContext,
    DotReused,
    CollectEarly,
    SkipGap,
    PlainVersionVector,
    OneSibling,
    ApplyTwice,
    ForgetWrite,
    ForgetRequest,
    ForgetNothing,
    DeleteNothing,
    KeepTombstones,
    ApplyOld,
    MergeUnchecked,
    GossipOnce,
    UptoRenewed,
    UptoEarly,
    AcceptForged,
    ContextOfAnyKey,
    MergeHalfKeys,
    TakeAnyPiece,
    ChangedIsSent,
    CollectUncut,
    CollectUnclocked,
    CollectUnknown,
    CollectUnreached,
    CollectUnshared,
    CutUncounted,
    CutByOwnClock,
    CutEarly,
    StartAsFirst,
    ServeUnrestored,
    RestoreFromOne,
    HearFormerLife,
    TakeUnasked,
    ForgetReturn,
    ReturnOnce,
    ClockNotRestored,
}

impl Seeded<Msg, Storage> for Bug {
    fn forgets(self, _id: Id, saved: &Storage) -> bool {
        match saved {
            Storage::Delta(delta) => self == Self::ForgetReturn && !delta.returns.is_empty(),
            Storage::Image(_) => false,
        }
    }

    fn alters(self, _id: Id, msg: Msg) -> Option<Msg> {
        match (self, msg) {
            (Self::NoAntiEntropy, Service::Peer(Peer::Digest { .. } | Peer::Pull { .. })) => None,
            (_, msg) => Some(msg),
        }
    }
}

/// The delta that is saved for a change, perhaps with a bug: for a write, which is a request that
/// changed an entry, something may be left out.
pub(super) fn stored(bug: Option<Bug>, delta: Delta) -> Delta {
    let is_write = !delta.requests.is_empty() && !delta.entries.is_empty();
    match bug {
        Some(Bug::ForgetWrite) if is_write => Delta { entries: [].into(), ..delta },
        Some(Bug::ForgetRequest) if is_write => Delta { requests: vec![], ..delta },
        _ => delta,
    }
}

/// Takes over a write's effect as [`Image::merge`] does, perhaps with a bug.
pub(super) fn merge(bug: Option<Bug>, image: &mut Image, update: &Update) -> bool {
    match bug {
        Some(Bug::MergeUnchecked) => image.store.merge(update, false),
        Some(Bug::TieWithoutNode) => {
            !image.vector.covers(update.dot) && image.store.merge(update, true)
        }
        _ => image.merge(update),
    }
}
