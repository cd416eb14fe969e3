//! What leaves a server while its disk writes: instances on asynchronous disks, as deployed nodes have
//! them.

use crate::kv::{Op, Transaction};
use crate::two_phase_commit::bounds::{Bounds, alone, transfer};
use crate::two_phase_commit::properties::{self as claims, Actor, Claim, History};
use crate::world::Cluster;
use crate::{Expected, Instance};

pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![recovery(), contention()]
}

fn cluster(bounds: Bounds, reached: impl IntoIterator<Item = Claim>) -> Cluster<Actor, History> {
    let bounds = bounds.crashing([0, 1, 2]).asynchronous();
    let claims = bounds.safety().into_iter().chain(reached).collect();
    bounds.cluster(claims, None)
}

fn recovery() -> Instance<Actor, History> {
    Instance {
        name: "asynchronous-recovery",
        about: "2 participants, asynchronous disks, a transaction over both, 1 crash and restart of \
                any server, votes may time out, a participant in doubt may ask",
        deep: false,
        cluster: || {
            let bounds = Bounds { deadlines: 1, doubts: 1, ..Bounds::calm(alone()) };
            let reached = [claims::presumed(), claims::resumed(), claims::vote_held()];
            cluster(bounds, reached.into_iter().chain([claims::undurable()]))
        },
        symmetry: None,
        expected: Expected { unique: 142_168, generated: 1_035_252, violated: &[] },
    }
}

fn contention() -> Instance<Actor, History> {
    Instance {
        name: "asynchronous-contention",
        about: "2 participants, asynchronous disks, a client that writes two keys, another that \
                writes one of them, 1 crash and restart of any server",
        deep: true,
        cluster: || {
            let one: Transaction = Op::put("x", "b").into();
            let bounds = Bounds::calm(vec![vec![transfer()], vec![one]]);
            cluster(bounds, [claims::conflict(), claims::presumed(), claims::undurable()])
        },
        symmetry: None,
        expected: Expected { unique: 703_979, generated: 6_231_995, violated: &[] },
    }
}
