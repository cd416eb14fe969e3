//! Nodes on real sockets and a real disk: what the runtime promises to the protocols.

use crate::support;
use crate::support::{KEYS, Msg, Running, SECOND, client, cluster, formatted, open};
use quorate::Stop;
use quorate::models::Recoverable;
use quorate::models::kv::limits::LimitError;
use quorate::models::kv::offer::{MapOffer, admits};
use quorate::models::kv::service::Refusal;
use quorate::models::kv::{Op, Reply, Service};
use quorate::node::{
    BindError, ClientError, DataDir, LogError, MAX_DATAGRAM, Node, NodeError, Stats, Swapped,
};
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use std::net::UdpSocket;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

#[test]
fn a_client_reads_writes_deletes_and_swaps() {
    for (host, keys) in [("127.0.0.1", ""), ("[::1]", ""), ("127.0.0.1", KEYS), ("[::1]", KEYS)] {
        let cluster = cluster(host, 1, keys);
        let (_dir, data) = formatted(&cluster);
        let node = Running::start(&cluster, &data);
        let mut client = client(&cluster);
        assert_eq!(client.get("k".into(), SECOND).unwrap(), None);
        client.put("k".into(), "v".into(), SECOND).unwrap();
        assert_eq!(client.get("k".into(), SECOND).unwrap(), Some("v".into()));
        let swapped = client.cas("k".into(), Some("v".into()), Some("w".into()), SECOND).unwrap();
        assert_eq!(swapped, Swapped { swapped: true, found: Some("v".into()) });
        let kept = client.cas("k".into(), None, Some("x".into()), SECOND).unwrap();
        assert_eq!(kept, Swapped { swapped: false, found: Some("w".into()) });
        client.delete("k".into(), SECOND).unwrap();
        assert_eq!(client.get("k".into(), SECOND).unwrap(), None);
        assert_eq!(node.stop().synced, 7);
    }
}

#[test]
fn the_largest_key_and_value_fit_and_larger_ones_are_refused() {
    let cluster = cluster("127.0.0.1", 1, KEYS);
    let (_dir, data) = formatted(&cluster);
    let node = Running::start(&cluster, &data);
    let mut client = client(&cluster);
    let (key, value) = ("k".repeat(1024), "v".repeat(32 * 1024));
    client.put(key.as_str().into(), value.as_str().into(), SECOND).unwrap();
    assert_eq!(client.get(key.as_str().into(), SECOND).unwrap(), Some(value.as_str().into()));
    let error = client.put("k".into(), format!("{value}v").as_str().into(), SECOND).unwrap_err();
    assert!(error.to_string().contains("limit of 32768"), "{error}");
    let error = client.get(format!("{key}k").as_str().into(), SECOND).unwrap_err();
    assert!(error.to_string().contains("limit of 1024"), "{error}");
    let error =
        client.cas("k".into(), Some(value.as_str().into()), Some(value.as_str().into()), SECOND);
    assert!(
        matches!(error, Err(ClientError::Limit(LimitError::OperationTooLong { .. }))),
        "{error:?}"
    );
    let huge = Op::put("k", &"v".repeat(MAX_DATAGRAM));
    assert!(matches!(client.call(huge, SECOND), Err(ClientError::Unsendable(_))));
    node.stop();
}

#[test]
fn no_answer_names_the_servers_that_were_asked() {
    let cluster = cluster("127.0.0.1", 2, "");
    let begin = Instant::now();
    let error = client(&cluster).get("k".into(), SECOND / 2).unwrap_err();
    assert!((SECOND / 2..SECOND).contains(&begin.elapsed()));
    let text = error.to_string();
    for server in &cluster.servers {
        let named = format!("server {} ({})", server.id, server.address);
        assert!(text.contains(&named), "{text}");
    }
}

#[test]
fn a_port_in_use_is_told() {
    let cluster = cluster("127.0.0.1", 1, "");
    let (_dir, data) = formatted(&cluster);
    let _taken = UdpSocket::bind(cluster.servers[0].address).unwrap();
    let error = open(&cluster, &data).err().unwrap();
    assert!(matches!(error, NodeError::Bind(BindError::InUse { .. })), "{error}");
}

#[test]
fn a_node_does_not_start_on_a_log_that_lost_something() {
    let cluster = cluster("127.0.0.1", 1, "");
    let (_dir, data) = formatted(&cluster);
    let node = Running::start(&cluster, &data);
    client(&cluster).put("k".into(), "v".into(), SECOND).unwrap();
    node.stop();
    let log = data.join("log");
    let whole = std::fs::read(&log).unwrap();
    std::fs::write(&log, &whole[..whole.len() - 1]).unwrap();
    let error = open(&cluster, &data).err().unwrap();
    assert!(matches!(error, NodeError::Log(LogError::Lost { .. })), "{error}");
    std::fs::remove_file(&log).unwrap();
    let error = open(&cluster, &data).err().unwrap();
    assert!(matches!(error, NodeError::Log(LogError::Missing { .. })), "{error}");
}

#[test]
fn whatever_arrives_is_dropped_and_counted_unless_it_is_whole_and_for_this_node() {
    let ours = cluster("127.0.0.1", 2, KEYS);
    let (_dir, data) = formatted(&ours);
    let node = Running::start(&ours, &data);
    // It waits for the other server's answer to its greeting.
    std::thread::sleep(3 * SECOND);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let send = |bytes: &[u8]| {
        socket.send_to(bytes, ours.servers[0].address).unwrap();
    };
    let tap = support::Tap::new(&ours);
    client(&tap.cluster).get("k".into(), SECOND).unwrap();
    let good = tap.last();

    send(&[]);
    send(&good[..20]);
    send(&vec![2; MAX_DATAGRAM + 1]);
    send(b"GET / HTTP/1.1");
    let mut flipped = good.clone();
    flipped[100] ^= 1;
    send(&flipped);
    // A replay of what was taken, from where its client is not.
    send(&good);
    send(&good);
    // From a client, but of another protocol, and more than a client may ask.
    let once = SECOND..SECOND;
    let mut other =
        quorate::Client::<(), Reply, ()>::open(&ours, ours.ids(), once.clone()).unwrap();
    other.call((), SECOND / 5).unwrap_err();
    let mut greedy = quorate::Client::<Op, Reply, ()>::open(&ours, ours.ids(), once).unwrap();
    greedy.call(Op::put("k", &"v".repeat(40_000)), SECOND / 5).unwrap_err();

    let mut client = client(&ours);
    client.put("k".into(), "v".into(), SECOND).unwrap();
    let stats = node.stop();
    let expected = Stats {
        malformed: 3,
        oversized: 1,
        other_version: 1,
        forged: 1,
        stale: 2,
        welcomed: 4,
        not_admitted: 1,
        received: 15,
        handlers: 2,
        sent: 6,
        greeted: stats.greeted,
        synced: stats.synced,
        longest_pause: stats.longest_pause,
        ..Stats::default()
    };
    assert_eq!(stats, expected);
}

/// Every answer survives kill -9 at random moments, and every operation is done exactly once: each
/// swap finds what the one before it left.
#[test]
fn what_was_answered_survives_kill_9_at_random_moments() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("cluster.toml");
    std::fs::write(&file, support::cluster_text("127.0.0.1", 1, KEYS)).unwrap();
    let cluster = quorate::ClusterFile::load(&file).unwrap();
    let (_data_dir, data) = formatted(&cluster);
    let start = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "runtime::child", "--ignored", "--nocapture"])
            .envs([("QUORATE_CLUSTER", &file), ("QUORATE_DATA", &data)])
            .stdout(std::process::Stdio::null())
            .spawn()
            .map(Killed)
            .unwrap()
    };
    let done = quorate::Stop::new();
    let kills = std::thread::scope(|scope| {
        let killer = scope.spawn(|| {
            let (mut node, mut kills) = (start(), 0);
            while !done.is_stopped() {
                std::thread::sleep(Duration::from_millis(rand::random_range(20..120)));
                drop(node);
                node = start();
                kills += 1;
            }
            kills
        });
        let mut client = client(&cluster);
        let (begin, mut n) = (Instant::now(), 0);
        let mut value = None;
        while begin.elapsed() < 4 * SECOND {
            n += 1;
            let next = Some(n.to_string().as_str().into());
            let result = client.cas("n".into(), value.clone(), next.clone(), 10 * SECOND);
            assert_eq!(result.unwrap(), Swapped { swapped: true, found: value });
            value = next;
        }
        assert_eq!(client.get("n".into(), 10 * SECOND).unwrap(), value);
        done.stop();
        let kills: u32 = killer.join().unwrap();
        assert!(n > kills, "{n} operations, {kills} kills");
        kills
    });
    assert!(kills > 10, "{kills}");
}

/// A child process, killed when it is dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Not a test: the node that the test above runs in another process.
#[test]
#[ignore = "the body of a child process"]
fn child() {
    let [Some(file), Some(data)] = ["QUORATE_CLUSTER", "QUORATE_DATA"].map(std::env::var_os) else {
        return;
    };
    let cluster = quorate::ClusterFile::load(file.as_ref()).unwrap();
    let node = open(&cluster, data.as_ref()).unwrap();
    node.run(&quorate::Stop::new()).unwrap();
}

/// A server that has forgotten the first client that it hears from, and nobody else.
struct Forgetful;

impl Actor for Forgetful {
    type Msg = Msg;
    type Timer = ();
    type State = Option<Id>;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Option<Id> {
        None
    }

    fn on_msg(&self, _: Id, first: &mut Cow<'_, Option<Id>>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let Service::Request { seq, .. } = msg else { return };
        let first = *first.to_mut().get_or_insert(src);
        if src == first {
            o.send(src, Service::Refused { seq, why: Refusal::SessionExpired });
        } else if seq == 1 {
            o.send(src, Service::Reply { seq, reply: Reply::Done });
        }
    }
}

impl Recoverable for Forgetful {
    fn checkpoint(&self, _: Id, _: &Option<Id>) -> Option<()> {
        None
    }
}

#[test]
fn a_client_whose_session_expired_goes_on_in_a_new_one() {
    let cluster = cluster("127.0.0.1", 1, KEYS);
    let (_dir, data) = formatted(&cluster);
    let data = DataDir::open(&data, &cluster, None).unwrap();
    let node =
        Node::builder(Forgetful, &cluster, data).admit_from_clients(admits::<MapOffer, _>).open();
    let (node, stop) = (node.unwrap(), Stop::new());
    let handle = stop.clone();
    let thread = std::thread::spawn(move || node.run(&handle));

    let mut client = client(&cluster);
    let error = client.put("k".into(), "v".into(), SECOND).unwrap_err();
    assert!(matches!(error, ClientError::SessionExpired), "{error}");
    assert!(error.to_string().contains("may or may not have been done"), "{error}");
    assert_eq!(client.id(), None, "an id is not used for a second session");
    client.put("k".into(), "v".into(), SECOND).unwrap();
    assert!(client.id().is_some());
    stop.stop();
    thread.join().unwrap().unwrap();
}
