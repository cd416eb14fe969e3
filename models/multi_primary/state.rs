//! The states of nodes and clients.

use super::message::Answer;
use super::storage::Image;
use super::transfer::Transfer;
use crate::causal::{Context, VersionVector};
use crate::clock::Stamp;
use crate::kv::{ClientState, Retry};
use stateright::actor::Id;
use std::collections::BTreeMap;

/// Its state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// The state of a node.
    Replica(ReplicaState),
    /// The state of a client.
    Client(SessionState),
}

/// The timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Node: time for the next digest.
    Gossip,
    /// Client: no answer came.
    Retry(Retry),
}

impl From<Retry> for Timer {
    fn from(retry: Retry) -> Self {
        Self::Retry(retry)
    }
}

/// A node's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaState {
    /// The durable state.
    pub image: Image,
    /// What it knows of the progress of the others. Volatile.
    pub stability: Stability,
    /// How far it is with what it fetches from each of the others in several pieces. Volatile:
    /// a node that comes back begins again.
    pub fetching: BTreeMap<Id, Transfer>,
}

/// What a node knows of the progress of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stability {
    /// The newest digest of each other node.
    pub rows: BTreeMap<Id, Row>,
    /// The writes that all must have before the next tombstones go.
    pub cut: Option<Row>,
}

/// A digest, or a cut through several.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    /// Writes.
    pub vector: VersionVector,
    /// A clock.
    pub clock: Stamp,
}

/// A client's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionState {
    /// How many steps are done.
    pub done: usize,
    /// The context of the last get.
    pub context: Context,
    /// The call that is open, or the last one.
    pub call: ClientState<Answer>,
}
