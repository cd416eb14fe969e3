//! The seeded bugs: each takes away one guard or one save, and a named property must notice.

mod disks;
mod newcomers;
mod progress;
mod safety;
mod sessions;

use super::bugs::Bug;
use super::properties::{Actor, History};
use crate::Mutant;
use crate::seeded::{Seeded, mutants_of};

/// Every bug, with the property that kills it.
pub fn mutants() -> Vec<Mutant<Actor, History>> {
    let mut mutants = mutants_of(seeded());
    mutants.extend(sessions::mutants());
    mutants
}

/// The seeded bugs of the protocol's code.
pub(crate) fn seeded() -> Vec<Seeded<Actor, History, Bug>> {
    let mut seeded = safety::seeded();
    seeded.extend(progress::seeded());
    seeded.extend(newcomers::seeded());
    seeded.extend(disks::seeded());
    seeded
}
