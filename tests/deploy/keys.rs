//! The keys of a cluster are replaced while it runs, as `quorate keygen --help` says.

use crate::support::SECOND;
use crate::support::processes::Cluster;
use quorate::ClusterFile;
use quorate::models::kv::{Bytes, Map};
use quorate::models::paxos::Paxos;
use quorate::node::deploy::{ClientOf, open_client};
use quorate::node::{ClientError, Fate};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::time::{Duration, Instant};

const OLD: u8 = 1;
const NEW: u8 = 2;

/// A section of the cluster file: the keys that seal, and those that are accepted also.
fn keys(seal: u8, also: Option<u8>) -> String {
    let pair = |more: &str, kind: u8| {
        let key = |n: u8| format!("{n:02x}").repeat(32);
        format!("server{more} = {:?}\nclient{more} = {:?}\n", key(kind), key(kind + 10))
    };
    let also = also.map(|kind| pair("-also", kind)).unwrap_or_default();
    format!("[keys]\n{}{also}", pair("", seal))
}

/// Restarts the servers one after the other with another section, and waits for each.
fn roll(cluster: &mut Cluster, text: &str, section: &str) {
    std::fs::write(cluster.dir.path().join("cluster.toml"), format!("{text}{section}")).unwrap();
    for id in 0..3 {
        assert_eq!(cluster.terminate(id), Some(0));
        cluster.restart(id);
        let get = ["get", "old", "--server", &id.to_string(), "--timeout", "20s"];
        assert_eq!(cluster.client(&get).0, 0, "server {id} with {section}");
    }
}

/// Puts 1, 2, 3 and so on under `key` until it is stopped; `done` is how many were done.
fn put_on(
    file: &ClusterFile,
    key: &str,
    (stop, done): (&AtomicBool, &AtomicU32),
) -> ClientOf<Paxos<Map>> {
    let mut client = open_client::<Paxos<Map>>(file, None).unwrap();
    while !stop.load(Relaxed) {
        let count = done.load(Relaxed) + 1;
        put(&mut client, key, count).unwrap();
        done.store(count, Relaxed);
    }
    client
}

/// Waits until so many were done that what follows happens while others are under way.
fn wait_for_some(done: &AtomicU32) {
    let begin = Instant::now();
    while done.load(Relaxed) <= 10 {
        assert!(begin.elapsed() < SECOND * 30, "{} in 30 seconds", done.load(Relaxed));
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn put(client: &mut ClientOf<Paxos<Map>>, key: &str, count: u32) -> Result<(), ClientError> {
    client.put(key.into(), count.to_string().as_str().into(), SECOND * 20)
}

#[test]
fn keys_are_replaced_without_a_failed_request() {
    let mut cluster = Cluster::start("paxos", 3, &keys(OLD, None));
    let text = std::fs::read_to_string(cluster.dir.path().join("cluster.toml")).unwrap();
    let text = text.replace(&keys(OLD, None), "");
    let old = cluster.file();
    assert_eq!(cluster.client(&["put", "old", "0", "--timeout", "20s"]).0, 0);
    let [stop, stop_new] = [false, false].map(AtomicBool::new);
    let [olds, news] = [0, 0].map(AtomicU32::new);
    let mut of_old = std::thread::scope(|scope| {
        // It keeps its session, under the old keys, through steps 1 and 2.
        let puts_old = scope.spawn(|| put_on(&old, "old", (&stop, &olds)));
        wait_for_some(&olds);
        roll(&mut cluster, &text, &keys(OLD, Some(NEW)));
        roll(&mut cluster, &text, &keys(NEW, Some(OLD)));
        let new = cluster.file();
        let (stop_new, news) = (&stop_new, &news);
        let puts_new = scope.spawn(move || put_on(&new, "new", (stop_new, news)));
        stop.store(true, Relaxed);
        let of_old = puts_old.join().unwrap();
        wait_for_some(news);
        roll(&mut cluster, &text, &keys(NEW, None));
        stop_new.store(true, Relaxed);
        puts_new.join().unwrap();
        of_old
    });
    let [olds, news] = [olds, news].map(AtomicU32::into_inner);
    for (key, count) in [("old", olds), ("new", news)] {
        assert_eq!(cluster.client(&["get", key]), (0, format!("{count}\n")));
    }
    // Nothing is taken under the old keys any more, in a session or without one.
    let error = of_old.get("old".into(), SECOND).unwrap_err();
    assert!(matches!(error, ClientError::NoAnswer { .. }), "{error}");
    let error = open_client::<Paxos<Map>>(&old, None).unwrap().get(Bytes::from("old"), SECOND);
    assert_eq!(error.unwrap_err().fate(), Fate::NotDone, "it gets no session");
}
