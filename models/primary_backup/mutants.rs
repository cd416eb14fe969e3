//! The seeded bugs: each takes away one guard or one save, and a named property must notice.

mod newcomers;
mod progress;
mod sessions;

use super::bounds::{Bounds, rivals, trio, write, write_then_read};
use super::properties::{self as claims, Actor, History};
use crate::Mutant;
use crate::world::{CHECKPOINT, Cluster};

/// A bug that the checker can put into the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bug {
    /// The primary acknowledges before the backups have the request, in synchronous mode.
    AcknowledgeEarly,
    /// The primary answers a request that is asked again before the backups have it.
    AnswerRetryEarly,
    /// A new primary acts before its backups hold its state.
    ActEarly,
    /// A primary that is replaced goes on acting, in the new view.
    StayPrimary,
    /// A replica takes the operations of any view, not only its own.
    NoFencing,
    /// A backup applies the operation that comes, whatever its number.
    IgnoreGap,
    /// A request that comes again is applied again.
    ApplyTwice,
    /// A joining backup counts as certified before it holds the state.
    CertifyJoiner,
    /// A backup does not save what it applies.
    ForgetApplied,
    /// The view service does not save its views.
    ForgetView,
    /// One backup is enough to acknowledge a request.
    AcknowledgeOnOne,
    /// One backup that holds the state is enough to act.
    ActOnOne,
    /// A backup that is ahead of its new primary says that it holds the primary's state.
    AheadHolds,
    /// The ping of any member acknowledges the view, whether or not it acts.
    AnybodyAcknowledges,
    /// A primary takes requests before its backups hold its state.
    OrderEarly,
    /// A request that is older than the last one of its client is ordered.
    OrderOld,
    /// A primary that comes back acts at once.
    ActAfterRestart,
    /// An acknowledgement of less than the state that a view begins from counts.
    CountOldAck,
    /// A replica adopts a view that is older than its own.
    AdoptOld,
    /// Any member may be promoted.
    PromoteAnybody,
    /// A member that leaves the view stays certified.
    CertifyLeavers,
    /// A backup takes the piece that comes, whatever its number.
    TakeAnyPiece,
    /// Of operations that come together, those that were applied already are applied again.
    ApplyOverlap,
    /// The timer for pings is not set again.
    PingOnce,
    /// The timer for resending is not set again.
    ResendOnce,
    /// The view service does not watch the members of a view that it makes.
    NoWatch,
    /// The acknowledgement of who copies counts for that of a backup.
    CountOutsider,
    /// Pieces of another state count.
    MixPieces,
    /// The state that was cut for a copy is used after the copy was given up.
    KeepOffer,
    /// The state is cut again when requests went on since.
    CutAgain,
    /// A request that waits is not served when there is room.
    NoServe,
    /// Any number of requests may wait.
    QueueForever,
    /// A backup that does not acknowledge is not reported.
    NeverLagging,
    /// An outsider does not ask again for what it copies.
    CallOnce,
    /// An outsider joins when it begins to copy.
    JoinEarly,
    /// A member is left out though nobody else is heard.
    SuspectUnheard,
    /// The view service does not answer a ping from an old view.
    TellViewOnce,
    /// A primary does not send again what a backup did not acknowledge.
    NoResend,
    /// A replica tells the view service that it is alive when it starts, and never again.
    NoPing,
    /// A replica that lost its disk starts as for the first time.
    StartAsFirst,
    /// A replica that lost its disk takes part in a view that was made for its former life.
    AdoptFormer,
    /// The view service leaves a replica that lost its disk where it was.
    KeepReplaced,
    /// A replica says that it lost its disk when it starts, and never again.
    NewcomerOnce,
    /// The view service tells a replica that lost its disk once that it knows.
    TellNewcomerOnce,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 44] = [
        Self::AcknowledgeEarly,
        Self::AnswerRetryEarly,
        Self::ActEarly,
        Self::StayPrimary,
        Self::NoFencing,
        Self::IgnoreGap,
        Self::ApplyTwice,
        Self::CertifyJoiner,
        Self::ForgetApplied,
        Self::ForgetView,
        Self::AcknowledgeOnOne,
        Self::ActOnOne,
        Self::AheadHolds,
        Self::AnybodyAcknowledges,
        Self::OrderEarly,
        Self::OrderOld,
        Self::ActAfterRestart,
        Self::CountOldAck,
        Self::AdoptOld,
        Self::PromoteAnybody,
        Self::CertifyLeavers,
        Self::TakeAnyPiece,
        Self::ApplyOverlap,
        Self::PingOnce,
        Self::ResendOnce,
        Self::NoWatch,
        Self::CountOutsider,
        Self::MixPieces,
        Self::KeepOffer,
        Self::CutAgain,
        Self::NoServe,
        Self::QueueForever,
        Self::NeverLagging,
        Self::CallOnce,
        Self::JoinEarly,
        Self::SuspectUnheard,
        Self::TellViewOnce,
        Self::NoResend,
        Self::NoPing,
        Self::StartAsFirst,
        Self::AdoptFormer,
        Self::KeepReplaced,
        Self::NewcomerOnce,
        Self::TellNewcomerOnce,
    ];
}

/// Every bug, with the property that kills it.
#[allow(clippy::too_many_lines, reason = "a table")]
pub fn mutants() -> Vec<Mutant<Actor, History>> {
    macro_rules! mutant {
        ($bug:ident, $name:literal, $about:literal, $killed_by:expr, $bounds:expr) => {
            Mutant {
                name: $name,
                about: $about,
                killed_by: $killed_by,
                cluster: || seeded($bounds, Bug::$bug),
            }
        };
    }
    let mut mutants = vec![
        mutant!(
            AcknowledgeEarly,
            "acknowledge-early",
            "the primary acknowledges before it replicates",
            claims::LINEARIZABLE,
            reader()
        ),
        mutant!(
            AnswerRetryEarly,
            "answer-retry-early",
            "a request that is asked again is answered before the backups have it",
            claims::NO_LOSS,
            reader()
        ),
        mutant!(
            ActEarly,
            "act-early",
            "a new primary acts before its backups hold its state",
            claims::PROMOTABLE,
            reader()
        ),
        mutant!(
            StayPrimary,
            "stay-primary",
            "a primary that is replaced goes on acting, in the new view",
            claims::ONE_PRIMARY,
            reader()
        ),
        mutant!(
            NoFencing,
            "no-fencing",
            "operations of an old view are taken",
            claims::LINEARIZABLE,
            Bounds::synchronous(2, rivals())
        ),
        mutant!(
            IgnoreGap,
            "ignore-gap",
            "a backup applies the operation that comes, whatever its number",
            claims::PREFIX,
            Bounds::synchronous(2, rivals())
        ),
        mutant!(
            ApplyTwice,
            "apply-twice",
            "a request that comes again is applied again",
            claims::EXACTLY_ONCE,
            Bounds { suspicions: Some(0), ..reader() }
        ),
        mutant!(
            CertifyJoiner,
            "certify-joiner",
            "a joining backup may be promoted before it holds the state",
            claims::PROMOTABLE,
            reader()
        ),
        mutant!(
            ForgetApplied,
            "forget-applied",
            "a backup does not save what it applies",
            CHECKPOINT,
            reader()
        ),
        mutant!(
            ForgetView,
            "forget-view",
            "the view service does not save its views",
            claims::ONE_PRIMARY,
            Bounds { crashes: 1, restarts: 1, suspicions: Some(4), ..reader() }
        ),
        mutant!(
            AcknowledgeOnOne,
            "acknowledge-on-one",
            "a request is acknowledged when one backup has it",
            claims::PROMOTABLE,
            trio()
        ),
        mutant!(
            ActOnOne,
            "act-on-one",
            "a new primary acts when one backup holds its state",
            claims::PROMOTABLE,
            trio()
        ),
        mutant!(
            AheadHolds,
            "ahead-holds",
            "a backup that has more operations than its primary says that it holds the state",
            claims::PREFIX,
            trio()
        ),
        mutant!(
            AnybodyAcknowledges,
            "anybody-acknowledges",
            "the ping of any member acknowledges its view",
            claims::PROMOTABLE,
            Bounds { pings: 1, ..writer() }
        ),
        mutant!(
            OrderEarly,
            "order-early",
            "a primary takes requests before it acts",
            claims::PROMOTABLE,
            trio()
        ),
        mutant!(
            OrderOld,
            "order-old",
            "a request older than the last one of its client is applied again",
            claims::EXACTLY_ONCE,
            Bounds { suspicions: Some(0), ..reader() }
        ),
        mutant!(
            ActAfterRestart,
            "act-after-restart",
            "a primary that restarts acts at once, as if its backups had all that it has",
            claims::PROMOTABLE,
            restarted()
        ),
        mutant!(
            CountOldAck,
            "count-old-ack",
            "an acknowledgement of less than the whole state counts when a view begins again",
            claims::PROMOTABLE,
            restarted()
        ),
        mutant!(
            AdoptOld,
            "adopt-old",
            "a replica adopts a view that is older than its own",
            claims::PROMOTABLE,
            returning()
        ),
        mutant!(
            PromoteAnybody,
            "promote-anybody",
            "any member may be promoted, certified or not",
            claims::NO_LOSS,
            returning()
        ),
        mutant!(
            CertifyLeavers,
            "certify-leavers",
            "a member that leaves stays certified",
            claims::PROMOTABLE,
            reader()
        ),
        mutant!(
            ApplyOverlap,
            "apply-overlap",
            "of operations that come together, those that were applied already are applied again",
            claims::PREFIX,
            Bounds::batches()
        ),
        mutant!(
            TakeAnyPiece,
            "take-any-piece",
            "a piece of state is taken whichever piece is missing",
            claims::PROMOTABLE,
            Bounds { piece_bytes: 1, crashes: 1, restarts: 1, ..writer() }
        ),
        mutant!(
            NoWatch,
            "no-watch",
            "the view service does not watch who joins",
            claims::ARMED,
            reader()
        ),
        mutant!(
            CountOutsider,
            "count-outsider",
            "the acknowledgement of who copies counts for that of a backup",
            claims::PROMOTABLE,
            trio()
        ),
        mutant!(
            KeepOffer,
            "keep-offer",
            "a copy that was given up goes on, with the state that was cut for it",
            claims::KEPT,
            Bounds { overdue: Some(1), ..reader() }
        ),
        mutant!(
            JoinEarly,
            "join-early",
            "an outsider is let in when it begins to copy the state",
            claims::COPIED,
            reader()
        ),
    ];
    mutants.extend(progress::mutants());
    mutants.extend(newcomers::mutants());
    mutants.extend(sessions::mutants());
    mutants
}

/// The smallest world that has all of failover, state transfer and a read.
fn reader() -> Bounds {
    Bounds::synchronous(2, write_then_read())
}

/// A primary that comes back, and no other view.
fn restarted() -> Bounds {
    Bounds { crashes: 1, restarts: 1, suspicions: Some(0), ..reader() }
}

/// Out, back in, and primary again.
fn returning() -> Bounds {
    Bounds { suspicions: Some(4), views: 4, ..writer() }
}

fn writer() -> Bounds {
    Bounds::synchronous(2, write())
}

fn seeded(bounds: Bounds, bug: Bug) -> Cluster<Actor, History> {
    bounds.cluster(claims::safety(), Some(bug))
}
