//! The instances that are too large for every run.

use crate::kafka::bounds::{Bounds, Fences, failover, outsider, produce};
use crate::kafka::properties::{self as claims, Actor, History};
use crate::{Expected, Instance};

pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![three_to_commit(), lossy_restart_shrink(), mixed(), failover_twice()]
}

fn three_to_commit() -> Instance<Actor, History> {
    Instance {
        name: "three-to-commit",
        about: "3 brokers, 3 to commit; two lose their page caches",
        deep: true,
        cluster: || {
            let bounds = Bounds::of(3, 3).crashing(2).with(|config| config.min_isr = 3);
            let reached = [claims::committed(), claims::lost_tail()];
            Bounds { leader_epochs: 5, ..bounds }.safe(reached)
        },
        symmetry: None,
        expected: Expected { unique: 0, generated: 0, violated: &[] },
    }
}

fn lossy_restart_shrink() -> Instance<Actor, History> {
    Instance {
        name: "lossy-restart-shrink",
        about: "2 brokers in sync of 3, one lags, one loses its page cache",
        deep: true,
        cluster: || {
            let bounds = Bounds { lags: 1, ..outsider().crashing(1) };
            bounds.safe([claims::committed(), claims::lost_tail(), claims::expanded(2)])
        },
        symmetry: None,
        expected: Expected { unique: 0, generated: 0, violated: &[] },
    }
}

fn mixed() -> Instance<Actor, History> {
    Instance {
        name: "mixed",
        about: "3 brokers, 2 to commit, 2 producers; the first broker is fenced",
        deep: true,
        cluster: || {
            let clients = vec![(1, produce(1)), (2, produce(1))];
            let bounds = Bounds { clients, fences: Fences::Each(1, 0), ..failover(3) };
            bounds.safe([claims::committed(), claims::failed_over()])
        },
        symmetry: None,
        expected: Expected { unique: 0, generated: 0, violated: &[] },
    }
}

fn failover_twice() -> Instance<Actor, History> {
    Instance {
        name: "failover-twice",
        about: "3 brokers, 2 to commit; the first and the second are fenced",
        deep: true,
        cluster: || {
            let bounds = Bounds { fences: Fences::Each(1, 1), ..failover(3) };
            bounds.safe([claims::committed(), claims::failed_over(), claims::truncated()])
        },
        symmetry: None,
        expected: Expected { unique: 0, generated: 0, violated: &[] },
    }
}
