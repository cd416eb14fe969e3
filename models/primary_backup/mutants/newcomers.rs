//! The bugs by which a replica that lost its disk does harm, or does not return.

use super::super::bounds::Bounds;
use super::super::bugs::Bug;
use super::super::properties::{self as claims, Actor, Claim, History};
use crate::seeded::mutants;
use crate::world::Cluster;

mutants! {
    Actor, History, Bug, cluster;
    StartAsFirst: "a replica that lost its disk takes itself for a member of the first view",
        // The first primary would panic at what is acknowledged to its former life.
        "start-as-first" by claims::PROMOTABLE in (Bounds { replaced: vec![2], ..Bounds::replaced() }, claims::safety());
    AdoptFormer: "a replica that lost its disk takes part in views made for its former life",
        "adopt-former" by claims::NO_LOSS in (Bounds::replaced(), claims::safety());
    KeepReplaced: "the view service leaves a replica that lost its disk where it was",
        "keep-replaced" by claims::PROMOTABLE in (Bounds::replaced(), claims::safety());
    NewcomerOnce: "a replica says that it lost its disk when it starts, and never again",
        "newcomer-once" by claims::CONVERGED in (returning(), vec![claims::converged()]);
    TellNewcomerOnce: "a replica that lost its disk is told once that the view service knows",
        "tell-newcomer-once" by claims::CONVERGED in (returning(), vec![claims::converged()]);
}

fn returning() -> Bounds {
    Bounds { replaced: vec![2], ..Bounds::replaced_lossy() }
}

fn cluster((bounds, claims): (Bounds, Vec<Claim>), bug: Option<Bug>) -> Cluster<Actor, History> {
    bounds.cluster(claims, bug)
}
