//! Leadership transfer: a leader that is to stop is followed although no election timer fires.

use crate::paxos::bounds::Bounds;
use crate::paxos::properties::{self as claims, Actor, History};
use crate::{Expected, Instance};

pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![leaving(), busy()]
}

fn leaving() -> Instance<Actor, History> {
    Instance {
        name: "leaving",
        about: "3 replicas with pre-vote, the leader leaves, and no election timer fires",
        deep: false,
        cluster: || Bounds::leaving().live(None),
        symmetry: None,
        expected: Expected { unique: 19, generated: 50, violated: &[] },
    }
}

fn busy() -> Instance<Actor, History> {
    Instance {
        name: "leaving-busy",
        about: "3 replicas, a client that writes and asks once more, the leader leaves",
        deep: false,
        cluster: || {
            let bounds = Bounds::leaving_busy();
            let claims = super::claimed(&bounds, [claims::adopted()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 197_102, generated: 1_786_378, violated: &[] },
    }
}
