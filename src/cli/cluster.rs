//! `quorate cluster`: a local cluster for trying things, each node a process of its own.

use super::{CliError, DONE, at, out, private, program, quoted};
use crate::catalogue::{Catalogue, nearest};
use crate::models::kv::Op;
use crate::models::kv::offer::Ask;
use crate::node::{ClusterFile, DataDir, DeployError, Deployed, MAX_SERVERS, Stop};
use clap::Parser;
use data_encoding::HEXLOWER;
use signal_hook::consts::{SIGINT, SIGTERM};
use stateright::actor::Id;
use std::fmt::Write as _;
use std::fs::Permissions;
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the nodes have to stop by themselves.
const GRACE: Duration = Duration::from_secs(2);
/// How long the cluster has to answer for the first time.
const START: Duration = Duration::from_secs(15);

/// Start a local cluster: real processes, real UDP, in a temporary directory
///
/// Prints commands to try once the cluster answers, and stops it on Ctrl-C or SIGTERM. However this
/// command ends, its nodes end too.
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
    /// The mode of the protocol, where it has several
    #[arg(long)]
    mode: Option<String>,
    /// Keep the cluster file, the data and the logs in this directory, which must not exist yet
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(crate) fn execute(args: &Args, catalogue: &Catalogue) -> Result<u8, CliError> {
    if !(1..=MAX_SERVERS).contains(&args.servers) {
        return Err(CliError::Usage(format!(
            "a cluster has 1 to {MAX_SERVERS} servers, not {}",
            args.servers
        )));
    }
    check_protocol(catalogue, &args.protocol)?;
    let stop = Stop::new();
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, stop.flag())
            .map_err(|source| CliError::Io { action: "handle signals", source })?;
    }
    let temporary;
    let dir = if let Some(dir) = &args.dir {
        private::create_dir(dir)?;
        dir.as_path()
    } else {
        temporary = tempfile::Builder::new()
            .prefix("quorate-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()
            .map_err(io("make a temporary directory"))?;
        temporary.path()
    };
    let path = dir.join("cluster.toml");
    private::create_file(&path, &describe(args)?)?;
    let cluster = private::load_cluster(&path)?;
    let protocol = catalogue.of_cluster(&cluster)?;
    protocol.check(&cluster, Id::from(0)).map_err(as_usage)?;
    let mut nodes = Nodes::start(dir, &path, &cluster)?;
    let count = nodes.nodes.len();
    out::line(format!("starting {count} server{}", if count == 1 { "" } else { "s" }))?;
    let begin = Instant::now();
    let mut first = None;
    while first.is_none() && !stop.is_stopped() && begin.elapsed() < START {
        nodes.report()?;
        first = answering(protocol, &cluster);
    }
    if !stop.is_stopped() {
        out::print(nodes.introduction(&path, protocol, first))?;
    }
    while !stop.is_stopped() {
        nodes.report()?;
        std::thread::sleep(Duration::from_millis(100));
    }
    out::line("stopping")?;
    nodes.stop();
    Ok(DONE)
}

/// The cluster file follows from the arguments, so what is wrong with it is wrong with them.
fn as_usage(error: DeployError) -> CliError {
    match error {
        DeployError::Unsuitable { protocol, reason, .. } => {
            CliError::Usage(format!("{protocol}: {reason}"))
        }
        error => error.into(),
    }
}

fn check_protocol(catalogue: &Catalogue, name: &str) -> Result<(), CliError> {
    let names: Vec<_> = catalogue.deployable().map(Deployed::name).collect();
    if names.contains(&name) {
        return Ok(());
    }
    let hint = match nearest(name, &names).first() {
        Some(nearest) => format!("; did you mean {nearest:?}?"),
        None => String::new(),
    };
    let known = names.join(", ");
    Err(CliError::Usage(format!(
        "there is no protocol named {name:?} that can be deployed{hint}; those that can: {known}"
    )))
}

fn io(action: &'static str) -> impl Fn(std::io::Error) -> CliError {
    move |source| CliError::Io { action, source }
}

/// The cluster file.
fn describe(args: &Args) -> Result<String, CliError> {
    let mut text = format!("name = \"local-{}\"\n", hex::<8>());
    let _ = writeln!(text, "protocol = {:?}", args.protocol);
    if let Some(mode) = &args.mode {
        let _ = writeln!(text, "mode = {mode:?}");
    }
    let _ = writeln!(text, "\n[keys]\nserver = \"{}\"\nclient = \"{}\"", hex::<32>(), hex::<32>());
    for (id, address) in free_addresses(args.servers)?.iter().enumerate() {
        let _ = writeln!(text, "\n[[server]]\nid = {id}\naddress = \"{address}\"");
    }
    Ok(text)
}

fn hex<const BYTES: usize>() -> String {
    let mut bytes = [0; BYTES];
    rand::fill(&mut bytes);
    HEXLOWER.encode(&bytes)
}

/// Ports that are free now; all are held until the last is found, so that they differ.
fn free_addresses(count: usize) -> Result<Vec<SocketAddr>, CliError> {
    let sockets: Result<Vec<_>, _> = (0..count).map(|_| UdpSocket::bind("127.0.0.1:0")).collect();
    let sockets = sockets.map_err(io("find a free port"))?;
    let addresses: Result<Vec<_>, _> = sockets.iter().map(UdpSocket::local_addr).collect();
    addresses.map_err(io("find a free port"))
}

/// The server that answers a request now, if any does.
fn answering(protocol: &dyn Deployed, cluster: &ClusterFile) -> Option<Id> {
    let anything = if protocol.commands().contains(&"get") {
        Op::Get { key: "".into() }.into()
    } else {
        Ask::Words(Vec::new())
    };
    let patience = Duration::from_secs(1);
    match protocol.ask(cluster, &anything, None, patience) {
        Ok((_, server)) => Some(server),
        Err(_) => None,
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
    /// It stops when its standard input ends, which it does at the latest when this process does.
    process: Child,
    ended: bool,
}

impl Nodes {
    fn start(dir: &Path, path: &Path, cluster: &ClusterFile) -> Result<Self, CliError> {
        let program = std::env::current_exe().map_err(io("find this program"))?;
        let mut started = Self { nodes: Vec::new() };
        for server in &cluster.servers {
            let data = dir.join(format!("node-{}", server.id));
            DataDir::format(&data, cluster, Id::from(server.id))?;
            let log = private::create_file(&dir.join(format!("node-{}.log", server.id)), "")?;
            let process = Command::new(&program)
                .args([Path::new("run"), Path::new("--cluster"), path])
                .args([Path::new("--data"), &data, Path::new("--stop-with-parent")])
                .stdin(Stdio::piped())
                .stderr(log)
                .spawn()
                .map_err(at("start", &program))?;
            let (id, address) = (server.id, server.address);
            started.nodes.push(Node { id, address, data, process, ended: false });
        }
        Ok(started)
    }

    /// What to try, such as it can be typed into another terminal. `first` is the server that
    /// answers now.
    fn introduction(&self, path: &Path, protocol: &dyn Deployed, first: Option<Id>) -> String {
        let (quorate, file) = (program(), quoted(path));
        let mut text = match first {
            Some(first) => format!("server {} answers; the servers:\n", usize::from(first)),
            None => "no server answers yet; the servers:\n".to_owned(),
        };
        for node in &self.nodes {
            let (pid, data) = (node.process.id(), node.data.display());
            let _ = writeln!(text, "  server {}: {}, process {pid}", node.id, node.address);
            let _ = writeln!(text, "    data {data}, log {data}.log");
        }
        let _ = writeln!(text, "talk to the cluster from another terminal:");
        let examples: &[&str] = if protocol.commands().contains(&"put") {
            &["put color green", "get color"]
        } else {
            &["call WORDS"]
        };
        for example in examples {
            let _ = writeln!(text, "  {quorate} {example} --cluster {file}");
        }
        if let Some(node) = self.nodes.get(first.map_or(0, usize::from)) {
            let hope = if protocol.survives_one(self.nodes.len()) {
                "another takes over"
            } else {
                "the cluster answers again when it is back"
            };
            let _ = writeln!(text, "kill the server that answers, and ask again: {hope}");
            let _ = writeln!(text, "  kill -9 {}", node.process.id());
            let _ = writeln!(text, "start it again:");
            let data = quoted(&node.data);
            let _ = writeln!(text, "  {quorate} run --cluster {file} --data {data}");
        }
        let _ = writeln!(text, "Ctrl-C stops the cluster");
        text
    }

    /// Tells when a process has ended.
    fn report(&mut self) -> Result<(), CliError> {
        for node in self.nodes.iter_mut().filter(|node| !node.ended) {
            if let Ok(Some(status)) = node.process.try_wait() {
                node.ended = true;
                let (id, data) = (node.id, node.data.display());
                out::line(format!("server {id} ended: {status}; its log is {data}.log"))?;
            }
        }
        Ok(())
    }

    /// Tells all to stop, and waits; whichever does not stop in time is killed, which is safe.
    fn stop(&mut self) {
        let begin = Instant::now();
        for node in &mut self.nodes {
            drop(node.process.stdin.take());
        }
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

impl Drop for Nodes {
    fn drop(&mut self) {
        self.stop();
    }
}
