//! Reads that a leader answers from its own state, once a quorum confirmed that it leads.

use super::claimed;
use crate::paxos::bounds::{Bounds, get, write_then_read};
use crate::paxos::properties::{self as claims, Actor, History};
use crate::{Expected, Instance};
use stateright::actor::Id;

pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![reads()]
}

/// A leader that may be replaced before it is asked to read.
pub(in crate::paxos) fn alone() -> Bounds {
    Bounds::three(vec![write_then_read()])
}

/// A leader that is asked to read by two clients, one of which writes first, and another leader.
pub(in crate::paxos) fn round() -> Bounds {
    let bounds = Bounds::three(vec![write_then_read(), vec![get()]]);
    Bounds { window: 1, within: Some(claims::elects(Id::from(1))), ..bounds }
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
