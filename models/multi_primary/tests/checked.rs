//! That no bug of the session table is forgotten, and that bugs are to blame. Verdicts, counts and
//! kills are judged by the tests over the catalogue.

use crate::instance::asking;
use crate::kv::sessions::SessionBug;
use crate::multi_primary::mutants::{mutants, seeded};
use crate::multi_primary::properties::Claim;
use crate::seeded::Seeded;
use crate::world::Kind;
use std::collections::BTreeSet;

#[test]
fn every_bug_of_the_session_table_has_a_mutant() {
    let of_table: BTreeSet<SessionBug> = mutants()
        .iter()
        .filter_map(|mutant| match &(mutant.cluster)().setup().actors[0] {
            super::MultiPrimary::Replica(replica) => replica.config.sessions.bug,
            super::MultiPrimary::Client(_) => None,
        })
        .collect();
    // Sessions are not sent to other nodes.
    let all = (SessionBug::ALL.iter())
        .filter(|bug| !bug.is_of_snapshots() && !bug.is_of_bytes() && !bug.is_of_slots());
    assert_eq!(of_table, all.copied().collect());
}

/// The bug is to blame, not the instance: as far as the counterexample goes, the property holds
/// without it.
#[test]
fn without_its_bug_a_mutant_satisfies_what_kills_it() {
    for Seeded { mutant, sound, .. } in seeded() {
        let cluster = (mutant.cluster)();
        let properties = &cluster.setup().properties;
        let is_killer =
            |p: &&Claim| p.name == mutant.killed_by.name && matches!(p.kind, Kind::Always);
        if properties.iter().any(|p| is_killer(&p)) {
            asking::is_to_blame(cluster, sound(), mutant.name, mutant.killed_by);
        }
    }
}
