//! How a command fails: the error and its exit code.

use crate::bench::{BenchError, PlotError};
use crate::catalogue::{NoChoice, ReplayError, UnknownName};
use crate::chaos::ChaosError;
use crate::check::{CheckError, GraphError, HostsError};
use crate::explore::ExploreError;
use crate::export::ExportError;
use crate::local::LocalError;
use crate::models::kv::offer::{OfferError, listed};
use crate::node::deploy::OpenError;
use crate::node::deploy::deployed::CallError;
use crate::node::deploy::partitions::TopicError;
use crate::node::{
    AskError, ClientError, ClusterFileError, DataDirError, DeployError, HttpError, NodeError,
    PeersError,
};
use crate::ring::OrderError;
use crate::trace::TraceError;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// It was done.
pub(crate) const DONE: u8 = 0;
/// It was not done: the answer is no, or something is wrong.
pub(crate) const NO: u8 = 1;
/// The arguments make no sense.
pub(crate) const USAGE: u8 = 2;
/// It is not known whether it was done.
pub(crate) const UNKNOWN: u8 = 3;
/// The reader of standard output has left; what a shell shows for a program ended by SIGPIPE.
pub(super) const NO_READER: u8 = 141;

/// What `--help` says of errors where there is `--json`.
pub(crate) const JSON_ERRORS: &str = "With --json, an error is one JSON object on standard output too: \
     {\"error\": TEXT, \"exit_code\": N}";

/// Why a subcommand failed.
#[derive(Debug, Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Cluster(#[from] ClusterFileError),
    #[error(transparent)]
    Deploy(#[from] DeployError),
    #[error(transparent)]
    Topic(#[from] TopicError),
    #[error(
        "the data directory {} has nothing of partition {number} of the topic `{topic}`: if the topic is new, \
         make it with `quorate format --topic {topic}`; if it was there before, restore {}",
        data.display(), dir.display()
    )]
    NoPartition { data: PathBuf, topic: String, number: usize, dir: PathBuf },
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Peers(#[from] PeersError),
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Ask(AskError),
    #[error(
        "the cluster's protocol `{protocol}` does not offer {asked}; it offers {}{}",
        listed(offers),
        offered_by(asked, by)
    )]
    NotOffered {
        protocol: String,
        asked: &'static str,
        offers: &'static [&'static str],
        by: Vec<&'static str>,
    },
    #[error(transparent)]
    Name(#[from] UnknownName),
    /// There is no instance of the bounds that are chosen.
    #[error(transparent)]
    Choice(#[from] NoChoice),
    #[error(transparent)]
    Trace(#[from] TraceError),
    #[error(transparent)]
    Explore(#[from] ExploreError),
    #[error("{at}: {source}")]
    Check { at: String, source: CheckError },
    #[error(transparent)]
    Hosts(#[from] HostsError),
    #[error("{at}: {source}")]
    Graph { at: String, source: GraphError },
    #[error("{at}: {source}")]
    Export { at: String, source: ExportError },
    #[error(transparent)]
    Bench(BenchError),
    #[error(transparent)]
    Chaos(ChaosError),
    /// A ring is not moved.
    #[error(transparent)]
    Order(OrderError),
    #[error(transparent)]
    Plot(#[from] PlotError),
    #[error("no server answered within {0:?} of the start; the servers' logs say why: {log}", log = .1.display())]
    NoStart(Duration, PathBuf),
    #[error("{0}")]
    Usage(String),
    /// What a group of consumers has stored is not as it should be.
    #[error("{0}")]
    Group(String),
    #[error(
        "server {server} of a cluster that runs {protocol} cannot return without its data directory: {why}"
    )]
    CannotReturn { server: usize, protocol: String, why: &'static str },
    #[error("{what} can be read by others (mode {mode:03o}): chmod {wanted} {}", path.display())]
    NotPrivate { what: &'static str, path: PathBuf, mode: u32, wanted: &'static str },
    #[error("cannot {action} {}: {source}", path.display())]
    File { action: &'static str, path: PathBuf, source: io::Error },
    #[error("cannot {action}: {source}")]
    Io { action: &'static str, source: io::Error },
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
}

impl CliError {
    /// The exit code that says so.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Name(_)
            | Self::Hosts(
                HostsError::NotBuilt
                | HostsError::Line { .. }
                | HostsError::Count(_)
                | HostsError::Number { .. },
            )
            | Self::Choice(_)
            | Self::Usage(_)
            | Self::Topic(_)
            | Self::Graph { source: GraphError::TooManyStates(_), .. }
            | Self::Export {
                source: ExportError::TooManyStates(_) | ExportError::ModuleName(_),
                ..
            }
            | Self::Check {
                source:
                    CheckError::ZeroThreads
                    | CheckError::TooManyThreads(_)
                    | CheckError::ZeroLimit(_)
                    | CheckError::UnknownProperty(_)
                    | CheckError::SymmetryElsewhere,
                ..
            }
            | Self::Client(ClientError::Limit(_))
            | Self::NotOffered { .. }
            | Self::Ask(AskError::Offer(
                OfferError::NotOffered { .. }
                | OfferError::NoContexts
                | OfferError::BadContext(_)
                | OfferError::ForeignContext
                | OfferError::Meaningless(_)
                | OfferError::Limit(_),
            ))
            | Self::Deploy(DeployError::TakesNoRequests { .. }) => USAGE,
            Self::Ask(AskError::TimedOut { .. })
            | Self::Client(
                ClientError::NoAnswer { .. }
                | ClientError::NoSession { .. }
                | ClientError::Busy { .. }
                | ClientError::SessionExpired,
            ) => UNKNOWN,
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => NO_READER,
            _ => NO,
        }
    }
}

fn offered_by(asked: &str, names: &[&str]) -> String {
    if names.is_empty() {
        return String::new();
    }
    format!("; {asked} is offered by {}", names.join(", "))
}

impl From<AskError> for CliError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Client(error) => error.into(),
            error => Self::Ask(error),
        }
    }
}

impl From<CallError> for CliError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Open(error) => error.into(),
            CallError::Ask(error) => error.into(),
        }
    }
}

impl From<OrderError> for CliError {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::Mover { source, .. } => source.into(),
            error => Self::Order(error),
        }
    }
}

impl From<ReplayError> for CliError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Name(error) => error.into(),
            ReplayError::Subject(error) => error.into(),
            ReplayError::Trace(error) => error.into(),
        }
    }
}

impl From<BenchError> for CliError {
    fn from(error: BenchError) -> Self {
        match error {
            BenchError::Open(error) => error.into(),
            BenchError::Ask(error) => error.into(),
            BenchError::Client(error) => error.into(),
            error => Self::Bench(error),
        }
    }
}

impl From<ChaosError> for CliError {
    fn from(error: ChaosError) -> Self {
        match error {
            ChaosError::Local(error) => error.into(),
            ChaosError::Open(error) => error.into(),
            ChaosError::Ask(error) => error.into(),
            ChaosError::Client(error) => error.into(),
            error => Self::Chaos(error),
        }
    }
}

impl From<LocalError> for CliError {
    fn from(error: LocalError) -> Self {
        match error {
            LocalError::File { action, path, source } => Self::File { action, path, source },
            LocalError::System { action, source } => Self::Io { action, source },
            LocalError::Cluster(error) => error.into(),
            LocalError::DataDir(error) => error.into(),
        }
    }
}

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Deploy(error) => error.into(),
            OpenError::Node(error) => error.into(),
            OpenError::Client(error) => error.into(),
            OpenError::Http(error) => error.into(),
        }
    }
}

/// An error about a file.
pub(crate) fn at(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CliError {
    let path = path.to_owned();
    move |source| CliError::File { action, path, source }
}
