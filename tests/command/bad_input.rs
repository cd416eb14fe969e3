//! Input that makes no sense is refused with an exit code that says so and a text that says what to
//! do. No node runs here: all of it is noticed before anything is sent.

use std::fmt::Write;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

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
        // A client that cannot know which server to ask says the same.
        assert_refused(&quorate(dir.path(), &["get", "k"]), 1, &["two-phase-commit", advice]);
    }
}

fn permit(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn keys_and_data_that_others_may_read_are_refused() {
    let dir = cluster("paxos", "", 1);
    let file = dir.path().join("cluster.toml");
    let keys =
        format!("[keys]\nserver = \"{}\"\nclient = \"{}\"\n", "0a".repeat(32), "0b".repeat(32));
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.clone() + &keys).unwrap();
    let format = ["format", "--id", "0", "--data", "node-0"];
    let run = ["run", "--data", "node-0"];
    for mode in [0o644, 0o640, 0o604] {
        permit(&file, mode);
        for args in [format.as_slice(), &run, &["get", "k"], &["put", "k", "v"]] {
            let words = ["cluster.toml", "can be read by others", "chmod 600 cluster.toml"];
            assert_refused(&quorate(dir.path(), args), 1, &words);
        }
    }
    assert!(!dir.path().join("node-0").exists());
    permit(&file, 0o600);
    assert_eq!(quorate(dir.path(), &format).0, 0);
    let data = dir.path().join("node-0");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    assert_eq!([mode(&data.join("log")), mode(&data.join("identity.toml"))], [0o600, 0o600]);
    permit(&data, 0o750);
    assert_refused(&quorate(dir.path(), &run), 1, &["the data directory", "chmod 700 node-0"]);
    // Without keys there is nothing to hide in the file.
    std::fs::write(&file, text).unwrap();
    permit(&file, 0o644);
    assert_refused(&quorate(dir.path(), &["get", "k", "--timeout", "100ms"]), 3, &["no answer"]);
}

#[test]
fn a_value_file_is_named_where_it_cannot_be_read_and_limited() {
    let dir = cluster("paxos", "", 1);
    let put = ["put", "k", "--value-file", "none"];
    assert_refused(&quorate(dir.path(), &put), 1, &["read the value none"]);
    assert_refused(&quorate(dir.path(), &["put", "k"]), 2, &["--value-file"]);
    let both = ["put", "k", "v", "--value-file", "none"];
    assert_refused(&quorate(dir.path(), &both), 2, &["cannot be used with"]);
    std::fs::write(dir.path().join("long"), vec![0; 40_000]).unwrap();
    let put = ["put", "k", "--value-file", "long"];
    assert_refused(&quorate(dir.path(), &put), 2, &["the value has"]);
}

#[test]
fn an_error_is_a_json_object_where_json_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    for (args, code) in [(["get", "k"].as_slice(), 1), (&["put", "k"], 2), (&["txn"], 2)] {
        let output = Command::new(env!("CARGO_BIN_EXE_quorate"))
            .current_dir(dir.path())
            .args(args)
            .args(["--cluster", "none.toml", "--json"])
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.code(), &told["exit_code"]), (Some(code), &code.into()));
        assert!(!told["error"].as_str().unwrap().is_empty());
    }
}
