//! A local cluster of a command's own: what `cluster`, its storms and `bench` have in common.

use super::CliError;
use crate::catalogue::{Catalogue, nearest};
use crate::local::{self, LocalCluster, Plan};
use crate::models::kv::Op;
use crate::models::kv::offer::Ask;
use crate::node::deploy::partitions::partitions;
use crate::node::{ClusterFile, DeployError, Deployed, MAX_PARTITIONS, MAX_SERVERS, Stop, Topic};
use signal_hook::consts::{SIGINT, SIGTERM};
use stateright::actor::Id;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the cluster has to answer for the first time.
pub(super) const START: Duration = Duration::from_secs(15);

/// Which local cluster.
#[derive(clap::Args)]
pub(super) struct Which {
    /// The protocol
    pub(super) protocol: String,
    /// How many servers
    #[arg(long, default_value_t = 3)]
    pub(super) servers: usize,
    /// The mode of the protocol, where it has several
    #[arg(long)]
    pub(super) mode: Option<String>,
    /// A topic beside the default one, and how many partitions it has (kafka)
    #[arg(long = "topic", value_name = "NAME=PARTITIONS", value_parser = topic)]
    pub(super) topics: Vec<Topic>,
    /// Keep the cluster file, the data and the logs in this directory, which must not exist yet
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
}

impl Which {
    /// How many ports each server needs.
    pub(super) fn ports(&self) -> usize {
        // Too many are refused with the cluster file.
        let count = self.topics.iter().map(|topic| topic.partitions.min(MAX_PARTITIONS)).sum();
        1 + MAX_PARTITIONS.min(count)
    }
}

/// A topic, as `NAME=PARTITIONS`.
fn topic(text: &str) -> Result<Topic, String> {
    let (name, number) = text.split_once('=').ok_or("write it as NAME=PARTITIONS")?;
    let partitions =
        number.parse().map_err(|_| format!("`{number}` is no number of partitions"))?;
    Ok(Topic { name: name.into(), partitions, replicas: None })
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
    topics: &[Topic],
    addresses: Vec<SocketAddr>,
) -> Result<Plan, CliError> {
    let program = std::env::current_exe()
        .map_err(|source| CliError::Io { action: "find this program", source })?;
    let (protocol, mode) = (protocol.to_owned(), mode.map(str::to_owned));
    let (listen, metrics, topics) = (Vec::new(), Vec::new(), topics.to_vec());
    Ok(Plan { program, protocol, mode, topics, addresses, listen, metrics, sealed: true })
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
    for partition in partitions(protocol, nodes.file()).map_err(as_usage)? {
        for server in 0..nodes.file().servers.len() {
            partition.format(nodes.data(server), server)?;
        }
    }
    Ok(nodes)
}

pub(super) fn check_servers(servers: usize) -> Result<(), CliError> {
    if (1..=MAX_SERVERS).contains(&servers) {
        return Ok(());
    }
    Err(CliError::Usage(format!("a cluster has 1 to {MAX_SERVERS} servers, not {servers}")))
}

/// The cluster file follows from the arguments, so an error in it is an error in them.
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
    protocol.ask(cluster, &anything, None, None, patience).ok().map(|told| told.server)
}
