//! The configuration of a cluster, and its nodes and clients.

use super::bugs::Bug;
use crate::causal::{Authenticator, Rule, VersionVector};
use crate::clock::PhysicalTime;
use crate::kv::machine::FRAGMENT_BYTES;
use crate::kv::{Op, SessionLimits};
use crate::turn::Setting;
use stateright::actor::{Id, model_timeout};
use std::ops::Range;
use std::time::Duration;

/// How long things take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between the digests of a node.
    pub gossip: Range<Duration>,
    /// How long a client waits for an answer before it asks another node.
    pub retry: Range<Duration>,
}

impl Timing {
    /// For checking, where a timer may fire at any time.
    pub fn model() -> Self {
        Self { gossip: model_timeout(), retry: model_timeout() }
    }
}

impl Default for Timing {
    /// For a local network.
    fn default() -> Self {
        let millis = |from, to| Duration::from_millis(from)..Duration::from_millis(to);
        Self { gossip: millis(200, 300), retry: millis(150, 250) }
    }
}

/// A cluster: nodes 0 to `nodes - 1`, then clients.
#[derive(Clone, Debug)]
pub struct Config {
    /// How many nodes; at least one.
    pub nodes: usize,
    /// What becomes of concurrent writes. The same at all nodes.
    pub rule: Rule,
    /// How long things take.
    pub timing: Timing,
    /// The physical part of timestamps.
    pub physical: PhysicalTime,
    /// About how many encoded bytes of versions travel in one message.
    pub piece_bytes: usize,
    /// What makes and checks the tags of contexts.
    pub contexts: Authenticator,
    /// How many clients each node remembers.
    pub sessions: SessionLimits,
    /// The seeded bug, if this cluster is to have one. Only the checker ever sets it: the runtime
    /// always builds its nodes with `None`.
    pub(crate) bug: Option<Bug>,
}

impl Config {
    /// A correct cluster with logical clocks.
    pub fn new(nodes: usize, rule: Rule, timing: Timing) -> Self {
        let (physical, piece_bytes) = (PhysicalTime::NONE, FRAGMENT_BYTES);
        let (contexts, sessions) = (Authenticator::default(), SessionLimits::default());
        Self { nodes, rule, timing, physical, piece_bytes, contexts, sessions, bug: None }
    }

    /// The ids of the nodes.
    pub fn node_ids(&self) -> impl Iterator<Item = Id> + use<> {
        (0..self.nodes).map(Id::from)
    }

    /// Whether this is a node of the cluster.
    pub fn is_node(&self, id: Id) -> bool {
        usize::from(id) < self.nodes
    }

    /// A node. All are alike.
    pub fn server(&self) -> MultiPrimary {
        MultiPrimary::Replica(Replica { config: self.clone() })
    }

    /// All nodes, by id.
    pub fn servers(&self) -> Vec<MultiPrimary> {
        (0..self.nodes).map(|_| self.server()).collect()
    }

    /// A client that turns to node `home` first.
    pub fn client(&self, home: usize, script: Vec<ScriptedOp>) -> MultiPrimary {
        let servers = (0..self.nodes).map(|at| Id::from((home + at) % self.nodes)).collect();
        Session { script, servers, retry: self.timing.retry.clone() }.into()
    }
}

impl Setting for Config {
    type Bug = Bug;

    fn bug(&self) -> Option<Bug> {
        self.bug
    }

    fn server_ids(&self) -> impl Iterator<Item = Id> {
        self.node_ids()
    }
}

/// A node or a client of a multi-primary cluster.
#[derive(Clone, Debug)]
pub enum MultiPrimary {
    /// A node.
    Replica(Replica),
    /// A client.
    Client(Session),
}

/// A node.
#[derive(Clone, Debug)]
pub struct Replica {
    /// The cluster.
    pub config: Config,
}

/// What a client does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScriptedOp {
    /// The operation, on whatever the node holds.
    Plain(Op),
    /// The operation, on what the last get returned.
    Informed(Op),
    /// The operation, on nothing: its value becomes a sibling.
    Blind(Op),
    /// The operation, with a context that no node issued.
    Forged(Op, VersionVector),
}

impl ScriptedOp {
    /// The operation.
    pub fn op(&self) -> &Op {
        match self {
            Self::Plain(op) | Self::Informed(op) | Self::Blind(op) | Self::Forged(op, _) => op,
        }
    }

    /// Whether it gives a context that is not empty.
    pub fn has_context(&self) -> bool {
        matches!(self, Self::Informed(_) | Self::Forged(..))
    }
}

/// A client and its script.
#[derive(Clone, Debug)]
pub struct Session {
    /// What it does, in order.
    pub script: Vec<ScriptedOp>,
    /// The nodes, in the order in which it tries them; each call begins with the first.
    pub servers: Vec<Id>,
    /// How long it waits for an answer.
    pub retry: Range<Duration>,
}

impl From<Session> for MultiPrimary {
    fn from(session: Session) -> Self {
        Self::Client(session)
    }
}
