//! The seeded bugs of the session table, where there is room for few sessions.

use crate::kv::SessionLimits;
use crate::kv::sessions::{SessionBug, bugs};
use crate::primary_backup::bounds::{Bounds, crowded_pair, crowded_trio};
use crate::primary_backup::properties::{self as claims, Actor, History};
use crate::world::Cluster;

bugs::mutants! {
    Actor, History, seeded;
    EvictNewest by claims::ACTIVE in crowded_trio();
    EvictLowest by claims::ACTIVE in crowded_trio();
    EvictWithoutFloor by claims::EXACTLY_ONCE in crowded_trio();
    ForgottenIsNew by claims::EXACTLY_ONCE in crowded_trio();
    SnapshotWithoutFloor by claims::NOT_NEW in crowded_pair();
    SnapshotWithoutOrder by claims::SAME in
        Bounds { sessions: SessionLimits::clients(2), ..crowded_pair() };
    OneSlot by claims::EXACTLY_ONCE in Bounds::slotted();
}

fn seeded(bounds: Bounds, bug: SessionBug) -> Cluster<Actor, History> {
    let sessions = SessionLimits { bug: Some(bug), ..bounds.sessions };
    Bounds { sessions, ..bounds }.cluster(claims::few_sessions(), None)
}
