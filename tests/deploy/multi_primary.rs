//! Multi-primary as processes: what its commands print, and which write wins. That nodes converge
//! and lose nothing whatever happens is the business of `tests/faults`.

use crate::support::KEYS;
use crate::support::processes::{Cluster, said};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const SERVERS: [&str; 3] = ["0", "1", "2"];
const MULTI_VALUE: &str = "mode = \"multi-value\"";
/// The context of a write that replaces nothing.
const NOTHING: &str = "00";

/// The values of a key that a node returns, one a line, without order.
fn values(cluster: &Cluster, server: &str, key: &str) -> BTreeSet<String> {
    let (code, text) = cluster.client(&["get", key, "--server", server, "--timeout", "20s"]);
    assert!(code == 0 || code == 1, "server {server} does not answer");
    text.lines().map(str::to_owned).collect()
}

/// Waits until all nodes return the same values of a key, and these satisfy `is_right`.
fn converge(cluster: &Cluster, key: &str, is_right: impl Fn(&BTreeSet<String>) -> bool) {
    let begin = Instant::now();
    loop {
        let [first, second, third] = SERVERS.map(|server| values(cluster, server, key));
        if first == second && second == third && is_right(&first) {
            return;
        }
        let waited = begin.elapsed() < Duration::from_secs(30);
        assert!(waited, "no convergence on {key}: {first:?}, {second:?}, {third:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn wait_for_all(cluster: &Cluster) {
    for server in SERVERS {
        values(cluster, server, "nothing");
    }
}

#[test]
fn siblings_are_told_and_replaced_by_their_context() {
    let cluster = Cluster::start_mode("multi-primary", MULTI_VALUE, 3, KEYS);
    wait_for_all(&cluster);
    let blind = |value, server| {
        cluster.client(&["put", "k", value, "--context", NOTHING, "--server", server])
    };
    assert_eq!(blind("a", "0"), said(0, "done\n"));
    assert_eq!(blind("b", "1"), said(0, "done\n"));
    let both = ["a", "b"].map(str::to_owned).into();
    converge(&cluster, "k", |values| *values == both);
    let (code, text) = cluster.client(&["get", "k", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &told["values"]), (0, &serde_json::json!(["a", "b"])));
    let context = told["context"].as_str().unwrap();
    assert_eq!(cluster.client(&["put", "k", "c", "--context", context]), said(0, "done\n"));
    let one = ["c".to_owned()].into();
    converge(&cluster, "k", |values| *values == one);
    // Of this key, and as it was given, or nothing is written.
    for args in [["put", "other", "c", context], ["put", "k", "e", &forged(context)]] {
        let [command, key, value, context] = args;
        let output = cluster.quorate(&[command, key, value, "--context", context]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("nothing was written"), "{text}");
    }
    // Without a context, what the node holds is replaced.
    assert_eq!(cluster.client(&["put", "k", "d"]), said(0, "done\n"));
    assert_eq!(cluster.client(&["get", "k", "--server", "0"]), said(0, "d\n"));
    assert_eq!(cluster.client(&["delete", "k"]), said(0, "done\n"));
    converge(&cluster, "k", BTreeSet::is_empty);
    assert_eq!(cluster.client(&["put", "k", "v", "--context", "what"]).0, 2);
}

/// The same context with its first write's number raised: one of the future.
fn forged(context: &str) -> String {
    let mut digits: Vec<char> = context.chars().collect();
    // The number of nodes, a node's id and its number, two digits each.
    digits[5] = if digits[5] == '9' { '8' } else { '9' };
    digits.into_iter().collect()
}

#[test]
fn what_it_does_not_offer_is_refused_and_others_are_named() {
    let cluster = Cluster::start("multi-primary", 3, "");
    let refused = |args: &[&str], offers: &str| {
        let output = cluster.quorate(args);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("get, put and delete") && text.contains(offers), "{text}");
    };
    refused(&["cas", "k", "--absent", "v"], "primary-backup");
    refused(&["txn", "--put", "a=1"], "two-phase-commit");
    let contextual = ["put", "k", "v", "--context", NOTHING];
    assert_eq!(cluster.client(&contextual).0, 2);
    assert_eq!(cluster.client(&["put", "k", "v", "--timeout", "20s"]), said(0, "done\n"));
    assert_eq!(cluster.client(&["get", "k", "--json"]), said(0, "{\"value\":\"v\"}\n"));
}

/// The last writer by the clock on the wall wins, even over a node that has written more often.
#[test]
fn the_last_writer_wins_by_wall_clock() {
    let mut cluster = Cluster::start("multi-primary", 3, KEYS);
    wait_for_all(&cluster);
    cluster.kill(1);
    cluster.kill(2);
    for value in ["1", "2", "3", "4", "old"] {
        assert_eq!(cluster.client(&["put", "k", value, "--server", "0"]), said(0, "done\n"));
    }
    assert_eq!(cluster.client(&["put", "mine", "0", "--server", "0"]), said(0, "done\n"));
    cluster.kill(0);
    cluster.restart(1);
    let put = ["put", "k", "new", "--server", "1", "--timeout", "20s"];
    assert_eq!(cluster.client(&put), said(0, "done\n"));
    cluster.kill(1);
    (0..3).for_each(|id| cluster.restart(id));
    converge(&cluster, "k", |values| *values == ["new".to_owned()].into());
    converge(&cluster, "mine", |values| *values == ["0".to_owned()].into());
}
