//! Every quick instance against what is recorded of it, and every mutant against the safety property
//! that must kill it, by stateright's breadth-first search.

use super::super::instances::instances;
use super::super::mutants::{mutants, safety_mutants};
use super::super::properties as claims;
use crate::instance::asking;
use crate::seeded::Seeded;
use crate::world::{CHECKPOINT, Kind};
use stateright::{Checker, HasDiscoveries, Model};
use std::collections::BTreeSet;

#[test]
fn quick_instances_are_as_recorded() {
    let mut wrong = Vec::new();
    for instance in instances().into_iter().filter(|instance| !instance.deep) {
        let cluster = (instance.cluster)();
        let reachable: BTreeSet<&str> = (cluster.setup().properties.iter())
            .filter(|property| matches!(property.kind, Kind::Sometimes))
            .map(|property| property.name)
            .collect();
        let never = HasDiscoveries::AllOf(["nothing has this name"].into());
        let checker = cluster.checker().finish_when(never).spawn_bfs().join();
        let found: BTreeSet<&str> = checker.discoveries().into_keys().collect();
        assert_eq!(found, reachable, "{}", instance.name);
        let counts = (checker.unique_state_count() as u64, checker.state_count() as u64);
        if counts != (instance.expected.unique, instance.expected.generated) {
            wrong.push((instance.name, counts));
        }
    }
    assert_eq!(wrong, [], "unique and generated states");
}

#[test]
fn every_safety_mutant_is_killed_by_its_property() {
    for Seeded { mutant, sound, .. } in safety_mutants() {
        asking::is_to_blame((mutant.cluster)(), sound(), mutant.name, mutant.killed_by);
    }
}

#[test]
fn every_property_kills_a_mutant() {
    let killers: BTreeSet<&str> = mutants().iter().map(|mutant| mutant.killed_by).collect();
    let named = claims::safety(0, 0).into_iter().map(|claim| claim.name);
    let idle: Vec<&str> = named
        .chain([
            CHECKPOINT,
            claims::AC5,
            claims::NON_BLOCKING,
            claims::ANSWERED,
            claims::FORGOTTEN,
            claims::SPREAD,
        ])
        .filter(|it| !killers.contains(it))
        .collect();
    assert_eq!(idle, [""; 0]);
}
