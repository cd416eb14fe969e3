//! The seeded bugs, as the protocol's code knows them. `mutants.rs` says what each does, and which
//! property must notice.

use super::message::{Msg, Peer};
use super::state::Leading;
use super::storage::Storage;
use super::view::View;
use crate::kv::{Service, StateMachine};
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
    ReplyEarly,
    BeginAgain,
    ResignToAnybody,
    ResignOnce,
    LeaveSilently,
    AckEarly,
    BeginEarly,
    ViewEarly,
}

/// On an asynchronous disk.
impl Bug {
    /// Whether a message does not wait for what it says to be durable.
    pub(super) fn hastens<M: StateMachine>(self, msg: &Msg<M>) -> bool {
        match msg {
            Service::Reply { .. } => self == Self::ReplyEarly,
            Service::Peer(Peer::Ack { .. }) => self == Self::AckEarly,
            Service::Peer(Peer::Begin { .. }) => self == Self::BeginEarly,
            Service::Peer(Peer::View(_)) => self == Self::ViewEarly,
            _ => false,
        }
    }
}

impl<M: StateMachine> Seeded<Msg<M>, Storage<M>> for Bug {}

/// The last operation that is acknowledged when its backups have it, perhaps with a bug: if one
/// backup is enough, or if the outsider that copies counts.
pub(super) fn held<M: StateMachine>(
    bug: Option<Bug>,
    leading: &Leading<M>,
    view: &View,
    op: u64,
) -> u64 {
    let mut held: Vec<u64> = view.backups.iter().map(|id| leading.acked_by(*id)).collect();
    let enough = match bug {
        Some(Bug::AcknowledgeOnOne) => 1,
        Some(Bug::CountOutsider) => held.len(),
        _ => return leading.held_by_all(view, op),
    };
    let copied = leading.copying.as_ref().and_then(|copying| copying.acked);
    held.extend(copied.filter(|_| bug == Some(Bug::CountOutsider)));
    held.sort_unstable_by(|a, b| b.cmp(a));
    held.get(enough.wrapping_sub(1)).copied().unwrap_or(op)
}
