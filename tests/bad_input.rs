//! What makes no sense is refused with an exit code that says so and a text that says what to do.
//! No node runs here: all of it is noticed before anything is sent.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// A cluster file in a directory of its own.
fn cluster(protocol: &str, mode: &str, servers: usize) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut text = format!("name = \"demo\"\nprotocol = \"{protocol}\"\n");
    if !mode.is_empty() {
        writeln!(text, "mode = \"{mode}\"").unwrap();
    }
    for id in 0..servers {
        let port = 7000 + id;
        write!(text, "[[server]]\nid = {id}\naddress = \"127.0.0.1:{port}\"\n").unwrap();
    }
    std::fs::write(dir.path().join("cluster.toml"), text).unwrap();
    dir
}

/// The exit code, and what is printed as an error.
fn quorate(dir: &Path, args: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
    command.current_dir(dir).args(args).args(["--cluster", "cluster.toml"]);
    let output = command.output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn assert_refused(found: &(i32, String), code: i32, words: &[&str]) {
    assert_eq!(found.0, code, "{}", found.1);
    words.iter().for_each(|word| assert!(found.1.contains(word), "no {word:?} in: {}", found.1));
}

#[test]
fn an_operation_that_is_not_offered_is_refused_and_those_who_offer_it_are_named() {
    let (txn, cas) = (["txn", "--put", "a=1"], ["cas", "k", "--absent", "v"]);
    for protocol in ["primary-backup", "multi-primary", "paxos"] {
        let dir = cluster(protocol, "", 3);
        let words = [protocol, "does not offer txn", "offered by two-phase-commit"];
        assert_refused(&quorate(dir.path(), &txn), 2, &words);
    }
    let dir = cluster("multi-primary", "", 3);
    let words = ["does not offer cas", "get, put and delete", "primary-backup, two-phase-commit"];
    assert_refused(&quorate(dir.path(), &cas), 2, &words);
}

#[test]
fn a_context_belongs_to_multi_value_only() {
    let put = ["put", "k", "v", "--context", "00"];
    for protocol in ["primary-backup", "multi-primary", "two-phase-commit", "paxos"] {
        let dir = cluster(protocol, "", 3);
        assert_refused(&quorate(dir.path(), &put), 2, &["multi-primary", "multi-value"]);
    }
    let dir = cluster("multi-primary", "multi-value", 3);
    let wrong = ["put", "k", "v", "--context", "yesterday"];
    assert_refused(&quorate(dir.path(), &wrong), 2, &["is not a context", "quorate get --json"]);
}

#[test]
fn too_few_servers_are_refused_before_anything_is_made() {
    for (protocol, advice) in [
        ("two-phase-commit", "add a [[server]] for each participant"),
        ("multi-primary", "add another [[server]]"),
        ("primary-backup", "add a [[server]] for each replica"),
    ] {
        let dir = cluster(protocol, "", 1);
        let format = ["format", "--id", "0", "--data", "node-0"];
        assert_refused(&quorate(dir.path(), &format), 1, &["cluster.toml", protocol, advice]);
        assert!(!dir.path().join("node-0").exists());
    }
}

#[test]
fn ranges_that_do_not_cover_the_keys_once_are_refused() {
    for (mode, advice) in [
        ("ranges h,p", "2 participants need 1 bounds"),
        ("ranges ,", "2 participants need 1 bounds"),
        ("ranges ", "sort the bounds"),
        ("by hand", "use `hash`, or `ranges B,C`"),
    ] {
        let dir = cluster("two-phase-commit", mode, 3);
        let format = ["format", "--id", "1", "--data", "node-1"];
        assert_refused(&quorate(dir.path(), &format), 1, &["two-phase-commit", advice]);
        // A client that cannot tell whom to ask says the same.
        assert_refused(&quorate(dir.path(), &["get", "k"]), 1, &["two-phase-commit", advice]);
    }
}
