//! Several controllers, which decide by a log on Multi-Paxos.
//!
//! What multiplies is where each controller is in the log, with what brokers do meanwhile. So there is
//! one election, of the second controller: who takes over does not matter to brokers. Two controllers,
//! both of which must agree, show a leader that is deposed and does not know; three, of which the first
//! is down before the second tries to lead, that the others go on.

use crate::kafka::bounds::{Bounds, Fences, lossy_controllers, lossy_succession};
use crate::kafka::properties::{self as claims, Actor, Claim, History};
use crate::world::Cluster;
use crate::{Expected, Instance};

pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![controllers(), lossy(), elected(), produced(), bereaved(), reordered()]
}

/// Each decision is accepted by both controllers, whatever is lost; nobody else takes over. With a second
/// broker there are more than 1.5 million states, and with a producer no end was seen:
/// each kind of message that may be under way at a time, or lost, doubles them.
fn lossy() -> Instance<Actor, History> {
    Instance {
        name: "controllers-lossy",
        about: "2 controllers, and a broker that commits alone; any losses; the broker is fenced",
        deep: false,
        cluster: || {
            let bounds = lossy_controllers();
            let liveness = bounds.liveness();
            bounds.safe(liveness.into_iter().chain([claims::shrunk(1)]))
        },
        symmetry: None,
        expected: Expected { unique: 178_808, generated: 2_733_169, violated: &[] },
    }
}

/// An election doubles the states again for each of its messages, so links are short here: on one there is a message at
/// a time, and before another is sent it arrives or is lost. Messages of one link do not overtake each
/// other then, while those of different links do.
fn elected() -> Instance<Actor, History> {
    Instance {
        name: "controllers-lossy-election",
        about: "2 controllers, the second takes over, and a broker that commits alone; any losses, 1 message in flight on a link; the broker is fenced",
        deep: false,
        cluster: || succession(1),
        symmetry: None,
        expected: Expected { unique: 11_534, generated: 76_783, violated: &[] },
    }
}

/// Two messages between controllers overtake each other too: 40 times as many states.
fn reordered() -> Instance<Actor, History> {
    Instance {
        name: "controllers-reorder",
        about: "2 controllers, the second takes over, and a broker that commits alone; any losses, 2 messages in flight from controller to controller, else 1 on a link; the broker is fenced",
        deep: true,
        cluster: || succession(2),
        symmetry: None,
        expected: Expected { unique: 491_736, generated: 5_046_571, violated: &[] },
    }
}

fn succession(between: usize) -> Cluster<Actor, History> {
    let bounds = Bounds { in_flight: Some((between, 1)), ..lossy_succession() };
    let liveness = bounds.liveness();
    bounds.safe(liveness.into_iter().chain([claims::shrunk(1), claims::taken_over()]))
}

/// 2 brokers, 2 to commit, the first of which is fenced; one controller takes over from another.
fn succeeded() -> Bounds {
    Bounds { elections: 1, fences: Fences::Each(1, 0), ..Bounds::of(2, 2) }
}

fn reached() -> [Claim; 2] {
    [claims::failed_over(), claims::taken_over()]
}

fn controllers() -> Instance<Actor, History> {
    Instance {
        name: "controllers",
        about: "2 controllers, the second takes over; 2 brokers, 2 to commit; the first has a record, and is fenced",
        deep: false,
        cluster: || {
            let bounds = Bounds { clients: vec![], ..succeeded() };
            bounds.controlled(2).preloaded(&[2]).safe(reached())
        },
        symmetry: None,
        expected: Expected { unique: 80_497, generated: 690_393, violated: &[] },
    }
}

fn produced() -> Instance<Actor, History> {
    Instance {
        name: "controllers-produce",
        about: "2 controllers, the second takes over; 2 brokers, 2 to commit, a producer; the first is fenced",
        deep: true,
        cluster: || {
            let reached = reached().into_iter().chain([claims::committed()]);
            succeeded().controlled(2).safe(reached)
        },
        symmetry: None,
        expected: Expected { unique: 1_227_480, generated: 14_498_709, violated: &[] },
    }
}

fn bereaved() -> Instance<Actor, History> {
    Instance {
        name: "controller-paxos",
        about: "3 controllers, the first crashes for good, and the second takes over; 2 brokers, 2 to commit; the first is fenced",
        deep: true,
        cluster: || {
            let bounds = Bounds { clients: vec![], bereaved: true, ..succeeded() };
            let bounds = Bounds { crashes: 1, crashable: Some(vec![0]), ..bounds };
            bounds.controlled(3).safe(reached())
        },
        symmetry: None,
        expected: Expected { unique: 1_253_950, generated: 15_555_903, violated: &[] },
    }
}
