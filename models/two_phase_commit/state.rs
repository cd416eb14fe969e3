//! The states of the nodes, and their timers.

use super::locks::Locks;
use super::message::{Part, TxnId};
use super::storage::{Ledger, Shard};
use crate::kv::{ClientState, Outcome, Reply, Retry};
use crate::turn::Persistent;
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

/// The state of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// The state of the coordinator.
    Coordinator(CoordinatorState),
    /// The state of a participant.
    Participant(ParticipantState),
    /// The state of a client.
    Client(ClientState<Outcome>),
}

/// The timers of all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Coordinator: a participant has not answered.
    Resend,
    /// Coordinator: not all participants have voted.
    Deadline(TxnId),
    /// Participant: it has been in doubt for a while.
    Doubt,
    /// Client: the coordinator has not answered.
    Retry(Retry),
}

impl From<Retry> for Timer {
    fn from(retry: Retry) -> Self {
        Self::Retry(retry)
    }
}

/// The coordinator's state. All but the ledger is forgotten in a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CoordinatorState {
    /// The durable part.
    pub ledger: Ledger,
    /// The transactions that wait for votes. At most [`MAX_LIVE`](super::MAX_LIVE), with the
    /// committed ones.
    pub voting: BTreeMap<TxnId, Voting>,
    /// The participants that acknowledged a commit that others did not acknowledge yet.
    pub acked: BTreeMap<TxnId, BTreeSet<Id>>,
}

/// A transaction that waits for votes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Voting {
    /// The part of each participant.
    pub parts: BTreeMap<Id, Part>,
    /// The replies of those that voted yes.
    pub yes: BTreeMap<Id, Vec<(u32, Reply)>>,
}

impl Persistent for CoordinatorState {
    type Durable = Ledger;

    fn durable(&mut self) -> &mut Ledger {
        &mut self.ledger
    }
}

/// A participant's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParticipantState {
    /// The durable part.
    pub shard: Shard,
    /// The locks that the prepared transactions hold. Not durable, because they follow from
    /// those.
    pub locks: Locks,
    /// The last transaction that it asked about, if it could not ask about all.
    pub asked: Option<TxnId>,
}

impl Persistent for ParticipantState {
    type Durable = Shard;

    fn durable(&mut self) -> &mut Shard {
        &mut self.shard
    }
}
