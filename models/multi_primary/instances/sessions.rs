//! Instances with room for few sessions, so that they are evicted.

use super::super::bounds::{Bounds, duel, with};
use super::super::history::History;
use super::super::properties::{self as claims, Actor};
use crate::{Expected, Instance};

pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![eviction()]
}

fn eviction() -> Instance<Actor, History> {
    Instance {
        name: "lww-sessions",
        about: "last-writer-wins, 2 nodes with room for 1 session, 2 clients at the same node, 1 \
                crash, 1 restart: linearizable",
        deep: false,
        cluster: || {
            let claims = with(claims::few_sessions(), [claims::evicted(), claims::refused()]);
            Bounds { crashes: 1, ..duel() }.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 61_451, generated: 445_868, violated: &[] },
    }
}
