//! The seeded bugs of the session table, where there is room for few sessions.

use super::super::bounds::{Bounds, duel};
use super::super::history::History;
use super::super::properties::{self as claims, Actor};
use crate::kv::SessionLimits;
use crate::kv::sessions::{SessionBug, bugs};
use crate::world::Cluster;

bugs::mutants! {
    Actor, History, seeded;
    EvictNewest by claims::ACTIVE in duel();
    EvictLowest by claims::ACTIVE in duel();
    EvictWithoutFloor by claims::TAKEN_ONCE in duel();
    ForgottenIsNew by claims::TAKEN_ONCE in duel();
}

fn seeded(bounds: Bounds, bug: SessionBug) -> Cluster<Actor, History> {
    let sessions = SessionLimits { bug: Some(bug), ..bounds.sessions };
    Bounds { sessions, ..bounds }.cluster(claims::few_sessions(), None)
}
