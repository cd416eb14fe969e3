//! What survives under each choice of acknowledgment, minimum and disk, and what does not: the
//! violations that are expected.

use crate::kafka::bounds::{Bounds, Fences, alone, consume, failover, lossy, produce, timed};
use crate::kafka::config::Acks;
use crate::kafka::properties::{self as claims, Actor, History};
use crate::{Expected, Instance};

pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![acks_one(), acks_zero(), unclean(), two_lost(), not_idempotent(), gone(), stale_follower()]
}

fn acks_one() -> Instance<Actor, History> {
    Instance {
        name: "acks-one",
        about: "2 brokers, a record is acknowledged when the leader has it; one is fenced",
        deep: false,
        cluster: || {
            let bounds = failover(2).acked(Acks::Leader);
            bounds.safe(claims::acknowledged_by_all())
        },
        symmetry: None,
        expected: Expected {
            unique: 2_868,
            generated: 18_171,
            violated: &[(claims::LEADER_COMPLETE, 4), (claims::NO_LOSS, 7)],
        },
    }
}

/// A producer takes for done what it has sent.
fn acks_zero() -> Instance<Actor, History> {
    Instance {
        name: "acks-zero",
        about: "2 brokers, a producer that waits for no answer; nothing fails but the network",
        deep: false,
        cluster: || {
            let bounds = Bounds::of(2, 2);
            bounds.acked(Acks::None).safe(claims::acknowledged_by_all())
        },
        symmetry: None,
        expected: Expected {
            unique: 17,
            generated: 55,
            violated: &[(claims::LEADER_COMPLETE, 0), (claims::NO_LOSS, 0)],
        },
    }
}

fn unclean() -> Instance<Actor, History> {
    Instance {
        name: "unclean-election",
        about: "2 brokers, 1 to commit, anybody may be elected; 2 suspicions",
        deep: false,
        cluster: || {
            let bounds = Bounds { fences: Fences::Each(1, 1), ..alone() };
            bounds.with(|config| config.unclean = true).safe([])
        },
        symmetry: None,
        expected: Expected {
            unique: 179_087,
            generated: 1_539_755,
            violated: &[
                (claims::CANDIDATES_COMPLETE, 6),
                (claims::LEADER_COMPLETE, 8),
                (claims::LOG_MATCHING, 10),
                (claims::NO_LOSS, 11),
            ],
        },
    }
}

fn two_lost() -> Instance<Actor, History> {
    Instance {
        name: "two-lost",
        about: "2 brokers, 2 to commit; both lose their page caches",
        deep: false,
        cluster: || Bounds::of(2, 2).crashing(2).safe([claims::committed()]),
        symmetry: None,
        expected: Expected {
            unique: 161_828,
            generated: 1_544_949,
            violated: &[(claims::NO_LOSS, 7)],
        },
    }
}

fn not_idempotent() -> Instance<Actor, History> {
    Instance {
        name: "not-idempotent",
        about: "2 brokers, 2 to commit, a producer whose records have no numbers; nothing fails",
        deep: false,
        cluster: || {
            let bounds = Bounds::of(2, 2).with(|config| config.idempotent = false);
            let bounds = bounds.with(|config| config.max_records = 2);
            bounds.safe(claims::idempotent())
        },
        symmetry: None,
        expected: Expected { unique: 397, generated: 1_876, violated: &[(claims::ONCE, 5)] },
    }
}

fn gone() -> Instance<Actor, History> {
    Instance {
        name: "gone",
        about: "2 brokers, 2 to commit; one crashes for good, any losses",
        deep: false,
        cluster: || {
            let bounds = Bounds { crashes: 1, ..lossy() };
            bounds.safe([claims::acknowledged()])
        },
        symmetry: None,
        expected: Expected {
            unique: 153_856,
            generated: 1_819_649,
            violated: &[(claims::ACKNOWLEDGED, 10)],
        },
    }
}

fn stale_follower() -> Instance<Actor, History> {
    Instance {
        name: "stale-follower",
        about: "2 brokers, 2 to commit, a consumer that reads twice at the follower; nothing fails",
        deep: false,
        cluster: || {
            let clients = vec![(1, produce(1)), (2, consume(2))];
            let bounds = Bounds { clients, ..timed() };
            bounds.with(|config| config.follower_reads = true).safe([claims::read()])
        },
        symmetry: None,
        expected: Expected {
            unique: 199,
            generated: 1_111,
            violated: &[(claims::LINEARIZABLE, 9)],
        },
    }
}
