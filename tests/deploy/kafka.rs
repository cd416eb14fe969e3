//! Kafka as processes: brokers are killed, and what was acknowledged is there, or is lost as the
//! choice of the cluster file says.

use crate::support::processes::{Cluster, said};
use crate::support::{KEYS, SECOND};
use quorate::history::{Linearizability, Recorder, judge};
use quorate::models::kafka::{Kafka, Peer, TopicOffer};
use quorate::models::kv::offer::Answered;
use quorate::models::kv::{Map, Op, Reply};
use quorate::node::deploy::{ask, open_client};
use std::io::Write;
use std::process::Stdio;
use std::time::Instant;

/// A controller and 3 brokers, which take part: the controller holds that they do from the first, and
/// who is not heard in time may not be elected while two others are in sync.
fn start(mode: &str) -> Cluster {
    let cluster = Cluster::start_mode("kafka", &format!("mode = {mode:?}"), 4, KEYS);
    for broker in 1..4 {
        cluster.await_line(broker, |line| line.contains("the node is now"));
    }
    cluster
}

/// Waits until the controller says last that these are in sync.
fn await_in_sync(cluster: &Cluster, brokers: &[usize]) {
    let members: Vec<String> = brokers.iter().map(ToString::to_string).collect();
    let wanted = format!("members {} left_out", members.join(" "));
    cluster.await_line(0, |line| {
        let log = cluster.log(0);
        let last = log.lines().rfind(|line| line.contains("the node is now"));
        last == Some(line) && line.contains(&wanted)
    });
}

fn put(cluster: &Cluster, key: &str, value: &str) {
    let put = cluster.client(&["put", key, value, "--timeout", "20s"]);
    assert_eq!(put, said(0, "done\n"), "put {key}");
}

fn get(cluster: &Cluster, key: &str) -> (i32, String) {
    cluster.client(&["get", key, "--timeout", "20s"])
}

#[test]
fn what_is_acknowledged_survives_the_death_of_any_broker_and_of_all() {
    let mut cluster = start("");
    put(&cluster, "chain", "0");
    let mut value = 0;
    for victim in [1, 2, 3, 0, 1] {
        for step in 0..3 {
            match step {
                1 => cluster.kill(victim),
                2 => cluster.restart(victim),
                _ => {}
            }
            cluster.swap(value, value + 1);
            value += 1;
        }
    }
    (0..4).for_each(|id| cluster.kill(id));
    (0..4).for_each(|id| cluster.restart(id));
    assert_eq!(get(&cluster, "chain"), said(0, &format!("{value}\n")));
}

/// Nothing is on disk before some time later, and a killed process loses what is not: the leader and
/// another at once, time and again.
#[test]
fn with_lazy_disks_and_3_in_sync_2_brokers_may_be_killed_at_once() {
    let mut cluster = start("flush=lazy min.insync.replicas=3");
    cluster.await_line(1, |line| line.contains("survives 2 brokers killed"));
    for (round, victims) in [[1, 2], [3, 1], [2, 3]].into_iter().enumerate() {
        await_in_sync(&cluster, &[1, 2, 3]);
        for number in 0..5 {
            put(&cluster, &format!("{round}.{number}"), "v");
        }
        victims.iter().for_each(|id| cluster.kill(*id));
        victims.iter().for_each(|id| cluster.restart(*id));
    }
    for key in (0..3).flat_map(|round| (0..5).map(move |number| format!("{round}.{number}"))) {
        assert_eq!(get(&cluster, &key), said(0, "v\n"), "{key}");
    }
}

/// The loss that must happen: both brokers are killed before anything is on disk, and whoever is back
/// may be elected. The judge says that the history is not what a map may do.
#[test]
fn with_lazy_disks_as_many_killed_as_must_be_in_sync_lose_what_was_acknowledged() {
    let mode = "mode = \"flush=lazy min.insync.replicas=2 unclean.leader.election.enable=true\"";
    let never = "\n[timing]\nflush = [600000, 600000]\n";
    let mut cluster = Cluster::start_mode("kafka", mode, 3, &format!("{KEYS}{never}"));
    let (file, recorder) = (cluster.file(), Recorder::new());
    let ask = |op: &Op| -> Option<Reply> {
        let mut client = open_client::<Kafka>(&file, None).unwrap();
        let wanted = op.clone().into();
        match ask::<TopicOffer, Peer>(&mut client, &file, &wanted, &mut (), SECOND * 20) {
            Ok(Answered::Reply(reply)) => Some(reply),
            other => panic!("{other:?}"),
        }
    };
    recorder.record(0, Op::put("k", "1"), ask).unwrap();
    [1, 2].iter().for_each(|id| cluster.kill(*id));
    [1, 2].iter().for_each(|id| cluster.restart(*id));
    recorder.record(0, Op::get("k"), ask).unwrap();
    let verdict = judge(&Map::default(), &recorder.operations(), 1 << 10);
    assert!(matches!(verdict, Linearizability::Violated(_)), "{verdict:?}");
}

/// A broker that is asked to stop writes what it has, and says so when it starts.
#[test]
fn a_clean_stop_of_all_loses_nothing_with_lazy_disks() {
    let mut cluster = start("flush=lazy");
    put(&cluster, "color", "green");
    (0..4).for_each(|id| assert_eq!(cluster.terminate(id), Some(0)));
    (0..4).for_each(|id| cluster.restart(id));
    assert_eq!(get(&cluster, "color"), said(0, "green\n"));
}

#[test]
fn messages_are_produced_and_consumed_by_offset() {
    let cluster = start("");
    put(&cluster, "color", "green");
    assert_eq!(cluster.client(&["produce", "a", "b", "--timeout", "20s"]), said(0, "1\n2\n"));
    let mut command = cluster.command(&["produce", "--json", "--timeout", "20s"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"c\nd\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "{\"offset\":3}\n{\"offset\":4}\n");
    assert_eq!(get(&cluster, "color"), said(0, "green\n"));
    let consume = |args: &[&str]| cluster.client(&[&["consume"], args].concat());
    let lines = "0\tput color green\n1\ta\n2\tb\n3\tc\n4\td\n";
    assert_eq!(consume(&[]), said(0, lines));
    assert_eq!(consume(&["--from", "3", "--all"]), said(0, "3\tc\n4\td\n5\tget color\n"));
    assert_eq!(consume(&["--follow", "--max", "2", "--from", "1"]), said(0, "1\ta\n2\tb\n"));
    assert_eq!(cluster.client(&["offsets"]), said(0, "start 0, committed 6, end 6\n"));
    assert_eq!(cluster.client(&["txn", "get a"]).0, 2, "it has no transactions");
}

/// A broker is down while the log forgets what it has not: it gets what that comes to, and leads with
/// it when the others are killed one after the other.
#[test]
fn a_broker_that_missed_what_is_forgotten_gets_the_map_instead() {
    let mut cluster = start("retention.bytes=65536");
    put(&cluster, "old", "gold");
    cluster.kill(3);
    let long = "x".repeat(20_000);
    for number in 0..20 {
        put(&cluster, &format!("key-{number}"), &long);
    }
    let (code, offsets) = cluster.client(&["offsets"]);
    assert!(code == 0 && !offsets.starts_with("start 0,"), "nothing was forgotten: {offsets}");
    let consumed = cluster.quorate(&["consume", "--max", "1"]);
    let remark = String::from_utf8(consumed.stderr).unwrap();
    assert!(remark.contains("older records are gone"), "{remark}");
    cluster.restart(3);
    await_in_sync(&cluster, &[1, 2, 3]);
    for victim in [1, 2] {
        cluster.kill(victim);
        assert_eq!(get(&cluster, "old"), said(0, "gold\n"));
        assert_eq!(get(&cluster, "key-0"), said(0, &format!("{long}\n")));
        cluster.restart(victim);
        await_in_sync(&cluster, &[1, 2, 3]);
    }
}

/// A record of which the leader alone must know is taken without the others; one that all in-sync
/// replicas must have is not; and for one that nobody acknowledges, nobody waits.
#[test]
fn a_record_is_acknowledged_when_its_producer_asked_for_it() {
    let mut cluster = start("");
    await_in_sync(&cluster, &[1, 2, 3]);
    [2, 3].iter().for_each(|id| cluster.kill(*id));
    let produce = |acks, message, timeout| {
        cluster.client(&["produce", "--acks", acks, message, "--timeout", timeout])
    };
    assert_eq!(produce("1", "a", "20s"), said(0, "0\n"));
    assert_eq!(produce("all", "b", "1s").0, 3);
    assert_eq!(produce("0", "c", "20s"), said(0, ""));
    assert_eq!(produce("2", "d", "1s").0, 2);
    cluster.restart(2);
    await_in_sync(&cluster, &[1, 2]);
    // The leader hears of the other a moment later than the controller says it.
    let all = |log: &str| log.starts_with("0\ta\n") && log.ends_with("\tc\n");
    let consume = || cluster.client(&["consume", "--timeout", "20s"]).1;
    let begin = Instant::now();
    while !all(&consume()) {
        assert!(begin.elapsed() < SECOND * 20, "{}", consume());
    }
}

#[test]
fn a_group_of_consumers_goes_on_where_it_stopped_whoever_is_killed() {
    let mut cluster = start("");
    let consume = |cluster: &Cluster, more: &[&str]| {
        let args = ["consume", "--group", "g", "--timeout", "20s"];
        cluster.client(&[args.as_slice(), more].concat())
    };
    assert_eq!(cluster.client(&["produce", "a", "b", "c"]), said(0, "0\n1\n2\n"));
    assert_eq!(consume(&cluster, &["--max", "2"]), said(0, "0\ta\n1\tb\n"));
    cluster.kill(1);
    assert_eq!(consume(&cluster, &[]), said(0, "2\tc\n"));
    cluster.restart(1);
    let (code, offset) = cluster.client(&["produce", "d", "--timeout", "20s"]);
    let line = format!("{}\td\n", offset.trim());
    assert_eq!((code, consume(&cluster, &["--max", "1", "--follow"])), (0, said(0, &line)));
    (0..4).for_each(|id| cluster.kill(id));
    (0..4).for_each(|id| cluster.restart(id));
    assert_eq!(consume(&cluster, &[]), said(0, ""));
    let others = cluster.client(&["consume", "--group", "h", "--timeout", "20s"]);
    assert_eq!(others, said(0, &format!("0\ta\n1\tb\n2\tc\n{line}")));
    let key = "__consumer_offsets/g";
    assert_eq!(cluster.client(&["put", key, "first"]), said(0, "done\n"));
    let refused = cluster.quorate(&["consume", "--group", "g"]);
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(1) && error.contains("is no offset"), "{error}");
}

#[test]
fn fewer_in_sync_than_the_minimum_answer_nobody_until_one_is_back() {
    let mut cluster = start("");
    put(&cluster, "color", "green");
    [2, 3].iter().for_each(|id| cluster.kill(*id));
    assert_eq!(cluster.client(&["put", "color", "red", "--timeout", "2s"]).0, 3);
    cluster.restart(2);
    put(&cluster, "color", "blue");
    assert_eq!(get(&cluster, "color"), said(0, "blue\n"));
}
