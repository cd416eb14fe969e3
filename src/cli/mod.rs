//! The subcommands, one file each, and what they have in common: how they fail.

mod answer;
pub(crate) mod check;
pub(crate) mod client;
pub(crate) mod cluster;
pub(crate) mod explore;
pub(crate) mod format;
pub(crate) mod list;
pub(crate) mod readmit;
pub(crate) mod run;
mod tell;
pub(crate) mod txn;

use quorate::catalogue::UnknownName;
use quorate::check::CheckError;
use quorate::explore::ExploreError;
use quorate::node::deploy::OpenError;
use quorate::node::{
    AskError, ClientError, ClusterFileError, DataDirError, DeployError, NodeError, PeersError,
};
use quorate::trace::TraceError;
use thiserror::Error;

/// It was done.
pub(crate) const DONE: u8 = 0;
/// It was not done: the answer is no, or something is wrong.
pub(crate) const NO: u8 = 1;
/// The arguments make no sense.
pub(crate) const USAGE: u8 = 2;
/// It cannot be told whether it was done.
pub(crate) const UNKNOWN: u8 = 3;

/// Why a subcommand failed.
#[derive(Debug, Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Cluster(#[from] ClusterFileError),
    #[error(transparent)]
    Deploy(#[from] DeployError),
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Peers(#[from] PeersError),
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Ask(AskError),
    #[error(transparent)]
    Name(#[from] UnknownName),
    #[error(transparent)]
    Trace(#[from] TraceError),
    #[error(transparent)]
    Explore(#[from] ExploreError),
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Failed(String),
    #[error("{action}: {source}")]
    Io { action: &'static str, source: std::io::Error },
}

impl CliError {
    /// The exit code that says so.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Name(_)
            | Self::Usage(_)
            | Self::Check(
                CheckError::ZeroThreads
                | CheckError::TooManyThreads(_)
                | CheckError::ZeroLimit(_)
                | CheckError::UnknownProperty(_)
                | CheckError::SymmetryElsewhere,
            )
            | Self::Client(
                ClientError::KeyTooLong { .. }
                | ClientError::ValueTooLong { .. }
                | ClientError::OperationTooLong { .. }
                | ClientError::ContextTooLong { .. }
                | ClientError::Transaction(_),
            )
            | Self::Ask(
                AskError::NotOffered { .. } | AskError::NoContexts | AskError::BadContext(_),
            )
            | Self::Deploy(DeployError::TakesNoRequests { .. }) => USAGE,
            Self::Client(
                ClientError::NoAnswer { .. }
                | ClientError::Busy { .. }
                | ClientError::SessionExpired,
            ) => UNKNOWN,
            _ => NO,
        }
    }
}

impl CliError {
    pub(crate) fn json(source: serde_json::Error) -> Self {
        Self::Io { action: "cannot write JSON", source: source.into() }
    }
}

impl From<AskError> for CliError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Client(error) => error.into(),
            error => Self::Ask(error),
        }
    }
}

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Deploy(error) => error.into(),
            OpenError::Node(error) => error.into(),
            OpenError::Client(error) => error.into(),
        }
    }
}
