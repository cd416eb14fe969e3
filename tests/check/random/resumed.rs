//! Checks on disk on random systems: ended after some level and resumed in another cluster, perhaps with
//! another number of threads, they find what a check finds that was not ended.

use super::claims::NAMES;
use super::systems::{Input, System, system};
use quorate::check::{CheckError, Checker, Disk, Limits, Outcome, Shortfall};
use quorate::models::world::{Checkable, Cluster, Observer, Symmetry};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Some systems have states without end.
const FEW: Limits = Limits { states: Some(20_000), time: None, depth: None, memory: None };

fn disk(dir: &Path, resume: bool) -> Disk {
    Disk { dir: dir.into(), name: "random".into(), resume, every: Duration::ZERO }
}

/// Ends the check after so many states; whether it was ended.
fn ended(checker: Checker<'_>, dir: &Path, states: u64) -> bool {
    let limits = Limits { states: Some(states), ..Limits::default() };
    let outcome = checker.disk(disk(dir, false)).limits(limits).check().unwrap();
    outcome.shortfall == Some(Shortfall::States)
}

/// Counts and verdicts, and what the steps of traces are called.
fn summary<A: Checkable, H: Observer<A::Msg>>(
    cluster: &Cluster<A, H>,
    outcome: &Outcome,
) -> impl PartialEq + std::fmt::Debug + use<A, H> {
    let Outcome { unique, generated, expanded, depth, cut, shortfall, .. } = *outcome;
    let traces: Vec<_> = (NAMES.iter().filter_map(|name| outcome.property(name)))
        .map(|property| {
            let told =
                property.verdict.trace().map(|trace| format!("{:?}", trace.actions(cluster)));
            (property.name, std::mem::discriminant(&property.verdict), told)
        })
        .collect();
    (unique, generated, expanded, depth, cut, shortfall, traces)
}

fn checker<A: Checkable, H: Observer<A::Msg>>(
    cluster: &Cluster<A, H>,
    symmetry: Option<Symmetry<A, H>>,
    threads: usize,
) -> Checker<'_> {
    let checker = match symmetry {
        Some(symmetry) => Checker::symmetric(cluster, symmetry),
        None => Checker::new(cluster),
    };
    checker.threads(threads).safety_only()
}

/// Compares a check with one that is ended after so many states; `None` if it has not as many.
fn compare(seed: u64, system: &System, states: u64, is_symmetric: bool) -> Option<()> {
    let group: Vec<usize> = (0..system.table.nodes - 1).collect();
    let symmetry = || is_symmetric.then(|| Symmetry::among(&[&group]));
    let whole = system.setup().cluster();
    let threads = 1 + seed as usize % 3;
    let expected = checker(&whole, symmetry(), 1).limits(FEW).check().ok()?;
    if expected.shortfall.is_some() {
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    let first = system.setup().cluster();
    if !ended(checker(&first, symmetry(), threads), dir.path(), states) {
        assert!(!dir.path().join("checkpoint").exists(), "a check that is over leaves none");
        return None;
    }
    if !dir.path().join("checkpoint").exists() {
        return None;
    }
    let second = system.setup().cluster();
    let threads = 1 + seed as usize / 3 % 3;
    let resumed = checker(&second, symmetry(), threads).disk(disk(dir.path(), true)).check();
    let resumed = resumed.unwrap();
    assert_eq!(summary(&second, &resumed), summary(&whole, &expected), "seed {seed}: {system:#?}");
    assert!(!dir.path().join("checkpoint").exists(), "a check that is over leaves none");
    Some(())
}

#[test]
fn a_check_that_was_ended_and_resumed_finds_what_one_finds_that_was_not() {
    let (mut plain, mut symmetric) = (0, 0);
    for seed in 0..300 {
        let states = 10 + seed * 7 % 150;
        let is_symmetric = seed % 3 == 0;
        let compared = compare(seed, &system(seed), states, is_symmetric);
        if is_symmetric {
            symmetric += usize::from(compared.is_some());
        } else {
            plain += usize::from(compared.is_some());
        }
    }
    assert!(plain > 25 && symmetric > 10, "{plain} and {symmetric} compared");
}

#[test]
fn it_can_be_ended_again_and_again() {
    let system = (0..10_000).map(system).find(|system| {
        let cluster = system.setup().cluster();
        let all = Checker::new(&cluster).safety_only().limits(FEW).check();
        all.is_ok_and(|all| all.unique > 2000 && all.shortfall.is_none())
    });
    let system = system.unwrap();
    let whole = system.setup().cluster();
    let expected = checker(&whole, None, 2).check().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut ends = 0;
    let found = loop {
        let stop = AtomicBool::new(false);
        let cluster = system.setup().cluster();
        let states = 200 * (ends + 1);
        let limits = Limits { states: Some(states), ..Limits::default() };
        let checker = checker(&cluster, None, 1 + ends as usize % 2).limits(limits);
        let outcome = checker.disk(disk(dir.path(), ends > 0)).run(&|_| (), &stop).unwrap();
        assert!(!stop.load(Ordering::Relaxed));
        if outcome.shortfall.is_none() {
            break summary(&cluster, &outcome);
        }
        ends += 1;
    };
    assert!(ends > 5, "ended {ends} times");
    assert_eq!(found, summary(&whole, &expected));
}

/// The checkpoint of a check that was ended.
fn with_checkpoint() -> (tempfile::TempDir, System) {
    for seed in 0.. {
        let (dir, system) = (tempfile::tempdir().unwrap(), system(seed));
        let cluster = system.setup().cluster();
        if ended(checker(&cluster, None, 1), dir.path(), 120)
            && dir.path().join("checkpoint").exists()
        {
            return (dir, system);
        }
    }
    unreachable!("some system has as many states")
}

fn refusal(dir: &Path, system: &System, name: &str) -> String {
    let cluster = system.setup().cluster();
    let disk = Disk { name: name.into(), ..disk(dir, true) };
    match checker(&cluster, None, 1).disk(disk).check() {
        Err(CheckError::Disk(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_torn_or_of_something_else_is_refused() {
    let (dir, system) = with_checkpoint();
    let path = dir.path().join("checkpoint");
    let whole = std::fs::read(&path).unwrap();
    // What a kill while it is written leaves beside it does not matter.
    std::fs::write(dir.path().join("checkpoint.new"), &whole[..whole.len() / 2]).unwrap();
    for length in [0, 3, 15, whole.len() / 3, whole.len() - 4, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let why = refusal(dir.path(), &system, "random");
        assert!(why.ends_with("is damaged"), "{length} bytes: {why}");
    }
    for at in [0, 25, 200, whole.len() / 2, whole.len() - 2] {
        let mut other = whole.clone();
        other[at] ^= 4;
        std::fs::write(&path, other).unwrap();
        let why = refusal(dir.path(), &system, "random");
        assert!(why.ends_with("is damaged"), "byte {at}: {why}");
    }
    std::fs::write(&path, &whole).unwrap();
    let why = refusal(dir.path(), &system, "another");
    assert!(why.ends_with("is of random, not of another"), "{why}");
    let other = (0..10_000).map(super::systems::system).find(|other| {
        let initial = |system: &System| {
            let cluster = system.setup().cluster();
            cluster.fingerprint(cluster.initial())
        };
        initial(other) != initial(&system)
    });
    let why = refusal(dir.path(), &other.unwrap(), "random");
    assert!(why.contains("another state of this protocol"), "{why}");
    // Without --resume, nothing is lost.
    let cluster = system.setup().cluster();
    let again = checker(&cluster, None, 1).disk(disk(dir.path(), false)).check();
    assert!(matches!(again, Err(CheckError::Disk(why)) if why.contains("holds a checkpoint")));
    assert_eq!(std::fs::read(&path).unwrap(), whole);
}

#[test]
fn without_a_checkpoint_nothing_is_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let why = refusal(dir.path(), &system(1), "random");
    assert!(why.starts_with("there is no checkpoint in"), "{why}");
}

/// Its handlers are not the ones any more that the checkpoint was written with.
#[test]
fn a_checkpoint_does_not_fit_a_protocol_that_changed() {
    let (dir, mut system) = with_checkpoint();
    let is_start = |input: &Input| matches!(input, Input::Start(_));
    let kept = system.table.entries.iter().filter(|((_, _, input), _)| is_start(input));
    system.table.entries = Arc::new(kept.map(|(of, entry)| (*of, entry.clone())).collect());
    let why = refusal(dir.path(), &system, "random");
    assert!(why.contains("its handlers changed"), "{why}");
}
