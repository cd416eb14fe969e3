//! The seeded bugs of the session table, where there is room for few sessions.

use crate::Mutant;
use crate::kv::SessionLimits;
use crate::kv::sessions::SessionBug;
use crate::primary_backup::bounds::{Bounds, crowded_pair, crowded_trio};
use crate::primary_backup::properties::{self as claims, Actor, History};
use crate::world::Cluster;

pub(super) fn mutants() -> Vec<Mutant<Actor, History>> {
    vec![
        Mutant {
            name: "evict-newest",
            about: "the most recently used session is evicted",
            killed_by: claims::ACTIVE,
            cluster: || seeded(crowded_trio(), SessionBug::EvictNewest),
        },
        Mutant {
            name: "evict-lowest",
            about: "the session with the lowest client id is evicted",
            killed_by: claims::ACTIVE,
            cluster: || seeded(crowded_trio(), SessionBug::EvictLowest),
        },
        Mutant {
            name: "evict-without-floor",
            about: "an eviction does not raise the floor",
            killed_by: claims::EXACTLY_ONCE,
            cluster: || seeded(crowded_trio(), SessionBug::EvictWithoutFloor),
        },
        Mutant {
            name: "forgotten-is-new",
            about: "a forgotten client counts as new",
            killed_by: claims::EXACTLY_ONCE,
            cluster: || seeded(crowded_trio(), SessionBug::ForgottenIsNew),
        },
        Mutant {
            name: "snapshot-without-floor",
            about: "a transferred state lacks the floor",
            killed_by: claims::NOT_NEW,
            cluster: || seeded(crowded_pair(), SessionBug::SnapshotWithoutFloor),
        },
        Mutant {
            name: "snapshot-without-order",
            about: "a transferred state lists the sessions in the order of client ids",
            killed_by: claims::SAME,
            cluster: || {
                let bounds = Bounds { sessions: SessionLimits::clients(2), ..crowded_pair() };
                seeded(bounds, SessionBug::SnapshotWithoutOrder)
            },
        },
    ]
}

fn seeded(bounds: Bounds, bug: SessionBug) -> Cluster<Actor, History> {
    let sessions = SessionLimits { bug: Some(bug), ..bounds.sessions };
    Bounds { sessions, ..bounds }.cluster(claims::few_sessions(), None)
}
