//! Instances with room for few sessions, so that they are evicted.

use super::{Bounds, get, put, with};
use crate::kv::SessionLimits;
use crate::multi_primary::Rule;
use crate::multi_primary::history::History;
use crate::multi_primary::properties::{self as claims, Actor, Claim};
use crate::{Expected, Instance};

pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![eviction()]
}

/// Two clients of one node, which has room for the session of one of them.
pub(in crate::multi_primary) fn duel() -> Bounds {
    let clients = vec![(0, vec![put("a"), get(), put("b")]), (0, vec![put("c")])];
    let sessions = SessionLimits::clients(1);
    Bounds { sessions, judges_order: true, ..Bounds::new(2, Rule::LastWriterWins, clients) }
}

/// What must hold where sessions are evicted.
pub(in crate::multi_primary) fn safety() -> Vec<Claim> {
    with(claims::last_writer_wins(), [claims::linearizable(), claims::active()])
}

fn eviction() -> Instance<Actor, History> {
    Instance {
        name: "lww-sessions",
        about: "last-writer-wins, 2 nodes with room for 1 session, 2 clients at the same node, 1 \
                crash, 1 restart: linearizable",
        deep: false,
        cluster: || {
            let claims = with(safety(), [claims::evicted(), claims::refused()]);
            Bounds { crashes: 1, ..duel() }.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 84_149, generated: 606_858, violated: &[] },
    }
}
