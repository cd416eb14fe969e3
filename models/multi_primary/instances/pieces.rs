//! Instances in which a key is fetched in several pieces.

use super::super::bounds::{Bounds, blind, get, half_key, put, with};
use super::super::history::History;
use super::super::properties::{self as claims, Actor};
use crate::causal::Rule;
use crate::world::Cluster;
use crate::{Expected, Instance};

/// All of them.
pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![mv_pieces(), mv_half_key(), mv_lossy_pieces()]
}

fn mv_pieces() -> Instance<Actor, History> {
    Instance {
        name: "mv-pieces",
        about: "multi-value, 2 nodes, siblings of one fetched one by one, read at the other, 1 \
                digest, 1 crash, 1 restart",
        deep: false,
        cluster: || {
            let clients = vec![(0, vec![blind("a"), blind("b")]), (1, vec![get()])];
            let bounds = Bounds::new(2, Rule::MultiValue, clients);
            fetching(Bounds { piece_bytes: 1, gossips: Some(1), crashes: 1, ..bounds })
        },
        symmetry: None,
        expected: Expected { unique: 48_730, generated: 276_510, violated: &[] },
    }
}

fn mv_half_key() -> Instance<Actor, History> {
    Instance {
        name: "mv-half-key",
        about: "multi-value, 3 nodes, siblings of one fetched one by one, and replaced \
                at another",
        deep: true,
        cluster: || fetching(half_key(vec![put("c")])),
        symmetry: None,
        expected: Expected { unique: 2_635_771, generated: 27_592_596, violated: &[] },
    }
}

/// A message that is lost is one that is never delivered, which is any message of the set network.
/// There are more than 160 million states without a crash.
fn mv_lossy_pieces() -> Instance<Actor, History> {
    Instance {
        name: "mv-lossy-pieces",
        about: "multi-value, 3 nodes, siblings of one fetched one by one, read at another, digests \
                without end, any losses, 1 crash, 1 restart",
        deep: true,
        cluster: || {
            let bounds = half_key(vec![get()]);
            fetching(Bounds { gossips: None, crashes: 1, ..bounds })
        },
        symmetry: None,
        expected: Expected::only_reduced(&[]),
    }
}

fn fetching(bounds: Bounds) -> Cluster<Actor, History> {
    let reached = [claims::siblings(), claims::repaired()];
    bounds.cluster(with(claims::multi_value(), reached), None)
}
