//! The command itself: a cluster of processes that are killed and started again.

use crate::support::KEYS;
use crate::support::processes::{Cluster, said};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn the_commands_answer_with_text_and_exit_codes() {
    let mut cluster = Cluster::start("primary-backup", 3, KEYS);
    assert_eq!(cluster.client(&["get", "color", "--timeout", "20s"]), said(1, ""));
    assert_eq!(cluster.client(&["put", "color", "green"]), said(0, "done\n"));
    assert_eq!(cluster.client(&["get", "color"]), said(0, "green\n"));
    assert_eq!(cluster.client(&["get", "color", "--json"]), said(0, "{\"value\":\"green\"}\n"));
    let swap = ["cas", "color", "--expected", "green", "blue"];
    assert_eq!(cluster.client(&swap), said(0, "swapped\n"));
    assert_eq!(cluster.client(&swap), said(1, "not swapped: the value is blue\n"));
    assert_eq!(cluster.client(&["cas", "taste", "--absent", "sour"]), said(0, "swapped\n"));
    assert_eq!(cluster.client(&["range", ""]), said(0, "color\tblue\ntaste\tsour\n"));
    assert_eq!(cluster.client(&["range", "b", "d"]), said(0, "color\tblue\n"));
    assert_eq!(cluster.client(&["range", "--prefix", "ta"]), said(0, "taste\tsour\n"));
    let page =
        "{\"more\":true,\"next\":\"taste\",\"pairs\":[{\"key\":\"color\",\"value\":\"blue\"}]}\n";
    assert_eq!(cluster.client(&["range", "", "--limit", "1", "--json"]), said(0, page));
    assert_eq!(cluster.client(&["range", "", "--limit", "0"]).0, 2);
    assert_eq!(cluster.client(&["range", "a", "--prefix", "a"]).0, 2);
    assert_eq!(cluster.client(&["delete", "color"]), said(0, "done\n"));
    assert_eq!(cluster.client(&["get", "color"]).0, 1);
    assert_eq!(cluster.client(&["put", &"k".repeat(2000), "v"]).0, 2);
    assert_eq!(cluster.client(&["cas", "color", "blue"]).0, 2);
    for id in 0..3 {
        assert_eq!(cluster.terminate(id), Some(0));
    }
    let output = cluster.quorate(&["get", "color", "--timeout", "300ms"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("server 1"), "{output:?}");
}

#[test]
fn a_node_refuses_another_nodes_directory() {
    let mut cluster = Cluster::start("primary-backup", 2, "");
    let (data, other) = (cluster.data(1), cluster.dir.path().join("none"));
    let run = |cluster: &Cluster, args: &[&str]| {
        let output = cluster.quorate(&[&["run"], args].concat());
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let data = data.to_str().unwrap();
    // An answer: server 1 runs, and has locked its directory.
    assert_eq!(cluster.client(&["get", "k", "--timeout", "20s"]).0, 1);
    let (code, text) = run(&cluster, &["--data", data]);
    assert!(code == 1 && text.contains("in use by another process"), "{text}");
    cluster.kill(1);
    let (code, text) = run(&cluster, &["--data", data, "--id", "0"]);
    assert!(code == 1 && text.contains("is server 1's, not server 0's"), "{text}");
    let (code, text) = run(&cluster, &["--data", other.to_str().unwrap()]);
    assert!(code == 1 && text.contains("quorate format"), "{text}");
}

/// An acknowledged write survives the death of any node, and of all of them at once.
#[test]
fn acknowledged_writes_survive_kills() {
    let mut cluster = Cluster::start("primary-backup", 4, KEYS);
    let put = |cluster: &Cluster, value: &str| {
        let begin = Instant::now();
        while cluster.client(&["put", "k", value, "--timeout", "10s"]).0 != 0 {
            assert!(begin.elapsed() < Duration::from_mins(1), "no answer for a minute");
        }
    };
    for victim in [1, 2, 0, 3, 1] {
        put(&cluster, &format!("before {victim}"));
        if victim == 0 {
            await_one_view(&cluster);
        }
        cluster.kill(victim);
        // Without its view service, a view goes on in which all are; without a member, the next
        // one does.
        put(&cluster, &format!("without {victim}"));
        cluster.restart(victim);
        put(&cluster, &format!("with {victim}"));
    }
    (0..4).for_each(|id| cluster.kill(id));
    (0..4).for_each(|id| cluster.restart(id));
    assert_eq!(cluster.client(&["get", "k", "--timeout", "20s"]), said(0, "with 1\n"));
}

/// Waits until every server has logged the same view last, with all three replicas as members. A
/// view service that dies while it announces a view leaves the members in two views, and no request
/// is answered before it is back.
fn await_one_view(cluster: &Cluster) {
    let view = |id: usize| {
        let log = cluster.log(id);
        let line = log.lines().rfind(|line| line.contains(", members "))?;
        let (view, _) = line.split_once(", view ")?.1.split_once(" left_out")?;
        let (_, members) = view.split_once(", members ")?;
        (members.split(' ').count() == 3).then(|| view.to_owned())
    };
    let begin = Instant::now();
    while view(0).is_none() || (1..4).any(|id| view(id) != view(0)) {
        let logs: Vec<_> = (0..4).map(|id| cluster.log(id)).collect();
        assert!(begin.elapsed() < Duration::from_secs(20), "{}", logs.join("\n"));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A server that is asked to stop need not be missed: its successor leads at once, although nobody
/// would suspect it for twenty seconds.
#[test]
fn a_leader_that_is_asked_to_stop_is_succeeded_at_once() {
    let paxos = "[timing]\nelection = [20000, 30000]\ncandidacy = [30000, 40000]\n";
    let primary_backup = "[timing]\nsuspect = [20000, 30000]\n";
    for (protocol, servers, leader, timing) in
        [("paxos", 3, 0, paxos), ("zab", 3, 0, paxos), ("primary-backup", 4, 1, primary_backup)]
    {
        let mut cluster = Cluster::start(protocol, servers, &format!("{KEYS}{timing}"));
        assert_eq!(cluster.client(&["put", "k", "before", "--timeout", "10s"]), said(0, "done\n"));
        // A successor, or one that it needs, that has not begun yet would not hear of it.
        for id in leader + 1..servers {
            cluster.await_line(id, |line| line.contains("the node is now"));
        }
        assert_eq!(cluster.terminate(leader), Some(0));
        let put = cluster.client(&["put", "k", "after", "--timeout", "10s"]);
        assert_eq!(put, said(0, "done\n"), "{protocol}: {}", cluster.log(leader + 1));
        assert_eq!(cluster.client(&["get", "k", "--timeout", "10s"]), said(0, "after\n"));
    }
}

/// A node whose disk is full stops and reports why; what it acknowledged until then is there when
/// it comes back, and what it was writing is cut off.
#[test]
fn a_full_disk_stops_a_node_and_loses_nothing_acknowledged() {
    let mut cluster = Cluster::start("primary-backup", 2, "");
    cluster.kill(1);
    // Without the signal, a write beyond the limit of 16 blocks of 512 bytes fails.
    let limited = "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"";
    let data = cluster.data(1);
    let run = cluster.command(&["run", "--data", data.to_str().unwrap()]);
    let node = Command::new("sh")
        .args(["-c", limited])
        .arg(run.get_program())
        .args(run.get_args())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let value = |n: u32| format!("{n} {}", "v".repeat(500));
    let acknowledged = (0..100)
        .take_while(|n| cluster.client(&["put", "k", &value(*n), "--timeout", "3s"]).0 == 0)
        .last();
    let output = node.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && text.contains("cannot write to the log"), "{text}");
    let Some(last @ 2..20) = acknowledged else { panic!("{acknowledged:?}") };
    cluster.restart(1);
    let (code, found) = cluster.client(&["get", "k", "--timeout", "20s"]);
    assert_eq!(code, 0);
    // The one after it was never acknowledged; it may have been done, had its record been whole.
    assert!([value(last), value(last + 1)].contains(&found.trim().to_owned()), "{found}");
}
