//! What clients ask of the tree, and what they are answered: ZooKeeper's requests, by its names.

use crate::kv::Bytes;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// A session: the transaction that opened it (its `zxid` in the tree). No other session ever has
/// this number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionId(pub u64);

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session {}", self.0)
    }
}

/// A request in a session, or in none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Op {
    /// The session, without which an ephemeral node cannot be created. Once it is closed, every
    /// request in it is answered with [`Error::SessionExpired`].
    pub session: Option<SessionId>,
    /// The request.
    pub request: Request,
}

impl From<Request> for Op {
    fn from(request: Request) -> Self {
        Self { session: None, request }
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Request {
    /// Creates a node.
    Create {
        /// Its path; of a sequential node, what comes before its number.
        path: Bytes,
        /// Its data.
        data: Bytes,
        /// Its kind.
        mode: CreateMode,
    },
    /// Sets the data of a node.
    SetData {
        /// Its path.
        path: Bytes,
        /// Its new data.
        data: Bytes,
        /// The version that it must have now; `None` for any, which ZooKeeper writes as -1.
        version: Option<u32>,
    },
    /// Sets the data of a node, or creates it: the map's put. ZooKeeper has no such request.
    Put {
        /// Its path.
        path: Bytes,
        /// Its new data.
        data: Bytes,
    },
    /// Changes a node if it is as expected: the map's compare-and-swap, where ZooKeeper compares
    /// versions.
    Swap {
        /// Its path.
        path: Bytes,
        /// Its data; `None` if there is to be no node.
        expected: Option<Bytes>,
        /// Its new data; `None` to delete it.
        new: Option<Bytes>,
    },
    /// Removes a node that has no children.
    Delete {
        /// Its path.
        path: Bytes,
        /// The version that it must have now; `None` for any.
        version: Option<u32>,
    },
    /// Reads a node.
    GetData {
        /// Its path.
        path: Bytes,
    },
    /// Reads the [`Stat`] of a node.
    Exists {
        /// Its path.
        path: Bytes,
    },
    /// Reads the names of a node's children, in order, as many as fit a message.
    GetChildren {
        /// Its path.
        path: Bytes,
        /// Only those behind this name; empty for all.
        after: Bytes,
    },
    /// Opens a session for the client that asks.
    CreateSession,
    /// Closes the session in which this is asked, and deletes its ephemeral nodes.
    CloseSession,
}

impl Request {
    /// Creates a node without data.
    pub fn create(path: &str, mode: CreateMode) -> Self {
        Self::Create { path: path.into(), data: Bytes::default(), mode }
    }

    /// Sets the data of a node, if it has this version.
    pub fn set_data(path: &str, data: &str, version: Option<u32>) -> Self {
        Self::SetData { path: path.into(), data: data.into(), version }
    }

    /// Deletes a node, whatever its version.
    pub fn delete(path: &str) -> Self {
        Self::Delete { path: path.into(), version: None }
    }

    /// Reads a node.
    pub fn get_data(path: &str) -> Self {
        Self::GetData { path: path.into() }
    }

    /// Reads the first names of a node's children.
    pub fn get_children(path: &str) -> Self {
        Self::GetChildren { path: path.into(), after: Bytes::default() }
    }

    /// Whether it leaves the tree as it is.
    pub fn is_read(&self) -> bool {
        matches!(self, Self::GetData { .. } | Self::Exists { .. } | Self::GetChildren { .. })
    }
}

/// The kind of a node to be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CreateMode {
    /// It stays until it is deleted.
    Persistent,
    /// The same, and the parent's counter is appended to its name, with ten digits.
    PersistentSequential,
    /// It is deleted when the session that created it is closed, and has no children.
    Ephemeral,
    /// Both.
    EphemeralSequential,
}

impl CreateMode {
    /// Whether the node lives as long as its session at most.
    pub fn is_ephemeral(self) -> bool {
        matches!(self, Self::Ephemeral | Self::EphemeralSequential)
    }

    /// Whether a number is appended to its name.
    pub fn is_sequential(self) -> bool {
        matches!(self, Self::PersistentSequential | Self::EphemeralSequential)
    }
}

/// What the tree knows of a node beside its data. Transactions are counted by the tree, from 1.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Stat {
    /// The transaction that created it.
    pub czxid: u64,
    /// The last transaction that set its data.
    pub mzxid: u64,
    /// The last transaction that created or deleted a child of it.
    pub pzxid: u64,
    /// How often its data was set.
    pub version: u32,
    /// How often a child of it was created: the number of the next sequential one. (What
    /// ZooKeeper shows its clients under this name counts deletions too.)
    pub cversion: u32,
    /// The session whose end is its end, if it is ephemeral.
    pub ephemeral_owner: Option<SessionId>,
    /// How many children it has.
    pub num_children: u32,
}

/// A node of the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Node {
    /// Its data.
    pub data: Bytes,
    /// What clients are told of it.
    pub stat: Stat,
}

/// What came of a request that was done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Response {
    /// A node was created.
    Created {
        /// Its path, with its number if it is sequential.
        path: Bytes,
        /// What the tree knows of it. Its `czxid` can serve as a fencing token.
        stat: Stat,
    },
    /// To [`Request::SetData`] and [`Request::Exists`].
    Stat(Stat),
    /// To [`Request::Put`].
    Put,
    /// To [`Request::Swap`].
    Swapped {
        /// Whether the node was as expected, and so was changed.
        swapped: bool,
        /// Its data before; `None` if there was no node.
        found: Option<Bytes>,
    },
    /// A node was deleted.
    Deleted,
    /// A node.
    Data {
        /// Its data.
        data: Bytes,
        /// What the tree knows of it.
        stat: Stat,
    },
    /// Names of children.
    Children {
        /// The names, in order.
        names: Vec<Bytes>,
        /// Whether there is none behind them.
        is_whole: bool,
        /// What the tree knows of the parent.
        stat: Stat,
    },
    /// A session was opened.
    Opened(SessionId),
    /// The session was closed.
    Closed,
}

/// Why a request was not done.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Error,
)]
pub enum Error {
    /// There is no node at this path, or, of a node to be created, no parent.
    #[error("there is no such node")]
    NoNode,
    /// There is a node at this path already.
    #[error("the node exists already")]
    NodeExists,
    /// The node has another version.
    #[error("the node has another version")]
    BadVersion,
    /// The node has children.
    #[error("the node has children")]
    NotEmpty,
    /// Ephemeral nodes have no children.
    #[error("an ephemeral node has no children")]
    NoChildrenForEphemerals,
    /// The session is closed, or is another client's, or an ephemeral node was to be created in no
    /// session.
    #[error("the session has expired")]
    SessionExpired,
    /// The path is no path, or the root cannot be created or deleted, or the path or the data is
    /// too long.
    #[error("the path or the data is not allowed")]
    BadArguments,
    /// The tree is full, there are as many sessions as there may be, or a parent's counter is at its
    /// end.
    #[error("the tree is full, there are too many sessions, or the parent's counter is at its end")]
    QuotaExceeded,
}

/// The answer to an [`Op`].
pub type Reply = Result<Response, Error>;
