//! A server whose data directory was formatted again: the others do not listen to it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::time::{Duration, Instant};
use support::KEYS;
use support::processes::Cluster;

const PROTOCOLS: [&str; 4] = ["paxos", "primary-backup", "multi-primary", "two-phase-commit"];

fn replace_disk(cluster: &mut Cluster, id: usize) {
    cluster.kill(id);
    std::fs::remove_dir_all(cluster.data(id)).unwrap();
    cluster.format(id);
    cluster.restart(id);
}

/// Two of three acceptors forget: with their answers, a chosen value would be lost.
#[test]
fn paxos_does_not_lose_a_chosen_value_to_replaced_disks() {
    let mut cluster = Cluster::start("paxos", 3, KEYS);
    assert_eq!(cluster.client(&["put", "k", "v", "--timeout", "20s"]).0, 0);
    replace_disk(&mut cluster, 1);
    replace_disk(&mut cluster, 2);
    cluster.await_line(0, |line| line.contains("has another data directory than before"));
    // Each hears of server 0 for the first time; the other replaced one it may take for new.
    let (code, found) = cluster.client(&["get", "k", "--server", "0", "--timeout", "3s"]);
    assert!(code == 3 || found == "v\n", "{code}: {found}");
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
