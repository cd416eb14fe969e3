//! The engine against a plain explorer on random systems: every kind of network, disk, fault and
//! fairness. Unique and generated states, verdicts of safety and liveness, the lengths of shortest
//! traces. And systems whose nodes are alike but for one entry: there the engine must notice, or
//! else be right.

mod claims;
mod exported;
mod fair;
mod plain;
mod reduced;
mod resumed;
mod systems;
mod together;

use claims::NAMES;
use plain::{Explored, explore, verdict};
use quorate::check::{Behaviour, Checker, Outcome, Shortfall, Verdict};
use quorate::models::world::Symmetry;
use std::collections::{BTreeMap, BTreeSet};
use systems::{System, system, with_an_oddity};

/// Larger ones take the plain explorer too long.
const LIMIT: usize = 600;

/// What the engine says of a claim, as the plain explorer says it.
fn told(outcome: &Outcome, name: &str) -> Option<(bool, Option<usize>)> {
    match &outcome.property(name)?.verdict {
        Verdict::Holds => Some((true, None)),
        Verdict::Reached(trace) => Some((true, Some(trace.len()))),
        Verdict::NotReached | Verdict::Violated(Behaviour { cycle: Some(_), .. }) => {
            Some((false, None))
        }
        Verdict::Violated(trace) => Some((false, Some(trace.len()))),
        Verdict::Incomplete => None,
    }
}

fn agrees(seed: u64, system: &System, explored: &Explored, outcome: &Outcome) {
    let at = format!("seed {seed}");
    if explored.worlds.is_empty() {
        assert_eq!(outcome.shortfall, Some(Shortfall::Nothing));
        return;
    }
    for (claimed, name) in system.claims.iter().zip(NAMES) {
        let expected = verdict(system, explored, *claimed);
        assert_eq!(told(outcome, name), Some(expected), "{at}: {claimed:?} of {system:#?}");
    }
}

#[test]
fn random_systems_are_explored_alike() {
    let mut kinds: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut verdicts = BTreeMap::new();
    for seed in 0..4500 {
        let system = system(seed);
        let Some(explored) = explore(&system, LIMIT) else { continue };
        let cluster = system.setup().cluster();
        let threads = 1 + seed as usize % 8;
        let outcome = Checker::new(&cluster).threads(threads).check().unwrap();
        let counts = (outcome.unique as usize, outcome.generated as usize, outcome.depth as usize);
        let depth = explored.depths.last().copied().unwrap_or(0);
        let expected = (explored.worlds.len(), explored.generated, depth);
        assert_eq!(counts, expected, "seed {seed}: {system:#?}");
        let cut = explored.steps.iter().flatten().filter(|(_, to)| to.is_none()).count();
        assert_eq!(outcome.cut as usize, cut, "seed {seed}: {system:#?}");
        agrees(seed, &system, &explored, &outcome);
        let kind = format!("{:?} {:?}", system.network, system.disk);
        let (count, states) = kinds.entry(kind).or_default();
        (*count, *states) = (*count + 1, *states + explored.worlds.len());
        for name in NAMES {
            *verdicts
                .entry((name, told(&outcome, name).is_some_and(|(is_so, _)| is_so)))
                .or_insert(0) += 1;
        }
    }
    assert_eq!(kinds.len(), 12, "{kinds:?}");
    for (kind, (count, states)) in &kinds {
        assert!(*count > 200 && states / count >= 20, "{kind}: {count} with {states} states");
    }
    assert!(verdicts.len() == 8 && verdicts.values().all(|count| *count > 100), "{verdicts:?}");
}

#[test]
fn random_systems_of_nodes_that_are_alike_are_reduced_to_their_orbits() {
    let (mut compared, mut reduced) = ([0; 4], [0; 4]);
    for seed in 0..2000 {
        let system = system(seed);
        let Some(explored) = reducible(&system) else { continue };
        let outcome = symmetric(&system, 1 + seed as usize % 2).unwrap();
        let alike = alike(&system);
        let orbits: BTreeSet<_> =
            explored.worlds.iter().map(|world| world.least_image(alike)).collect();
        assert_eq!(outcome.unique as usize, orbits.len(), "seed {seed}: {system:#?}");
        for (claimed, name) in system.claims.iter().zip(NAMES).take(2) {
            let expected = verdict(&system, &explored, *claimed);
            assert_eq!(told(&outcome, name), Some(expected), "seed {seed}: {claimed:?}");
        }
        compared[alike] += 1;
        reduced[alike] += usize::from(orbits.len() < explored.worlds.len());
    }
    assert!(compared[2] > 200 && compared[3] > 40, "{compared:?}");
    assert!(reduced[2] > 100 && reduced[3] > 30, "{reduced:?} reduced");
}

#[test]
fn nodes_that_are_alike_but_for_one_entry_are_noticed_or_judged_rightly() {
    let (mut refused, mut judged) = (0, 0);
    for seed in 0..6000 {
        let system = with_an_oddity(system(seed), seed);
        let Some(explored) = reducible(&system) else { continue };
        match symmetric(&system, 1 + seed as usize % 2) {
            Err(_) => refused += 1,
            Ok(outcome) => {
                judged += 1;
                for (claimed, name) in system.claims.iter().zip(NAMES).take(2) {
                    let expected = verdict(&system, &explored, *claimed);
                    assert_eq!(told(&outcome, name), Some(expected), "seed {seed}: {system:#?}");
                }
            }
        }
    }
    assert!(refused > 100 && judged > 200, "{refused} refused, {judged} judged");
}

/// The states of a system in which nodes are alike, and which is neither too large nor empty.
fn reducible(system: &System) -> Option<Explored> {
    let explored = explore(system, LIMIT).filter(|_| alike(system) > 1);
    explored.filter(|explored| !explored.worlds.is_empty())
}

/// How many nodes are alike: all but the last.
fn alike(system: &System) -> usize {
    system.table.nodes - 1
}

fn symmetric(system: &System, threads: usize) -> Result<Outcome, quorate::check::CheckError> {
    let cluster = system.setup().cluster();
    let group: Vec<usize> = (0..alike(system)).collect();
    let checker = Checker::symmetric(&cluster, Symmetry::among(&[&group])).threads(threads);
    checker.safety_only().check()
}
