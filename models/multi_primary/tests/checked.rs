//! That no bug is forgotten. Verdicts, counts and kills are judged by the tests over the catalogue.

use crate::multi_primary::mutants::{Bug, mutants};
use std::collections::BTreeSet;

#[test]
fn every_bug_has_a_mutant() {
    let seeded: BTreeSet<Bug> = mutants()
        .iter()
        .filter_map(|mutant| match &(mutant.cluster)().setup().actors[0] {
            super::MultiPrimary::Replica(replica) => replica.config.bug,
            super::MultiPrimary::Client(_) => None,
        })
        .collect();
    assert_eq!(seeded.len(), mutants().len(), "no two mutants are the same");
    assert_eq!(seeded, Bug::ALL.into(), "each bug is seeded once");
}
