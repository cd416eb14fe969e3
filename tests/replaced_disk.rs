//! A server whose data directory was formatted again: the others do not listen to it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::time::{Duration, Instant};
use support::KEYS;
use support::processes::{Cluster, said};

const PROTOCOLS: [&str; 4] = ["paxos", "primary-backup", "multi-primary", "two-phase-commit"];

fn replace_disk(cluster: &mut Cluster, id: usize) {
    cluster.kill(id);
    std::fs::remove_dir_all(cluster.data(id)).unwrap();
    cluster.format(id);
    cluster.restart(id);
}

/// A value is chosen by 0 and 1; then 1 forgets it, and 0 is down. 2 never had it: were 1 to be
/// heard, both would be a majority that says that there is no such value.
#[test]
fn an_acceptor_that_forgot_is_no_part_of_a_majority() {
    let mut cluster = Cluster::start("paxos", 3, KEYS);
    assert_eq!(cluster.client(&["put", "k", "old", "--timeout", "20s"]).0, 0);
    // 1 and 2 have to have heard each other.
    cluster.kill(0);
    assert_eq!(cluster.client(&["put", "k", "older", "--timeout", "20s"]).0, 0);
    cluster.await_line(2, |line| line.contains("heard for the first time server=1"));
    cluster.restart(0);
    cluster.kill(2);
    assert_eq!(cluster.client(&["put", "fresh", "v", "--timeout", "20s"]).0, 0);
    cluster.kill(0);
    replace_disk(&mut cluster, 1);
    cluster.restart(2);
    assert_eq!(cluster.client(&["get", "fresh", "--timeout", "4s"]).0, 3);
    cluster.await_line(2, |line| line.contains("server 1 has another data directory"));
    cluster.restart(0);
    assert_eq!(cluster.client(&["get", "fresh", "--timeout", "20s"]), said(0, "v\n"));
}

/// Puts, so that the servers talk to each other, until server 0 has logged such a line; answered or
/// not.
fn talk_until(cluster: &Cluster, line: &str) {
    let begin = Instant::now();
    for n in 0.. {
        if cluster.log(0).contains(line) {
            return;
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "not `{line}`:\n{}", cluster.log(0));
        cluster.client(&["put", &n.to_string(), "v", "--timeout", "500ms"]);
    }
}

#[test]
fn a_replaced_disk_is_refused_under_each_protocol_and_readmit_says_what_to_do() {
    for protocol in PROTOCOLS {
        let mut cluster = Cluster::start(protocol, 3, KEYS);
        talk_until(&cluster, "heard for the first time server=2");
        replace_disk(&mut cluster, 2);
        talk_until(&cluster, "server 2 has another data directory");
        let data = cluster.data(0);
        let output = cluster.quorate(&["readmit", "2", "--data", data.to_str().unwrap()]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && text.contains("cannot return"), "{text}");
    }
}
