//! Topics and partitions: several replica sets in the same processes, each a log of its own.

use crate::support::KEYS;
use crate::support::processes::{Cluster, said};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;

const TOPICS: &str = "[[topic]]\nname = \"orders\"\npartitions = 3\n\
                      [[topic]]\nname = \"audit\"\npartitions = 1\nreplicas = 2\n";
/// The default topic has a partition, and these have 4.
const PORTS: usize = 5;

fn start(topics: &str) -> Cluster {
    Cluster::start_wide("kafka", 4, PORTS, &format!("{KEYS}{topics}"))
}

/// What is printed; it is done in time.
fn done(cluster: &Cluster, args: &[&str]) -> String {
    let (code, text) = cluster.client(&[args, &["--timeout", "20s"]].concat());
    assert_eq!(code, 0, "{args:?}: {text}");
    text
}

/// The servers of each partition of a topic.
fn replicas(cluster: &Cluster, topic: &str) -> Vec<Vec<usize>> {
    let (code, text) = cluster.client(&["topics"]);
    assert_eq!(code, 0);
    let of_topic = |line: &str| {
        let servers = line.strip_prefix(topic)?.split_once("servers ")?.1.to_owned();
        Some(servers.split(' ').map(|id| id.parse().unwrap()).collect())
    };
    text.lines().filter_map(of_topic).collect()
}

/// The messages of each partition of `orders`.
fn orders(cluster: &Cluster) -> Vec<String> {
    let read =
        |number: &str| done(cluster, &["consume", "--topic", "orders", "--partition", number]);
    ["0", "1", "2"].map(read).into()
}

#[test]
fn each_partition_is_a_log_of_its_own_whoever_is_killed() {
    let mut cluster = start(TOPICS);
    let placed = replicas(&cluster, "orders");
    let firsts: BTreeSet<usize> = placed.iter().map(|servers| servers[0]).collect();
    assert_eq!((placed.len(), firsts), (3, BTreeSet::from([1, 2, 3])));
    let to_second = ["produce", "--topic", "orders", "--partition", "1", "a", "b"];
    assert_eq!(done(&cluster, &to_second), "0\n1\n");
    assert_eq!(done(&cluster, &["produce", "of the default topic"]), "0\n");
    let by_key = |value| ["produce", "--topic", "orders", "--key", "customer 7", value];
    let keyed = done(&cluster, &by_key("c"));
    let (number, _) = keyed.split_once('\t').unwrap();
    assert!(done(&cluster, &by_key("d")).starts_with(number), "a key is in one partition");
    assert_eq!(orders(&cluster).concat().lines().count(), 4);
    assert!(orders(&cluster)[1].starts_with("0\ta\n1\tb\n"));
    // In turn, to all.
    let spread = done(&cluster, &["produce", "--topic", "orders", "e", "f", "g"]);
    let numbers: BTreeSet<&str> =
        spread.lines().filter_map(|it| Some(it.split_once('\t')?.0)).collect();
    assert_eq!(numbers.len(), 3, "{spread}");
    // The map of a topic is in the partitions of its keys.
    assert_eq!(done(&cluster, &["put", "color", "green", "--topic", "orders"]), "done\n");
    assert_eq!(done(&cluster, &["get", "color", "--topic", "orders"]), "green\n");
    assert_eq!(cluster.client(&["get", "color", "--timeout", "20s"]).0, 1);
    assert_eq!(done(&cluster, &["produce", "--topic", "audit", "seen"]), "0\n");
    let before = orders(&cluster);
    for victim in [1, 2, 3] {
        cluster.kill(victim);
        let lines = done(&cluster, &["produce", "--topic", "orders", "x", "y", "z"]);
        assert_eq!(lines.lines().count(), 3, "{lines}");
        cluster.restart(victim);
    }
    (0..4).for_each(|id| cluster.kill(id));
    (0..4).for_each(|id| cluster.restart(id));
    // A leader that is new knows what is committed once more is.
    assert_eq!(done(&cluster, &["produce", "--topic", "orders", "p", "q", "r"]).lines().count(), 3);
    assert_eq!(done(&cluster, &["produce", "--topic", "audit", "later"]), "1\n");
    for (after, before) in orders(&cluster).iter().zip(before) {
        assert!(after.starts_with(&before) && after.lines().count() > before.lines().count() + 3);
    }
    assert_eq!(done(&cluster, &["consume", "--topic", "audit"]), "0\tseen\n1\tlater\n");
    assert_eq!(done(&cluster, &["offsets", "--topic", "orders"]).lines().count(), 3);
}

#[test]
fn a_topic_or_partition_that_is_not_there_is_refused_with_advice() {
    let cluster = start(TOPICS);
    let audit = replicas(&cluster, "audit").remove(0);
    let other = (1..4).find(|id| !audit.contains(id)).unwrap().to_string();
    for (args, told) in [
        (["consume", "--topic", "order"].as_slice(), "it has default, orders, audit"),
        (&["consume", "--topic", "orders"], "say which, by --partition with 0 to 2"),
        (&["range", "a", "--topic", "orders"], "say which"),
        (&["produce", "x", "--topic", "orders", "--partition", "3"], "they are 0 to 2"),
        (&["consume", "--partition", "1"], "it has partition 0 alone"),
        (&["offsets", "--topic", "audit", "--server", &other], "has no replica of partition 0"),
        (&["offsets", "--topic", "audit", "--server", "0"], "ask one of"),
    ] {
        let output = cluster.quorate(args);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && error.contains(told), "{args:?}: {error}");
    }
}

#[test]
fn a_topic_is_added_to_a_cluster_that_has_data() {
    let mut cluster = start("");
    assert_eq!(done(&cluster, &["produce", "old"]), "0\n");
    (0..4).for_each(|id| assert_eq!(cluster.terminate(id), Some(0)));
    let path = cluster.dir.path().join("cluster.toml");
    File::options().append(true).open(path).unwrap().write_all(TOPICS.as_bytes()).unwrap();
    let data = cluster.data(1);
    let data = data.to_str().unwrap();
    let refused = cluster.quorate(&["run", "--data", data]);
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(1) && error.contains("format --topic orders"), "{error}");
    for (id, topic) in (0..4).flat_map(|id| [(id, "orders"), (id, "audit")]) {
        let (id, data) = (id.to_string(), cluster.data(id));
        let format = ["format", "--id", &id, "--data", data.to_str().unwrap(), "--topic", topic];
        assert_eq!(cluster.client(&format).0, 0);
    }
    let again = cluster.quorate(&["format", "--id", "1", "--data", data, "--topic", "orders"]);
    assert!(String::from_utf8(again.stderr).unwrap().contains("is not empty"));
    (0..4).for_each(|id| cluster.restart(id));
    assert_eq!(done(&cluster, &["produce", "--topic", "audit", "new"]), "0\n");
    // As above: a record more, and the leader knows that the old one is committed.
    assert_eq!(done(&cluster, &["produce", "newer"]), "1\n");
    assert_eq!(done(&cluster, &["consume"]), "0\told\n1\tnewer\n");
}

#[test]
fn a_protocol_without_topics_says_so() {
    let cluster = Cluster::start_wide("paxos", 1, 1, KEYS);
    let refused = |args: &[&str], told: &str| {
        let output = cluster.quorate(args);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(told), "{args:?}: {error}");
    };
    refused(&["topics"], "has no topics");
    refused(&["get", "k", "--topic", "orders"], "it has default");
    let path = cluster.dir.path().join("cluster.toml");
    File::options().append(true).open(path).unwrap().write_all(TOPICS.as_bytes()).unwrap();
    refused(&["get", "k"], "it has no topics; leave out [[topic]]");
    assert_eq!(cluster.client(&["offsets"]), said(1, ""));
}
