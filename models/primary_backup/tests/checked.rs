//! The instances and the mutants, with stateright's checker.

use crate::primary_backup::instances::instances;
use crate::primary_backup::mutants::{Bug, mutants};
use crate::primary_backup::properties::{Actor, History};
use crate::world::{Cluster, Kind};
use stateright::{Checker, HasDiscoveries, Model};
use std::collections::BTreeSet;

/// Until all of `properties` are found, and not deeper than `depth`.
fn run(
    cluster: Cluster<Actor, History>,
    properties: &[&'static str],
    depth: Option<usize>,
) -> impl Checker<Cluster<Actor, History>> + use<> {
    let found = HasDiscoveries::AllOf(properties.iter().copied().collect());
    let checker = cluster.checker().finish_when(found);
    match depth {
        Some(depth) => checker.target_max_depth(depth).spawn_bfs().join(),
        None => checker.spawn_bfs().join(),
    }
}

/// The number of steps of the shortest counterexample.
fn shortest(cluster: fn() -> Cluster<Actor, History>, property: &'static str) -> usize {
    let found = |depth| run(cluster(), &[property], Some(depth)).discovery(property);
    let path = (1..).find_map(found).expect("a violation");
    path.into_actions().len()
}

#[test]
fn the_instances_that_are_not_deep_are_as_recorded() {
    for instance in instances().iter().filter(|instance| !instance.deep) {
        let name = instance.name;
        let cluster = (instance.cluster)();
        let checker = run(cluster.clone(), &["nothing has this name"], None);
        let counts = (checker.unique_state_count() as u64, checker.state_count() as u64);
        let found: BTreeSet<_> = checker.discoveries().into_keys().collect();
        let (mut sometimes, mut violated) = (BTreeSet::new(), BTreeSet::new());
        for property in &cluster.setup().properties {
            match property.kind {
                Kind::Sometimes => sometimes.insert(property.name),
                _ => violated.insert(property.name),
            };
        }
        violated.retain(|property| found.contains(property));
        let violated: Vec<_> = (violated.into_iter())
            .map(|property| (property, shortest(instance.cluster, property)))
            .collect();
        let expected = (instance.expected.unique, instance.expected.generated);
        let missing: Vec<_> = sometimes.difference(&found).collect();
        assert_eq!(missing, Vec::<&&str>::new(), "{name}: never reached");
        assert_eq!(violated, instance.expected.violated, "{name}: violated");
        assert_eq!(counts, expected, "{name}: unique and generated states");
    }
}

#[test]
fn every_mutant_is_killed_by_its_property() {
    for mutant in mutants() {
        let checker = run((mutant.cluster)(), &[mutant.killed_by], None);
        assert!(checker.discovery(mutant.killed_by).is_some(), "{} survived", mutant.name);
    }
}

#[test]
fn every_property_kills_a_mutant() {
    let killers: BTreeSet<_> = mutants().iter().map(|mutant| mutant.killed_by).collect();
    for instance in instances() {
        for property in &(instance.cluster)().setup().properties {
            let is_safety = matches!(property.kind, Kind::Always);
            assert!(!is_safety || killers.contains(property.name), "{}", property.name);
        }
    }
}

#[test]
fn every_bug_has_a_mutant() {
    let seeded: BTreeSet<Bug> = mutants()
        .iter()
        .filter_map(|mutant| match &(mutant.cluster)().setup().actors[0] {
            super::PrimaryBackup::ViewService(service) => service.config.bug,
            _ => None,
        })
        .collect();
    assert_eq!(seeded.len(), mutants().len(), "no two mutants are the same");
    assert_eq!(seeded, Bug::ALL.into(), "each bug is seeded once");
}
