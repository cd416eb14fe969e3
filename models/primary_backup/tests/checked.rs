//! What the catalogue's tests cannot see: that no bug lacks a mutant.

use crate::primary_backup::PrimaryBackup;
use crate::primary_backup::mutants::{Bug, mutants};
use std::collections::BTreeSet;

#[test]
fn every_bug_has_a_mutant() {
    let seeded: BTreeSet<Bug> = (mutants().iter())
        .filter_map(|mutant| match &(mutant.cluster)().setup().actors[0] {
            PrimaryBackup::ViewService(service) => service.config.bug,
            _ => None,
        })
        .collect();
    assert_eq!(seeded.len(), mutants().len(), "no two mutants are the same");
    assert_eq!(seeded, Bug::ALL.into(), "each bug is seeded once");
}
