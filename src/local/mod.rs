//! A local cluster: each server a process of its own, on loopback, in one directory.
//!
//! For trying things, for measuring, and for doing harm to: processes can be killed, frozen and
//! started again. Nothing survives a [`LocalCluster`]: its processes end with it, and also when the
//! process that holds it is killed.

mod error;
mod files;
mod node;

pub use error::LocalError;
pub use files::{create_dir, create_file, temporary_dir};

use crate::node::{ClusterFile, DataDir, Topic};
use data_encoding::HEXLOWER;
use error::system;
use node::Node;
use stateright::actor::Id;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the nodes have to stop before they are killed.
const GRACE: Duration = Duration::from_secs(2);

/// What a local cluster is to be.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The program whose `run` command is a node.
    pub program: PathBuf,
    /// The protocol, as in a cluster file.
    pub protocol: String,
    /// Its variant, where it has any.
    pub mode: Option<String>,
    /// The topics beside the default one, where the protocol has topics.
    pub topics: Vec<Topic>,
    /// Where the servers are reached: as many servers as addresses.
    pub addresses: Vec<SocketAddr>,
    /// Where the servers listen, if not there: a network may stand between.
    pub listen: Vec<SocketAddr>,
    /// Where the servers serve their metrics, if they do.
    pub metrics: Vec<SocketAddr>,
    /// Whether datagrams are sealed under keys, new ones; checksummed otherwise.
    pub sealed: bool,
}

impl Plan {
    /// Its cluster file.
    pub fn text(&self) -> String {
        let mut text = format!("name = \"local-{}\"\n", hex::<8>());
        let _ = writeln!(text, "protocol = {:?}", self.protocol);
        if let Some(mode) = &self.mode {
            let _ = writeln!(text, "mode = {mode:?}");
        }
        if self.sealed {
            let (server, client) = (hex::<32>(), hex::<32>());
            let _ = writeln!(text, "\n[keys]\nserver = \"{server}\"\nclient = \"{client}\"");
        }
        for (id, address) in self.addresses.iter().enumerate() {
            let _ = writeln!(text, "\n[[server]]\nid = {id}\naddress = \"{address}\"");
            if let Some(metrics) = self.metrics.get(id) {
                let _ = writeln!(text, "metrics = \"{metrics}\"");
            }
        }
        for Topic { name, partitions, replicas } in &self.topics {
            let _ = writeln!(text, "\n[[topic]]\nname = {name:?}\npartitions = {partitions}");
            if let Some(replicas) = replicas {
                let _ = writeln!(text, "replicas = {replicas}");
            }
        }
        text
    }
}

/// So many random bytes, in hexadecimal.
pub fn hex<const BYTES: usize>() -> String {
    let mut bytes = [0; BYTES];
    rand::fill(&mut bytes);
    HEXLOWER.encode(&bytes)
}

/// Sockets on free ports of `host`: none that the system may give to a client, and none that was
/// given before by this process, whose node may be down for a moment.
///
/// # Errors
/// When there is hardly a free port.
pub fn free_sockets(host: &str, count: usize) -> io::Result<Vec<UdpSocket>> {
    free_ranges(host, count, 1)
}

/// The same in `count` ranges of `width` ports each, one range after the other.
///
/// # Errors
/// When there are hardly so many free ports.
pub fn free_ranges(host: &str, count: usize, width: usize) -> io::Result<Vec<UdpSocket>> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    const TRIES: usize = 10_000;
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    // A cluster has few topics.
    let more = u16::try_from(width).unwrap_or(u16::MAX).min(1 << 10);
    let any = |_| {
        let port = rand::random_range(20_000..32_000 - more);
        let mut ports = port..port + more;
        if ports.clone().any(|port| given.contains(&port)) {
            return None;
        }
        given.extend(ports.clone());
        ports.try_fold(Vec::new(), |mut all, port| {
            all.push(UdpSocket::bind(format!("{host}:{port}")).ok()?);
            Some(all)
        })
    };
    let sockets: Vec<_> = (0..TRIES).filter_map(any).take(count).flatten().collect();
    if sockets.len() < count * width {
        return Err(io::Error::other(format!("{host} has hardly a free port of 20000 to 31999")));
    }
    Ok(sockets)
}

/// Free addresses of this host, as [`free_ranges`] finds them; the first of each range.
///
/// # Errors
/// When there is hardly a free port.
pub fn free_addresses(count: usize, width: usize) -> Result<Vec<SocketAddr>, LocalError> {
    let sockets = free_ranges("127.0.0.1", count, width).map_err(system("find a free port"))?;
    let firsts = sockets.iter().step_by(width.max(1));
    let addresses: io::Result<Vec<_>> = firsts.map(UdpSocket::local_addr).collect();
    addresses.map_err(system("find a free port"))
}

/// Free addresses of this host for metrics.
///
/// # Errors
/// When there is no free port.
pub fn free_tcp_addresses(count: usize) -> Result<Vec<SocketAddr>, LocalError> {
    // All are held until the last is found, so that they differ.
    let listeners: io::Result<Vec<_>> =
        (0..count).map(|_| TcpListener::bind(("127.0.0.1", 0))).collect();
    let listeners = listeners.map_err(system("find a free port"))?;
    let addresses: io::Result<Vec<_>> = listeners.iter().map(TcpListener::local_addr).collect();
    addresses.map_err(system("find a free port"))
}

/// The processes of a cluster; they end with this value.
pub struct LocalCluster {
    file: ClusterFile,
    program: PathBuf,
    nodes: Vec<Node>,
}

impl LocalCluster {
    /// Makes the cluster file and the data directories in `dir`, and starts nothing.
    ///
    /// # Errors
    /// When the plan makes no sense, or files cannot be made.
    pub fn make(dir: &Path, plan: &Plan) -> Result<Self, LocalError> {
        let path = dir.join("cluster.toml");
        create_file(&path, &plan.text())?;
        let file = ClusterFile::load(&path)?;
        let mut nodes = Vec::new();
        for server in &file.servers {
            let data = dir.join(format!("node-{}", server.id));
            DataDir::format(&data, &file, Id::from(server.id))?;
            let log = dir.join(format!("node-{}.log", server.id));
            create_file(&log, "")?;
            nodes.push(Node::new(data, log, plan.listen.get(server.id).copied()));
        }
        Ok(Self { file, program: plan.program.clone(), nodes })
    }

    /// The cluster file.
    pub fn file(&self) -> &ClusterFile {
        &self.file
    }

    /// Sets the clock that a node sees forward or back by so many milliseconds, from its next start on.
    pub fn shift_clock(&mut self, id: usize, milliseconds: i64) {
        self.nodes[id].shift_clock(milliseconds);
    }

    /// Starts a node that does not run.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn start(&mut self, id: usize) -> Result<(), LocalError> {
        self.nodes[id].start(&self.program, self.file.path())
    }

    /// Starts all nodes.
    ///
    /// # Errors
    /// See [`LocalCluster::start`].
    pub fn start_all(&mut self) -> Result<(), LocalError> {
        (0..self.nodes.len()).try_for_each(|id| self.start(id))
    }

    /// Kills a node outright, if it runs, and waits for its end.
    pub fn kill(&mut self, id: usize) {
        self.nodes[id].kill();
    }

    /// Freezes a node (SIGSTOP), if it runs.
    pub fn freeze(&self, id: usize) {
        self.nodes[id].signal(rustix::process::Signal::STOP);
    }

    /// Lets a frozen node go on (SIGCONT).
    pub fn thaw(&self, id: usize) {
        self.nodes[id].signal(rustix::process::Signal::CONT);
    }

    /// Lets no file of a running node grow by more than `room` bytes beyond its largest one, as if
    /// its disk were full then.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn limit_disk(&self, id: usize, room: u64) -> Result<(), LocalError> {
        self.nodes[id].limit_disk(room)
    }

    /// Lets the next sync of a server's log fail, and lose what it was to make durable.
    pub fn fail_sync(&self, id: usize) {
        self.nodes[id].fail_sync();
    }

    /// The process of a node that was started and not killed.
    pub fn process(&self, id: usize) -> Option<u32> {
        self.nodes[id].process()
    }

    /// The bytes of memory that a node holds, if it runs and the system says (Linux does).
    pub fn memory(&self, id: usize) -> Option<u64> {
        self.nodes[id].memory()
    }

    /// The bytes that a node's data directory takes on the disk.
    pub fn disk(&self, id: usize) -> u64 {
        self.nodes[id].disk()
    }

    /// A node's data directory.
    pub fn data(&self, id: usize) -> &Path {
        self.nodes[id].data()
    }

    /// Where a node logs.
    pub fn log(&self, id: usize) -> &Path {
        self.nodes[id].log()
    }

    /// The nodes that ended unexpectedly since the last call, and how.
    pub fn ended(&mut self) -> Vec<(usize, ExitStatus)> {
        let nodes = self.nodes.iter_mut().enumerate();
        nodes.filter_map(|(id, node)| Some((id, node.ended()?))).collect()
    }

    /// Asks all to stop, and waits; a node that does not stop in time is killed, which is safe.
    pub fn stop(&mut self) {
        let begin = Instant::now();
        self.nodes.iter_mut().for_each(Node::ask_to_stop);
        while begin.elapsed() < GRACE && self.nodes.iter_mut().any(Node::runs) {
            std::thread::sleep(Duration::from_millis(20));
        }
        self.nodes.iter_mut().for_each(Node::kill);
    }
}

impl Drop for LocalCluster {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_free_and_given_once() {
        let all: BTreeSet<SocketAddr> =
            (0..20).flat_map(|_| free_addresses(5, 1).unwrap()).collect();
        assert_eq!(all.len(), 100);
        assert!(all.iter().all(|address| UdpSocket::bind(address).is_ok()));
    }

    #[test]
    fn a_plan_is_a_cluster_file_with_keys_or_without() {
        let mut plan = Plan {
            program: "quorate".into(),
            protocol: "paxos".into(),
            mode: Some("ranges m".into()),
            topics: Vec::new(),
            addresses: free_addresses(3, 1).unwrap(),
            listen: Vec::new(),
            metrics: Vec::new(),
            sealed: true,
        };
        let parse = |plan: &Plan| ClusterFile::parse(&plan.text(), Path::new("c.toml")).unwrap();
        let file = parse(&plan);
        assert_eq!((file.servers.len(), file.mode.as_deref()), (3, Some("ranges m")));
        assert!(file.keys.server.is_some() && file.keys != parse(&plan).keys);
        plan.sealed = false;
        plan.addresses = free_addresses(3, 4).unwrap();
        plan.topics = vec![Topic { name: "orders".into(), partitions: 3, replicas: Some(2) }];
        let file = parse(&plan);
        assert_eq!((file.keys.server.is_none(), file.topics), (true, plan.topics));
    }
}
