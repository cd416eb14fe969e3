//! Why there is no measurement.

use crate::node::deploy::OpenError;
use crate::node::{AskError, ClientError};
use std::time::Duration;
use thiserror::Error;

/// Why there is no measurement.
#[derive(Debug, Error)]
pub enum BenchError {
    /// The clients cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A request cannot be made.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// A request cannot be sent.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The keys could not be written that are to be read.
    #[error(
        "the cluster did not take the first value of each key: {errors} of {keys} puts had no answer \
         within {timeout:?}"
    )]
    NotFilled {
        /// How many failed.
        errors: u64,
        /// How many there were to write.
        keys: usize,
        /// How long each had.
        timeout: Duration,
    },
    /// It was asked to stop.
    #[error("stopped before the end")]
    Stopped,
    /// A thread ended by a panic.
    #[error("a thread of the load generator failed")]
    Panicked,
}
