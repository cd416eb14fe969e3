//! What went wrong with a local cluster.

use crate::node::{ClusterFileError, DataDirError};
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// What went wrong with a local cluster.
#[derive(Debug, Error)]
pub enum LocalError {
    /// A file or a directory.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was to be done.
        action: &'static str,
        /// With which.
        path: PathBuf,
        /// Why it was not.
        source: io::Error,
    },
    /// The operating system.
    #[error("cannot {action}: {source}")]
    System {
        /// What was to be done.
        action: &'static str,
        /// Why it was not.
        source: io::Error,
    },
    /// The cluster file makes no sense.
    #[error(transparent)]
    Cluster(#[from] ClusterFileError),
    /// A data directory.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
}

/// Errors about `path`.
pub(super) fn at(
    action: &'static str,
    path: impl Into<PathBuf>,
) -> impl FnOnce(io::Error) -> LocalError {
    move |source| LocalError::File { action, path: path.into(), source }
}

/// Errors about the operating system.
pub(super) fn system(action: &'static str) -> impl FnOnce(io::Error) -> LocalError {
    move |source| LocalError::System { action, source }
}
