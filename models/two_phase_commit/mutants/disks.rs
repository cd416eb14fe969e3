//! The bugs that only a disk which writes while its node goes on shows.

use super::super::bounds::{Bounds, alone};
use super::super::bugs::Bug;
use super::super::properties::{self as claims, Actor, History};
use crate::seeded::mutants;
use crate::world::Cluster;

mutants! {
    Actor, History, Bug, cluster;
    VoteEarly: "a participant votes before that is durable",
        "vote-early" by claims::AC1 in Bounds { doubts: 1, ..crashing(1) };
    DecideEarly: "the coordinator sends a commit before it is durable",
        "decide-early" by claims::AC1 in crashing(0);
    AckEarly: "a participant acknowledges a commit before it is durable",
        "ack-early" by claims::AC2 in crashing(1);
    CommitLazily: "nothing waits for a participant's commit to be durable",
        "commit-lazily" by claims::AC2 in crashing(1);
    PassOnUndurable: "a participant passes on an abort that it may forget",
        "pass-on-undurable" by claims::AC2 in Bounds { deadlines: 1, doubts: 1, ..crashing(1) };
}

fn crashing(server: usize) -> Bounds {
    Bounds::calm(alone()).crashing([server]).asynchronous()
}

fn cluster(bounds: Bounds, bug: Option<Bug>) -> Cluster<Actor, History> {
    let claims = bounds.safety();
    bounds.cluster(claims, bug)
}
