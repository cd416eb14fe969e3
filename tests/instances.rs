//! Every quick instance against its recorded verdict and counts; every mutant against the
//! property that must kill it; and every property must kill something.

use quorate::catalogue::{self, Protocol};
use quorate::check::Options;
use quorate::check::report::Report;
use std::collections::BTreeSet;

fn each_protocol(check: impl Fn(&Protocol)) {
    let protocols = catalogue::protocols();
    assert!(!protocols.is_empty());
    protocols.iter().for_each(check);
}

#[test]
fn every_quick_instance_is_as_recorded() {
    each_protocol(|protocol| {
        for case in protocol.cases.iter().filter(|case| !case.is_deep()) {
            let findings = case.check(&Options::default(), &|_| {}).unwrap();
            let report = Report::new(protocol.name, case.as_ref(), findings);
            assert!(
                report.as_expected,
                "quorate check {} --instance {}: {:?}",
                protocol.name,
                case.name(),
                report.surprises
            );
        }
    });
}

#[test]
fn every_mutant_is_killed_by_its_property() {
    each_protocol(|protocol| {
        for mutant in &protocol.mutants {
            let found = mutant.check(&Options::default()).unwrap();
            assert!(
                found.trace(mutant.killed_by()).is_some(),
                "{}: the mutant {:?} survives {:?}",
                protocol.name,
                mutant.name(),
                mutant.killed_by()
            );
        }
    });
}

#[test]
fn every_property_kills_a_mutant() {
    each_protocol(|protocol| {
        let killers: BTreeSet<_> = protocol.mutants.iter().map(|m| m.killed_by()).collect();
        for case in &protocol.cases {
            for (name, kind) in case.properties() {
                let is_needed = kind != "sometimes";
                assert!(
                    !is_needed || killers.contains(name),
                    "{}: {name:?} kills no mutant",
                    protocol.name
                );
            }
        }
    });
}

#[test]
fn every_instance_expects_only_violations_of_its_own_properties() {
    each_protocol(|protocol| {
        for case in &protocol.cases {
            let names: Vec<_> = case.properties().into_iter().map(|(name, _)| name).collect();
            for (name, _) in case.expected().violated {
                assert!(names.contains(name), "{} {}: {name:?}", protocol.name, case.name());
            }
        }
    });
}
