//! The seeded bugs: each takes away one guard or one save, and a named property must notice.
//!
//! # Guards without a mutant
//!
//! * A node that lost its disk fetches nothing before **all** others have heard of it. The
//!   violation without this guard takes three nodes and 20 steps (7.6 million states): the unit
//!   test `no_tombstone_goes_between_two_answers` takes them.
//! * A node that lost its disk serves another such node only when it has got what all the rest
//!   have: `two_newcomers_serve_each_other_when_they_have_what_the_third_has`.
//! * A digest of a node's former life counts for no tombstone: the unit test
//!   `what_its_former_life_said_counts_for_nothing_once_it_is_heard`.

mod contexts;
mod newcomers;
mod sessions;
mod tombstones;
mod transfers;
mod writes;

use super::bugs::Bug;
use super::history::History;
use super::properties::Actor;
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
    let mut seeded = writes::seeded();
    seeded.extend(contexts::seeded());
    seeded.extend(transfers::seeded());
    seeded.extend(tombstones::seeded());
    seeded.extend(newcomers::seeded());
    seeded
}
