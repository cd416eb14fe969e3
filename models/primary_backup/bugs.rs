//! The seeded bugs, as the protocol's code knows them. `mutants.rs` says what each does, and which
//! property must notice.

use super::message::{Msg, Peer};
use super::state::Leading;
use super::storage::Storage;
use super::view::View;
use crate::kv::StateMachine;
use crate::seeded::bugs;
use crate::turn::Seeded;

bugs! {
    AcknowledgeEarly,
    AnswerRetryEarly,
    ActEarly,
    StayPrimary,
    NoFencing,
    IgnoreGap,
    ApplyTwice,
    CertifyJoiner,
    ForgetApplied,
    ForgetView,
    AcknowledgeOnOne,
    ActOnOne,
    AheadHolds,
    AnybodyAcknowledges,
    OrderEarly,
    OrderOld,
    AdoptOld,
    PromoteAnybody,
    CertifyLeavers,
    TakeAnyPiece,
    ApplyOverlap,
    PingOnce,
    ResendOnce,
    NoWatch,
    CountOutsider,
    MixPieces,
    KeepOffer,
    CutAgain,
    NoServe,
    QueueForever,
    NeverLagging,
    CallOnce,
    JoinEarly,
    SuspectUnheard,
    TellViewOnce,
    NoResend,
    NoPing,
    StartAsFirst,
    AdoptFormer,
    KeepReplaced,
    NewcomerOnce,
    TellNewcomerOnce,
    CountOwn,
    ActUndurable,
    BeginAgain,
    ResignToAnybody,
    ResignOnce,
    AckEarly,
    BeginEarly,
    ViewEarly,
}

/// On an asynchronous disk.
impl Bug {
    /// Whether a message does not wait for what it says to be durable.
    pub(super) fn hastens<M: StateMachine>(self, msg: &Peer<M>) -> bool {
        match msg {
            Peer::Ack { .. } => self == Self::AckEarly,
            Peer::Begin { .. } => self == Self::BeginEarly,
            Peer::View(_) => self == Self::ViewEarly,
            _ => false,
        }
    }
}

impl<M: StateMachine> Seeded<Msg<M>, Storage<M>> for Bug {}

/// The last operation that every member has, perhaps with a bug: if one backup is enough, if the
/// outsider that copies counts, or if the primary has it before its disk does; `op` is the primary's
/// last.
pub(super) fn held<M: StateMachine>(
    bug: Option<Bug>,
    leading: &Leading<M>,
    view: &View,
    op: u64,
) -> u64 {
    let own = if bug == Some(Bug::CountOwn) { op } else { leading.acked_by(view.primary) };
    let mut held: Vec<u64> = view.backups.iter().map(|id| leading.acked_by(*id)).collect();
    let enough = if bug == Some(Bug::AcknowledgeOnOne) { held.len().min(1) } else { held.len() };
    let copied = leading.copying.as_ref().and_then(|copying| copying.acked);
    held.extend(copied.filter(|_| bug == Some(Bug::CountOutsider)));
    held.sort_unstable_by(|a, b| b.cmp(a));
    held.get(enough.wrapping_sub(1)).copied().unwrap_or(own).min(own)
}
