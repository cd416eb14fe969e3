//! Instances with clients whose contexts are false.

use super::super::bounds::{Bounds, forger, mistaken, with};
use super::super::history::History;
use super::super::properties::{self as claims, Actor};
use crate::world::Cluster;
use crate::{Expected, Instance};

/// All of them.
pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![mv_forger(), mv_mistaken()]
}

fn mv_forger() -> Instance<Actor, History> {
    Instance {
        name: "mv-forger",
        about: "multi-value, 2 nodes, a client that puts at one and gets, one that gets and puts at the other with a \
                context that covers that write before it is made",
        deep: false,
        cluster: || refusing(forger()),
        symmetry: None,
        expected: Expected { unique: 89, generated: 409, violated: &[] },
    }
}

fn mv_mistaken() -> Instance<Actor, History> {
    Instance {
        name: "mv-mistaken",
        about: "multi-value, 2 nodes, a client that puts two keys, one that puts the first of them \
                with the context of the second",
        deep: false,
        cluster: || refusing(mistaken()),
        symmetry: None,
        expected: Expected { unique: 1_411, generated: 9_639, violated: &[] },
    }
}

fn refusing(bounds: Bounds) -> Cluster<Actor, History> {
    let reached = [claims::overlap(), claims::bad_context()];
    bounds.cluster(with(claims::multi_value(), reached), None)
}
