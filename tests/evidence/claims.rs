//! The claims of the sources about what eventually happens, each decided on an instance by the
//! engine and seen to need what the protocol does for it. Those about what always holds are in the
//! protocols' own `tests/` folders.

use quorate::catalogue::{self, Case};
use quorate::check::Options;
use quorate::check::report::{PropertyReport, Report, ReportedVerdict};
use quorate::models::multi_primary::properties as of_multi_primary;
use quorate::models::two_phase_commit::properties as of_two_phase_commit;
use quorate::models::world::Statement;

/// What is found of a property in an instance.
fn found(protocol: &str, instance: &str, property: Statement) -> (PropertyReport, Vec<String>) {
    let protocol = catalogue::protocol(protocol).unwrap();
    let case = protocol.case(instance).unwrap();
    let findings = case.check(&Options::default(), &|_| {}).unwrap();
    let report = Report::new(protocol.name, case, findings);
    let told = told(case, &report, property);
    let property = report.properties.into_iter().find(|found| found.name == property.name).unwrap();
    assert_eq!(property.kind, "leads-to");
    (property, told)
}

/// The steps of its counterexample, in words; where it repeats, a line says so.
fn told(case: &dyn Case, report: &Report, property: Statement) -> Vec<String> {
    let Some((_, trace)) =
        report.counterexamples().into_iter().find(|(found, _)| found.name == property.name)
    else {
        return Vec::new();
    };
    let steps = case.narrate(trace).unwrap().steps.into_iter().map(|(action, _)| action);
    let mut told: Vec<String> = steps.collect();
    told.insert(trace.cycle.unwrap(), "again and again".into());
    told
}

fn holds(protocol: &str, instance: &str, property: Statement) {
    assert_eq!(found(protocol, instance, property).0.verdict, ReportedVerdict::Holds, "{instance}");
}

fn needs(protocol: &str, mutant: &str, property: Statement) {
    let protocol = catalogue::protocol(protocol).unwrap();
    let mutant = protocol.mutants.iter().find(|known| known.name() == mutant).unwrap();
    let options = Options { until_violated: Some(property.name), ..Options::default() };
    assert!(mutant.check(&options, &|_| {}).unwrap().trace(property.name).is_some(), "{property}");
}

#[test]
fn bernstein_1987_ac5_once_failures_are_repaired_all_decide() {
    holds("two-phase-commit", "rejoined", of_two_phase_commit::AC5);
    needs("two-phase-commit", "never-ask", of_two_phase_commit::AC5);
}

#[test]
fn gray_1978_a_coordinator_that_does_not_fail_tells_until_all_know() {
    holds("two-phase-commit", "told", of_two_phase_commit::NON_BLOCKING);
    needs("two-phase-commit", "tell-nobody", of_two_phase_commit::NON_BLOCKING);
}

#[test]
fn gray_1978_who_asks_is_answered_whatever_is_lost_or_crashes_once() {
    holds("two-phase-commit", "served", of_two_phase_commit::ANSWERED);
    for mutant in ["answer-once", "vote-once", "prepare-once", "new-epoch-is-old"] {
        needs("two-phase-commit", mutant, of_two_phase_commit::ANSWERED);
    }
}

#[test]
fn mohan_1986_a_commit_is_forgotten_when_all_have_acknowledged_it() {
    holds("two-phase-commit", "served", of_two_phase_commit::FORGOTTEN);
    for mutant in ["ack-once", "tell-once", "no-resend-after-restart"] {
        needs("two-phase-commit", mutant, of_two_phase_commit::FORGOTTEN);
    }
}

/// "No atomic commitment protocol can be non-blocking if a site may fail alone": the coordinator
/// dies when all have voted, and from then on participants ask each other and cannot help.
#[test]
fn bernstein_1987_participants_in_doubt_are_blocked_while_their_coordinator_is_dead() {
    let (property, told) = found("two-phase-commit", "blocking", of_two_phase_commit::NON_BLOCKING);
    assert_eq!(property.verdict, ReportedVerdict::Violated);
    let begins = told.iter().position(|step| step == "again and again").unwrap();
    let (stem, cycle) = told.split_at(begins);
    assert!(stem.iter().any(|step| step.contains("crash")), "{told:#?}");
    assert!(cycle.iter().all(|step| !step.contains("restart")), "{told:#?}");
}

#[test]
fn shapiro_2011_eventual_delivery_all_nodes_come_to_have_the_same_writes() {
    for instance in ["mv-converge", "lww-converge"] {
        holds("multi-primary", instance, of_multi_primary::CONVERGES);
    }
    needs("multi-primary", "no-anti-entropy", of_multi_primary::CONVERGES);
}

#[test]
fn wuu_bernstein_1984_every_tombstone_goes_in_the_end() {
    holds("multi-primary", "mv-converge", of_multi_primary::TOMBSTONES_GO);
    needs("multi-primary", "keep-tombstones", of_multi_primary::TOMBSTONES_GO);
}
