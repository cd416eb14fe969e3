//! Clients that know nothing of each other, however many there are. The attacks of one on another
//! with the key that clients share are in `src/node/endpoint/tests.rs`.
//!
//! A binary of its own: ten thousand clients keep every core busy, and the tests of `tests/node`
//! count datagrams, of which a late answer makes more.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use quorate::ClusterFile;
use quorate::models::Protocol;
use quorate::models::kv::{Map, Op, Reply};
use quorate::models::paxos::{Paxos, Peer};
use quorate::node::deploy::{ClientOf, open_client, open_node};
use quorate::node::{ClientError, DataDir, Fate};
use quorate::{Client, Stop};
use stateright::actor::Id;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::{KEYS, Running, SECOND, client, cluster, formatted};

type Log = Paxos<Map>;

/// One replica of Multi-Paxos on a thread.
struct Replica {
    stop: Stop,
    thread: std::thread::JoinHandle<()>,
}

impl Replica {
    fn start(cluster: &ClusterFile, data: &Path) -> Self {
        let node = open_node::<Log>(cluster, data, None, None).unwrap();
        let stop = Stop::new();
        let handle = stop.clone();
        Self { stop, thread: std::thread::spawn(move || assert!(node.run(&handle).is_ok())) }
    }

    fn stop(self) {
        self.stop.stop();
        self.thread.join().unwrap();
    }
}

fn alone() -> ClusterFile {
    let text = support::cluster_text("127.0.0.1", 1, KEYS).replace("single-copy", Log::NAME);
    ClusterFile::parse(&text, Path::new("cluster.toml")).unwrap()
}

/// The sessions that a replica remembers are 1,024; those that come and go here are ten times as
/// many. `CLIENTS=100000` for more.
///
/// The claim counts clients, not seconds: a client is active if it asks again before 1,024 others
/// came. So the others wait for it, whatever the speed of the machine.
#[test]
fn an_active_client_is_served_while_ten_thousand_others_come_and_go() {
    const BETWEEN: usize = 256;
    let count = std::env::var("CLIENTS").map_or(10_000, |count| count.parse().unwrap());
    let cluster = alone();
    // Not on a disk: what is tested does not depend on it, and each client waits for a sync.
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let data = dir.path().join("data");
    DataDir::format(&data, &cluster, Id::from(0)).unwrap();
    let replica = Replica::start(&cluster, &data);
    let (begun, allowed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let mut active = open_client::<Log>(&cluster, None).unwrap();
    active.put("active".into(), "0".into(), 30 * SECOND).unwrap();
    let me = active.id();
    std::thread::scope(|scope| {
        let others: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| come_and_go(&cluster, &begun, &allowed, count)))
            .collect();
        // Should this thread panic, the others must not wait for it.
        let _release = Release(&allowed);
        let mut value = 0;
        while others.iter().any(|other| !other.is_finished()) {
            let (old, new) = (value.to_string(), (value + 1).to_string());
            let [old, new] = [old, new].map(|text| text.as_str().into());
            let swapped = active.cas("active".into(), Some(old), Some(new), 30 * SECOND).unwrap();
            assert!(swapped.swapped, "{value}");
            value += 1;
            allowed.store(begun.load(Ordering::SeqCst) + BETWEEN, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(value > 10, "{value}");
    });
    assert_eq!(active.id(), me, "it kept its session");
    replica.stop();
}

/// Lets all clients go on when it is dropped.
struct Release<'a>(&'a AtomicUsize);

impl Drop for Release<'_> {
    fn drop(&mut self) {
        self.0.store(usize::MAX, Ordering::SeqCst);
    }
}

/// A client that asks once, `count` times; each waits until one more is allowed.
fn come_and_go(cluster: &ClusterFile, begun: &AtomicUsize, allowed: &AtomicUsize, count: usize) {
    loop {
        let mine = begun.fetch_add(1, Ordering::SeqCst);
        if mine >= count {
            return;
        }
        while mine >= allowed.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        let mut other: ClientOf<Log> = open_client::<Log>(cluster, None).unwrap();
        // If a datagram is lost and its client waits to ask again, 1,024 others may come meanwhile, and
        // its session is gone before it began. It goes on as a new client.
        let is_served = (0..10).any(|_| match other.put("other".into(), "x".into(), 30 * SECOND) {
            Ok(()) => true,
            Err(ClientError::SessionExpired) => false,
            Err(error) => panic!("{error}"),
        });
        assert!(is_served, "ten sessions in a row were gone before they began");
    }
}

#[test]
fn ids_grow_through_restarts_and_are_not_given_twice() {
    let cluster = cluster("127.0.0.1", 1, KEYS);
    let (_dir, data) = formatted(&cluster);
    let mut ids = BTreeSet::new();
    for life in 0..3 {
        let node = Running::start(&cluster, &data);
        for _ in 0..5 {
            let mut client = client(&cluster);
            client.get("k".into(), SECOND).unwrap();
            let id = client.id().unwrap();
            assert!(ids.last().is_none_or(|last| *last < id), "life {life}: {ids:?} {id:?}");
            ids.insert(id);
        }
        node.stop();
    }
    assert_eq!(ids.len(), 15);
}

/// A client that sleeps while its server restarts, and is forgotten there.
#[test]
fn a_client_outlives_a_restart_of_its_server() {
    for keys in ["", KEYS] {
        let cluster = cluster("127.0.0.1", 1, keys);
        let (_dir, data) = formatted(&cluster);
        let node = Running::start(&cluster, &data);
        let mut client = client(&cluster);
        client.put("k".into(), "v".into(), SECOND).unwrap();
        let id = client.id();
        node.stop();
        let node = Running::start(&cluster, &data);
        assert_eq!(client.get("k".into(), SECOND).unwrap(), Some("v".into()));
        assert_eq!(client.id(), id);
        let stats = node.stop();
        assert_eq!((stats.welcomed, stats.unproven), (0, 0), "its proofs are still good");
    }
}

#[test]
fn a_clients_copy_of_the_file_is_enough_for_a_client_and_not_for_a_server() {
    let dir = tempfile::tempdir().unwrap();
    let quorate = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_quorate"))
            .args(args)
            .current_dir(dir.path())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(text).unwrap())
    };
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    let text = support::cluster_text("127.0.0.1", 1, KEYS).replace("single-copy", Log::NAME);
    write("cluster.toml", &text);
    let (code, copy) = quorate(&["client-file", "--cluster", "cluster.toml"]);
    assert_eq!(code, 0, "{copy}");
    write("client.toml", &copy);
    let format = ["format", "--id", "0", "--data", "data", "--cluster"];
    assert_eq!(quorate(&[&format[..], &["cluster.toml"]].concat()).0, 0);
    let cluster = ClusterFile::load(&dir.path().join("cluster.toml")).unwrap();
    let replica = Replica::start(&cluster, &dir.path().join("data"));
    let put = ["put", "k", "v", "--timeout", "20s", "--cluster", "client.toml"];
    assert_eq!(quorate(&put), (0, "done\n".into()));
    replica.stop();
    let (code, told) = quorate(&["run", "--data", "data", "--cluster", "client.toml"]);
    assert!(code == 1 && told.contains("client's copy"), "{code} {told}");
    // A copy that was made by hand lacks the servers' public key.
    let public = copy.lines().find(|line| line.starts_with("public")).unwrap();
    write("blind.toml", &copy.replace(public, ""));
    let (code, told) = quorate(&["get", "k", "--cluster", "blind.toml"]);
    assert!(code == 1 && told.contains("quorate client-file"), "{code} {told}");
}

#[test]
fn a_client_that_nobody_welcomes_says_whom_it_asked() {
    let cluster = cluster("127.0.0.1", 2, KEYS);
    let retry = SECOND / 20..SECOND / 10;
    let mut client = Client::<Op, Reply, Peer<Map>>::open(&cluster, cluster.ids(), retry).unwrap();
    let error = client.get("k".into(), SECOND / 2).unwrap_err();
    let ClientError::NoSession { asked, .. } = &error else { panic!("{error}") };
    assert_eq!(asked.len(), 2, "{error}");
    assert_eq!(error.fate(), Fate::NotDone, "it has sent no request");
}
