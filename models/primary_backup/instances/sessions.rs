//! Instances with room for few sessions, so that they are evicted.

use crate::primary_backup::bounds::{Bounds, crowded_pair, crowded_trio};
use crate::primary_backup::properties::{self as claims, Actor, Claim, History};
use crate::world::Cluster;
use crate::{Expected, Instance};

pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![crowd(), failover(), slots()]
}

fn cluster(bounds: Bounds, reached: impl IntoIterator<Item = Claim>) -> Cluster<Actor, History> {
    let mut claims = claims::few_sessions();
    claims.extend([claims::evicted(), claims::refused()]);
    claims.extend(reached);
    bounds.cluster(claims, None)
}

fn crowd() -> Instance<Actor, History> {
    Instance {
        name: "sessions",
        about: "2 replicas with room for 2 sessions, 3 clients of which one asks twice",
        deep: false,
        cluster: || cluster(crowded_trio(), [claims::overlap()]),
        symmetry: None,
        expected: Expected { unique: 7_445, generated: 78_769, violated: &[] },
    }
}

fn slots() -> Instance<Actor, History> {
    Instance {
        name: "slots",
        about: "2 replicas with room for 1 request on its way, a client with 2 writes under way, 1 \
                suspicion",
        deep: false,
        cluster: || {
            let mut claims = claims::few_sessions();
            claims.extend([claims::two_slots(), claims::failed_over()]);
            Bounds::slotted().cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 2_152_844, generated: 25_461_373, violated: &[] },
    }
}

fn failover() -> Instance<Actor, History> {
    Instance {
        name: "sessions-failover",
        about: "2 replicas with room for 1 session, 2 clients that compare-and-swap the same key, \
                1 suspicion",
        deep: true,
        cluster: || cluster(crowded_pair(), [claims::failed_over(), claims::transferred()]),
        symmetry: None,
        expected: Expected { unique: 6_209_122, generated: 73_865_807, violated: &[] },
    }
}
