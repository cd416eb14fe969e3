//! Messages that leave a node while its disk writes: instances on asynchronous disks, as deployed
//! nodes have them.

use super::claimed;
use crate::paxos::Quorums;
use crate::paxos::bounds::{Bounds, put, write_then_read, write_twice};
use crate::paxos::properties::{self as claims, Actor, History};
use crate::{Expected, Instance};
use stateright::actor::Id;

pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![leader(), follower(), reads(), snapshot(), lone_promise(), takeover()]
}

/// A replica that crashes, any of these.
pub(in crate::paxos) fn crashing(crashable: Option<Vec<Id>>) -> Bounds {
    let bounds = Bounds::three(vec![vec![put("a")], vec![put("b")]]);
    Bounds { elections: 0, crashes: 1, restarts: 1, crashable, asynchronous: true, ..bounds }
}

/// A replica that crashes, perhaps as it takes over, and one that takes over.
pub(in crate::paxos) fn succession() -> Bounds {
    let bounds = Bounds::three(vec![vec![put("a")]]);
    Bounds { crashes: 1, restarts: 1, asynchronous: true, ..bounds }
}

/// A replica whose own promise is enough to lead, which crashes and tries again, until something is
/// applied.
pub(in crate::paxos) fn lone() -> Bounds {
    let quorums = Some(Quorums { prepare: 1, accept: 2 });
    let bounds = Bounds::three(vec![vec![put("a")], vec![put("b")]]);
    let crashable = Some(vec![Id::from(1)]);
    let within = Some(claims::elects_unapplied(1.into()));
    Bounds {
        servers: 2,
        quorums,
        window: 1,
        elections: 2,
        crashes: 1,
        restarts: 1,
        crashable,
        asynchronous: true,
        within,
        ..bounds
    }
}

fn leader() -> Instance<Actor, History> {
    Instance {
        name: "asynchronous-leader",
        about: "3 replicas with asynchronous disks, 2 clients that write, 1 crash of the leader, 1 \
                restart",
        deep: false,
        cluster: || {
            let bounds = crashing(Some(vec![Id::from(0)]));
            let claims = claimed(&bounds, [claims::overlap(), claims::undurable()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 15_339, generated: 124_801, violated: &[] },
    }
}

fn follower() -> Instance<Actor, History> {
    Instance {
        name: "asynchronous-follower",
        about: "3 replicas with asynchronous disks, a client that writes twice, 1 crash of a follower, \
                1 restart",
        deep: false,
        cluster: || {
            let scripts = vec![write_twice()];
            let bounds = Bounds { scripts, ..crashing(Some(vec![Id::from(1)])) };
            let claims = claimed(&bounds, [claims::held(), claims::undurable()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 3_599, generated: 29_158, violated: &[] },
    }
}

fn reads() -> Instance<Actor, History> {
    Instance {
        name: "asynchronous-reads",
        about: "3 replicas with asynchronous disks, a client that writes and reads, 1 election of one \
                replica, 1 crash of another, 1 restart",
        deep: true,
        cluster: || {
            let bounds = Bounds {
                elections: 1,
                scripts: vec![write_then_read()],
                within: Some(claims::elects(1.into())),
                ..crashing(Some(vec![Id::from(2)]))
            };
            let claims = claimed(&bounds, [claims::two_leaders(), claims::held()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 6_932_854, generated: 94_858_714, violated: &[] },
    }
}

fn lone_promise() -> Instance<Actor, History> {
    Instance {
        name: "asynchronous-1-2",
        about: "2 replicas with asynchronous disks, quorums of 1 and 2, 2 clients that write, 2 \
                elections of one replica, which crashes and restarts, until something is applied",
        deep: true,
        cluster: || {
            let bounds = lone();
            let claims = claimed(&bounds, [claims::adopted(), claims::three_ballots()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 811_466, generated: 6_957_032, violated: &[] },
    }
}

fn takeover() -> Instance<Actor, History> {
    Instance {
        name: "asynchronous-restart",
        about: "3 replicas with asynchronous disks, a client that writes, 1 election, 1 crash, 1 \
                restart",
        deep: true,
        cluster: || {
            let bounds = succession();
            let reached = [claims::two_leaders(), claims::adopted(), claims::caught_up()];
            let claims = claimed(&bounds, reached);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 14_499_324, generated: 151_274_230, violated: &[] },
    }
}

fn snapshot() -> Instance<Actor, History> {
    Instance {
        name: "asynchronous-snapshot",
        about: "3 replicas with asynchronous disks that keep 1 command, a client that writes \
                twice, 1 heartbeat, 1 crash of a follower, 1 restart",
        deep: false,
        cluster: || {
            let bounds = Bounds {
                elections: 0,
                heartbeats: 1,
                keep: 1,
                crashes: 1,
                restarts: 1,
                crashable: Some(vec![Id::from(2)]),
                asynchronous: true,
                ..Bounds::three(vec![write_twice()])
            };
            let claims = claimed(&bounds, [claims::installed(), claims::caught_up()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 47_164, generated: 507_520, violated: &[] },
    }
}
