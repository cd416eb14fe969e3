//! The seeded bugs of the session table, where there is room for few sessions.

use crate::kv::SessionLimits;
use crate::kv::sessions::{SessionBug, bugs};
use crate::paxos::bounds::Bounds;
use crate::paxos::instances::sessions::{duel, lagging, slotted, tight, tight_claims, trio};
use crate::paxos::properties::{self as claims, Actor, History};
use crate::world::Cluster;

bugs::mutants! {
    Actor, History, seeded;
    EvictNewest by claims::ACTIVE in trio();
    EvictLowest by claims::ACTIVE in trio();
    EvictWithoutFloor by claims::EXACTLY_ONCE in duel();
    ForgottenIsNew by claims::EXACTLY_ONCE in duel();
    SnapshotWithoutFloor by claims::NOT_NEW in lagging();
    SnapshotWithoutOrder by claims::SNAPSHOT in
        Bounds { sessions: SessionLimits::clients(2), ..lagging() };
    CountOnly by claims::TABLE in tight();
    OversizedEvicts by claims::TABLE in tight();
    OneSlot by claims::EXACTLY_ONCE in slotted();
}

fn seeded(bounds: Bounds, bug: SessionBug) -> Cluster<Actor, History> {
    let sessions = SessionLimits { bug: Some(bug), ..bounds.sessions };
    // "Active" is defined by the number of clients.
    let is_tight = sessions.bytes < SessionLimits::default().bytes;
    let claims = if is_tight {
        tight_claims(&bounds)
    } else {
        let claims = claims::safety(bounds.quorums()).into_iter();
        claims.chain([claims::active(), claims::not_new()]).collect()
    };
    Bounds { sessions, ..bounds }.cluster(claims, None)
}
