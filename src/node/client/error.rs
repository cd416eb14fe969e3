//! Errors of a client: why an operation has no result.

use crate::node::frame::FrameError;
use crate::node::socket::BindError;
use quorate_models::kv::limits::LimitError;
use stateright::actor::Id;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// Why an operation has no result.
#[derive(Debug, Error)]
pub enum ClientError {
    /// No socket.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The file has keys, but not the key by which the servers are known.
    #[error(
        "the cluster file {} has a client key, but neither the servers' key nor their public one; \
         make a client's copy of the file with `quorate client-file`", file.display()
    )]
    NoPublicKey {
        /// The file.
        file: PathBuf,
    },
    /// There is nobody to ask.
    #[error("the cluster has no server that takes requests")]
    NoServers,
    /// Nobody answered in time. The operation may have been done, and may still be, until this
    /// client does another.
    #[error(
        "no answer within {deadline:?} from {}; the operation may or may not have been done \
         (do they run, and with the same cluster file?)",
        list(asked)
    )]
    NoAnswer {
        /// The deadline.
        deadline: Duration,
        /// The servers that were asked.
        asked: Vec<(Id, SocketAddr)>,
    },
    /// All the time there was, the servers had as many requests waiting as they take. Nobody said
    /// that the operation was done; as one that was asked before may have been taken, it may still
    /// be, until this client does another.
    #[error(
        "the cluster is busy: its servers had too many requests waiting for all of {deadline:?}; \
         ask again later, or with a longer deadline"
    )]
    Busy {
        /// The deadline.
        deadline: Duration,
    },
    /// The servers have forgotten this client; whether the operation was done is unknown. The
    /// next operation begins a new session, under a new id.
    #[error(
        "the session has expired: the servers have since served many other clients; \
         the operation may or may not have been done (the next one begins a new session)"
    )]
    SessionExpired,
    /// The protocol does not have this operation.
    #[error("the cluster's protocol does not offer this operation")]
    NotOffered,
    /// The operation is larger than the protocol's messages can carry.
    #[error("the operation is too large for the cluster's protocol")]
    TooLarge,
    /// The request is larger than it may be.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The request does not fit a datagram.
    #[error("the request cannot be sent: {0}")]
    Unsendable(FrameError),
    /// A server answered something else than was asked.
    #[error("server {0:?} answered what was not asked; its version may differ")]
    Nonsense(Id),
}

fn list(asked: &[(Id, SocketAddr)]) -> String {
    let servers: Vec<String> = (asked.iter())
        .map(|(id, address)| format!("server {} ({address})", usize::from(*id)))
        .collect();
    if servers.is_empty() { "any server".into() } else { servers.join(", ") }
}
