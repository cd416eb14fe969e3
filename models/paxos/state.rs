//! The states of the nodes, and their timers.

use super::ballot::{Ballot, Slot};
use super::message::{Command, Proposal};
use super::storage::Stable;
use crate::kv::snapshot::SnapshotInstall;
use crate::kv::{ClientState, Image, Retry, StateMachine};
use crate::turn::Persistent;
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The state of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::large_enum_variant, reason = "there are few, and replicas are the rule")]
pub enum State<M: StateMachine> {
    /// The state of a replica.
    Replica(ReplicaState<M>),
    /// The state of a client.
    Client(ClientState<M::Reply>),
}

/// The timers of all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Replica that does not lead: no leader was heard of for too long.
    Election,
    /// Replica that leads or tries to: time to say so, and to send again the messages that were not
    /// answered.
    Heartbeat,
    /// Client: the service has not answered.
    Retry(Retry),
    /// Replica: it is to stop.
    Stop,
}

impl From<Retry> for Timer {
    fn from(retry: Retry) -> Self {
        Self::Retry(retry)
    }
}

/// A replica's state. Only `stable` is durable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaState<M: StateMachine> {
    /// The state that it must never forget.
    pub stable: Stable<M>,
    /// Its work as a proposer.
    pub role: Role<M::Op>,
    /// Learner: how far a leader said that the log is chosen, while some of that is not applied
    /// here.
    pub commit_index: Option<CommitIndex>,
    /// Learner: a snapshot of which some pieces came.
    pub install: Option<SnapshotInstall<M>>,
    /// The snapshot that it gives to lagging replicas.
    pub offer: Option<ServedSnapshot<M>>,
    /// The size of its log.
    pub log_bytes: usize,
    /// With pre-vote: it misses the leader, and these would promise it a ballot. `None` if it heard
    /// of the leader since its election timer last fired.
    pub missing: Option<BTreeSet<Id>>,
}

impl<M: StateMachine> Default for ReplicaState<M> {
    fn default() -> Self {
        let (stable, role) = (Stable::default(), Role::Follower);
        Self {
            stable,
            role,
            commit_index: None,
            install: None,
            offer: None,
            log_bytes: 0,
            missing: None,
        }
    }
}

impl<M: StateMachine> ReplicaState<M> {
    /// The last slot applied: every slot up to it is chosen.
    pub fn applied(&self) -> Slot {
        self.stable.image.slot
    }

    /// Whether it leads the ballot that it promised.
    pub fn is_leading(&self) -> bool {
        matches!(self.role, Role::Leading(_))
    }

    pub(super) fn is_preparing(&self) -> bool {
        matches!(self.role, Role::Preparing(_))
    }
}

impl<M: StateMachine> Persistent for ReplicaState<M> {
    type Durable = Stable<M>;

    fn durable(&mut self) -> &mut Stable<M> {
        &mut self.stable
    }
}

/// A replica's work as a proposer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role<O> {
    /// Nothing.
    Follower,
    /// Phase one of the ballot it promised, which is its own.
    Preparing(Preparing<O>),
    /// Phase two of that ballot, slot after slot.
    Leading(Leading<O>),
}

/// Phase one, as far as it got. Volatile: a replica that restarts takes a new ballot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Preparing<O> {
    /// The acceptors that promised: with `None` completely, else with the slot to go on from.
    pub promised: BTreeMap<Id, Option<Slot>>,
    /// The highest-numbered proposal that was reported in each slot.
    pub adopted: BTreeMap<Slot, Proposal<O>>,
    /// The last slot that one of them knows chosen without a gap, and which of them.
    pub chosen: (Slot, Id),
}

/// A leader's knowledge besides its own votes. Volatile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Leading<O> {
    /// The acceptors that accepted its proposal in each slot that is not applied yet: at most a
    /// quorum.
    pub votes: BTreeMap<Slot, BTreeSet<Id>>,
    /// The requests that wait for a slot, in the order in which they came.
    pub waiting: VecDeque<Command<O>>,
    /// The last slot in which an earlier ballot may have had something chosen.
    pub inherited: Slot,
    /// The reads that wait, in the order in which they came.
    pub reads: VecDeque<Read<O>>,
    /// The last round in which it asked the others whether it leads.
    pub round: u64,
    /// Those that confirmed it in that round, while it is under way.
    pub confirming: Option<BTreeSet<Id>>,
    /// The last read of each slot of a client that was answered, of as many as sessions are kept.
    pub last_reads: BTreeMap<(Id, u8), u64>,
    /// With pre-vote: how many heartbeats ago something was chosen or a round ended, while others
    /// are awaited.
    pub unanswered: u32,
}

impl<O> Default for Leading<O> {
    fn default() -> Self {
        Self {
            votes: BTreeMap::new(),
            waiting: VecDeque::new(),
            inherited: 0,
            reads: VecDeque::new(),
            round: 0,
            confirming: None,
            last_reads: BTreeMap::new(),
            unanswered: 0,
        }
    }
}

impl<O> Leading<O> {
    /// Whether it needs something of the others.
    pub(super) fn awaits_others(&self) -> bool {
        !self.votes.is_empty() || self.confirming.is_some()
    }
}

/// A read that waits at a leader.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Read<O> {
    /// The client.
    pub client: Id,
    /// The client's sequence number.
    pub seq: u64,
    /// The operation.
    pub op: O,
    /// The round that confirms it: the first that began after it came.
    pub round: u64,
}

/// "Every slot up to `upto` is chosen", said by the leader of `ballot`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitIndex {
    /// The ballot.
    pub ballot: Ballot,
    /// The slot.
    pub upto: Slot,
}

/// A snapshot for lagging replicas, cut as they ask for its pieces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServedSnapshot<M: StateMachine> {
    /// The snapshot: a copy of the state, which stands still while the state goes on.
    pub image: Image<M>,
    /// How many pieces of it were given so far, to the replica that has most.
    pub given: u32,
    /// Their size.
    pub bytes: usize,
    /// The replicas that are on their way through them.
    pub to: BTreeSet<Id>,
}

impl<M: StateMachine> ServedSnapshot<M> {
    /// A snapshot of this state, of which nothing was given.
    pub(super) fn new(image: Image<M>) -> Self {
        Self { image, given: 0, bytes: 0, to: BTreeSet::new() }
    }

    /// The last slot that is in it.
    pub fn slot(&self) -> Slot {
        self.image.slot
    }
}
