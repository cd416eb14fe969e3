//! Zab as processes: a minority is killed at a time, then all, and every acknowledged write is there;
//! any server reads from its own state, and takes no client back in time.

use crate::support::processes::{Cluster, said};
use crate::support::{KEYS, SECOND};
use quorate::models::kv::offer::{Answered, Ask};
use quorate::models::kv::{Map, Op, Reply};
use quorate::models::zab::{Ordered, Peer, Seen, Zab};
use quorate::node::deploy::{ask, open_client};

type Offered = Ordered<<Map as quorate::models::kv::offer::Offered>::Offer>;

/// What a command with `--json` printed.
fn json(cluster: &Cluster, args: &[&str]) -> serde_json::Value {
    let (code, out) = cluster.client(&[args, &["--json", "--timeout", "20s"]].concat());
    assert_eq!(code, 0, "{args:?}: {out}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn acknowledged_writes_survive_the_death_of_any_minority_and_of_all() {
    let mut cluster = Cluster::start("zab", 3, KEYS);
    assert_eq!(cluster.client(&["put", "chain", "0", "--timeout", "20s"]).0, 0);
    let mut value = 0;
    for victim in [0, 1, 2, 0] {
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
    (0..3).for_each(|id| cluster.kill(id));
    (0..3).for_each(|id| cluster.restart(id));
    let read = cluster.client(&["get", "chain", "--timeout", "20s"]);
    assert_eq!(read, said(0, &format!("{value}\n")));
}

#[test]
fn any_server_answers_a_local_read_but_with_nothing_older_than_was_seen() {
    let cluster = Cluster::start("zab", 3, KEYS);
    for number in 0..10 {
        let value = number.to_string();
        let put = json(&cluster, &["put", "color", &value]);
        let seen = put["seen"].as_str().unwrap();
        for server in ["0", "1", "2"] {
            let args = ["get", "color", "--local", "--seen", seen, "--server", server];
            let got = json(&cluster, &args);
            assert_eq!(got["value"], value.as_str(), "server {server}");
            assert_eq!(got["seen"], seen, "server {server}");
        }
    }
    let synced = json(&cluster, &["sync"]);
    let seen = synced["seen"].as_str().unwrap();
    let args = ["range", "", "--local", "--seen", seen, "--server", "2"];
    assert_eq!(json(&cluster, &args)["pairs"][0]["value"], "9");
}

#[test]
fn a_local_read_of_something_unseen_waits_and_a_sync_needs_a_quorum() {
    let mut cluster = Cluster::start("zab", 3, KEYS);
    assert_eq!(cluster.client(&["put", "color", "red", "--timeout", "20s"]), said(0, "done\n"));
    let get = |seen: &str| {
        cluster.client(&["get", "color", "--local", "--seen", seen, "--timeout", "500ms"])
    };
    assert_eq!(get("0.0#1"), said(0, "red\n"));
    assert_eq!(get("9.0#1").0, 3, "no server has as much");
    assert_eq!(get("red").0, 1, "that says nothing");
    assert_eq!(cluster.client(&["sync"]), said(0, "done\n"));
    [1, 2].iter().for_each(|id| cluster.kill(*id));
    assert_eq!(cluster.client(&["sync", "--timeout", "1s"]).0, 3);
}

/// The client of a follower: its writes are redirected, each anew, and what it reads next at the
/// follower has them.
#[test]
fn a_client_of_one_server_reads_what_it_wrote() {
    let cluster = Cluster::start("zab", 3, KEYS);
    let file = cluster.file();
    let mut client = open_client::<Zab<Map>>(&file, Some(2.into())).unwrap();
    let mut seen = Seen::default();
    let mut call = |wanted: Ask| {
        ask::<Offered, Peer<Map>>(&mut client, &file, &wanted, &mut seen, SECOND * 5).unwrap()
    };
    for number in 0..100 {
        let value = number.to_string();
        call(Op::put("k", &value).into());
        let got = call(Ask::Local(Op::get("k")));
        assert_eq!(got, Answered::Reply(Reply::Value(Some(value.as_str().into()))));
    }
}

/// Three servers, and an observer with the highest id.
#[test]
fn an_observer_answers_local_reads_and_does_not_vote() {
    let mut cluster = Cluster::start("zab", 4, &format!("role = \"observer\"\n{KEYS}"));
    let read = |cluster: &Cluster, seen: &str| {
        json(cluster, &["get", "color", "--local", "--seen", seen, "--server", "3"])["value"]
            .clone()
    };
    let put = json(&cluster, &["put", "color", "red"]);
    assert_eq!(read(&cluster, put["seen"].as_str().unwrap()), "red");
    // The next leader finds it, and it catches up after it was down.
    cluster.kill(0);
    cluster.kill(3);
    let put = json(&cluster, &["put", "color", "green"]);
    cluster.restart(3);
    assert_eq!(read(&cluster, put["seen"].as_str().unwrap()), "green");
    // Asked for a write, it says who leads.
    json(&cluster, &["put", "color", "blue", "--server", "3"]);
    // Two servers of three are down: an observer does not make a quorum.
    cluster.kill(1);
    assert_eq!(cluster.client(&["put", "color", "black", "--timeout", "2s"]).0, 3);
}
