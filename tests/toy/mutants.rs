//! The mutant: the protocol with its seeded bug.

use super::bugs::Bug;
use super::instances::{crashing, seeded as cluster};
use super::properties::{self as claims, Actor, History};
use crate::Mutant;
use crate::seeded::{mutants, mutants_of};

/// It, with the property that kills it.
pub(super) fn mutants() -> Vec<Mutant<Actor, History>> {
    mutants_of(seeded())
}

mutants! {
    Actor, History, Bug, cluster;
    Forget: "the server does not save what it applies",
        "toy-forget" by claims::LINEARIZABLE in crashing();
}
