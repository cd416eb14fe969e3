//! `quorate check` as CI sees it: exit codes, JSON, and what is said of bad input.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::Value;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The exit code, and what went to standard output and to standard error.
fn check(args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_quorate")).arg("check").args(args).output();
    let output = output.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_is_as_recorded_exits_with_0_also_where_a_violation_is_expected() {
    let (code, out, _) = check(&["primary-backup", "--instance", "asynchronous"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("expected violation of \"linearizable\", in 9 steps:"), "{out}");
    assert!(out.contains("a state hidden by a collision: p < "), "{out}");
}

#[test]
fn json_is_an_object_a_line() {
    let (code, out, _) = check(&["multi-primary", "--instance", "lww-stale", "--json"]);
    assert_eq!(code, 0);
    let [line] = out.lines().collect::<Vec<_>>()[..] else { panic!("{out}") };
    let report: Value = serde_json::from_str(line).unwrap();
    assert_eq!(report["instance"], "lww-stale");
    assert_eq!(report["as_expected"], true);
    let properties = report["properties"].as_array().unwrap();
    let violated = properties.iter().find(|property| property["name"] == "linearizable").unwrap();
    assert_eq!((&violated["verdict"], &violated["trace_len"]), (&"violated".into(), &6.into()));
}

#[test]
fn unknown_names_list_those_that_exist() {
    let (code, _, error) = check(&["paxos", "--instance", "nothing"]);
    assert_eq!(code, 2);
    assert!(error.contains("\"nothing\"") && error.contains("majority-down, takeover"), "{error}");
    let (code, _, error) = check(&["raft"]);
    assert_eq!(code, 2);
    assert!(error.contains("primary-backup, multi-primary"), "{error}");
    let (code, _, error) = check(&["--instance", "crash"]);
    assert_eq!(code, 2);
    assert!(error.contains("check PROTOCOL --instance crash"), "{error}");
}

#[test]
fn zeros_are_refused() {
    for (zero, told) in [
        ("--threads", "use at least 1"),
        ("--max-seconds", "limit of 0 on time"),
        ("--max-states", "limit of 0 on states"),
        ("--max-memory", "limit of 0 on memory"),
    ] {
        let (code, _, error) = check(&["synod", "--instance", "synod-rivalry", zero, "0"]);
        assert_eq!(code, 2, "{zero}: {error}");
        assert!(error.contains(told), "{zero}: {error}");
    }
}

#[test]
fn symmetry_is_not_for_staterights_search() {
    let args = ["synod", "--instance", "synod-crash-alike", "--engine", "stateright"];
    let (code, _, error) = check(&args);
    assert_eq!(code, 2);
    assert!(error.contains("knows no symmetry"), "{error}");
}

#[test]
fn a_limit_that_is_reached_is_incomplete_and_never_a_success() {
    let (code, out, _) = check(&["paxos", "--instance", "restart", "--max-states", "1000"]);
    assert_eq!(code, 3, "{out}");
    assert!(out.contains("INCOMPLETE: the limit on states was reached"), "{out}");
    assert!(!out.contains("as expected"), "{out}");
}

#[test]
fn ctrl_c_tells_what_was_found_so_far() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_quorate"))
        .args(["check", "primary-backup", "--instance", "large", "--max-memory", "2000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(2));
    let killed = Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let mut out = String::new();
    process.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!(process.wait().unwrap().code(), Some(3), "{out}");
    assert!(out.contains("INCOMPLETE: it was stopped"), "{out}");
    assert!(out.contains(" unique states, "), "{out}");
}
