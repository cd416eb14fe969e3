//! Instances in which a replica loses its disk. Messages of its former life may still arrive, which
//! is more than the runtime allows. A replica that is let in may lose its disk before it joins, so
//! it is not claimed here that it has copied the state.

use crate::primary_backup::bounds::Bounds;
use crate::primary_backup::properties::{self as claims, Actor, Claim, History};
use crate::{Expected, Instance};

pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![replaced(), replaced_lossy(), replaced_crash(), replaced_three(), replaced_twice()]
}

fn replaced() -> Instance<Actor, History> {
    Instance {
        name: "replaced",
        about: "2 replicas, a client that writes, 1 disk that is lost, 1 suspicion, 4 views",
        deep: false,
        cluster: || {
            let claims =
                safety().chain([claims::returned(), claims::succeeded(), claims::stopped()]);
            Bounds::replaced().cluster(claims.collect(), None)
        },
        symmetry: None,
        expected: Expected { unique: 395_307, generated: 4_483_909, violated: &[] },
    }
}

fn replaced_lossy() -> Instance<Actor, History> {
    Instance {
        name: "replaced-lossy",
        about: "2 replicas, 1 disk that is lost, any losses",
        deep: false,
        cluster: || {
            let claims = safety().chain([claims::converged(), claims::succeeded()]);
            Bounds::replaced_lossy().cluster(claims.collect(), None)
        },
        symmetry: None,
        expected: Expected { unique: 1_069_076, generated: 18_871_561, violated: &[] },
    }
}

fn replaced_crash() -> Instance<Actor, History> {
    Instance {
        name: "replaced-crash",
        about: "2 replicas, a client that writes, 1 disk that is lost, 1 crash, 1 restart, \
                1 suspicion, 3 views",
        deep: false,
        cluster: || {
            let bounds = Bounds { crashes: 1, restarts: 1, views: 3, ..Bounds::replaced() };
            bounds.cluster(safety().chain([claims::succeeded()]).collect(), None)
        },
        symmetry: None,
        expected: Expected { unique: 995_953, generated: 9_861_659, violated: &[] },
    }
}

fn replaced_three() -> Instance<Actor, History> {
    Instance {
        name: "replaced-three",
        about: "3 replicas, a client that writes, 1 disk that is lost, 1 suspicion, 3 views",
        deep: true,
        cluster: || {
            let bounds =
                Bounds { replicas: 3, views: 3, replaced: vec![1, 2], ..Bounds::replaced() };
            bounds.cluster(safety().chain([claims::succeeded()]).collect(), None)
        },
        symmetry: None,
        expected: Expected { unique: 4_300_684, generated: 53_843_947, violated: &[] },
    }
}

fn replaced_twice() -> Instance<Actor, History> {
    Instance {
        name: "replaced-twice",
        about: "2 replicas, a client that writes, 2 disks that are lost, also of one replica, \
                1 suspicion, 4 views",
        deep: true,
        cluster: || {
            let claims =
                safety().chain([claims::returned(), claims::succeeded(), claims::stopped()]);
            Bounds { disks: 2, ..Bounds::replaced() }.cluster(claims.collect(), None)
        },
        symmetry: None,
        expected: Expected { unique: 4_398_655, generated: 50_599_375, violated: &[] },
    }
}

fn safety() -> impl Iterator<Item = Claim> {
    claims::safety().into_iter().filter(|claim| claim.name != claims::COPIED.name)
}
