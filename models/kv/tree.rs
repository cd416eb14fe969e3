//! What users ask of a tree of nodes, and what they are told: the requests of ZooKeeper's clients,
//! whichever protocol serves them.

use super::Bytes;
use thiserror::Error;

/// What a user asks of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeAsk {
    /// To create a node.
    Create {
        /// Its path; of a sequential node, what comes before its number.
        path: Bytes,
        /// Its data.
        data: Bytes,
        /// Whether it is deleted when the client's session ends.
        ephemeral: bool,
        /// Whether its parent's counter is appended to its name.
        sequential: bool,
    },
    /// To set the data of a node that has this version.
    Set {
        /// Its path.
        path: Bytes,
        /// Its new data.
        data: Bytes,
        /// The version.
        version: u32,
    },
    /// To delete a node that has this version.
    Delete {
        /// Its path.
        path: Bytes,
        /// The version.
        version: u32,
    },
    /// To read what the tree knows of a node.
    Stat {
        /// Its path.
        path: Bytes,
        /// Whether the client is to be told once when the node changes. Then the server that is
        /// asked answers from its own state.
        watch: bool,
    },
    /// To read the names of a node's children, in order.
    Children {
        /// Its path.
        path: Bytes,
        /// Only those behind this name; empty for all.
        after: Bytes,
        /// Whether the client is to be told once when there are others, as with [`Stat`](Self::Stat).
        watch: bool,
    },
    /// To open a session, which ends when the client has not been heard of for too long.
    OpenSession,
    /// To close it, and delete its ephemeral nodes.
    CloseSession,
    /// To keep it open.
    Ping,
}

impl TreeAsk {
    /// The command that asks for it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Set { .. } => "put --version",
            Self::Delete { .. } => "delete --version",
            Self::Stat { watch: true, .. } | Self::Children { watch: true, .. } => "watch",
            Self::Stat { .. } => "stat",
            Self::Children { .. } => "children",
            Self::OpenSession | Self::CloseSession | Self::Ping => "create --ephemeral",
        }
    }
}

/// The answer of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeAnswer {
    /// The node was created.
    Created {
        /// Its path, with its number if it is sequential.
        path: Bytes,
        /// The transaction that created it, which can serve as a fencing token.
        zxid: u64,
    },
    /// What the tree knows of a node.
    Node(NodeStat),
    /// There is no such node (to a read that watches for it).
    Absent,
    /// Names of children.
    Children {
        /// The names, in order.
        names: Vec<Bytes>,
        /// Whether there are more behind them.
        more: bool,
    },
    /// The session was opened.
    Opened {
        /// Which.
        session: u64,
    },
    /// It was done: the node was deleted, or the session was closed, or is open.
    Done,
}

/// What a tree knows of a node beside its data. Transactions are counted by the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeStat {
    /// The transaction that created it.
    pub czxid: u64,
    /// The last transaction that set its data.
    pub mzxid: u64,
    /// How often its data was set.
    pub version: u32,
    /// How many children it has.
    pub children: u32,
    /// The session with which it is deleted, if it is ephemeral.
    pub owner: Option<u64>,
}

/// What happened to a watched node. Each watch fires once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEvent {
    /// The path of the node.
    pub path: Bytes,
    /// `created`, `deleted`, `data changed` or `children changed`.
    pub what: &'static str,
}

/// Why nothing was done, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TreeError {
    /// There is no node at this path, or, of a node to be created, no parent.
    #[error("there is no such node, or no parent of it; `quorate create` makes one, parents first")]
    NoNode,
    /// There is a node at this path already.
    #[error("the node exists already; `quorate put` sets its data")]
    NodeExists,
    /// The node has another version.
    #[error("the node has another version by now; `quorate stat` shows which")]
    BadVersion,
    /// The node has children.
    #[error("the node has children; delete them first (`quorate children` lists them)")]
    NotEmpty,
    /// The parent is ephemeral.
    #[error("the parent is ephemeral, so it has no children; create the node below another one")]
    NoChildrenForEphemerals,
    /// The client has no session that is open.
    #[error(
        "the session has expired, and its ephemeral nodes are gone; begin again with a new one"
    )]
    SessionExpired,
    /// It cannot be done to this node.
    #[error("it cannot be done to this node: the root stays, and a path has at most 1024 bytes")]
    BadArguments,
    /// The tree is full.
    #[error(
        "the tree is full, or has as many sessions as it may, or the parent's counter is at its end; \
         delete nodes, or close sessions"
    )]
    QuotaExceeded,
}
