//! The states of the nodes.

use super::log::{Base, Log};
use super::message::Reply;
use super::registry::{Partition, Registry};
use super::topic::Topic;
use crate::kv::snapshot::SnapshotInstall;
use crate::kv::{ClientState, Retry};
use crate::paxos::{self, ReplicaState};
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

/// The state of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::large_enum_variant, reason = "there is one state per node")]
pub enum State {
    /// Of the controller; all of it is durable.
    Controller(Registry),
    /// Of a controller that is one of several.
    Voter(ReplicaState<Registry>),
    /// Of a broker.
    Broker(BrokerState),
    /// Of a producer or consumer.
    Client(ClientState<Reply>),
}

/// The timers of all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Controller: this broker has been silent for too long.
    Suspect(Id),
    /// Controller that is one of several: one of the replica's.
    Quorum(paxos::Timer),
    /// Broker: what was not answered is sent again.
    Resend,
    /// Leader: who lags has lagged for too long.
    Lag,
    /// Broker: what is in the page cache is written to disk.
    Flush,
    /// Broker: it is told to stop.
    Stop,
    /// Client: no answer came.
    Retry(Retry),
}

impl From<Retry> for Timer {
    fn from(retry: Retry) -> Self {
        Self::Retry(retry)
    }
}

/// A broker's state. Durable are its epoch, the mark of a clean stop, and the flushed part of its
/// log.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BrokerState {
    /// The number of its start: its broker epoch.
    pub epoch: u64,
    /// The epoch in which it stopped with everything flushed; erased by the next start.
    pub clean: Option<u64>,
    /// Its log.
    pub log: Log,
    /// How many records of it are on disk: the others are in the page cache.
    pub flushed: u64,
    /// Its high watermark: all before it is committed.
    pub hw: u64,
    /// The newest metadata that it took; version 0 until its registration is confirmed.
    pub metadata: Registry,
    /// What it is.
    pub role: Role,
    /// The pieces that it has of the beginning of a log, until it has all. Volatile.
    pub install: Option<Install>,
}

/// Pieces of the beginning of a log, of which the leader has no records any more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Install {
    /// The epoch of the last record before its start.
    pub epoch: u64,
    /// The pieces.
    pub pieces: SnapshotInstall<Topic>,
}

/// What a broker is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::large_enum_variant, reason = "there is one role per node")]
pub enum Role {
    /// It follows the leader, if there is one.
    #[default]
    Follower,
    /// It leads.
    Leader(Leading),
    /// It started again, and the controller does not know yet: the mark of a clean stop that it
    /// found.
    Starting(Option<u64>),
    /// It stopped cleanly.
    Stopped,
}

/// What a leader knows besides. Volatile.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Leading {
    /// Where its log ended when its leader epoch began.
    pub start: u64,
    /// What the followers fetched in this leader epoch.
    pub followers: BTreeMap<Id, Progress>,
    /// The in-sync replicas that it asked the controller for, each with its broker epoch, until
    /// the partition epoch changes.
    pub asked: Option<BTreeMap<Id, u64>>,
    /// Where the log ended when the timer of those that lag was set, while it is set.
    pub lag_mark: Option<u64>,
    /// What the committed records come to: the map, and what producers were answered.
    pub view: Base,
    /// Of each producer with records that are not committed, the last: its number and its offset.
    pub tail: BTreeMap<Id, (u64, u64)>,
    /// The followers that are on their way through the beginning of the log.
    pub installing: BTreeSet<Id>,
    /// The records whose producers wait for an answer: offset to client and request.
    pub waiting: BTreeMap<u64, (Id, u64)>,
}

/// How far a follower is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Progress {
    /// The broker epoch in which it fetched.
    pub broker_epoch: u64,
    /// It has all before this offset.
    pub offset: u64,
}

impl BrokerState {
    /// The partition as it knows it.
    pub fn partition(&self) -> &Partition {
        &self.metadata.partition
    }

    /// What it knows as leader.
    pub fn leading(&self) -> Option<&Leading> {
        match &self.role {
            Role::Leader(leading) => Some(leading),
            Role::Follower | Role::Starting(_) | Role::Stopped => None,
        }
    }

    /// The same, to be changed.
    pub(super) fn leading_mut(&mut self) -> Option<&mut Leading> {
        match &mut self.role {
            Role::Leader(leading) => Some(leading),
            Role::Follower | Role::Starting(_) | Role::Stopped => None,
        }
    }

    /// Whether it follows this leader in this epoch.
    pub(super) fn follows(&self, leader: Id) -> bool {
        self.role == Role::Follower && self.partition().leader == Some(leader)
    }

    /// The in-sync replicas, united with those that it asked for: until it knows the answer, either
    /// may be true (KIP-497: the maximal ISR).
    pub fn maximal_isr(&self) -> BTreeSet<Id> {
        let asked = self.leading().and_then(|leading| leading.asked.as_ref());
        let isr = self.partition().isr.iter();
        isr.chain(asked.into_iter().flat_map(BTreeMap::keys)).copied().collect()
    }
}
