//! What a deployed cluster does besides: it serves the map that its records make, forgets old
//! records, and its controller restarts.

use crate::kafka::bounds::{Bounds, Fences, alone, cas, failover, forgetful, map};
use crate::kafka::properties::{self as claims, Actor, History};
use crate::kv::Op;
use crate::{Expected, Instance};

pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![map_served(), map_failover(), retention(), controller()]
}

fn map_served() -> Instance<Actor, History> {
    Instance {
        name: "map",
        about: "2 brokers, 2 to commit, 2 clients of the map, in real time; nothing fails",
        deep: false,
        cluster: || {
            let clients =
                vec![(1, map([Op::put("k", "1"), Op::get("k")])), (1, map([cas("k", "1", "2")]))];
            Bounds { clients, timed: true, ..Bounds::of(2, 2) }.safe([claims::committed()])
        },
        symmetry: None,
        expected: Expected { unique: 47_164, generated: 339_538, violated: &[] },
    }
}

fn map_failover() -> Instance<Actor, History> {
    Instance {
        name: "map-failover",
        about: "2 brokers, 1 to commit, a client of the map that asks again; the first is fenced",
        deep: false,
        cluster: || {
            let clients = vec![(1, map([Op::put("k", "1"), cas("k", "1", "2")]))];
            let fences = Fences::Each(1, 0);
            let bounds = Bounds { clients, fences, retries: 1, timed: true, ..alone() };
            bounds.safe([claims::committed(), claims::failed_over()])
        },
        symmetry: None,
        expected: Expected { unique: 420_168, generated: 3_753_566, violated: &[] },
    }
}

fn retention() -> Instance<Actor, History> {
    Instance {
        name: "retention",
        about: "2 brokers, 1 to commit; the first keeps no committed records, the second joins, and crashes",
        deep: false,
        cluster: || {
            let bounds = forgetful([Op::put("k", "1"), Op::put("k", "2")]);
            let bounds = Bounds { crashable: Some(vec![2]), ..bounds.crashing(1) };
            bounds.safe([claims::committed(), claims::expanded(1), claims::installed()])
        },
        symmetry: None,
        expected: Expected { unique: 130_766, generated: 1_436_750, violated: &[] },
    }
}

fn controller() -> Instance<Actor, History> {
    Instance {
        name: "controller-restart",
        about: "2 brokers, 2 to commit; the controller crashes and restarts, and one broker is fenced",
        deep: false,
        cluster: || {
            let bounds = Bounds { crashable: Some(vec![0]), ..failover(2).crashing(1) };
            bounds.safe([claims::committed(), claims::failed_over()])
        },
        symmetry: None,
        expected: Expected { unique: 7_278, generated: 44_327, violated: &[] },
    }
}
