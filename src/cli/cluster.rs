//! `quorate cluster`: a local cluster for trying things, each node a process of its own.

use super::{CliError, DONE, chaos, out, private, program, quoted};
use crate::catalogue::{Catalogue, nearest};
use crate::local::{self, LocalCluster, Plan};
use crate::models::kv::Op;
use crate::models::kv::offer::Ask;
use crate::node::{ClusterFile, DeployError, Deployed, MAX_SERVERS, Stop};
use clap::Parser;
use signal_hook::consts::{SIGINT, SIGTERM};
use stateright::actor::Id;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long the cluster has to answer for the first time.
pub(super) const START: Duration = Duration::from_secs(15);

/// Start a local cluster: real processes, real UDP, in a temporary directory
///
/// Prints commands to try once the cluster answers, and stops it on Ctrl-C or SIGTERM. However this
/// command ends, its nodes end too.
///
/// With --chaos, a storm passes over it instead, while clients ask: datagrams are lost, duplicated,
/// delayed and reordered; servers are killed, frozen, cut off from each other, and left without room
/// on their disk. What the clients saw is judged by what the protocol promises.
#[derive(Parser)]
#[command(after_help = "\
Exit codes with --chaos: 0 the history is as promised, 1 it is not (it is
written to a file), or an error, 2 bad usage, 3 that could not be decided

Examples:
  quorate cluster primary-backup
  quorate cluster primary-backup --servers 4 --mode asynchronous
  quorate cluster multi-primary --servers 3 --mode multi-value
  quorate cluster two-phase-commit --servers 3
  quorate cluster two-phase-commit --servers 3 --mode 'ranges m'
  quorate cluster paxos --chaos 7 --for 10m
  quorate cluster paxos --chaos 7 --for 10m --plan
  quorate cluster multi-primary --chaos 7 --for 20s --judge linearizable")]
pub(crate) struct Args {
    /// The protocol
    pub(super) protocol: String,
    /// How many servers
    #[arg(long, default_value_t = 3)]
    pub(super) servers: usize,
    /// The mode of the protocol, where it has several
    #[arg(long)]
    pub(super) mode: Option<String>,
    /// Keep the cluster file, the data and the logs in this directory, which must not exist yet
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
    #[command(flatten)]
    pub(super) chaos: chaos::Chaos,
}

pub(crate) fn execute(args: &Args, catalogue: &Catalogue) -> Result<u8, CliError> {
    check_servers(args.servers)?;
    check_protocol(catalogue, &args.protocol)?;
    if let Some(seed) = args.chaos.seed {
        return chaos::execute(args, seed, catalogue);
    }
    let stop = stop_on_signals()?;
    let place = Place::make(args.dir.as_deref())?;
    let addresses = local::free_addresses(args.servers)?;
    let mut plan = plan(&args.protocol, args.mode.as_deref(), addresses)?;
    plan.metrics = local::free_tcp_addresses(args.servers)?;
    let mut nodes = make(catalogue, place.path(), &plan)?;
    let file = private::load_cluster(nodes.file().path())?;
    let protocol = catalogue.of_cluster(&file)?;
    nodes.start_all()?;
    let count = args.servers;
    out::line(format!("starting {count} server{}", if count == 1 { "" } else { "s" }))?;
    let begin = Instant::now();
    let mut first = None;
    while first.is_none() && !stop.is_stopped() && begin.elapsed() < START {
        report(&mut nodes)?;
        first = answering(protocol, &file);
    }
    if !stop.is_stopped() {
        out::print(introduction(&nodes, protocol, first))?;
    }
    while !stop.is_stopped() {
        report(&mut nodes)?;
        std::thread::sleep(Duration::from_millis(100));
    }
    out::line("stopping")?;
    nodes.stop();
    Ok(DONE)
}

/// Where the files of a local cluster are: in a directory that is kept, or in a temporary one.
pub(super) enum Place {
    Kept(PathBuf),
    Temporary(tempfile::TempDir),
}

impl Place {
    /// Makes `dir`, or a temporary directory.
    pub(super) fn make(dir: Option<&Path>) -> Result<Self, CliError> {
        match dir {
            Some(dir) => {
                local::create_dir(dir)?;
                Ok(Self::Kept(dir.into()))
            }
            None => Ok(Self::Temporary(local::temporary_dir()?)),
        }
    }

    /// Leaves a temporary directory there.
    pub(super) fn keep(&mut self) {
        if let Self::Temporary(dir) = self {
            dir.disable_cleanup(true);
        }
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Kept(dir) => dir,
            Self::Temporary(dir) => dir.path(),
        }
    }
}

/// A handle that SIGINT and SIGTERM use.
pub(super) fn stop_on_signals() -> Result<Stop, CliError> {
    let stop = Stop::new();
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, stop.flag())
            .map_err(|source| CliError::Io { action: "handle signals", source })?;
    }
    Ok(stop)
}

/// A local cluster of this program's, with keys.
pub(super) fn plan(
    protocol: &str,
    mode: Option<&str>,
    addresses: Vec<SocketAddr>,
) -> Result<Plan, CliError> {
    let program = std::env::current_exe()
        .map_err(|source| CliError::Io { action: "find this program", source })?;
    let (protocol, mode) = (protocol.to_owned(), mode.map(str::to_owned));
    let (listen, metrics) = (Vec::new(), Vec::new());
    Ok(Plan { program, protocol, mode, addresses, listen, metrics, sealed: true })
}

/// Makes the files of a local cluster. Starts nothing.
pub(super) fn make(
    catalogue: &Catalogue,
    dir: &Path,
    plan: &Plan,
) -> Result<LocalCluster, CliError> {
    let nodes = LocalCluster::make(dir, plan)?;
    let protocol = catalogue.of_cluster(nodes.file())?;
    protocol.check(nodes.file(), Id::from(0)).map_err(as_usage)?;
    Ok(nodes)
}

pub(super) fn check_servers(servers: usize) -> Result<(), CliError> {
    if (1..=MAX_SERVERS).contains(&servers) {
        return Ok(());
    }
    Err(CliError::Usage(format!("a cluster has 1 to {MAX_SERVERS} servers, not {servers}")))
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

pub(super) fn check_protocol(catalogue: &Catalogue, name: &str) -> Result<(), CliError> {
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

/// The server that answers a request now, if any does.
pub(super) fn answering(protocol: &dyn Deployed, cluster: &ClusterFile) -> Option<Id> {
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

/// What to try, such as it can be typed into another terminal. `first` is the server that
/// answers now.
fn introduction(nodes: &LocalCluster, protocol: &dyn Deployed, first: Option<Id>) -> String {
    let (quorate, file) = (program(), quoted(nodes.file().path()));
    let servers = &nodes.file().servers;
    let pid = |id: usize| nodes.process(id).map_or_else(|| "ended".into(), |pid| pid.to_string());
    let mut text = match first {
        Some(first) => format!("server {} answers; the servers:\n", usize::from(first)),
        None => "no server answers yet; the servers:\n".to_owned(),
    };
    for server in servers {
        let (id, data, log) = (server.id, nodes.data(server.id), nodes.log(server.id));
        let _ = writeln!(text, "  server {id}: {}, process {}", server.address, pid(id));
        let _ = writeln!(text, "    data {}, log {}", data.display(), log.display());
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
    let _ = writeln!(text, "  {quorate} status --cluster {file}");
    let victim = first.map_or(0, usize::from);
    let hope = if protocol.survives_one(servers.len()) {
        "another takes over"
    } else {
        "the cluster answers again when it is back"
    };
    let _ = writeln!(text, "kill the server that answers, and ask again: {hope}");
    let _ = writeln!(text, "  kill -9 {}", pid(victim));
    let _ = writeln!(text, "start it again:");
    let data = quoted(nodes.data(victim));
    let _ = writeln!(text, "  {quorate} run --cluster {file} --data {data}");
    let _ = writeln!(text, "Ctrl-C stops the cluster");
    text
}

/// Tells when a process has ended.
fn report(nodes: &mut LocalCluster) -> Result<(), CliError> {
    for (id, status) in nodes.ended() {
        let log = nodes.log(id).display();
        out::line(format!("server {id} ended: {status}; its log is {log}"))?;
    }
    Ok(())
}
