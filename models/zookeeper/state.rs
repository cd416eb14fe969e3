//! The states of the nodes, and their timers.

use super::client::ClientState;
use super::op::{Request, SessionId};
use super::tree::Tree;
use super::watch::{Watch, WatchedEvent};
use crate::kv::Retry;
use crate::zab;
use stateright::actor::Id;
use std::collections::BTreeMap;

/// The state of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::large_enum_variant, reason = "there are few, and servers are the rule")]
pub enum State {
    /// The state of a server.
    Server(ServerState),
    /// The state of a client.
    Client(ClientState),
    /// The state of a resource.
    Resource(ResourceState),
}

/// The timers of all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// One of Zab's.
    Zab(zab::Timer),
    /// Leader: nothing was heard of this session for too long.
    Expire(SessionId),
    /// Client: the service has not answered.
    Retry(Retry),
}

impl From<Retry> for Timer {
    fn from(retry: Retry) -> Self {
        Self::Retry(retry)
    }
}

/// A server's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerState {
    /// Its part in Zab, with the tree. Of this, what is durable is saved.
    pub zab: zab::ServerState<Tree>,
    /// The clients that ask it and have watches.
    pub watchers: BTreeMap<Id, Watcher>,
}

impl ServerState {
    /// The tree, as far as it is delivered here.
    pub fn tree(&self) -> &Tree {
        &self.zab.stable.image.machine
    }
}

/// The watches of a client, as its last request here told of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Watcher {
    /// The number of that request.
    pub seq: u64,
    /// The watches, and whether the client was sent the event of each. Those stay until it says
    /// that it has seen it.
    pub watches: BTreeMap<Watch, bool>,
    /// The read that is to leave a watch when it is answered.
    pub sets: Option<Request>,
}

impl Watcher {
    /// The events of its watches that have fired in this tree.
    pub fn fired(&self, tree: &Tree) -> Vec<WatchedEvent> {
        self.watches.keys().filter_map(|watch| tree.fired(watch)).collect()
    }
}

/// The state of a resource that a lock protects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceState {
    /// The largest fencing token with which it was used.
    pub last: u64,
    /// How many holders used it, each with a larger one than all before.
    pub holders: u8,
    /// Whether it was used with a smaller one afterwards.
    pub overtaken: bool,
}
