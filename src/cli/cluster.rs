//! `quorate cluster`: a local cluster for trying things, each node a process of its own.

use super::{CliError, DONE};
use clap::Parser;
use quorate::node::deploy::{WithProtocol, with_protocol};
use quorate::node::{ClusterFile, DataDir, DeployError, Deployable, MAX_SERVERS, Stop};
use signal_hook::consts::{SIGINT, SIGTERM};
use stateright::actor::Id;
use std::fmt::Write as _;
use std::fs::File;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// How long the nodes have to stop by themselves.
const GRACE: Duration = Duration::from_secs(2);

/// Start a local cluster: real processes, real UDP, in a temporary directory
///
/// Prints how to talk to it, and stops it on Ctrl-C.
#[derive(Parser)]
#[command(after_help = "\
Examples:
  quorate cluster primary-backup
  quorate cluster primary-backup --servers 4 --mode asynchronous
  quorate cluster multi-primary --servers 3 --mode multi-value
  quorate cluster two-phase-commit --servers 3
  quorate cluster two-phase-commit --servers 3 --mode 'ranges m'")]
pub(crate) struct Args {
    /// The protocol
    protocol: String,
    /// How many servers
    #[arg(long, default_value_t = 3)]
    servers: usize,
    /// A variant of the protocol, where it has any
    #[arg(long)]
    mode: Option<String>,
    /// Keep the cluster file, the data and the logs in this directory, which must not exist yet
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(crate) fn execute(args: &Args) -> Result<u8, CliError> {
    if !(1..=MAX_SERVERS).contains(&args.servers) {
        return Err(CliError::Usage(format!(
            "a cluster has 1 to {MAX_SERVERS} servers, not {}",
            args.servers
        )));
    }
    let stop = Stop::new();
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, stop.flag())
            .map_err(|source| CliError::Io { action: "cannot handle signals", source })?;
    }
    let temporary;
    let dir = if let Some(dir) = &args.dir {
        std::fs::create_dir(dir).map_err(io("cannot make the directory"))?;
        dir.as_path()
    } else {
        temporary = tempfile::tempdir().map_err(io("cannot make a temporary directory"))?;
        temporary.path()
    };
    let path = dir.join("cluster.toml");
    std::fs::write(&path, describe(args)?).map_err(io("cannot write the cluster file"))?;
    let cluster = ClusterFile::load(&path)?;
    with_protocol(&cluster, CanRun { cluster: &cluster })??;
    let mut nodes = Nodes::start(dir, &path, &cluster)?;
    nodes.introduce(&path);
    while !stop.is_stopped() {
        nodes.report();
        std::thread::sleep(Duration::from_millis(100));
    }
    println!("stopping");
    Ok(DONE)
}

fn io(action: &'static str) -> impl Fn(std::io::Error) -> CliError {
    move |source| CliError::Io { action, source }
}

/// The cluster file.
fn describe(args: &Args) -> Result<String, CliError> {
    let mut text = format!("name = \"local-{}\"\n", hex(8));
    let _ = writeln!(text, "protocol = {:?}", args.protocol);
    if let Some(mode) = &args.mode {
        let _ = writeln!(text, "mode = {mode:?}");
    }
    let _ = writeln!(text, "\n[keys]\nserver = \"{}\"\nclient = \"{}\"", hex(32), hex(32));
    for (id, address) in free_addresses(args.servers)?.iter().enumerate() {
        let _ = writeln!(text, "\n[[server]]\nid = {id}\naddress = \"{address}\"");
    }
    Ok(text)
}

fn hex(bytes: usize) -> String {
    (0..bytes).fold(String::new(), |mut text, _| {
        let _ = write!(text, "{:02x}", rand::random::<u8>());
        text
    })
}

/// Ports that are free now; all are held until the last is found, so that they differ.
fn free_addresses(count: usize) -> Result<Vec<SocketAddr>, CliError> {
    let sockets: Result<Vec<_>, _> = (0..count).map(|_| UdpSocket::bind("127.0.0.1:0")).collect();
    let sockets = sockets.map_err(io("cannot find a free port"))?;
    let addresses: Result<Vec<_>, _> = sockets.iter().map(UdpSocket::local_addr).collect();
    addresses.map_err(io("cannot find a free port"))
}

/// Whether a protocol accepts a cluster.
struct CanRun<'a> {
    cluster: &'a ClusterFile,
}

impl WithProtocol for CanRun<'_> {
    type Output = Result<(), DeployError>;

    fn with<D: Deployable>(self) -> Self::Output {
        D::server(self.cluster, Id::from(0)).map(drop)
    }
}

/// The processes; they end with this value.
struct Nodes {
    nodes: Vec<Node>,
}

struct Node {
    id: usize,
    address: SocketAddr,
    data: PathBuf,
    process: Child,
    ended: bool,
}

impl Nodes {
    fn start(dir: &Path, path: &Path, cluster: &ClusterFile) -> Result<Self, CliError> {
        let program = std::env::current_exe().map_err(io("cannot find this program"))?;
        let mut started = Self { nodes: Vec::new() };
        for server in &cluster.servers {
            let data = dir.join(format!("node-{}", server.id));
            DataDir::format(&data, cluster, Id::from(server.id))?;
            let log = File::create(dir.join(format!("node-{}.log", server.id)))
                .map_err(io("cannot make a log file"))?;
            let process = Command::new(&program)
                .args([Path::new("run"), Path::new("--cluster"), path])
                .args([Path::new("--data"), &data])
                .stderr(log)
                .spawn()
                .map_err(io("cannot start a node"))?;
            let (id, address) = (server.id, server.address);
            started.nodes.push(Node { id, address, data, process, ended: false });
        }
        Ok(started)
    }

    fn introduce(&self, path: &Path) {
        let file = path.display();
        println!("a cluster of {} servers:", self.nodes.len());
        for node in &self.nodes {
            let (pid, data) = (node.process.id(), node.data.display());
            println!("  server {}: {}, process {pid}, data and log {data}", node.id, node.address);
        }
        println!("talk to it from another terminal:");
        println!("  quorate put color green --cluster {file}");
        println!("  quorate get color --cluster {file}");
        println!("kill a server, and ask again:");
        if let Some(node) = self.nodes.get(1).or(self.nodes.first()) {
            println!("  kill -9 {}", node.process.id());
            println!("start it again:");
            println!("  quorate run --cluster {file} --data {}", node.data.display());
        }
        println!("Ctrl-C stops the cluster");
    }

    /// Tells when a process has ended.
    fn report(&mut self) {
        for node in &mut self.nodes {
            if node.ended {
                continue;
            }
            if let Ok(Some(status)) = node.process.try_wait() {
                node.ended = true;
                println!(
                    "server {} ended: {status}; its log is {}.log",
                    node.id,
                    node.data.display()
                );
            }
        }
    }
}

impl Drop for Nodes {
    /// Ctrl-C reached the nodes as well; whichever does not stop in time is killed, which is safe.
    fn drop(&mut self) {
        let begin = Instant::now();
        let running = |node: &mut Node| matches!(node.process.try_wait(), Ok(None));
        while begin.elapsed() < GRACE && self.nodes.iter_mut().any(running) {
            std::thread::sleep(Duration::from_millis(20));
        }
        for node in &mut self.nodes {
            let _ = node.process.kill();
            let _ = node.process.wait();
        }
    }
}
