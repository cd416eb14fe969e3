//! Errors of a node: why it did not start, or why it stopped.

use super::data_dir::DataDirError;
use super::log::LogError;
use super::mint::MintError;
use super::peers::PeersError;
use super::socket::BindError;
use std::path::PathBuf;
use thiserror::Error;

/// Why a node did not start, or stopped.
#[derive(Debug, Error)]
pub enum NodeError {
    /// Its data directory is not fit to be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// Its log is damaged, or cannot be written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// What it remembers of the other servers cannot be read.
    #[error(transparent)]
    Peers(#[from] PeersError),
    /// What it remembers of the ids that it made for clients cannot be read.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// It cannot listen.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Its data directory was formatted for a newcomer, which the protocol does not take.
    #[error(
        "{} was formatted for a server that lost its data directory, and this protocol does not take \
         this server back: see `quorate readmit --help`", data.display()
    )]
    NoNewcomers {
        /// The data directory.
        data: PathBuf,
    },
    /// Another server knows another life of this one.
    #[error(
        "server {by} knows another data directory of this server, or a later state of this one: {} \
         has forgotten what the server promised; start it on the directory that it had, or, if that \
         is lost, see `quorate readmit --help`", data.display()
    )]
    Refused {
        /// Which.
        by: usize,
        /// The data directory.
        data: PathBuf,
    },
    /// The cluster is keyed, and this copy of its file lacks the servers' key.
    #[error(
        "the cluster file {} has no server key, so it is a client's copy; \
         run a server with the servers' copy", file.display()
    )]
    NoServerKey {
        /// The cluster file.
        file: PathBuf,
    },
}
