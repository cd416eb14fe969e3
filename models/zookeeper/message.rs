//! The messages between clients and servers. What servers say to each other is Zab's.

use super::op::{Op, Reply};
use super::tree::Tree;
use super::watch::{Watch, WatchedEvent};
use crate::kv::Service;
use crate::zab::{Peer, Zxid};
use serde::{Deserialize, Serialize};

/// A message of the service.
pub type Msg = Service<Ask, Answer, Peer<Tree>>;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ask {
    /// What it asks for.
    pub what: What,
    /// Its watches of which it has seen no event (ZooKeeper's `SetWatches`, in each request).
    pub watches: Vec<Watch>,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum What {
    /// A request that the leader orders; a read too, which is then linearizable.
    Write(Op),
    /// A read, which the server that is asked answers from its own tree.
    Read {
        /// The request, which changes nothing.
        op: Op,
        /// The last transaction that the client knows of: a server that has delivered less does
        /// not answer yet.
        seen: Zxid,
        /// Whether the client is to be told when what it read changes.
        watch: bool,
    },
    /// A transaction that changes nothing: what the client reads afterwards is at least as new.
    Sync,
    /// Keeps the session open in which it is asked. No transaction.
    Ping(Op),
    /// Not to a server of the cluster, which ignores it: to a resource that a lock protects, in the
    /// checker, with the fencing token.
    Use(u64),
}

/// What a client is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Answer {
    /// The answer to a request.
    Done {
        /// The last transaction that the server had delivered.
        zxid: Zxid,
        /// The same, as the tree counts.
        tree: u64,
        /// What came of it; `None` of a sync and a ping.
        reply: Option<Reply>,
        /// Those of the client's watches that have fired, which it sees before the reply; `None` if
        /// the server does not know its watches.
        events: Option<Vec<WatchedEvent>>,
    },
    /// Watches have fired. It answers no request, and has the number 0.
    Events(Vec<WatchedEvent>),
}
