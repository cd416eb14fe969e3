//! The bugs by which the service stops, or does what it should not wait for.

use super::super::bounds::{Bounds, reader, write_two};
use super::super::bugs::Bug;
use super::super::properties::{self as claims, Actor, Claim, History};
use crate::seeded::mutants;
use crate::world::Cluster;

mutants! {
    Actor, History, Bug, cluster;
    MixPieces: "pieces of another state count",
        "mix-pieces" by claims::PREFIX in (mixing(), claims::safety());
    CutAgain: "the state is cut again for a copy when requests went on",
        "cut-again" by claims::CUT_ONCE in (Bounds { piece_bytes: 1, views: 2, ..reader() }, vec![claims::cut_once()]);
    CallOnce: "an outsider asks for the state when it learns of its view, and never again",
        "call-once" by claims::CONVERGED in (Bounds::lossy_views(), vec![claims::converged()]);
    NeverLagging: "a backup that does not acknowledge is not reported",
        "never-lagging" by claims::ANSWERED in (Bounds::cut(), vec![claims::answered()]);
    SuspectUnheard: "a member is left out though nobody else is heard",
        "suspect-unheard" by claims::SERVED in (Bounds { scripts: vec![], ..Bounds::unheard() }, vec![claims::served()]);
    PingOnce: "the timer for pings is not set again",
        "ping-once" by claims::ARMED in (Bounds::lossy_views(), claims::safety());
    ResendOnce: "the timer for resending is not set again",
        "resend-once" by claims::ARMED in (Bounds::lossy(), claims::safety());
    NoResend: "what a backup did not acknowledge is not sent again",
        "no-resend" by claims::ANSWERED in (Bounds::lossy(), claims::liveness());
    TellViewOnce: "a replica that missed the current view is not told it again",
        "tell-view-once" by claims::CONVERGED in (Bounds::lossy_views(), vec![claims::converged()]);
    NoPing: "a replica says that it is alive when it starts, and never again",
        "no-ping" by claims::CONVERGED in (Bounds::lossy_views(), vec![claims::converged()]);
    NoServe: "a request that waits is not served when there is room",
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
