//! `quorate export --tla`: the modules in the tree are those that the command writes today, and a naive
//! interpreter of them finds as many states and the same verdicts as the checker.

pub(crate) mod syntax;
mod value;
pub(crate) mod world;

use quorate::catalogue;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use value::Value;
use world::Module;

/// The modules in the tree: protocol, instance.
const MODULES: &[(&str, &str)] = &[
    ("primary-backup", "lossy-resign"),
    ("multi-primary", "lww-stale"),
    ("two-phase-commit", "helping"),
    ("paxos", "lossy-election"),
    ("paxos", "orphaned"),
    ("paxos", "majority-down"),
    ("kafka", "steady"),
    ("zab", "deserted"),
    ("quorum-store", "lwt-crash"),
    ("quorum-store", "quorum-down"),
    ("zookeeper", "lossy-session"),
];

fn export(args: &[&str]) -> (i32, String, String) {
    let quorate = Command::new(env!("CARGO_BIN_EXE_quorate")).arg("export").args(args).output();
    let output = quorate.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check/tla/modules")
}

fn name(protocol: &str, instance: &str) -> String {
    format!("{protocol}_{instance}").replace('-', "_")
}

fn module(protocol: &str, instance: &str) -> String {
    let file = folder().join(name(protocol, instance)).with_extension("tla");
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[test]
fn the_modules_in_the_tree_are_those_that_the_command_writes() {
    let dir = tempfile::tempdir().unwrap();
    for (protocol, instance) in MODULES {
        let written = dir.path().join(name(protocol, instance)).with_extension("tla");
        let output = written.to_str().unwrap();
        let args = ["--tla", protocol, "--instance", instance, "--output", output];
        let (code, _, said) = export(&args);
        assert_eq!(code, 0, "{said}");
        for file in [written.clone(), written.with_extension("cfg")] {
            let known = folder().join(file.file_name().unwrap());
            let is_same = fs::read(&file).ok() == fs::read(&known).ok();
            let known = known.display();
            assert!(
                is_same,
                "{known} is out of date: quorate export --tla {protocol} --instance {instance} \
                 --output {known}, then let TLC check it"
            );
            assert!(fs::metadata(&file).unwrap().len() < 200_000, "{known} is too long");
        }
    }
}

#[test]
fn the_modules_have_as_many_states_and_the_verdicts_that_are_recorded() {
    for (protocol, instance) in MODULES {
        let text = module(protocol, instance);
        let module = Module::read(&text);
        let case = catalogue::protocol(protocol).unwrap();
        let case = case.case(instance).unwrap();
        let states = module.states();
        let expected = case.expected();
        assert!(!case.is_symmetric(), "{instance}: orbits are counted, and TLC counts states");
        assert_eq!(states.len() as u64, expected.unique, "{protocol} {instance}");
        let said = format!("TLC must find {} distinct states", expected.unique);
        assert!(text.contains(&said), "{protocol} {instance}");
        let row = format!("| `{protocol}` `{instance}` |");
        let readme = include_str!("../../../README.md");
        let row = readme.lines().find(|line| line.starts_with(&row)).expect("a row in the README");
        assert!(row.contains(&format!("| {} |", expected.unique)), "{row}");
        let config = folder().join(name(protocol, instance)).with_extension("cfg");
        let config = fs::read_to_string(config).unwrap();
        for property in case.properties() {
            let (prefix, holds_if) = match property.kind {
                "always" => ("Always", true),
                "sometimes" => ("Never", false),
                _ => continue,
            };
            let formula = format!("{prefix}_{}", property.name.replace('-', "_"));
            let holds = states.iter().all(|state| module.holds(&formula, state));
            let is_violated = expected.violated.iter().any(|(it, _)| it.name == property.name);
            assert_eq!(holds, holds_if && !is_violated, "{protocol} {instance} {formula}");
            let line = if holds { "\nINVARIANT " } else { "\n\\* INVARIANT " };
            assert!(config.contains(&format!("{line}{formula}\n")), "{formula}: {config}");
        }
    }
}

#[test]
fn a_wrong_effect_gives_another_number_of_states() {
    let text = module("multi-primary", "lww-stale");
    let states = Module::read(&text).states().len();
    let effects = Module::read(&text).effects();
    let differs = |table: &str, effect: usize, value: Value| {
        let mut module = Module::read(&text);
        module.change(table, |rows| drop(rows.insert(effect, value)));
        module.states_or_error() != Some(states)
    };
    // A message that is sent is forgotten.
    let sending = effects.iter().filter(|(_, sends)| !sends.is_empty());
    let changed = sending.filter(|(effect, _)| differs("Sends", *effect, Value::sequence([])));
    assert!(changed.count() > 5, "what is sent makes no difference");
    // A node becomes what it was at the start.
    let changed = effects.iter().filter(|(effect, _)| differs("Part", *effect, Value::Int(1)));
    assert!(changed.count() > 5, "what a node becomes makes no difference");
}

#[test]
fn the_modules_are_well_formed() {
    for (protocol, instance) in MODULES {
        let text = module(protocol, instance);
        let faults = syntax::faults(&text, &name(protocol, instance));
        assert_eq!(faults, BTreeSet::new(), "{protocol} {instance}");
    }
}

#[test]
fn what_cannot_be_exported_is_refused_with_the_reason() {
    let refused: &[(&[&str], &str)] = &[
        (&["--tla", "paxos", "--instance", "nothing-of-the-kind"], "has no instance"),
        (&["--tla", "raft", "--instance", "three"], "no protocol"),
        (&["--tla", "paxos"], "--instance"),
        (&["--tla", "paxos", "--mutant", "no-dedupe"], "cannot be used with"),
        (&["--tla", "--dot", "paxos", "--instance", "steady"], "cannot be used with"),
        (&["--tla", "paxos", "--instance", "steady", "--max-states", "9"], "more than 9 states"),
        (
            &["--tla", "paxos", "--instance", "lossy-reads", "--output", "2.tla"],
            "no name of a TLA+",
        ),
        (
            &["--tla", "paxos", "--instance", "lossy-reads", "--output", "a.txt"],
            "no name of a TLA+",
        ),
        (&["--dot", "paxos", "--instance", "steady", "--output", "a.dot"], "cannot be used with"),
    ];
    for (args, reason) in refused {
        let (code, out, said) = export(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {said}");
        assert!(said.contains(reason), "{args:?}: {said}");
    }
    let args = ["--tla", "paxos", "--instance", "unheard", "--output", "/nowhere/at/all.tla"];
    let (code, _, said) = export(&args);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("cannot write /nowhere/at/all.tla"), "{said}");
}

#[test]
fn without_a_file_the_module_is_printed() {
    let (code, out, said) = export(&["--tla", "paxos", "--instance", "unheard"]);
    assert_eq!(code, 0, "{said}");
    assert!(out.starts_with("---- MODULE paxos_unheard ----\n") && out.ends_with("\n====\n"));
    assert_eq!(syntax::faults(&out, "paxos_unheard"), BTreeSet::new());
}
