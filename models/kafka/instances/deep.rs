//! The instances that are too large for every run.

use crate::kafka::bounds::{Bounds, Fences, alone, consume, forgetful, outsider, produce};
use crate::kafka::properties::{self as claims, Actor, History};
use crate::kv::Op;
use crate::{Expected, Instance};

pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![
        zombie_read(),
        lossy_restart_shrink(),
        appends(),
        retention_failover(),
        failover_twice(),
        mixed(),
    ]
}

fn zombie_read() -> Instance<Actor, History> {
    Instance {
        name: "zombie-read",
        about: "2 brokers, 1 to commit; a consumer reads twice at the first, which is fenced",
        deep: true,
        cluster: || {
            let clients = vec![(2, produce(1)), (1, consume(2))];
            let bounds = Bounds { clients, fences: Fences::Each(1, 0), timed: true, ..alone() };
            bounds.safe([claims::committed(), claims::read()])
        },
        symmetry: None,
        expected: Expected {
            unique: 1_112_342,
            generated: 11_982_278,
            violated: &[(claims::LINEARIZABLE, 8)],
        },
    }
}

fn lossy_restart_shrink() -> Instance<Actor, History> {
    Instance {
        name: "lossy-restart-shrink",
        about: "2 brokers in sync of 3, one lags, the second loses its page cache",
        deep: true,
        cluster: || {
            let bounds = Bounds { lags: 1, crashable: Some(vec![2]), ..outsider().crashing(1) };
            bounds.safe([claims::committed(), claims::lost_tail(), claims::expanded(2)])
        },
        symmetry: None,
        expected: Expected { unique: 1_198_927, generated: 17_052_502, violated: &[] },
    }
}

fn appends() -> Instance<Actor, History> {
    Instance {
        name: "appends",
        about: "2 brokers, 1 to commit, 2 producers, in real time; one is fenced",
        deep: true,
        cluster: || {
            let clients = vec![(1, produce(1)), (2, produce(1))];
            let bounds = Bounds { clients, fences: Fences::Each(1, 0), timed: true, ..alone() };
            bounds.safe([claims::committed(), claims::failed_over()])
        },
        symmetry: None,
        expected: Expected { unique: 2_911_354, generated: 33_348_915, violated: &[] },
    }
}

fn retention_failover() -> Instance<Actor, History> {
    Instance {
        name: "retention-failover",
        about: "2 brokers, 1 to commit; the first keeps no committed records, the second joins; the first is fenced",
        deep: true,
        cluster: || {
            let bounds = forgetful([Op::put("k", "1"), Op::get("k")]);
            let fences = Fences::Each(1, 0);
            let bounds = Bounds { fences, retries: 1, timed: true, ..bounds };
            bounds.safe([claims::committed(), claims::failed_over(), claims::installed()])
        },
        symmetry: None,
        expected: Expected { unique: 1_205_259, generated: 12_819_833, violated: &[] },
    }
}

fn failover_twice() -> Instance<Actor, History> {
    Instance {
        name: "failover-twice",
        about: "2 brokers, 1 to commit, a producer of 2 records; the first is fenced, and the second",
        deep: true,
        cluster: || {
            let clients = vec![(1, produce(2))];
            let bounds = Bounds { clients, fences: Fences::Each(1, 1), ..alone() };
            bounds.safe([claims::committed(), claims::failed_over()])
        },
        symmetry: None,
        expected: Expected { unique: 1_788_174, generated: 17_171_555, violated: &[] },
    }
}

fn mixed() -> Instance<Actor, History> {
    Instance {
        name: "mixed",
        about: "2 brokers, 2 to commit, 2 producers, each of which asks another broker; the first is fenced",
        deep: true,
        cluster: || {
            let clients = vec![(1, produce(1)), (2, produce(1))];
            let bounds = Bounds { clients, fences: Fences::Each(1, 0), ..Bounds::of(2, 2) };
            bounds.safe([claims::committed(), claims::failed_over()])
        },
        symmetry: None,
        expected: Expected { unique: 2_759_366, generated: 30_916_130, violated: &[] },
    }
}
