//! The seeded bugs by which a replica that lost its disk does harm, or does not return.

use super::seeded;
use crate::Mutant;
use crate::primary_backup::Bug;
use crate::primary_backup::bounds::Bounds;
use crate::primary_backup::properties::{self as claims, Actor, History};
use crate::world::Cluster;

pub(super) fn mutants() -> Vec<Mutant<Actor, History>> {
    vec![
        Mutant {
            name: "start-as-first",
            about: "a replica that lost its disk takes itself for a member of the first view",
            killed_by: claims::PROMOTABLE,
            // The first primary would panic at what is acknowledged to its former life.
            cluster: || {
                let bounds = Bounds { replaced: vec![2], ..Bounds::replaced() };
                seeded(bounds, Bug::StartAsFirst)
            },
        },
        Mutant {
            name: "adopt-former",
            about: "a replica that lost its disk takes part in views made for its former life",
            killed_by: claims::NO_LOSS,
            cluster: || seeded(Bounds::replaced(), Bug::AdoptFormer),
        },
        Mutant {
            name: "keep-replaced",
            about: "the view service leaves a replica that lost its disk where it was",
            killed_by: claims::PROMOTABLE,
            cluster: || seeded(Bounds::replaced(), Bug::KeepReplaced),
        },
        Mutant {
            name: "newcomer-once",
            about: "a replica says that it lost its disk when it starts, and never again",
            killed_by: claims::CONVERGED,
            cluster: || returning(Bug::NewcomerOnce),
        },
        Mutant {
            name: "tell-newcomer-once",
            about: "a replica that lost its disk is told once that the view service knows",
            killed_by: claims::CONVERGED,
            cluster: || returning(Bug::TellNewcomerOnce),
        },
    ]
}

fn returning(bug: Bug) -> Cluster<Actor, History> {
    let bounds = Bounds { replaced: vec![2], ..Bounds::replaced_lossy() };
    bounds.cluster(vec![claims::converged()], Some(bug))
}
