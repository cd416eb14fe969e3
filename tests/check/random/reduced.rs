//! The reduced search on random systems: the verdicts of the plain explorer, or of the search of all
//! states where there are too many for that; every core is met; counterexamples are the shortest, and
//! examples are behaviours; nothing depends on the number of threads.

use super::claims::{Claimed, NAMES};
use super::plain::{World, explore, verdict};
use super::systems::{System, reducible};
use super::{LIMIT, told};
use quorate::check::{Behaviour, CheckError, Checker, Limits, Outcome, Verdict};
use quorate::models::world::{Checkable, Cluster, Observer};
use std::collections::BTreeSet;

/// With the reduction, which must not be refused.
fn reduced(system: &System, threads: usize) -> Outcome {
    let cluster = system.setup().cluster();
    let outcome = Checker::new(&cluster).threads(threads).reduced().check().unwrap();
    for property in &outcome.properties {
        property.verdict.trace().inspect(|trace| is_behaviour(&cluster, trace));
    }
    outcome
}

/// Each state follows from the one before it by the step between them.
fn is_behaviour<A: Checkable, H: Observer<A::Msg>>(cluster: &Cluster<A, H>, told: &Behaviour) {
    assert_eq!(&*told.states[0], cluster.initial());
    let mut expander = cluster.expander();
    for (at, what) in told.moves.iter().enumerate() {
        let state = &told.states[at];
        let step = expander.step(state, cluster.fingerprint(state), *what).unwrap();
        let mut next = Vec::new();
        expander.write(state, &step, &mut next);
        assert_eq!(*told.states[at + 1], *next);
    }
}

fn summary(outcome: &Outcome) -> impl PartialEq + std::fmt::Debug + use<> {
    let steps: Vec<_> =
        outcome.properties.iter().map(|p| p.verdict.trace().map(Behaviour::len)).collect();
    let Outcome { unique, generated, expanded, depth, reduction, cut, .. } = *outcome;
    (unique, generated, expanded, depth, reduction, cut, steps)
}

/// The same verdicts; and a counterexample as long as the shortest, an example at least as long.
fn agrees(
    at: &str,
    claimed: Claimed,
    found: &Outcome,
    name: &str,
    expected: (bool, Option<usize>),
) {
    let (is_so, steps) = told(found, name).unwrap();
    assert_eq!(is_so, expected.0, "{at}: {claimed:?}");
    match claimed {
        Claimed::Always(_) => assert_eq!(steps, expected.1, "{at}: {claimed:?}"),
        _ => assert!(steps >= expected.1, "{at}: {claimed:?}: {steps:?} of {:?}", expected.1),
    }
}

/// Of systems: how many were compared, of how many there were fewer states, how many are not reduced,
/// and how many claims are violated.
#[derive(Default)]
struct Tally {
    compared: usize,
    fewer: usize,
    refused: usize,
    violated: usize,
}

impl Tally {
    /// The reduced search of a system against the plain explorer.
    fn compare(&mut self, system: &System, seed: u64) {
        let at = format!("seed {seed}");
        let Some(explored) = explore(system, LIMIT).filter(|all| !all.worlds.is_empty()) else {
            return;
        };
        let outcome = reduced(system, 1 + seed as usize % 4);
        for (claimed, name) in system.claims.iter().zip(NAMES) {
            let expected = verdict(system, &explored, *claimed);
            agrees(&at, *claimed, &outcome, name, expected);
            self.violated += usize::from(matches!(claimed, Claimed::Always(_)) && !expected.0);
        }
        let Some(reduction) = outcome.reduction else {
            let is_reducible = |claim: &Claimed| system.counts || claim.is_monotone();
            assert!(!system.claims.iter().all(is_reducible), "{at}");
            self.refused += 1;
            return;
        };
        let core = |world: &World| world.core(|message| system.counts(message));
        let cores: BTreeSet<_> = explored.worlds.iter().map(core).collect();
        assert_eq!(reduction.cores, cores.len() as u64, "{at}: {system:#?}");
        self.compared += 1;
        self.fewer += usize::from(outcome.expanded < explored.worlds.len() as u64);
    }
}

#[test]
fn every_core_is_met_and_verdicts_are_as_without_the_reduction() {
    let mut tally = Tally::default();
    (0..4000).for_each(|seed| tally.compare(&reducible(seed), seed));
    let Tally { compared, fewer, refused, violated } = tally;
    assert!(compared > 600 && fewer > 90, "{compared} compared, {fewer} with fewer states");
    assert!(refused > 100 && violated > 500, "{refused} refused, {violated} violated");
}

/// Claims that are decided by the absence of messages, which are counted.
#[test]
fn what_is_counted_is_of_the_core_and_hides_nothing() {
    let mut tally = Tally::default();
    for seed in 0..4000 {
        let system = System { counts: true, ..reducible(seed ^ 0xC0_0000) };
        if system.claims.iter().any(|claim| claim.counted().is_some()) {
            tally.compare(&system, seed);
        }
    }
    let Tally { compared, fewer, refused, violated } = tally;
    assert!(compared > 600 && fewer > 50, "{compared} compared, {fewer} with fewer states");
    assert!(refused == 0 && violated > 300, "{refused} refused, {violated} violated");
}

/// Systems that are too large for the plain explorer, against the search of all states.
#[test]
fn larger_systems_have_the_same_verdicts_on_any_number_of_threads() {
    let (mut compared, mut saved) = (0, 0);
    for seed in 0..400 {
        let system = reducible(seed ^ 0xF00D_0000);
        let limits = Limits { states: Some(20_000), ..Limits::default() };
        let cluster = system.setup().cluster();
        let whole = Checker::new(&cluster).limits(limits).check().unwrap();
        if whole.shortfall.is_some() || whole.unique < LIMIT as u64 {
            continue;
        }
        let system = System { counts: seed % 2 == 1, ..system };
        let runs = [1, 2, 3].map(|threads| reduced(&system, threads));
        assert_eq!(summary(&runs[0]), summary(&runs[1]), "seed {seed}");
        assert_eq!(summary(&runs[0]), summary(&runs[2]), "seed {seed}");
        for (claimed, name) in system.claims.iter().zip(NAMES) {
            let expected = told(&whole, name).unwrap();
            agrees(&format!("seed {seed}"), *claimed, &runs[0], name, expected);
        }
        compared += 1;
        saved += usize::from(runs[0].expanded < whole.expanded);
    }
    assert!(compared > 20 && saved > 3, "{compared} compared, {saved} with fewer states");
}

/// With marks where there should be none: an error, or what is so.
#[test]
fn a_claim_that_is_wrongly_marked_is_noticed_or_judged_rightly() {
    let (mut noticed, mut judged) = (0, 0);
    for seed in 0..3000 {
        let system = System { marks: (true, true), ..reducible(seed ^ 0xBAD_0000) };
        if system.claims.iter().all(|claim| claim.is_monotone()) {
            continue;
        }
        let Some(explored) = explore(&system, LIMIT).filter(|all| !all.worlds.is_empty()) else {
            continue;
        };
        let cluster = system.setup().cluster();
        match Checker::new(&cluster).reduced().check() {
            Err(CheckError::NotMonotone(_)) => noticed += 1,
            Err(other) => panic!("seed {seed}: {other}"),
            Ok(outcome) => {
                for (claimed, name) in system.claims.iter().zip(NAMES) {
                    let expected = verdict(&system, &explored, *claimed).0;
                    let found = matches!(
                        outcome.property(name).map(|found| &found.verdict),
                        Some(Verdict::Holds | Verdict::Reached(_))
                    );
                    assert_eq!(found, expected, "seed {seed}: {claimed:?}");
                }
                judged += 1;
            }
        }
    }
    assert!(noticed > 20 && judged > 100, "{noticed} noticed, {judged} judged");
}
