//! The seeded bugs by which the service stops, or does what it should not wait for.

use super::{reader, seeded};
use crate::Mutant;
use crate::primary_backup::Bug;
use crate::primary_backup::bounds::{Bounds, write_two};
use crate::primary_backup::properties::{self as claims, Actor, History};
use crate::world::Cluster;

#[allow(clippy::too_many_lines, reason = "a table")]
pub(super) fn mutants() -> Vec<Mutant<Actor, History>> {
    vec![
        Mutant {
            name: "mix-pieces",
            about: "pieces of another state count",
            killed_by: claims::PREFIX,
            cluster: || {
                let bounds = Bounds::synchronous(2, write_two());
                let bounds = Bounds { overdue: Some(1), piece_bytes: 1, views: 2, ..bounds };
                seeded(bounds, Bug::MixPieces)
            },
        },
        Mutant {
            name: "cut-again",
            about: "the state is cut again for a copy when requests went on",
            killed_by: claims::CUT_ONCE,
            cluster: || {
                let bounds = Bounds { piece_bytes: 1, views: 2, ..reader() };
                bounds.cluster(vec![claims::cut_once()], Some(Bug::CutAgain))
            },
        },
        Mutant {
            name: "call-once",
            about: "an outsider asks for the state when it learns of its view, and never again",
            killed_by: claims::CONVERGED,
            cluster: || {
                Bounds::lossy_views().cluster(vec![claims::converged()], Some(Bug::CallOnce))
            },
        },
        Mutant {
            name: "never-lagging",
            about: "a backup that does not acknowledge is not reported",
            killed_by: claims::ANSWERED,
            cluster: || Bounds::cut().cluster(vec![claims::answered()], Some(Bug::NeverLagging)),
        },
        Mutant {
            name: "suspect-unheard",
            about: "a member is left out though nobody else is heard",
            killed_by: claims::SERVED,
            cluster: || {
                let bounds = Bounds { scripts: vec![], ..Bounds::unheard() };
                bounds.cluster(vec![claims::served()], Some(Bug::SuspectUnheard))
            },
        },
        Mutant {
            name: "ping-once",
            about: "the timer for pings is not set again",
            killed_by: claims::ARMED,
            cluster: || seeded(Bounds::lossy_views(), Bug::PingOnce),
        },
        Mutant {
            name: "resend-once",
            about: "the timer for resending is not set again",
            killed_by: claims::ARMED,
            cluster: || seeded(Bounds::lossy(), Bug::ResendOnce),
        },
        Mutant {
            name: "no-resend",
            about: "what a backup did not acknowledge is not sent again",
            killed_by: claims::ANSWERED,
            cluster: || Bounds::lossy().cluster(claims::liveness(), Some(Bug::NoResend)),
        },
        Mutant {
            name: "tell-view-once",
            about: "a replica that missed the current view is not told it again",
            killed_by: claims::CONVERGED,
            cluster: || {
                Bounds::lossy_views().cluster(vec![claims::converged()], Some(Bug::TellViewOnce))
            },
        },
        Mutant {
            name: "no-ping",
            about: "a replica says that it is alive when it starts, and never again",
            killed_by: claims::CONVERGED,
            cluster: || Bounds::lossy_views().cluster(vec![claims::converged()], Some(Bug::NoPing)),
        },
        Mutant {
            name: "no-serve",
            about: "a request that waits is not served when there is room",
            killed_by: claims::TURNS,
            cluster: || queue(Bug::NoServe),
        },
        Mutant {
            name: "queue-forever",
            about: "any number of requests may wait",
            killed_by: claims::BOUNDED,
            cluster: || queue(Bug::QueueForever),
        },
    ]
}

fn queue(bug: Bug) -> Cluster<Actor, History> {
    Bounds::queue().cluster(claims::queued(Bounds::queue().config()), Some(bug))
}
