//! The seeded bugs of the session table, where there is room for few sessions.

use crate::Mutant;
use crate::kv::SessionLimits;
use crate::kv::sessions::SessionBug;
use crate::paxos::bounds::Bounds;
use crate::paxos::instances::sessions::{duel, lagging, trio};
use crate::paxos::properties::{self as claims, Actor, History};
use crate::world::Cluster;

pub(super) fn mutants() -> Vec<Mutant<Actor, History>> {
    vec![
        Mutant {
            name: "evict-newest",
            about: "the most recently used session is evicted",
            killed_by: claims::ACTIVE,
            cluster: || seeded(trio(), SessionBug::EvictNewest),
        },
        Mutant {
            name: "evict-lowest",
            about: "the session with the lowest client id is evicted",
            killed_by: claims::ACTIVE,
            cluster: || seeded(trio(), SessionBug::EvictLowest),
        },
        Mutant {
            name: "evict-without-floor",
            about: "an eviction does not raise the floor",
            killed_by: claims::EXACTLY_ONCE,
            cluster: || seeded(duel(), SessionBug::EvictWithoutFloor),
        },
        Mutant {
            name: "forgotten-is-new",
            about: "a forgotten client counts as new",
            killed_by: claims::EXACTLY_ONCE,
            cluster: || seeded(duel(), SessionBug::ForgottenIsNew),
        },
        Mutant {
            name: "snapshot-without-floor",
            about: "a snapshot lacks the floor",
            killed_by: claims::NOT_NEW,
            cluster: || seeded(lagging(), SessionBug::SnapshotWithoutFloor),
        },
        Mutant {
            name: "snapshot-without-order",
            about: "a snapshot lists the sessions in the order of client ids",
            killed_by: claims::SNAPSHOT,
            cluster: || {
                let bounds = Bounds { sessions: SessionLimits::clients(2), ..lagging() };
                seeded(bounds, SessionBug::SnapshotWithoutOrder)
            },
        },
    ]
}

fn seeded(bounds: Bounds, bug: SessionBug) -> Cluster<Actor, History> {
    let sessions = SessionLimits { bug: Some(bug), ..bounds.sessions };
    let mut claims = claims::safety(bounds.quorums());
    claims.extend([claims::active(), claims::not_new()]);
    Bounds { sessions, ..bounds }.cluster(claims, None)
}
