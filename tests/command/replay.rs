//! Traces that are replayed as tests, and the tests that `quorate test-from` makes of them.

use quorate::catalogue::{self, Case, Subject};
use quorate::check::{Discovery, Options, Replayed};
use quorate::trace::{Of, Trace, TraceError, TraceFile};
use std::process::Command;

const QUORATE: &str = env!("CARGO_BIN_EXE_quorate");

/// What the engine found of each property.
fn found(subject: &dyn Subject) -> Vec<(&'static str, Trace)> {
    let mut findings = subject.check(&Options::default(), &|_| {}).unwrap();
    (subject.properties().into_iter())
        .filter_map(|known| match findings.discoveries.remove(known.name)? {
            Discovery::Found(trace) => Some((known.name, trace)),
            Discovery::Nothing => None,
        })
        .collect()
}

fn quick_cases(run: impl Fn(&dyn Case)) {
    for protocol in catalogue::protocols() {
        for case in &protocol.cases {
            if !case.is_deep() && case.expected().unique < 20_000 {
                run(case.as_ref());
            }
        }
    }
}

#[test]
fn what_the_engine_finds_is_confirmed_lassos_too() {
    let lassos = std::cell::Cell::new(0);
    quick_cases(|case| {
        for (property, trace) in found(case) {
            let replayed = case.replay(&trace, property).unwrap();
            assert_eq!(replayed, Replayed::Confirmed, "{}: {property}", case.name());
            lassos.set(lassos.get() + usize::from(trace.cycle.is_some()));
        }
    });
    assert!(lassos.get() > 0, "no lasso was looked at");
}

#[test]
fn a_mutants_counterexample_is_refuted_or_ends_without_the_bug() {
    let protocol = catalogue::protocol("two-phase-commit").unwrap();
    let mut outcomes = [0, 0];
    for mutant in &protocol.mutants {
        let killer = mutant.killed_by();
        let Some((_, trace)) = found(mutant.as_ref()).into_iter().find(|(name, _)| *name == killer)
        else {
            panic!("{} is not killed", mutant.name());
        };
        assert_eq!(mutant.replay(&trace, killer).unwrap(), Replayed::Confirmed);
        let sound = protocol.cases.iter().filter(|case| {
            case.properties().iter().any(|known| known.name == killer)
                && case.expected().violated.iter().all(|(known, _)| known.name != killer)
        });
        for case in sound {
            match case.replay(&trace, killer) {
                Ok(Replayed::Confirmed) => {
                    panic!("{}: {} is said to be violated", mutant.name(), case.name())
                }
                Ok(Replayed::Refuted) => outcomes[0] += 1,
                Ok(Replayed::Ends { .. }) | Err(_) => outcomes[1] += 1,
            }
        }
    }
    assert!(outcomes.iter().all(|count| *count > 0), "{outcomes:?}");
}

/// A cycle in which a fair step is possible all the time and never taken.
#[test]
fn an_unfair_cycle_confirms_nothing() {
    let protocol = catalogue::protocol("primary-backup").unwrap();
    let case = protocol.case("lossy").unwrap();
    let property = "answered";
    assert!(case.properties().iter().any(|known| known.name == property));
    let waits = Trace { actions: vec![], cycle: Some(0) };
    assert_eq!(case.replay(&waits, property).unwrap(), Replayed::Refuted);
}

#[test]
fn what_cannot_be_replayed_is_an_error() {
    let protocol = catalogue::protocol("synod").unwrap();
    let case = protocol.case("synod-rivalry").unwrap();
    let unknown = case.replay(&Trace::default(), "no such property");
    assert!(matches!(unknown, Err(TraceError::UnknownProperty { .. })));
    let beyond = Trace { actions: vec![], cycle: Some(1) };
    let beyond = case.replay(&beyond, "agreement");
    assert!(matches!(beyond, Err(TraceError::CycleBeyondEnd { .. })));
    let other = Trace { actions: vec!["what nobody does".into()], cycle: None };
    let ends = Replayed::Ends { step: 1, action: "what nobody does".into() };
    assert_eq!(case.replay(&other, "agreement").unwrap(), ends);
}

fn test_from(file: &TraceFile, args: &[&str]) -> (i32, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trace.json");
    file.write(&path).unwrap();
    let output = Command::new(QUORATE).arg("test-from").arg(&path).args(args).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

/// The test below is what the command prints, word for word, so that it is known to compile.
#[test]
fn the_printed_test_is_the_one_in_this_file() {
    let trace =
        TraceFile::parse(PRINTED.split_once("r#\"").unwrap().1.split_once("\"#").unwrap().0);
    let (code, printed) = test_from(&trace.unwrap(), &[]);
    assert_eq!(code, 0, "{printed}");
    let this = include_str!("replay.rs");
    assert!(this.contains(&printed), "{printed}");
}

const PRINTED: &str = include_str!("replay.rs");

#[test]
fn a_trace_that_shows_nothing_makes_no_test() {
    let of = Of::Instance("synod-rivalry".into());
    let trace = Trace { actions: vec![], cycle: None };
    let file = TraceFile::new("synod", of, "agreement", &trace);
    let (code, told) = test_from(&file, &[]);
    assert!(code == 2 && told.contains("does not show"), "{code} {told}");
    let (code, told) = test_from(&file, &["--name", "1st"]);
    assert_eq!(code, 2, "{told}");
}

/// synod synod-break-promise: the trace of p1a, 8 steps.
#[test]
fn synod_synod_break_promise_p1a() {
    let trace = r#"{
  "format": 1,
  "protocol": "synod",
  "mutant": "synod-break-promise",
  "property": "p1a",
  "actions": [
    "timer at 3: Propose",
    "3 → 2: Prepare(1.3)",
    "timer at 4: Propose",
    "3 → 0: Prepare(1.3)",
    "0 → 3: Promise(1.3, None)",
    "4 → 0: Prepare(1.4)",
    "2 → 3: Promise(1.3, None)",
    "3 → 0: Accept(Proposal { ballot: 1.3, value: 'a' })"
  ]
}
"#;
    let trace = quorate::trace::TraceFile::parse(trace).expect("a trace");
    let replayed = quorate::catalogue::replay(&trace).expect("an instance and a property");
    let says = "p1a is shown no longer";
    assert_eq!(replayed, quorate::check::Replayed::Confirmed, "{says}");
}
