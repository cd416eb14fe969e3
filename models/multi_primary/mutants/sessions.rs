//! The seeded bugs of the session table, where there is room for few sessions.

use super::super::bounds::{Bounds, duel};
use super::super::history::History;
use super::super::properties::{self as claims, Actor};
use crate::Mutant;
use crate::kv::SessionLimits;
use crate::kv::sessions::SessionBug;
use crate::world::Cluster;

pub(super) fn mutants() -> Vec<Mutant<Actor, History>> {
    vec![
        Mutant {
            name: "evict-newest",
            about: "the most recently used session is evicted",
            killed_by: claims::ACTIVE,
            cluster: || seeded(SessionBug::EvictNewest),
        },
        Mutant {
            name: "evict-lowest",
            about: "the session with the lowest client id is evicted",
            killed_by: claims::ACTIVE,
            cluster: || seeded(SessionBug::EvictLowest),
        },
        Mutant {
            name: "evict-without-floor",
            about: "an eviction does not raise the floor",
            killed_by: claims::TAKEN_ONCE,
            cluster: || seeded(SessionBug::EvictWithoutFloor),
        },
        Mutant {
            name: "forgotten-is-new",
            about: "a forgotten client counts as new",
            killed_by: claims::TAKEN_ONCE,
            cluster: || seeded(SessionBug::ForgottenIsNew),
        },
    ]
}

fn seeded(bug: SessionBug) -> Cluster<Actor, History> {
    let bounds = duel();
    let sessions = SessionLimits { bug: Some(bug), ..bounds.sessions };
    Bounds { sessions, ..bounds }.cluster(claims::few_sessions(), None)
}
