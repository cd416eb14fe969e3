//! Errors of a client: why an operation has no result. [`Fate`](super::Fate) says whether it was done.

use crate::node::frame::FrameError;
use crate::node::socket::BindError;
use quorate_models::kv::limits::LimitError;
use quorate_models::kv::service::Refusal;
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
    /// An asynchronous client was opened outside a tokio runtime.
    #[error("an asynchronous client is opened within a tokio runtime; here there is none")]
    NoRuntime,
    /// No server gave this client an id in time, so it asked for nothing.
    #[error(
        "no answer within {deadline:?} from {}; nothing was done \
         (do they run, and with the same cluster file?)",
        list(asked)
    )]
    NoSession {
        /// The deadline.
        deadline: Duration,
        /// The servers that were asked for one.
        asked: Vec<(Id, SocketAddr)>,
    },
    /// All sessions of an asynchronous client were in use.
    #[error(
        "this client had {requests} requests under way for all of {deadline:?}, the most it was opened \
         for; nothing was done; open it for more, or ask for less at once"
    )]
    AllInUse {
        /// The deadline.
        deadline: Duration,
        /// How many.
        requests: usize,
    },
    /// The tokio runtime of an asynchronous client has ended.
    #[error("the client's tokio runtime has ended; the operation may or may not have been done")]
    Stopped,
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

impl ClientError {
    /// A server refused the operation.
    pub(in crate::node) fn refused(why: Refusal, deadline: Duration) -> Self {
        match why {
            Refusal::SessionExpired => Self::SessionExpired,
            Refusal::NotOffered => Self::NotOffered,
            Refusal::TooLarge => Self::TooLarge,
            // The actor keeps asking a busy server, until the deadline.
            Refusal::Busy => Self::Busy { deadline },
        }
    }

    /// Whether there was no answer in time, known not to have been done or not.
    pub fn is_overdue(&self) -> bool {
        matches!(self, Self::NoSession { .. } | Self::NoAnswer { .. } | Self::Busy { .. })
    }

    /// The same, for one whose deadline was only the rest of this one.
    pub(in crate::node) fn within(self, deadline: Duration) -> Self {
        match self {
            Self::NoSession { asked, .. } => Self::NoSession { deadline, asked },
            Self::NoAnswer { asked, .. } => Self::NoAnswer { deadline, asked },
            Self::Busy { .. } => Self::Busy { deadline },
            error => error,
        }
    }
}

fn list(asked: &[(Id, SocketAddr)]) -> String {
    let servers: Vec<String> = (asked.iter())
        .map(|(id, address)| format!("server {} ({address})", usize::from(*id)))
        .collect();
    if servers.is_empty() { "any server".into() } else { servers.join(", ") }
}
