//! `quorate cluster --chaos`: a storm has a verdict, and the verdict may be no.

use std::path::Path;
use std::process::{Command, Output};

fn storm(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
    command.arg("cluster").args(args).current_dir(dir).env("TMPDIR", dir).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn what_survives_a_storm_holds() {
    let seeds = [("paxos", "5"), ("two-phase-commit", "12"), ("multi-primary", "7"), ("zab", "8")];
    for (protocol, seed) in seeds {
        let dir = tempfile::tempdir().unwrap();
        let args = [protocol, "--chaos", seed, "--for", "8s", "--clients", "16", "--json"];
        let output = storm(dir.path(), &args);
        let out = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{protocol}: {out}{}", text(&output.stderr));
        let json: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        assert_eq!(json["verdict"], "holds", "{json}");
        assert!(json["answered"].as_u64() > Some(30), "{json}");
        let toll = ["kills", "freezes", "cuts"].map(|deed| json["toll"][deed].as_u64().unwrap());
        assert!(toll.iter().sum::<u64>() > 1, "{json}");
        // The plan of the first fills a disk: a deed that does nothing would go unnoticed.
        let full_disks = json["toll"]["full_disks"].as_u64();
        assert!(protocol != "paxos" || full_disks > Some(0), "{json}");
        // The plan of the second lets a sync fail.
        let failed_syncs = json["toll"]["failed_syncs"].as_u64();
        assert!(protocol != "two-phase-commit" || failed_syncs > Some(0), "{json}");
        assert!(json["datagrams"]["dropped"].as_u64() > Some(0), "{json}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left behind");
    }
}

/// Three controllers, three brokers, and three partitions in each of their processes: keys are in any.
#[test]
fn partitions_under_several_controllers_survive_a_storm() {
    let dir = tempfile::tempdir().unwrap();
    let kafka = ["kafka", "--servers", "6", "--mode", "controllers=3", "--topic", "t=2"];
    let args = ["--chaos", "20", "--for", "6s", "--clients", "16", "--json"];
    let output = storm(dir.path(), &[kafka.as_slice(), &args].concat());
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}{}", text(&output.stderr));
    let json: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!(json["verdict"], "holds", "{json}");
    assert!(json["answered"].as_u64() > Some(30), "{json}");
    let toll = ["kills", "freezes"].map(|deed| json["toll"][deed].as_u64().unwrap());
    assert!(toll.iter().all(|count| *count > 0), "{json}");
    // Controllers are 0 to 2. A line ends with how long it lasts.
    let victims = |line: &str| Some(line.split_once("kill ")?.1.split_once(", for")?.0.to_owned());
    let victims: String = out.lines().filter_map(victims).collect();
    assert!(["012", "345"].iter().all(|ids| victims.contains(|id| ids.contains(id))), "{victims}");
}

/// Any of four servers takes writes of keys that three hold, and concurrent ones stay side by side.
#[test]
fn siblings_survive_a_storm() {
    let dir = tempfile::tempdir().unwrap();
    let store = ["quorum-store", "--servers", "4", "--mode", "conflicts=multi-value"];
    let args = ["--chaos", "24", "--for", "6s", "--clients", "16", "--json"];
    let output = storm(dir.path(), &[store.as_slice(), &args].concat());
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}{}", text(&output.stderr));
    let json: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!(json["verdict"], "holds", "{json}");
    assert!(json["answered"].as_u64() > Some(30), "{json}");
}

/// Three of five servers are on the ring at first; one joins, and perhaps others come and go. A move waits
/// for all members, so in a short storm perhaps none ends: then another storm follows.
#[test]
fn a_ring_that_moves_in_a_storm_keeps_its_promise() {
    let has_moved = ["4", "5", "6", "7", "8"].into_iter().any(|seed| {
        let dir = tempfile::tempdir().unwrap();
        let ring = ["quorum-store", "--servers", "5", "--mode", "members=3"];
        let args = ["--chaos", seed, "--for", "8s", "--skew", "2s", "--json"];
        let output = storm(dir.path(), &[ring.as_slice(), &args].concat());
        let out = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{out}{}", text(&output.stderr));
        let json: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        json["toll"]["moves"].as_u64() > Some(0)
    });
    assert!(has_moved, "no move ended in five storms");
}

/// On a network that loses nothing, clients that do not pause ask for thousands of things, and all
/// of that is judged.
#[test]
fn a_storm_at_full_load_is_judged_whole() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["--for", "6s", "--network", "good", "--clients", "64", "--pause", "0s", "--json"];
    let output = storm(dir.path(), &[&["paxos", "--chaos", "7"], args.as_slice()].concat());
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}{}", text(&output.stderr));
    let json: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert!(json["answered"].as_u64() > Some(5_000), "{json}");
    assert!(json["datagrams"]["dropped"] == 0 && json["datagrams"]["cut"] != 0, "{json}");
    let memory = json["toll"]["most_memory"].as_u64().unwrap();
    let disk = json["toll"]["most_disk"].as_u64().unwrap();
    assert!((1 << 20..1 << 28).contains(&memory) && (1 << 12..1 << 28).contains(&disk), "{json}");
}

/// Each node of multi-primary answers alone, which no node of a linearizable map may do.
#[test]
fn a_promise_that_is_broken_is_violated_and_the_history_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let by = ["--judge", "linearizable"];
    let args = ["multi-primary", "--chaos", "3", "--for", "10s", "--clients", "16"];
    let output = storm(dir.path(), &[args.as_slice(), &by].concat());
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{out}{}", text(&output.stderr));
    assert!(out.contains("verdict: violated") && out.contains("no order explains"), "{out}");
    let history = dir.path().join("chaos-multi-primary-3.txt");
    let history = std::fs::read_to_string(history).unwrap();
    assert!(history.starts_with("multi-primary seed 3: violated"), "{history}");
    assert!(history.lines().count() > 50, "{history}");
}

#[test]
fn a_storm_ends_when_its_history_is_full() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["paxos", "--chaos", "9", "--for", "5m", "--network", "good", "--requests", "300"];
    let output = storm(dir.path(), &args);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}{}", text(&output.stderr));
    assert!(out.contains("the storm ends early: 300 requests were made"), "{out}");
}

#[test]
fn a_plan_is_that_of_its_seed() {
    let dir = tempfile::tempdir().unwrap();
    let plan = |seed| {
        let output = storm(dir.path(), &["paxos", "--chaos", seed, "--for", "1m", "--plan"]);
        assert_eq!(output.status.code(), Some(0));
        text(&output.stdout)
    };
    assert_eq!(plan("7"), plan("7"));
    assert_ne!(plan("7"), plan("8"));
    assert!(plan("7").lines().count() > 20, "{}", plan("7"));
}

#[test]
fn a_storm_that_makes_no_sense_is_bad_usage() {
    let dir = tempfile::tempdir().unwrap();
    for (args, told) in [
        (["paxos", "--for", "1m"].as_slice(), "--chaos <SEED>"),
        (&["paxos", "--chaos", "x"], "invalid value 'x'"),
        (&["paxos", "--chaos", "1", "--clients", "0"], "--clients is 1 to 512"),
        (&["primary-backup", "--mode", "asynchronous", "--chaos", "1"], "say --judge"),
        (&["paxos", "--chaos", "1", "--judge", "strictly-serializable"], "does not offer"),
    ] {
        let output = storm(dir.path(), args);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {error}");
        assert!(error.contains(told), "{args:?}: {error}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}
