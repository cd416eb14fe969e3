//! Reads that a leader answers from its own state, once a quorum confirmed that it leads.

use super::claimed;
use crate::kv::SessionLimits;
use crate::paxos::Quorums;
use crate::paxos::bounds::{Bounds, get, write_then_read};
use crate::paxos::properties::{self as claims, Actor, History};
use crate::{Expected, Instance};
use stateright::actor::Id;

pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![lossy_reads(), crowded(), reads()]
}

/// A leader that may be replaced before it is asked to read.
pub(in crate::paxos) fn alone() -> Bounds {
    Bounds::three(vec![write_then_read()])
}

/// A leader that needs the other replica to answer a read, and messages that are lost for good.
pub(in crate::paxos) fn lossy() -> Bounds {
    Bounds { scripts: vec![vec![get()]], ..Bounds::lossy() }
}

/// Three clients that read, and room for one read and for what one client read.
pub(in crate::paxos) fn crowd() -> Bounds {
    let quorums = Some(Quorums { prepare: 1, accept: 2 });
    let bounds = Bounds::three(vec![vec![get()], vec![get()], vec![get()]]);
    let sessions = SessionLimits::clients(1);
    // A read that is remembered no more and comes again takes another round.
    let within = Some(claims::few_rounds(3));
    Bounds { servers: 2, quorums, window: 1, queue: 0, elections: 0, sessions, within, ..bounds }
}

/// A leader that is asked to read by two clients, one of which writes first, and another leader.
pub(in crate::paxos) fn round() -> Bounds {
    let bounds = Bounds::three(vec![write_then_read(), vec![get()]]);
    Bounds { window: 1, within: Some(claims::elects(Id::from(1))), ..bounds }
}

fn lossy_reads() -> Instance<Actor, History> {
    Instance {
        name: "lossy-reads",
        about: "2 replicas, a client that reads, 1 crash of the follower, 1 restart, any losses",
        deep: false,
        cluster: || lossy().live(None),
        symmetry: None,
        expected: Expected { unique: 2_976, generated: 23_297, violated: &[] },
    }
}

fn crowded() -> Instance<Actor, History> {
    Instance {
        name: "reads-refused",
        about: "2 replicas, 3 clients that read, room for 1 read and for 1 client's last read, 3 rounds",
        deep: false,
        cluster: || {
            let bounds = crowd();
            let claims = claimed(&bounds, [claims::busy(), claims::forgotten_read()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 689, generated: 4_004, violated: &[] },
    }
}

fn reads() -> Instance<Actor, History> {
    Instance {
        name: "reads",
        about: "3 replicas, a client that writes and reads, 1 election",
        deep: false,
        cluster: || {
            let bounds = alone();
            let claims = claimed(&bounds, [claims::two_leaders(), claims::adopted()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 977_855, generated: 12_375_502, violated: &[] },
    }
}
