//! Instances of snapshots in pieces, and of more requests than a leader takes at once.
//!
//! That the leader goes on without end cannot be an instance: slots only grow, and there would be
//! states without end. Instead, the property that an endless run could show is claimed of every
//! state: a snapshot that is being fetched stays to be had ([`claims::KEPT`]), so that writes,
//! however many, do not begin a transfer anew. That a transfer which is not begun anew ends is
//! `lossy-transfer`, and the two together over a long run are a unit test.

use super::claimed;
use crate::paxos::bounds::Bounds;
use crate::paxos::properties::{self as claims, Actor, Claim, History};
use crate::world::Cluster;
use crate::{Expected, Instance};

pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![transfer(), outrun(), waiting(), busy(), lossy_transfer()]
}

/// A replica fetches a snapshot piece by piece while the leader goes on.
fn transfer() -> Instance<Actor, History> {
    Instance {
        name: "transfer",
        about: "2 replicas that keep no log, quorums of 2 and 1, snapshots in several pieces, a \
                client with 3 operations, 1 heartbeat",
        deep: false,
        cluster: || {
            let bounds = Bounds::transfer();
            let reached = [claims::kept(), claims::pieces(), claims::installed()];
            let claims = claimed(&bounds, reached);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 6_502, generated: 58_601, violated: &[] },
    }
}

/// The same where the log outgrows the snapshot, which is given up.
fn outrun() -> Instance<Actor, History> {
    Instance {
        name: "outrun",
        about: "the same as transfer, where no log is kept behind a snapshot, and two \
                pieces are sent at once",
        deep: false,
        cluster: || {
            let bounds = Bounds::outrun();
            let claims = claimed(&bounds, [claims::pieces(), claims::installed()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 9_612, generated: 85_459, violated: &[] },
    }
}

fn lossy_transfer() -> Instance<Actor, History> {
    Instance {
        name: "lossy-transfer",
        about: "2 replicas that keep no log, quorums of 2 and 1, a client that writes twice, any \
                losses",
        deep: false,
        cluster: || Bounds::lossy_transfer().live(None),
        symmetry: None,
        expected: Expected { unique: 192_400, generated: 2_356_997, violated: &[] },
    }
}

/// A leader that lets a client wait, or refuses it as busy, eventually serves it.
fn crowded(queue: usize, reached: Claim) -> Cluster<Actor, History> {
    Bounds { queue, ..Bounds::crowd() }.live_setup(None).property(reached).cluster()
}

fn waiting() -> Instance<Actor, History> {
    Instance {
        name: "waiting",
        about: "2 replicas, a window of 1 and a queue of 1, 2 clients that keep asking",
        deep: false,
        cluster: || crowded(1, claims::waited()),
        symmetry: None,
        expected: Expected { unique: 4_557, generated: 37_969, violated: &[] },
    }
}

fn busy() -> Instance<Actor, History> {
    Instance {
        name: "busy",
        about: "2 replicas, a window of 1 and no queue, 2 clients that keep asking",
        deep: false,
        cluster: || crowded(0, claims::busy()),
        symmetry: None,
        expected: Expected { unique: 8_085, generated: 68_489, violated: &[] },
    }
}
