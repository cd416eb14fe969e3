//! A toy to run: a map on a single server, and clusters of it on the loopback interface.

#![allow(dead_code, reason = "each test crate uses a part")]

pub(crate) mod processes;
pub(crate) mod storm;

use quorate::local::free_sockets;
use quorate::models::kv::offer::{MapOffer, admits};
use quorate::models::kv::{Bytes, Op, Reply, Service};
use quorate::models::{Durable, Recoverable, kv};
use quorate::node::{ClusterFile, DataDir, Node, NodeError, Stats};
use quorate::{Client, Stop};
use serde::{Deserialize, Serialize};
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// One server that keeps a map, and applies each client's requests once.
pub(crate) struct SingleCopy;

/// Its state, which is also what it saves; a delta holds what changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Copy {
    map: BTreeMap<Bytes, Option<Bytes>>,
    sessions: BTreeMap<Id, (u64, Reply)>,
}

impl Durable for Copy {
    fn absorb(&mut self, delta: Self) {
        self.map.extend(delta.map);
        self.sessions.extend(delta.sessions);
    }
}

pub(crate) type Msg = Service<Op, Reply, ()>;

impl Recoverable for SingleCopy {
    fn checkpoint(&self, _: Id, state: &Copy) -> Option<Copy> {
        Some(state.clone())
    }
}

impl Actor for SingleCopy {
    type Msg = Msg;
    type Timer = ();
    type State = Copy;
    type Storage = Copy;
    type Random = ();

    fn on_start(&self, _: Id, saved: &Option<Copy>, _: &mut Out<Self>) -> Copy {
        saved.clone().unwrap_or_default()
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, Copy>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let Service::Request { seq, op } = msg else { return };
        match state.sessions.get(&src) {
            Some((last, _)) if seq < *last => return,
            Some((last, reply)) if seq == *last => {
                o.send(src, Service::Reply { seq, reply: reply.clone() });
                return;
            }
            _ => {}
        }
        let key = op.key().clone();
        let before = state.map.get(&key).cloned().flatten();
        let mut one = kv::Map(before.into_iter().map(|value| (key.clone(), value)).collect());
        let reply = kv::StateMachine::apply(&mut one, src, seq, &op);
        let delta = Copy {
            map: BTreeMap::from([(key.clone(), one.0.remove(&key))]),
            sessions: BTreeMap::from([(src, (seq, reply.clone()))]),
        };
        state.to_mut().absorb(delta.clone());
        o.save(delta);
        o.send(src, Service::Reply { seq, reply });
    }
}

pub(crate) const KEYS: &str = "[keys]
server = \"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"
client = \"ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"
";

/// A cluster file with `servers` free ports of `host`, ended by `more`.
pub(crate) fn cluster_text(host: &str, servers: usize, more: &str) -> String {
    let sockets = free_sockets(host, servers).unwrap();
    let addresses: Vec<_> = sockets.iter().map(|socket| socket.local_addr().unwrap()).collect();
    cluster_text_at(&addresses, more)
}

/// A cluster file with a server at each address, ended by `more`.
pub(crate) fn cluster_text_at(addresses: &[SocketAddr], more: &str) -> String {
    use std::fmt::Write;
    let mut text = "name = \"demo\"\nprotocol = \"single-copy\"\n".to_owned();
    for (id, address) in addresses.iter().enumerate() {
        write!(text, "[[server]]\nid = {id}\naddress = \"{address}\"\n").unwrap();
    }
    text + more
}

pub(crate) fn cluster(host: &str, servers: usize, more: &str) -> ClusterFile {
    ClusterFile::parse(&cluster_text(host, servers, more), Path::new("cluster.toml")).unwrap()
}

/// A formatted data directory for server 0.
pub(crate) fn formatted(cluster: &ClusterFile) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data");
    DataDir::format(&path, cluster, Id::from(0)).unwrap();
    (dir, path)
}

pub(crate) fn open(cluster: &ClusterFile, data: &Path) -> Result<Node<SingleCopy>, NodeError> {
    let data = DataDir::open(data, cluster, None)?;
    Node::builder(SingleCopy, cluster, data).admit_from_clients(admits::<MapOffer, _>).open()
}

/// A node on a thread.
pub(crate) struct Running {
    stop: Stop,
    thread: JoinHandle<Result<Stats, NodeError>>,
}

impl Running {
    pub(crate) fn start(cluster: &ClusterFile, data: &Path) -> Self {
        let (node, stop) = (open(cluster, data).unwrap(), Stop::new());
        let handle = stop.clone();
        Self { stop, thread: std::thread::spawn(move || node.run(&handle)) }
    }

    pub(crate) fn stop(self) -> Stats {
        self.stop.stop();
        self.thread.join().unwrap().unwrap()
    }
}

pub(crate) fn client(cluster: &ClusterFile) -> Client<Op, Reply, ()> {
    let retry = Duration::from_millis(50)..Duration::from_millis(100);
    Client::open(cluster, cluster.ids(), retry).unwrap()
}

/// Stands between a client and server 0, and keeps what the client sends.
pub(crate) struct Tap {
    /// The cluster file of a client that is tapped.
    pub(crate) cluster: ClusterFile,
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Tap {
    pub(crate) fn new(cluster: &ClusterFile) -> Self {
        let server = cluster.servers[0].address;
        let [front, back] = [0, 1].map(|_| UdpSocket::bind("127.0.0.1:0").unwrap());
        let mut tapped = cluster.clone();
        tapped.servers[0].address = front.local_addr().unwrap();
        back.connect(server).unwrap();
        let sent = Arc::new(Mutex::new(Vec::new()));
        let client = Arc::new(Mutex::new(None));
        let (front, back) = (Arc::new(front), Arc::new(back));
        let (there, kept, from) = (Arc::clone(&front), Arc::clone(&sent), Arc::clone(&client));
        let to_server = Arc::clone(&back);
        // They end with the process.
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok((len, address)) = there.recv_from(&mut buffer) {
                *from.lock().unwrap() = Some(address);
                kept.lock().unwrap().push(buffer[..len].to_vec());
                let _ = to_server.send(&buffer[..len]);
            }
        });
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(len) = back.recv(&mut buffer) {
                if let Some(address) = *client.lock().unwrap() {
                    let _ = front.send_to(&buffer[..len], address);
                }
            }
        });
        Self { cluster: tapped, sent }
    }

    /// The last datagram that the client sent.
    pub(crate) fn last(&self) -> Vec<u8> {
        self.sent.lock().unwrap().last().unwrap().clone()
    }
}
