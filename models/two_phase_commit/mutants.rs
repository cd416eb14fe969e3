//! The seeded bugs: each takes away one guard or one save, and a named property must notice.

mod disks;
mod liveness;
mod safety;

use super::bugs::Bug;
use super::properties::{Actor, History};
use crate::Mutant;
use crate::seeded::{Seeded, mutants_of};

/// Every bug, with the property that kills it: those that a safety property kills first.
pub fn mutants() -> Vec<Mutant<Actor, History>> {
    mutants_of(seeded())
}

/// The seeded bugs.
pub(crate) fn seeded() -> Vec<Seeded<Actor, History, Bug>> {
    let mut seeded = safety_mutants();
    seeded.extend(liveness::seeded());
    seeded
}

/// The bugs that safety properties kill.
pub(super) fn safety_mutants() -> Vec<Seeded<Actor, History, Bug>> {
    let mut seeded = safety::seeded();
    seeded.extend(safety::of_the_disk());
    seeded.extend(disks::seeded());
    seeded
}
