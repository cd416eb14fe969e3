//! The bugs by which the service stops, or does what it should not wait for.

use super::super::bounds::{Bounds, reader, write_two};
use super::super::bugs::Bug;
use super::super::properties::{self as claims, Actor, Claim, History};
use crate::seeded::mutants;
use crate::world::Cluster;

mutants! {
    Actor, History, Bug, cluster;
    MixPieces: "pieces of another snapshot count",
        "mix-pieces" by claims::PREFIX in (mixing(), claims::safety());
    CutAgain: "a new snapshot is cut in the middle of a copy",
        "cut-again" by claims::CUT_ONCE in (Bounds { piece_bytes: 1, views: 2, ..reader() }, vec![claims::cut_once()]);
    CallOnce: "a replica that must copy the state asks for it once",
        "call-once" by claims::CONVERGED in (Bounds::lossy_views(), vec![claims::converged()]);
    NeverLagging: "a primary does not report a backup that does not acknowledge",
        "never-lagging" by claims::ANSWERED in (Bounds::cut(), vec![claims::answered()]);
    SuspectUnheard: "a silent member is left out although no other member is heard",
        "suspect-unheard" by claims::SERVED in (Bounds { scripts: vec![], ..Bounds::unheard() }, vec![claims::served()]);
    PingOnce: "the timer for pings is not set again",
        "ping-once" by claims::ARMED in (Bounds::lossy_views(), claims::safety());
    ResendOnce: "the timer for resending is not set again",
        "resend-once" by claims::ARMED in (Bounds::lossy(), claims::safety());
    NoResend: "an operation that a backup did not acknowledge is not sent again",
        "no-resend" by claims::ANSWERED in (Bounds::lossy(), claims::liveness());
    TellViewOnce: "the view service announces a view once",
        "tell-view-once" by claims::CONVERGED in (Bounds::lossy_views(), vec![claims::converged()]);
    NoPing: "a replica pings once, when it starts",
        "no-ping" by claims::CONVERGED in (Bounds::lossy_views(), vec![claims::converged()]);
    NoServe: "a waiting request is not served when there is room",
        "no-serve" by claims::TURNS in (Bounds::queue(), claims::queued(Bounds::queue().config()));
    QueueForever: "any number of requests may wait",
        "queue-forever" by claims::BOUNDED in (Bounds::queue(), claims::queued(Bounds::queue().config()));
}

/// A copy that is given up, and another of another state.
fn mixing() -> Bounds {
    let bounds = Bounds::synchronous(2, write_two());
    Bounds { overdue: Some(1), piece_bytes: 1, views: 2, ..bounds }
}

fn cluster((bounds, claims): (Bounds, Vec<Claim>), bug: Option<Bug>) -> Cluster<Actor, History> {
    bounds.cluster(claims, bug)
}
