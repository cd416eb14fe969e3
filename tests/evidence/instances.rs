//! Every quick instance against its recorded verdict and counts; every mutant against the
//! property that must kill it; and every property must kill something.

use quorate::catalogue::{self, Case, Protocol, Subject};
use quorate::check::report::Report;
use quorate::check::{Engine, Findings, Limits, Options, Reduce, ReductionKind};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

fn each_protocol(check: impl FnMut(&Protocol)) {
    let protocols = catalogue::protocols();
    assert!(!protocols.is_empty());
    protocols.iter().for_each(check);
}

/// Stateright's search, which takes far longer, is compared with on instances of at most so many
/// states; on the others only by `.ci/deep`.
const COMPARED: u64 = 30_000;

fn is_compared(case: &dyn Case) -> bool {
    // Stateright's search knows no symmetry; the twin of such an instance is compared instead.
    !case.is_deep() && !case.is_symmetric()
}

/// `.ci/quick` checks each as the command does unless it is told otherwise. That is a search of all
/// states for what cannot be reduced; for the others it is done here, or where stateright's search is
/// compared with.
#[test]
fn every_other_quick_instance_that_can_be_reduced_is_as_recorded_in_full() {
    each_protocol(|protocol| {
        for case in protocol.cases.iter().filter(|case| !case.is_deep()) {
            let is_searched = is_compared(case.as_ref()) && case.expected().unique <= COMPARED;
            if case.reduced().is_some() && !is_searched {
                let options = Options { reduce: Reduce::Never, ..Options::default() };
                is_as_recorded(protocol, case.as_ref(), &options);
            }
        }
    });
}

fn is_as_recorded(protocol: &Protocol, case: &dyn Case, options: &Options<'_>) -> Findings {
    let findings = case.check(options, &|_| {}).unwrap();
    let report = Report::new(protocol.name, case, findings.clone());
    assert!(
        report.as_expected,
        "quorate check {} --instance {}, {:?}: {:?}",
        protocol.name,
        case.name(),
        options.reduce,
        report.surprises
    );
    findings
}

/// The engine's counterexamples are the shortest; so are stateright's, with one thread.
#[test]
fn the_engine_and_stateright_agree_on_every_quick_instance_that_is_small() {
    assert!(compare(|states| states <= COMPARED) > 80, "so many instances at least");
}

#[test]
#[ignore = "takes minutes: .ci/deep runs it"]
fn the_engine_and_stateright_agree_on_every_quick_instance_that_is_large() {
    assert!(compare(|states| states > COMPARED) > 10, "so many instances at least");
}

/// Compares the instances that have such a number of states, two at a time; how many there are.
fn compare(is_chosen: impl Fn(u64) -> bool + Sync) -> usize {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let compare = || compare_from(&next, &is_chosen);
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(compare)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

/// Compares each instance whose number this thread is the first to take; how many it took.
fn compare_from(next: &AtomicUsize, is_chosen: &dyn Fn(u64) -> bool) -> usize {
    let (mut mine, mut number, mut compared) = (next.fetch_add(1, Ordering::Relaxed), 0, 0);
    each_protocol(|protocol| {
        let cases = protocol.cases.iter().map(AsRef::as_ref);
        let chosen = |case: &&dyn Case| is_compared(*case) && is_chosen(case.expected().unique);
        for case in cases.filter(chosen) {
            if number == mine {
                agrees_with_stateright(protocol, case);
                mine = next.fetch_add(1, Ordering::Relaxed);
                compared += 1;
            }
            number += 1;
        }
    });
    compared
}

fn agrees_with_stateright(protocol: &Protocol, case: &dyn Case) {
    let options = Options { reduce: Reduce::Never, ..Options::default() };
    let ours = is_as_recorded(protocol, case, &options);
    let options = Options { engine: Engine::Stateright, ..options };
    let theirs = case.check(&options, &|_| {}).unwrap();
    let at = format!("quorate check {} --instance {}", protocol.name, case.name());
    assert_eq!(ours.unique, theirs.unique, "{at}: unique states");
    assert_eq!(ours.generated, theirs.generated, "{at}: generated states");
    for name in theirs.discoveries.keys() {
        let steps =
            [&ours, &theirs].map(|found| found.trace(name).map(|trace| trace.actions.len()));
        assert_eq!(steps[0], steps[1], "{at}: the shortest trace of {name:?}");
    }
}

/// `NAME-alike` is `NAME` with symmetry.
#[test]
fn symmetry_changes_counts_and_nothing_else() {
    let mut compared = 0;
    each_protocol(|protocol| {
        for reduced in protocol.cases.iter().filter(|case| case.is_symmetric()) {
            let Some(whole) = reduced.name().strip_suffix("-alike") else { continue };
            let cases = [protocol.case(whole).unwrap(), reduced.as_ref()];
            let [whole, reduced] = cases.map(|case| {
                let found = case.check(&Options::default(), &|_| {}).unwrap();
                let steps = found
                    .discoveries
                    .keys()
                    .map(|name| (*name, found.trace(name).map(|trace| trace.actions.len())));
                (found.unique, found.depth, steps.collect::<Vec<_>>())
            });
            assert_eq!((whole.1, whole.2), (reduced.1, reduced.2), "depth and verdicts");
            assert!(reduced.0 * 4 < whole.0, "{} of {} states", reduced.0, whole.0);
            compared += 1;
        }
    });
    assert!(compared > 0, "no instance has a twin with symmetry");
}

#[test]
fn every_mutant_is_killed_by_its_property() {
    let mut survivors = Vec::new();
    each_protocol(|protocol| {
        for mutant in &protocol.mutants {
            let killer = mutant.killed_by();
            let options = Options { until_violated: Some(killer), ..Options::default() };
            let found = mutant.check(&options, &|_| {}).unwrap();
            if found.trace(killer).is_none() {
                survivors.push(format!("{}: {:?} survives {killer}", protocol.name, mutant.name()));
            }
        }
    });
    assert!(survivors.is_empty(), "{survivors:#?}");
}

/// Whether its check can be reduced: it is seen at once, so the check need not go on.
fn can_be_reduced(subject: &dyn Subject) -> bool {
    let limits = Limits { states: Some(1), ..Limits::default() };
    let options = Options { reduce: Reduce::Always, limits, ..Options::default() };
    let found = subject.check(&options, &|_| {}).unwrap();
    found.reduction == Some(ReductionKind::Cover)
}

/// So that none is searched in full for want of a record, and none is recorded in vain.
#[test]
fn every_quick_instance_that_can_be_reduced_is_recorded() {
    let mut recorded = 0;
    each_protocol(|protocol| {
        let names: BTreeSet<_> = protocol.cases.iter().map(|case| case.name()).collect();
        assert!(protocol.reduced.iter().all(|reduced| names.contains(reduced.instance)));
        for case in &protocol.cases {
            let is_recorded = case.reduced().is_some();
            recorded += usize::from(is_recorded);
            let is_counted = case.expected().counted().is_some();
            assert!(is_counted || is_recorded && case.is_deep(), "{} has no counts", case.name());
            if is_recorded || !case.is_deep() {
                let (protocol, name) = (protocol.name, case.name());
                assert_eq!(can_be_reduced(case.as_ref()), is_recorded, "{protocol} {name}");
            }
        }
    });
    assert!(recorded > 20, "{recorded} instances");
}

#[test]
fn a_reduced_check_kills_the_same_mutants() {
    let (mut killed, mut survivors) = (0, Vec::new());
    each_protocol(|protocol| {
        let mutants = protocol.mutants.iter().filter(|mutant| can_be_reduced(mutant.as_ref()));
        for mutant in mutants {
            let property = mutant.killed_by();
            let reduce = Reduce::Always;
            let options = Options { reduce, until_violated: Some(property), ..Options::default() };
            let found = mutant.check(&options, &|_| {}).unwrap();
            match found.trace(property) {
                Some(_) => killed += 1,
                None => survivors.push(format!("{}: {}", protocol.name, mutant.name())),
            }
        }
    });
    assert!(survivors.is_empty(), "{survivors:#?}");
    assert!(killed > 50, "{killed} killed");
}

#[test]
fn every_property_kills_a_mutant() {
    each_protocol(|protocol| {
        let killers: BTreeSet<_> = protocol.mutants.iter().map(|m| m.killed_by()).collect();
        for case in &protocol.cases {
            for property in case.properties() {
                let is_needed = property.kind != "sometimes";
                assert!(
                    !is_needed || killers.contains(property.name),
                    "{}: {} kills no mutant",
                    protocol.name,
                    property.name
                );
            }
        }
    });
}

#[test]
fn every_instance_expects_only_violations_of_its_own_properties() {
    each_protocol(|protocol| {
        for case in &protocol.cases {
            let names: Vec<_> = case.properties().into_iter().map(|known| known.name).collect();
            for (property, _) in case.expected().violated {
                let is_own = names.contains(&property.name);
                assert!(is_own, "{} {}: {property}", protocol.name, case.name());
            }
        }
    });
}
