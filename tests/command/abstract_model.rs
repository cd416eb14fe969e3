//! `quorate check --abstract-model`: the states of published specifications, within any bounds.

use serde_json::Value;
use std::process::Command;

/// The exit code, and what went to standard output and to standard error.
fn check(args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_quorate")).arg("check").args(args).output();
    let output = output.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn json(args: &[&str]) -> Value {
    let (code, out, error) = check(&[args, &["--json"]].concat());
    assert_eq!(code, 0, "{out}{error}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn a_specification_has_its_published_states_within_any_bounds() {
    let two_phase = ["two-phase-commit", "--abstract-model", "two-phase"];
    let (code, out, _) = check(&two_phase);
    assert_eq!(code, 0, "{out}");
    let title = "two-phase-commit abstract model two-phase, resource-managers=3: one transaction";
    assert!(out.starts_with(title), "{out}");
    assert!(
        out.contains("288 unique states, 1,146 generated, depth 10 (11 as TLC counts)"),
        "{out}"
    );
    let six = json(&[&two_phase[..], &["--bound", "resource-managers=6"]].concat());
    assert_eq!(six["unique"], 50_816);
    assert_eq!(six["bounds"]["resource-managers"], 6);
    assert_eq!((&six["expected"], &six["complete"]), (&Value::Null, &true.into()));
    assert_eq!(six["tlc_depth"], six["depth"].as_u64().unwrap() + 1);
}

#[test]
fn a_rule_that_is_recorded_to_fail_may_fail_within_other_bounds() {
    let bounds = ["--bound", "log-size=1,max-records=1", "--bound=max-leader-epoch=1"];
    let kafka = |rule| json(&[&["kafka", "--abstract-model", rule][..], &bounds].concat());
    let verdicts = |report: &Value| -> Vec<(String, String)> {
        let properties = report["properties"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        properties.map(|it| (text(&it["name"]), text(&it["verdict"]))).collect()
    };
    let (old, new) = (kafka("kip-101"), kafka("kip-320"));
    assert!(verdicts(&old).contains(&("strong-isr".into(), "violated".into())), "{old}");
    assert!(verdicts(&old).contains(&("weak-isr".into(), "holds".into())), "{old}");
    assert!(verdicts(&new).contains(&("strong-isr".into(), "holds".into())), "{new}");
    let strong = |property: &&Value| property["name"] == "strong-isr";
    let strong = old["properties"].as_array().unwrap().iter().find(strong).unwrap();
    assert_eq!((&strong["trace_len"], &strong["expected"]), (&11.into(), &Value::Null));
    assert_eq!(strong["trace"]["actions"].as_array().unwrap().len(), 11);
    assert_eq!(new["abstract_model"], "kip-320");
    assert_eq!((&new["instance"], &new["mutant"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_limit_makes_a_count_incomplete() {
    let args = ["kafka", "--abstract-model", "kip-320", "--max-states", "1000"];
    let (code, out, _) = check(&args);
    assert_eq!(code, 3, "{out}");
    assert!(out.contains("INCOMPLETE: the limit on states was reached"), "{out}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let of = |more: &[&'static str]| [&["kafka", "--abstract-model", "kip-320"][..], more].concat();
    let refused: &[(Vec<&str>, &str)] = &[
        (vec!["--abstract-model", "kip-320"], "--abstract-model needs a protocol"),
        (vec!["kafka", "--abstract-model", "kip-321"], "did you mean \"kip-320\""),
        (
            vec!["paxos", "--abstract-model", "kip-320"],
            "paxos has no abstract model named \"kip-320\"; it has none",
        ),
        (of(&["--bound", "replica=3"]), "did you mean \"replicas\""),
        (of(&["--bound", "replicas=9"]), "the bound replicas of kip-320 is 1 to 8, not 9"),
        (of(&["--bound", "replicas=many"]), "\"many\" is not a whole number"),
        (of(&["--bound", "replicas"]), "a bound is NAME=N"),
        (of(&["--property", "agreement"]), "kafka has no property named \"agreement\""),
        (of(&["--format", "junit"]), "text or JSON"),
        (of(&["--instance", "steady"]), "cannot be used with"),
        (of(&["--max-memory", "9"]), "cannot be used with"),
        (vec!["kafka", "--bound", "replicas=3"], "--abstract-model"),
    ];
    for (args, words) in refused {
        let (code, out, error) = check(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {error}");
        assert!(error.contains(words), "no {words:?} in: {error}");
    }
}

#[test]
fn the_list_names_the_bounds() {
    let output = Command::new(env!("CARGO_BIN_EXE_quorate")).args(["list", "kafka"]).output();
    let out = String::from_utf8(output.unwrap().stdout).unwrap();
    let words: Vec<_> = out.split_whitespace().collect();
    let bounds = "replicas=3,log-size=2,max-records=2,max-leader-epoch=2):";
    assert!(words.contains(&bounds) && words.contains(&"(737,794"), "{out}");
}
