//! The quorum store as processes: nodes are killed, and requests go on at their level.

use crate::support::KEYS;
use crate::support::processes::{Cluster, said};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

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

/// With several values per key, writes at different servers stay side by side, read at any server, until a write
/// with the context of a get. Server 3 holds no copy of some keys, and takes requests all the same.
#[test]
fn concurrent_writes_are_seen_side_by_side_and_replaced_by_their_context() {
    let mut cluster =
        Cluster::start_mode("quorum-store", "mode = \"conflicts=multi-value\"", 4, KEYS);
    let blind = |key: &str, value: &str, server: &str| {
        let put = ["put", key, value, "--context", "00", "--server", server];
        assert_eq!(asked(&cluster, &put), said(0, "done\n"), "{key} at {server}");
    };
    for key in ["color", "shape", "taste"] {
        std::thread::scope(|scope| {
            scope.spawn(|| blind(key, "a", "0"));
            scope.spawn(|| blind(key, "b", "3"));
        });
        for server in ["0", "1", "2", "3"] {
            let (code, text) = asked(&cluster, &["get", key, "--server", server, "--json"]);
            let told: serde_json::Value = serde_json::from_str(&text).unwrap();
            let mut values: Vec<&str> =
                told["values"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
            values.sort_unstable();
            assert_eq!((code, values), (0, vec!["a", "b"]), "{key} at {server}");
        }
        let (_, text) = asked(&cluster, &["get", key, "--json"]);
        let told: serde_json::Value = serde_json::from_str(&text).unwrap();
        let context = told["context"].as_str().unwrap();
        let all = ["--consistency", "all"];
        let put = [["put", key, "c", "--context", context].as_slice(), &all].concat();
        assert_eq!(asked(&cluster, &put), said(0, "done\n"));
        assert_eq!(asked(&cluster, &["get", key, "--server", "3"]), said(0, "c\n"));
        // The context is of this key alone.
        let (code, error) = refused(&cluster, &["put", "other", "c", "--context", context]);
        assert_eq!(code, Some(2), "{error}");
        assert!(error.contains("no server of this cluster gave that context"), "{error}");
    }
    for (args, told) in [
        (["cas", "color", "--absent", "v"].as_slice(), "nothing is serial"),
        (&["get", "color", "--consistency", "serial"], "nothing is serial"),
    ] {
        let (code, error) = refused(&cluster, args);
        assert_eq!(code, Some(2), "{args:?}: {error}");
        assert!(error.contains(told), "{args:?}: {error}");
    }
    (0..4).for_each(|id| cluster.kill(id));
    (0..4).for_each(|id| cluster.restart(id));
    assert_eq!(asked(&cluster, &["delete", "color"]), said(0, "done\n"));
    assert_eq!(asked(&cluster, &["get", "shape"]), said(0, "c\n"));
    assert_eq!(asked(&cluster, &["get", "color"]).0, 1);
}

/// The place of each server on the ring.
fn places(cluster: &Cluster) -> Vec<String> {
    let (_, json) = cluster.client(&["ring", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["view"]["is_moving"], false, "{json}");
    let servers = json["servers"].as_array().unwrap();
    servers.iter().map(|it| it["place"].as_str().unwrap().to_owned()).collect()
}

/// Of five servers three are on the ring. While clients write, one joins; a member that had keys of others is
/// killed for good and replaced; and another one leaves. All that was acknowledged is there.
#[test]
fn a_ring_moves_under_load_and_loses_nothing() {
    let mode = "mode = \"members=3\"";
    let mut cluster = Cluster::start_mode("quorum-store", mode, 5, KEYS);
    assert_eq!(asked(&cluster, &["put", "0", "0"]), said(0, "done\n"));
    let (written, is_over) = (AtomicU32::new(1), AtomicBool::new(false));
    let keys = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            // Each key is written once, at a server of its turn, and its value is its name.
            let mut acknowledged = vec!["0".to_owned()];
            for number in (1..).take_while(|_| !is_over.load(Ordering::Relaxed)) {
                let (key, server) = (number.to_string(), ["0", "2", "3", "4"][number % 4]);
                let put = ["put", &key, &key, "--server", server, "--timeout", "3s"];
                if cluster.client(&put).0 == 0 {
                    acknowledged.push(key);
                    written.fetch_add(1, Ordering::Relaxed);
                }
            }
            acknowledged
        });
        let await_writes = |count: u32| {
            let goal = written.load(Ordering::Relaxed) + count;
            while written.load(Ordering::Relaxed) < goal {
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        await_writes(10);
        assert_eq!(cluster.client(&["ring", "--join", "3"]).0, 0);
        await_writes(10);
        cluster.signal(1, "-KILL");
        let (code, text) = cluster.client(&["ring", "--replace", "1", "--by", "4"]);
        assert!(code == 0 && text.contains("retired"), "{code}: {text}");
        await_writes(10);
        assert_eq!(cluster.client(&["ring", "--leave", "0"]).0, 0);
        await_writes(10);
        is_over.store(true, Ordering::Relaxed);
        writer.join().unwrap()
    });
    assert_eq!(places(&cluster), ["retired", "retired", "member", "member", "member"]);
    // Each key is on all members now, and the others are needed no more.
    cluster.kill(0);
    cluster.kill(1);
    for key in keys.iter().rev().step_by(3) {
        assert_eq!(asked(&cluster, &["get", key, "--server", "3"]), said(0, &format!("{key}\n")));
    }
    for (args, told) in [
        (["ring", "--join", "1"].as_slice(), "does not come back"),
        (&["ring", "--leave", "2"], "the ring is too small"),
    ] {
        let (code, error) = refused(&cluster, args);
        assert!(code == Some(2) && error.contains(told), "{args:?}: {code:?} {error}");
    }
    // Clients, which do not have the servers' key, see the ring and cannot move it.
    let (file, copy) = (cluster.dir.path().join("client.toml"), cluster.client(&["client-file"]).1);
    std::fs::write(&file, copy).unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let client = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
        command.arg("ring").args(args).arg("--cluster").arg(&file).output().unwrap()
    };
    assert_eq!(client(&[]).status.code(), Some(0));
    let output = client(&["--leave", "2"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("takes the servers' key"), "{error}");
}

#[test]
fn what_makes_no_sense_is_refused_and_the_ring_is_shown() {
    let cluster = Cluster::start("quorum-store", 4, "");
    for (args, told) in [
        (["cas", "k", "--absent", "v", "--consistency", "one"].as_slice(), "always serial"),
        (&["range", "a", "b"], "the ring puts keys"),
        (&["get", "k", "--consistency", "one", "--local"], "different protocols"),
        (&["get", "k", "--local"], "get, put, delete, cas, --consistency and ring"),
        (&["ring", "--join", "4"], "no server 4; they are 0 to 3"),
        (&["ring", "--join", "3", "--leave", "1"], "cannot be used with"),
        (&["ring", "--replace", "1"], "--by <ID>"),
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
