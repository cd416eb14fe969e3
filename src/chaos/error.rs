//! Why a storm has no verdict.

use crate::local::LocalError;
use crate::node::deploy::OpenError;
use crate::node::{AskError, ClientError};
use std::path::PathBuf;
use std::process::ExitStatus;
use thiserror::Error;

/// Why a storm has no verdict.
#[derive(Debug, Error)]
pub enum ChaosError {
    /// The local cluster.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// The clients cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A request cannot be made.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// A request cannot be sent.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A server ended although nothing was done to it that ends it.
    #[error("server {server} ended unexpectedly: {status}; its log is {}", log.display())]
    Ended {
        /// Which.
        server: usize,
        /// How.
        status: ExitStatus,
        /// Where it logged.
        log: PathBuf,
    },
    /// A thread panicked.
    #[error("the clients' thread failed")]
    Panicked,
}
