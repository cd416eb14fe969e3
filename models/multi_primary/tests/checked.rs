//! That no bug is forgotten. Verdicts, counts and kills are judged by the tests over the catalogue.

use crate::instance::asking;
use crate::kv::sessions::SessionBug;
use crate::multi_primary::mutants::{Bug, Seeded, mutants, seeded_mutants};
use crate::multi_primary::properties::Claim;
use crate::world::Kind;
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
    let own = Bug::ALL.iter().map(|bug| (Some(*bug), None));
    let all = own.chain(of_table.map(|bug| (None, Some(bug))));
    assert_eq!(seeded, all.collect(), "each bug is seeded once");
}

/// The bug is to blame, not the instance: as far as the counterexample goes, the property holds
/// without it.
#[test]
fn without_its_bug_a_mutant_satisfies_what_kills_it() {
    for Seeded { mutant, sound } in seeded_mutants() {
        let cluster = (mutant.cluster)();
        let properties = &cluster.setup().properties;
        let is_killer =
            |p: &&Claim| p.name == mutant.killed_by.name && matches!(p.kind, Kind::Always);
        if properties.iter().any(|p| is_killer(&p)) {
            asking::is_to_blame(cluster, sound(), mutant.name, mutant.killed_by);
        }
    }
}
