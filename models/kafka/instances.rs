//! The bounded instances that are checked, and what is expected of each.
//!
//! On the set network a message once sent can be delivered at any time, so sending it again changes
//! nothing: the timers for resending do not fire there.

mod choices;
mod controllers;
mod deep;
mod deployed;
mod reduced;

use super::bounds::{
    Bounds, Fences, alone, batched, consume, failover, lossy, lossy_fence, lossy_join, outsider,
    produce, timed,
};
use super::config::Flush;
use super::properties::{self as claims, Actor, History};
use crate::{Expected, Instance};
pub(super) use reduced::REDUCED;

/// All instances, the quickest first.
pub fn instances() -> Vec<Instance<Actor, History>> {
    let mut instances = vec![
        steady(),
        leader_reads(),
        shrink_expand(),
        lossy_restart(),
        clean_restart(),
        synchronous(),
        retry(),
        follower_reads(),
        batches(),
        two_lossy(),
        lossy_joined(),
        two_lossy_fence(),
        failed_over(),
    ];
    instances.extend(deployed::instances());
    instances.extend(controllers::instances());
    instances.extend(choices::instances());
    instances.extend(deep::instances());
    instances
}

fn steady() -> Instance<Actor, History> {
    Instance {
        name: "steady",
        about: "3 brokers in sync, 2 to commit, a producer and a consumer; nothing fails",
        deep: false,
        cluster: || {
            let clients = vec![(1, produce(1)), (1, consume(1))];
            let bounds = Bounds { clients, ..Bounds::of(3, 3) };
            bounds.safe([claims::committed(), claims::read()])
        },
        symmetry: None,
        expected: Expected { unique: 569, generated: 4_207, violated: &[] },
    }
}

fn leader_reads() -> Instance<Actor, History> {
    Instance {
        name: "leader-reads",
        about: "2 brokers, 2 to commit, a producer and a consumer that reads twice, in real time",
        deep: false,
        cluster: || timed().safe([claims::committed(), claims::read()]),
        symmetry: None,
        expected: Expected { unique: 281, generated: 1_699, violated: &[] },
    }
}

fn shrink_expand() -> Instance<Actor, History> {
    Instance {
        name: "shrink-expand",
        about: "2 brokers in sync, and a third that joins; one may lag and be left out",
        deep: false,
        cluster: || {
            let reached = [claims::committed(), claims::expanded(2), claims::shrunk(2)];
            Bounds { lags: 1, ..outsider() }.safe(reached)
        },
        symmetry: None,
        expected: Expected { unique: 3_486, generated: 30_053, violated: &[] },
    }
}

fn failed_over() -> Instance<Actor, History> {
    Instance {
        name: "failover",
        about: "3 brokers in sync, 2 to commit; one is fenced, and comes back",
        deep: false,
        cluster: || {
            let reached = [claims::committed(), claims::failed_over(), claims::truncated()];
            failover(3).safe(reached)
        },
        symmetry: None,
        expected: Expected { unique: 157_061, generated: 1_501_584, violated: &[] },
    }
}

fn lossy_restart() -> Instance<Actor, History> {
    Instance {
        name: "lossy-restart",
        about: "2 brokers, 2 to commit, 1 flush; one loses its page cache, and the other leads",
        deep: false,
        cluster: || {
            let reached = [claims::committed(), claims::lost_tail(), claims::eligible_leads()];
            Bounds { flushes: 1, ..Bounds::of(2, 2).crashing(1) }.safe(reached)
        },
        symmetry: None,
        expected: Expected { unique: 10_346, generated: 82_318, violated: &[] },
    }
}

fn clean_restart() -> Instance<Actor, History> {
    Instance {
        name: "clean-restart",
        about: "2 brokers, 2 to commit; one stops, cleanly or not, and starts again",
        deep: false,
        cluster: || {
            let bounds = Bounds { stops: 1, ..Bounds::of(2, 2).crashing(1) };
            bounds.safe([claims::committed(), claims::shrunk(2)])
        },
        symmetry: None,
        expected: Expected { unique: 14_810, generated: 102_905, violated: &[] },
    }
}

fn synchronous() -> Instance<Actor, History> {
    Instance {
        name: "synchronous",
        about: "2 brokers that write to disk before they answer, 2 to commit; 2 crashes",
        deep: false,
        cluster: || {
            let bounds = Bounds::of(2, 2).crashing(2);
            let bounds = bounds.with(|config| config.flush = Flush::EachAppend);
            bounds.safe([claims::committed(), claims::shrunk(2)])
        },
        symmetry: None,
        expected: Expected { unique: 172_262, generated: 1_628_124, violated: &[] },
    }
}

fn retry() -> Instance<Actor, History> {
    Instance {
        name: "retry",
        about: "2 brokers, 1 to commit; one is fenced, and a producer asks again",
        deep: false,
        cluster: || {
            let bounds = Bounds { retries: 1, ..alone() };
            bounds.safe([claims::committed(), claims::answered_again()])
        },
        symmetry: None,
        expected: Expected { unique: 15_280, generated: 114_237, violated: &[] },
    }
}

fn follower_reads() -> Instance<Actor, History> {
    Instance {
        name: "follower-reads",
        about: "2 brokers, 1 to commit, consumers at both; the first is fenced",
        deep: false,
        cluster: || {
            let clients = vec![(1, produce(1)), (1, consume(1)), (2, consume(1))];
            let bounds = Bounds { clients, fences: Fences::Each(1, 0), ..alone() };
            bounds.with(|config| config.follower_reads = true).safe([claims::read()])
        },
        symmetry: None,
        expected: Expected { unique: 109_750, generated: 1_102_617, violated: &[] },
    }
}

/// There are as many states as where the record is one message: a batch is a record in all but its offsets.
fn batches() -> Instance<Actor, History> {
    Instance {
        name: "batches",
        about: "2 brokers, 2 to commit; a batch of 2 messages, a consumer that reads from its middle; one broker is fenced",
        deep: false,
        cluster: || {
            let bounds = Bounds { fences: Fences::Any(1), ..batched(&[1]) };
            bounds.safe([claims::committed(), claims::read(), claims::failed_over()])
        },
        symmetry: None,
        expected: Expected { unique: 86_116, generated: 741_260, violated: &[] },
    }
}

fn two_lossy() -> Instance<Actor, History> {
    Instance {
        name: "lossy",
        about: "2 brokers, 2 to commit, a producer; any losses",
        deep: false,
        cluster: || {
            let bounds = lossy();
            let liveness = bounds.liveness();
            bounds.safe(liveness)
        },
        symmetry: None,
        expected: Expected { unique: 62_464, generated: 788_225, violated: &[] },
    }
}

fn two_lossy_fence() -> Instance<Actor, History> {
    Instance {
        name: "lossy-fence",
        about: "2 brokers, 2 to commit; one is fenced, any losses",
        deep: false,
        cluster: || {
            let bounds = lossy_fence();
            let liveness = bounds.liveness();
            bounds.safe(liveness)
        },
        symmetry: None,
        expected: Expected { unique: 148_456, generated: 2_086_377, violated: &[] },
    }
}

fn lossy_joined() -> Instance<Actor, History> {
    Instance {
        name: "lossy-join",
        about: "2 brokers, 1 to commit; the second joins, any losses",
        deep: false,
        cluster: || {
            let bounds = lossy_join();
            let liveness = bounds.liveness();
            bounds.safe(liveness)
        },
        symmetry: None,
        expected: Expected { unique: 2_376, generated: 25_809, violated: &[] },
    }
}
