//! The commands of an operator: keys, status, completions, manual pages.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

fn quorate(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quorate"))
        .args(args)
        .current_dir(dir)
        .env_remove("QUORATE_CLUSTER")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const SERVERS: &str = "name = \"demo\"\nprotocol = \"paxos\"\n\
    [[server]]\nid = 0\naddress = \"127.0.0.1:7000\"\nmetrics = \"127.0.0.1:1\"\n";

#[test]
fn keys_are_in_files_of_their_own_and_their_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let made = quorate(dir, &["keygen"]);
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    let section = text(&made.stdout);
    assert_eq!(section, "[keys]\nserver-file = \"server.key\"\nclient-file = \"client.key\"\n");
    for key in ["server.key", "client.key"] {
        let path = dir.join(key);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_to_string(&path).unwrap().trim().len(), 64);
        assert!(!section.contains(std::fs::read_to_string(&path).unwrap().trim()));
    }
    let again = quorate(dir, &["keygen"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("server.key"), "nothing is overwritten: {again:?}");
    std::fs::write(dir.join("cluster.toml"), format!("{SERVERS}{section}")).unwrap();
    let format =
        |data| quorate(dir, &["format", "--cluster", "cluster.toml", "--id", "0", "--data", data]);
    assert_eq!(format("one").status.code(), Some(0), "{:?}", format("one"));
    // A client's copy needs no other file, and lacks the servers' key.
    let copy = text(&quorate(dir, &["client-file", "--cluster", "cluster.toml"]).stdout);
    let key = |name| std::fs::read_to_string(dir.join(name)).unwrap().trim().to_owned();
    assert!(copy.contains("public = ") && copy.contains(&key("client.key")), "{copy}");
    assert!(!copy.contains(&key("server.key")) && !copy.contains("-file"), "{copy}");
    // The error says what is wrong with a key file, and does not show the key.
    let open = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(dir.join("server.key"), open).unwrap();
    let error = text(&format("two").stderr);
    assert!(error.contains("mode 640") && error.contains("chmod 600"), "{error}");
    std::fs::set_permissions(dir.join("server.key"), std::fs::Permissions::from_mode(0o600))
        .unwrap();
    std::fs::write(dir.join("server.key"), "secret, but no key").unwrap();
    let error = text(&format("two").stderr);
    assert!(error.contains("64 hexadecimal digits") && !error.contains("no key"), "{error}");
    std::fs::remove_file(dir.join("server.key")).unwrap();
    assert!(text(&format("two").stderr).contains("cannot be read"));
    let both = format!("{SERVERS}{section}client = \"{}\"\n", "0a".repeat(32));
    std::fs::write(dir.join("cluster.toml"), both).unwrap();
    std::fs::write(dir.join("server.key"), "0b".repeat(32)).unwrap();
    let error = text(&format("two").stderr);
    assert!(error.contains("`client` and `client-file`"), "{error}");
}

#[test]
fn a_server_that_does_not_answer_is_shown_and_the_exit_code_says_so() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("cluster.toml"), SERVERS).unwrap();
    let shown = quorate(dir.path(), &["status", "--cluster", "cluster.toml"]);
    assert_eq!(shown.status.code(), Some(1), "{shown:?}");
    assert!(text(&shown.stdout).contains("127.0.0.1:1 does not answer"), "{shown:?}");
    let shown = quorate(dir.path(), &["status", "--cluster", "cluster.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!((&json["cluster"], &json["servers"][0]["server"]), (&"demo".into(), &0.into()));
    assert!(json["servers"][0]["error"].is_string(), "{json}");
}

#[test]
fn the_cluster_file_may_come_from_the_environment() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("cluster.toml");
    std::fs::write(&file, SERVERS).unwrap();
    let of_environment = Command::new(env!("CARGO_BIN_EXE_quorate"))
        .args(["status", "--json"])
        .env("QUORATE_CLUSTER", &file)
        .output()
        .unwrap();
    assert!(text(&of_environment.stdout).contains("demo"), "{of_environment:?}");
    let missing = quorate(dir.path(), &["status"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("--cluster <FILE>"), "{missing:?}");
}

#[test]
fn shells_and_manual_pages_know_the_commands() {
    let dir = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = quorate(dir.path(), &["completions", shell]);
        let script = text(&output.stdout);
        assert!(output.status.success() && script.contains("readmit"), "{shell}: {script}");
    }
    assert_eq!(quorate(dir.path(), &["completions", "tcsh"]).status.code(), Some(2));
    let page = text(&quorate(dir.path(), &["man"]).stdout);
    assert!(page.contains(".TH quorate 1"), "{page}");
    let written = quorate(dir.path(), &["man", "--dir", "."]);
    assert!(written.status.success(), "{written:?}");
    let bench = std::fs::read_to_string(dir.path().join("quorate-bench.1")).unwrap();
    assert!(bench.contains("quorate\\-bench") && bench.contains("coordinated"), "{bench}");
    assert!(std::fs::read_dir(dir.path()).unwrap().count() > 15);
    assert_eq!(quorate(dir.path(), &["man", "--dir", "nowhere"]).status.code(), Some(1));
}
