//! The bugs by which a replica that lost its disk does harm, or does not return.

use super::super::bounds::Bounds;
use super::super::bugs::Bug;
use super::super::properties::{self as claims, Actor, Claim, History};
use crate::seeded::mutants;
use crate::world::Cluster;

mutants! {
    Actor, History, Bug, cluster;
    StartAsFirst: "a replica that lost its disk starts as a member of the first view",
        // The first primary would panic at what is acknowledged to its former life.
        "start-as-first" by claims::PROMOTABLE in (Bounds { replaced: vec![2], ..Bounds::replaced() }, claims::safety());
    AdoptFormer: "a replica that lost its disk takes part in views of its former life",
        "adopt-former" by claims::NO_LOSS in (Bounds::replaced(), claims::safety());
    KeepReplaced: "the view service keeps a replica that lost its disk in its place",
        "keep-replaced" by claims::PROMOTABLE in (Bounds::replaced(), claims::safety());
    NewcomerOnce: "a replica reports the loss of its disk once, when it starts",
        "newcomer-once" by claims::CONVERGED in (returning(), vec![claims::converged()]);
    TellNewcomerOnce: "the view service acknowledges the loss of a disk once",
        "tell-newcomer-once" by claims::CONVERGED in (returning(), vec![claims::converged()]);
}

fn returning() -> Bounds {
    Bounds { replaced: vec![2], ..Bounds::replaced_lossy() }
}

fn cluster((bounds, claims): (Bounds, Vec<Claim>), bug: Option<Bug>) -> Cluster<Actor, History> {
    bounds.cluster(claims, bug)
}
