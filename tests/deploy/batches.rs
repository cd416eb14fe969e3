//! Batches of a producer: each is one record of the log, whoever is killed meanwhile.

use crate::support::processes::{Cluster, said};
use crate::support::{KEYS, SECOND};
use quorate::models::kafka::{Kafka, Op, Record, Reply};
use quorate::node::deploy::open_client;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

/// A controller and 3 brokers.
fn start() -> Cluster {
    Cluster::start("kafka", 4, KEYS)
}

/// How many messages each of the first records of the log has.
fn sizes(cluster: &Cluster) -> Vec<u64> {
    let mut client = open_client::<Kafka>(&cluster.file(), None).unwrap();
    match client.call(Op::Consume { from: 0 }, SECOND * 20).unwrap() {
        Reply::Consumed { from: 0, records } => records.iter().map(Record::count).collect(),
        other => panic!("{other:?}"),
    }
}

fn numbered(numbers: std::ops::Range<usize>) -> String {
    numbers.map(|number| format!("{number}\t{number}\n")).collect::<Vec<_>>().concat()
}

/// A producer is in the middle of its lines when the leader is killed, and again when the next one is:
/// whatever it sent again is there once, in its order, and a batch is whole.
#[test]
fn a_producer_s_batches_are_there_once_and_in_order_whoever_is_killed() {
    let mut cluster = start();
    let args = ["produce", "--batch", "40", "--linger", "20ms", "--timeout", "20s"];
    let mut command = cluster.command(&args);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut say = |from: usize, to: usize| {
        let lines: Vec<_> = (from..to).map(|number| format!("{number}\n")).collect();
        input.write_all(lines.concat().as_bytes()).unwrap();
    };
    for (step, victim) in [1, 2, 3].into_iter().enumerate() {
        let from = step * 300;
        say(from, from + 100);
        let offset = output.next().unwrap().unwrap();
        assert_eq!(offset, from.to_string());
        cluster.kill(victim);
        say(from + 100, from + 300);
        for number in from + 1..from + 300 {
            assert_eq!(output.next().unwrap().unwrap(), number.to_string());
        }
        cluster.restart(victim);
    }
    drop(input);
    assert!(child.wait().unwrap().success());
    let all = cluster.client(&["consume", "--timeout", "20s"]);
    assert_eq!(all, said(0, &numbered(0..900)));
    let sizes = sizes(&cluster);
    assert!(sizes.iter().all(|count| (1..=40).contains(count)) && sizes.contains(&40), "{sizes:?}");
}

#[test]
fn a_batch_has_an_offset_for_each_message_and_is_read_from_any() {
    let cluster = start();
    let client = |args: &[&str]| cluster.client(&[args, &["--timeout", "20s"]].concat());
    assert_eq!(client(&["produce", "0", "1", "2", "3", "4"]), said(0, "0\n1\n2\n3\n4\n"));
    assert_eq!(client(&["produce", "--batch", "1", "5", "6"]), said(0, "5\n6\n"));
    assert_eq!(sizes(&cluster), [5, 1, 1]);
    assert_eq!(client(&["consume"]), said(0, &numbered(0..7)));
    assert_eq!(client(&["consume", "--from", "3", "--max", "3"]), said(0, &numbered(3..6)));
    assert_eq!(client(&["consume", "--from", "6"]), said(0, &numbered(6..7)));
    // A group goes on in the middle of a batch.
    let group = ["consume", "--group", "g"];
    assert_eq!(client(&[&group[..], &["--max", "2"]].concat()), said(0, &numbered(0..2)));
    assert_eq!(client(&[&group[..], &["--max", "2"]].concat()), said(0, &numbered(2..4)));
    assert_eq!(client(&group), said(0, &numbered(4..7)));
    assert_eq!(client(&["put", "color", "green"]), said(0, "done\n"));
    assert_eq!(client(&["get", "color"]), said(0, "green\n"));
    // A message that is too long takes no other with it.
    let mut command = cluster.command(&["produce", "--linger", "1s", "--timeout", "20s"]);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = ["a\n", &"x".repeat(40_000), "\nb\n"].concat();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    // It is not read to its end.
    assert!(!output.status.success() && error.contains("the value has 32769 bytes"), "{error}");
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1);
}

#[test]
fn a_batch_that_cannot_be_is_bad_usage() {
    let produce = |more: &[&str]| {
        let args = [&["produce", "m", "--cluster", "none.toml"], more].concat();
        std::process::Command::new(env!("CARGO_BIN_EXE_quorate")).args(args).output().unwrap()
    };
    for (args, told) in [
        (["--batch", "0"], "0 is not in 1..=4096"),
        (["--batch", "4097"], "4097 is not in 1..=4096"),
        (["--batch", "many"], "invalid digit"),
        (["--linger", "2m"], "a batch waits at most 1m"),
        (["--linger", "soon"], "is not a unit"),
    ] {
        let output = produce(&args);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && error.contains(told), "{args:?}: {error}");
    }
}
