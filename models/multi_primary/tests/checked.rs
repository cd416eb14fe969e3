//! The instances and the mutants, with stateright's checker; what is claimed of whole behaviours
//! is for Quorate's own engine.

use crate::multi_primary::history::History;
use crate::multi_primary::instances::instances;
use crate::multi_primary::mutants::{Bug, mutants};
use crate::multi_primary::properties::Actor;
use crate::world::{Cluster, Kind, Property};
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
    let found = |depth: &usize| run(cluster(), &[property], Some(*depth)).discovery(property);
    (1..100).find(|depth| found(depth).is_some()).expect("a violation") - 1
}

fn properties(cluster: &Cluster<Actor, History>) -> &[Property<Actor, History>] {
    &cluster.setup().properties
}

#[test]
fn the_instances_that_are_not_deep_are_as_recorded() {
    let mut differences = Vec::new();
    for instance in instances().iter().filter(|instance| !instance.deep) {
        let cluster = (instance.cluster)();
        let checker = run(cluster.clone(), &["nothing has this name"], None);
        let counts = (checker.unique_state_count() as u64, checker.state_count() as u64);
        let found: BTreeSet<_> = checker.discoveries().into_keys().collect();
        let (mut missing, mut violated) = (Vec::new(), Vec::new());
        for Property { name, kind, .. } in properties(&cluster) {
            match kind {
                Kind::Sometimes if !found.contains(name) => missing.push(*name),
                Kind::Always if found.contains(name) => {
                    violated.push((*name, shortest(instance.cluster, name)));
                }
                _ => {}
            }
        }
        let expected = (instance.expected.unique, instance.expected.generated);
        if !missing.is_empty() || violated != instance.expected.violated || counts != expected {
            differences.push((instance.name, counts, violated, missing));
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn every_mutant_is_killed_by_its_property() {
    let mut survivors = Vec::new();
    for mutant in mutants() {
        let cluster = (mutant.cluster)();
        let killer = properties(&cluster).iter().find(|p| p.name == mutant.killed_by);
        let killer = killer.unwrap_or_else(|| panic!("{} has no killer", mutant.name));
        if killer.kind.is_liveness() {
            continue;
        }
        let checker = run(cluster, &[mutant.killed_by], None);
        if checker.discovery(mutant.killed_by).is_none() {
            survivors.push(mutant.name);
        }
    }
    assert!(survivors.is_empty(), "{survivors:?}");
}

#[test]
fn every_property_kills_a_mutant() {
    let killers: BTreeSet<_> = mutants().iter().map(|mutant| mutant.killed_by).collect();
    for instance in instances() {
        for property in properties(&(instance.cluster)()) {
            let is_needed = !matches!(property.kind, Kind::Sometimes);
            assert!(!is_needed || killers.contains(property.name), "{}", property.name);
        }
    }
}

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
