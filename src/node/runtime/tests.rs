//! A node whose disk is slow, or fails.

use super::*;
use crate::node::client::{Client, ClientError};
use crate::node::cluster_file::ClusterFile;
use crate::node::frame::Greeting;
use crate::node::life::Life;
use crate::node::log::LogError;
use crate::node::log::tests::sim::{Call, Fault, Gate, SimDisk};
use crate::node::peers::Peers;
use quorate_models::kv::{Op, Reply, Service};
use quorate_models::{Durable, Recoverable};
use serde::{Deserialize, Serialize, Serializer};
use std::io::ErrorKind;
use std::net::UdpSocket;
use std::path::Path;
use std::sync::Arc;
use std::thread::{JoinHandle, ScopedJoinHandle};

const SECOND: Duration = Duration::from_secs(1);

/// So many messages are sent at a time.
const MANY: u64 = 300;
/// The key whose delete sends so many messages to the node itself.
const MYSELF: &str = "myself";
const OWN: u64 = 100_000;
const NOBODY: u64 = u64::MAX;

/// Counts puts. It answers a put when it has heard of it from itself, and that waits for the disk;
/// the answer to a get does not. At a delete it sends much to server 1, or to itself, and counts that too.
struct Counter;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Count {
    is_complete: Flag,
    puts: u64,
    padding: Vec<u8>,
}

/// Takes its time to be encoded, if it is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
struct Flag(bool);

static CHECKPOINTS: Gate = Gate::new();

impl Serialize for Flag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 {
            CHECKPOINTS.pass();
        }
        serializer.serialize_bool(self.0)
    }
}

impl Durable for Count {
    fn absorb(&mut self, delta: Self) {
        self.puts += delta.puts;
    }
}

/// From itself: for which client and which of its requests.
type Peer = (u64, u64);
type Msg = Service<Op, Reply, Peer>;

impl Actor for Counter {
    type Msg = Msg;
    type Timer = ();
    type State = u64;
    type Storage = Count;
    type Random = ();

    /// It saves that it started for the first time.
    fn on_start(&self, _: Id, saved: &Option<Count>, o: &mut Out<Self>) -> u64 {
        if saved.is_none() {
            o.save(Count::default());
        }
        saved.as_ref().map_or(0, |saved| saved.puts)
    }

    fn on_msg(&self, id: Id, puts: &mut Cow<'_, u64>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            Service::Request { seq, op: Op::Put { value, .. } } => {
                *puts.to_mut() += 1;
                let padding = vec![7; value.len()];
                o.save(Count { is_complete: Flag(false), puts: 1, padding });
                o.send(id, Service::Peer((usize::from(src) as u64, seq)));
            }
            Service::Request { seq, op: Op::Delete { key } } if key == MYSELF.into() => {
                (0..OWN).for_each(|n| o.send(id, Service::Peer((NOBODY, n))));
                o.send(src, Service::Reply { seq, reply: Reply::Done });
            }
            Service::Request { seq, op: Op::Delete { .. } } => {
                (0..MANY).for_each(|n| o.send(Id::from(1), Service::Peer((n, 0))));
                o.send(src, Service::Reply { seq, reply: Reply::Done });
            }
            Service::Request { seq, .. } => {
                let reply = Reply::Value(Some(puts.to_string().as_str().into()));
                o.send(src, Service::Reply { seq, reply });
            }
            Service::Peer((NOBODY, _)) => *puts.to_mut() += 1,
            Service::Peer((client, seq)) => {
                assert_eq!(src, id);
                o.send(Id::from(client as usize), Service::Reply { seq, reply: Reply::Done });
            }
            _ => {}
        }
    }
}

impl Recoverable for Counter {
    fn checkpoint(&self, _: Id, puts: &u64) -> Option<Count> {
        Some(Count { is_complete: Flag(true), puts: *puts, padding: Vec::new() })
    }

    fn waits_for_disk(&self, msg: &Msg) -> bool {
        !matches!(msg, Service::Reply { reply: Reply::Value(_), .. })
    }
}

/// A cluster of one server whose log is on a simulated disk.
struct World {
    cluster: ClusterFile,
    dir: tempfile::TempDir,
    disk: SimDisk,
}

struct Running {
    stop: Stop,
    thread: JoinHandle<Result<Stats, NodeError>>,
}

impl World {
    fn new() -> Self {
        Self::of(1, "")
    }

    /// The cluster file has this line.
    fn of(servers: usize, line: &str) -> Self {
        use std::fmt::Write;
        let mut text = format!("name = \"demo\"\nprotocol = \"toy\"\n{line}\n");
        let free: Vec<_> = (0..servers).map(|_| UdpSocket::bind("127.0.0.1:0").unwrap()).collect();
        for (id, socket) in free.iter().enumerate() {
            let address = socket.local_addr().unwrap();
            write!(text, "[[server]]\nid = {id}\naddress = \"{address}\"\n").unwrap();
        }
        drop(free);
        let cluster = ClusterFile::parse(&text, Path::new("cluster.toml")).unwrap();
        let (dir, disk) = (tempfile::tempdir().unwrap(), SimDisk::default());
        let data = dir.path().join("data");
        DataDir::format(&data, &cluster, Id::from(0)).unwrap();
        let log = data.join("log");
        disk.set_content(&log, std::fs::read(&log).unwrap());
        Self { cluster, dir, disk }
    }

    fn open(&self) -> Result<Node<Counter>, NodeError> {
        let data = DataDir::open(&self.dir.path().join("data"), &self.cluster, None)?;
        Node::builder(Counter, &self.cluster, data).disk(Arc::new(self.disk.clone())).open()
    }

    fn start(&self) -> Running {
        run(self.open().unwrap())
    }

    fn client(&self) -> Client<Op, Reply, Peer> {
        // One request is sent once.
        Client::open(&self.cluster, self.cluster.ids(), 30 * SECOND..30 * SECOND).unwrap()
    }

    fn puts(&self) -> u64 {
        let value = self.client().get("k".into(), 5 * SECOND).unwrap().unwrap();
        value.to_string().parse().unwrap()
    }
}

fn run(node: Node<Counter>) -> Running {
    let stop = Stop::new();
    let handle = stop.clone();
    Running { stop, thread: std::thread::spawn(move || node.run(&handle)) }
}

impl Running {
    fn stop(self) -> Stats {
        self.stop.stop();
        self.thread.join().unwrap().unwrap()
    }
}

fn await_true(what: &str, mut is_true: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_true() {
        assert!(begin.elapsed() < 10 * SECOND, "{what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The answer to a get waits for no disk, and yet not even that leaves.
#[test]
fn nothing_happens_before_what_a_node_saves_as_it_starts_is_durable() {
    let world = World::new();
    let node = world.open().unwrap();
    world.disk.syncs.close(true);
    let running = run(node);
    std::thread::scope(|scope| {
        let get = scope.spawn(|| world.puts());
        std::thread::sleep(SECOND / 5);
        assert!(!get.is_finished());
        world.disk.syncs.close(false);
        assert_eq!(get.join().unwrap(), 0);
    });
    running.stop();
}

#[test]
fn no_message_to_itself_is_lost_however_many_wait() {
    let world = World::new();
    let node = world.start();
    world.client().delete(MYSELF.into(), 30 * SECOND).unwrap();
    await_true("each was handled", || world.puts() == OWN);
    node.stop();
}

#[test]
fn handlers_run_during_a_sync_and_only_what_waits_for_the_disk_is_held() {
    let world = World::new();
    let node = world.start();
    assert_eq!(world.puts(), 0);
    world.disk.syncs.close(true);
    std::thread::scope(|scope| {
        let put = || world.client().put("k".into(), "v".into(), 30 * SECOND);
        let writers: Vec<ScopedJoinHandle<'_, Result<(), ClientError>>> =
            (0..3).map(|_| scope.spawn(put)).collect();
        await_true("the handlers run", || world.puts() == 3);
        std::thread::sleep(SECOND / 10);
        assert!(!writers.iter().any(ScopedJoinHandle::is_finished), "nothing is durable");
        world.disk.syncs.close(false);
        writers.into_iter().for_each(|writer| writer.join().unwrap().unwrap());
    });
    let stats = node.stop();
    // Three clients, their hellos, and those of the gets: no message of the node to itself.
    assert_eq!(stats.received, 2 * stats.welcomed, "{stats:?}");
    assert_eq!(stats.overflowed, 0);
}

#[test]
fn a_log_is_rewritten_while_the_node_goes_on_saving_and_answering() {
    let world = World::new();
    let node = world.start();
    let mut client = world.client();
    CHECKPOINTS.close(true);
    let value = "v".repeat(32 * 1024);
    // More than what a log must have before it is rewritten: it begins, and comes to no end.
    for _ in 0..200 {
        client.put("k".into(), value.as_str().into(), 10 * SECOND).unwrap();
    }
    assert!(!world.disk.calls().contains(&Call::Rename));
    CHECKPOINTS.close(false);
    await_true("it is rewritten", || world.disk.calls().contains(&Call::SyncDir));
    client.put("k".into(), "v".into(), 10 * SECOND).unwrap();
    let stats = node.stop();
    assert_eq!(stats.rewritten, 1);
    let content = world.disk.content(&world.dir.path().join("data/log")).unwrap();
    assert!(content.len() < 4 << 20, "{} bytes", content.len());
    let node = world.start();
    // One whose answer takes long is asked for again, and this state machine does it again.
    assert!(world.puts() >= 201, "{} puts", world.puts());
    node.stop();
}

#[test]
fn a_node_whose_disk_fails_stops_and_has_acknowledged_nothing_that_is_lost() {
    for at in [0, 1, 3] {
        for fault in [
            Fault::Fails(Call::Sync, at, ErrorKind::Other),
            Fault::Fails(Call::Write, 2 * at, ErrorKind::Other),
            Fault::Full(4096 + 50 * at as u64),
        ] {
            let mut world = World::new();
            let node = world.start();
            let mut client = world.client();
            client.get("k".into(), 5 * SECOND).unwrap();
            world.disk.set_fault(Some(fault));
            let acknowledged = (0..20)
                .take_while(|_| client.put("k".into(), "v".into(), SECOND / 2).is_ok())
                .count();
            let error = node.thread.join().unwrap().unwrap_err();
            let text = error.to_string();
            assert!(matches!(error, NodeError::Log(LogError::Io { .. })), "{text}");
            assert!(text.contains("the log") && text.contains("data/log"), "{text}");
            world.disk = world.disk.after_power_failure(at as u64);
            let node = world.start();
            let puts = world.puts();
            assert!(puts >= acknowledged as u64, "{fault:?}: {puts} of {acknowledged}");
            node.stop();
        }
    }
}

#[test]
fn a_node_whose_disk_fails_at_its_start_does_not_start() {
    let world = World::new();
    world.disk.set_fault(Some(Fault::Fails(Call::Sync, 0, ErrorKind::Other)));
    let error = world.open().err().unwrap();
    assert!(matches!(error, NodeError::Log(LogError::Io { action: "sync", .. })), "{error}");
}

#[test]
fn what_a_batch_sends_to_one_server_shares_datagrams_of_the_length_in_the_cluster_file() {
    for (line, longest) in [("", 32 << 10), ("datagram_bytes = 1200", 1200)] {
        let world = World::of(2, line);
        let (address, dir) = (world.cluster.servers[1].address, tempfile::tempdir().unwrap());
        let (life, peers) = (Life::new(7 << 40, false, 1, 1), Peers::open(dir.path()).unwrap());
        let (mut other, _) =
            Endpoint::bind(1.into(), &world.cluster, address, life, peers).unwrap();
        let node = world.start();
        // To a server that was never heard everything would be sent twice.
        other.greet(0.into(), Greeting::Hello);
        let client = |retry| {
            let servers = vec![Id::from(0)];
            let mut client =
                Client::<Op, Reply, Peer>::open(&world.cluster, servers, retry).unwrap();
            client.get("k".into(), 10 * SECOND).unwrap();
            client
        };
        // It takes requests when it has waited for the other's answer to its greeting.
        client(SECOND / 10..SECOND / 5);
        let mut client = client(30 * SECOND..30 * SECOND);
        client.delete("k".into(), 10 * SECOND).unwrap();
        let (mut heard, mut datagrams) = (Vec::new(), 0);
        while heard.len() < MANY as usize {
            match other.receive::<Msg>(5 * SECOND) {
                Incoming::Messages(src, messages) if src == Id::from(0) => {
                    heard.extend(messages);
                    datagrams += 1;
                }
                Incoming::Nothing => panic!("{} messages in {datagrams} datagrams", heard.len()),
                _ => {}
            }
        }
        // Loopback keeps the order.
        let sent: Vec<Msg> = (0..MANY).map(|n| Service::Peer((n, 0))).collect();
        assert_eq!(heard, sent);
        let bytes: usize = sent.iter().map(|msg| 2 + postcard::to_stdvec(msg).unwrap().len()).sum();
        assert!((bytes.div_ceil(longest)..=bytes.div_ceil(longest - 150)).contains(&datagrams));
        node.stop();
    }
}
