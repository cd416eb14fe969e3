//! That no bug is forgotten. Verdicts, counts and kills are judged by the tests over the catalogue.

use crate::kv::sessions::SessionBug;
use crate::multi_primary::mutants::{Bug, Seeded, mutants, seeded_mutants};
use crate::world::Kind;
use stateright::{Checker, HasDiscoveries, Model};
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

/// How many states are searched without the bug: far more than lie within the length of the
/// mutants' traces.
const ENOUGH: usize = 20_000;

/// The bug is to blame, not the instance: without it, the property holds as far as is searched.
#[test]
fn without_its_bug_a_mutant_satisfies_what_kills_it() {
    for Seeded { mutant, sound } in seeded_mutants() {
        let cluster = sound();
        let properties = &cluster.setup().properties;
        let is_safety =
            properties.iter().any(|p| p.name == mutant.killed_by && matches!(p.kind, Kind::Always));
        if is_safety {
            let named = HasDiscoveries::AllOf([mutant.killed_by].into());
            let checker = cluster.checker().finish_when(named).target_state_count(ENOUGH);
            let checker = checker.spawn_bfs().join();
            assert!(checker.discovery(mutant.killed_by).is_none(), "{}", mutant.name);
        }
    }
}
