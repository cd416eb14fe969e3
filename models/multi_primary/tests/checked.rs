//! That no bug is forgotten. Verdicts, counts and kills are judged by the tests over the catalogue.

use crate::kv::sessions::SessionBug;
use crate::multi_primary::mutants::{Bug, mutants};
use std::collections::BTreeSet;

#[test]
fn every_bug_has_a_mutant() {
    let seeded: BTreeSet<_> = mutants()
        .iter()
        .filter_map(|mutant| match &(mutant.cluster)().setup().actors[0] {
            super::MultiPrimary::Replica(replica) => {
                Some((replica.config.bug, replica.config.sessions.bug))
            }
            super::MultiPrimary::Client(_) => None,
        })
        .collect();
    assert_eq!(seeded.len(), mutants().len(), "no two mutants are the same");
    // Sessions are not sent to other nodes.
    let of_table = (SessionBug::ALL.into_iter()).filter(|bug| !bug.is_of_snapshots());
    let own = Bug::ALL.into_iter().map(|bug| (Some(bug), None));
    let all = own.chain(of_table.map(|bug| (None, Some(bug))));
    assert_eq!(seeded, all.collect(), "each bug is seeded once");
}
