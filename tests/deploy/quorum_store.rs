//! The quorum store as processes: nodes are killed, and requests go on at their level.

use crate::support::KEYS;
use crate::support::processes::{Cluster, said};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const PATIENCE: [&str; 2] = ["--timeout", "20s"];

fn asked(cluster: &Cluster, args: &[&str]) -> (i32, String) {
    cluster.client(&[args, &PATIENCE].concat())
}

/// The exit code and the error.
fn refused(cluster: &Cluster, args: &[&str]) -> (Option<i32>, String) {
    let output = cluster.quorate(args);
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn any_node_takes_any_request_and_any_node_may_be_killed() {
    let mut cluster = Cluster::start("quorum-store", 4, KEYS);
    assert_eq!(asked(&cluster, &["put", "color", "green"]), said(0, "done\n"));
    for server in ["0", "1", "2", "3"] {
        let get = ["get", "color", "--server", server];
        assert_eq!(asked(&cluster, &get), said(0, "green\n"), "server {server}");
    }
    assert_eq!(asked(&cluster, &["delete", "color"]), said(0, "done\n"));
    assert_eq!(asked(&cluster, &["get", "color", "--json"]), said(1, "{\"value\":null}\n"));
    assert_eq!(asked(&cluster, &["cas", "chain", "--absent", "0"]), said(0, "swapped\n"));
    let again = asked(&cluster, &["cas", "chain", "--absent", "0"]);
    assert_eq!(again, said(1, "not swapped: the value is 0\n"));
    for victim in 0..4 {
        cluster.kill(victim);
        cluster.swap(victim as u32, victim as u32 + 1);
        let value = victim.to_string();
        assert_eq!(asked(&cluster, &["put", "color", &value]), said(0, "done\n"));
        cluster.restart(victim);
        let get = ["get", "color", "--server", &value];
        assert_eq!(asked(&cluster, &get), said(0, &format!("{value}\n")), "it is back");
    }
    (0..4).for_each(|id| cluster.kill(id));
    (0..4).for_each(|id| cluster.restart(id));
    assert_eq!(asked(&cluster, &["get", "chain", "--consistency", "serial"]), said(0, "4\n"));
    assert_eq!(asked(&cluster, &["get", "color", "--consistency", "all"]), said(0, "3\n"));
}

#[test]
fn a_level_says_how_many_replicas_must_answer() {
    let mut cluster = Cluster::start("quorum-store", 3, KEYS);
    assert_eq!(asked(&cluster, &["put", "k", "old", "--consistency", "all"]), said(0, "done\n"));
    cluster.kill(1);
    cluster.kill(2);
    // Whether a write that times out is done is unknown; a level of one replica goes on.
    let (code, error) = refused(&cluster, &["put", "lost", "v", "--server", "0"]);
    assert_eq!(code, Some(3), "{error}");
    assert!(error.contains("may have been done, or may yet be at any later time"), "{error}");
    let one = ["--consistency", "one", "--server", "0"];
    let put = [&["put", "k", "new"], one.as_slice()].concat();
    assert_eq!(asked(&cluster, &put), said(0, "done\n"));
    assert_eq!(asked(&cluster, &[&["get", "k"], one.as_slice()].concat()), said(0, "new\n"));
    // The next request of a quorum sees it, or a node that was away gets it.
    cluster.restart(2);
    let get = ["get", "k", "--server", "0"];
    assert_eq!(asked(&cluster, &get), said(0, "new\n"));
    let (code, error) = refused(&cluster, &["get", "k", "--consistency", "all", "--server", "0"]);
    assert_eq!(code, Some(3), "{error}");
}

#[test]
fn what_makes_no_sense_is_refused_and_the_ring_is_shown() {
    let cluster = Cluster::start("quorum-store", 4, "");
    for (args, told) in [
        (["cas", "k", "--absent", "v", "--consistency", "one"].as_slice(), "always serial"),
        (&["range", "a", "b"], "the ring puts keys"),
        (&["get", "k", "--consistency", "one", "--local"], "different protocols"),
        (&["get", "k", "--local"], "get, put, delete, cas and --consistency"),
        (&["put", "k", "v", "--consistency", "two"], "one, quorum, all, serial"),
    ] {
        let (code, error) = refused(&cluster, args);
        assert_eq!(code, Some(2), "{args:?}: {error}");
        assert!(error.contains(told), "{args:?}: {error}");
    }
    let (code, table) = cluster.client(&["ring", "--key", "color"]);
    assert_eq!(code, 0, "{table}");
    assert!(table.contains("each key on 3 of 4 servers; 64 tokens"), "{table}");
    assert_eq!(table.lines().count(), 6, "{table}");
    let (_, json) = cluster.client(&["ring", "--key", "color", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["key"]["replicas"].as_array().unwrap().len(), 3);
    // The same cluster of a protocol that has neither levels nor a ring.
    let text = std::fs::read_to_string(cluster.dir.path().join("cluster.toml")).unwrap();
    let file = cluster.dir.path().join("paxos.toml");
    std::fs::write(&file, text.replace("quorum-store", "paxos")).unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    for (args, told) in [
        (
            ["get", "k", "--consistency", "one"].as_slice(),
            "--consistency is offered by quorum-store",
        ),
        (&["ring"], "paxos has no ring"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
        let output = command.args(args).arg("--cluster").arg(&file).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(told), "{error}");
    }
}
