//! Instances with room for few sessions, so that they are evicted.

use crate::kv::{Op, SessionLimits};
use crate::primary_backup::bounds::{Bounds, cas};
use crate::primary_backup::properties::{self as claims, Actor, Claim, History};
use crate::world::Cluster;
use crate::{Expected, Instance};

pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![crowd(), failover()]
}

/// What must hold where sessions are evicted.
pub(in crate::primary_backup) fn safety() -> Vec<Claim> {
    let mut claims = claims::safety();
    claims.extend([claims::active(), claims::not_new(), claims::same()]);
    claims
}

fn cluster(bounds: Bounds, reached: impl IntoIterator<Item = Claim>) -> Cluster<Actor, History> {
    let mut claims = safety();
    claims.extend([claims::evicted(), claims::refused()]);
    claims.extend(reached);
    bounds.cluster(claims, None)
}

/// Two clients, and room for the session of one.
pub(in crate::primary_backup) fn pair() -> Bounds {
    let bounds = Bounds::synchronous(2, vec![vec![cas("a")], vec![cas("b")]]);
    Bounds { sessions: SessionLimits::clients(1), ..bounds }
}

/// Three clients, of which one asks twice, and room for the sessions of two.
pub(in crate::primary_backup) fn trio() -> Bounds {
    let scripts = vec![vec![cas("a"), Op::get("x")], vec![cas("b")], vec![cas("c")]];
    let bounds = Bounds::synchronous(2, scripts);
    Bounds { suspicions: Some(0), sessions: SessionLimits::clients(2), ..bounds }
}

fn crowd() -> Instance<Actor, History> {
    Instance {
        name: "sessions",
        about: "2 replicas with room for 2 sessions, 3 clients of which one asks twice",
        deep: false,
        cluster: || cluster(trio(), [claims::overlap()]),
        symmetry: None,
        expected: Expected { unique: 7_445, generated: 78_769, violated: &[] },
    }
}

fn failover() -> Instance<Actor, History> {
    Instance {
        name: "sessions-failover",
        about: "2 replicas with room for 1 session, 2 clients that compare-and-swap the same key, \
                1 suspicion",
        deep: true,
        cluster: || cluster(pair(), [claims::failed_over(), claims::transferred()]),
        symmetry: None,
        expected: Expected { unique: 6_209_122, generated: 73_865_807, violated: &[] },
    }
}
