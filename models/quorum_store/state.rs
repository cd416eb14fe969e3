//! The states of nodes and clients, and their timers.

use super::message::{Answer, Call, Level, Promised, Update};
use super::placement::Rings;
use super::storage::Stable;
use super::version::{Digest, Stamp, Version};
use crate::causal::Context;
use crate::clock;
use crate::kv::{Bytes, ClientState, Op, Retry};
use crate::turn::Persistent;
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

/// The state of a node or a client.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::large_enum_variant, reason = "there are few, and nodes are the rule")]
pub enum State {
    /// The state of a node.
    Replica(ReplicaState),
    /// The state of a client.
    Client(SessionState),
}

/// The timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Coordinator: time to send again what was not answered.
    Resend,
    /// Coordinator: this request has had its time.
    Deadline(Call),
    /// Node: time to replay hints.
    Hint,
    /// Node: time for a round of anti-entropy.
    Repair,
    /// Node: time to look for tombstones that may go.
    Purge,
    /// Mover: time to begin a move, or to send again what was not answered.
    Move,
    /// Client: no answer came.
    Retry(Retry),
}

impl From<Retry> for Timer {
    fn from(retry: Retry) -> Self {
        Self::Retry(retry)
    }
}

/// A node's state. Only `stable` is durable.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaState {
    /// The state that it must never forget.
    pub stable: Stable,
    /// The rings of its view, so that they need not be made for each key; `None` in the first view, whose
    /// ring is that of the configuration.
    pub rings: Option<Rings>,
    /// The requests that it coordinates.
    pub open: BTreeMap<Call, Open>,
    /// The last answer to each client, for a request that comes again; of no more clients than there
    /// are sessions.
    pub answered: BTreeMap<Id, (u64, Answer)>,
    /// The tombstones that are being repaired: their timestamps, and the replicas that have them.
    pub repairing: BTreeMap<Bytes, (Stamp, BTreeSet<Id>)>,
    /// The nodes from which it copies what it gains in a move, and the last key that came.
    pub copying: BTreeMap<Id, Option<Bytes>>,
    /// The mover: the nodes that are ready.
    pub ready: BTreeSet<Id>,
}

impl Persistent for ReplicaState {
    type Durable = Stable;

    fn durable(&mut self) -> &mut Stable {
        &mut self.stable
    }
}

/// A request that a node coordinates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Open {
    /// The key.
    pub key: Bytes,
    /// How many replicas it waits for.
    pub level: Level,
    /// How far it is.
    pub phase: Phase,
}

/// The rounds of a read: where tombstones went while it collected answers, it collects others.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rounds {
    /// How many there were before this one.
    pub number: u32,
    /// The horizons of the replicas that answered in this round.
    pub heard: BTreeMap<Id, Stamp>,
    /// Those that were known before it began: its answers are from after these tombstones went.
    pub known: BTreeMap<Id, Stamp>,
}

impl Rounds {
    /// The next round.
    #[must_use]
    pub fn next_round(mut self) -> Self {
        self.known.append(&mut self.heard);
        Self { number: self.number.saturating_add(1), ..self }
    }

    /// Whether a tombstone that is at least as new as this may have gone at a replica in this round.
    pub fn may_hide(&self, stamp: Stamp, node: Id) -> bool {
        let heard = self.heard.get(&node);
        heard.is_some_and(|horizon| *horizon >= stamp) && self.known.get(&node) != heard
    }
}

/// How far a request is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::large_enum_variant, reason = "a node has few, and those that write are the rule")]
pub enum Phase {
    /// A write that asks for the newest timestamp.
    Querying {
        /// What it is to write; `None` deletes.
        value: Option<Bytes>,
        /// The replicas that answered.
        answered: BTreeSet<Id>,
        /// The newest time among them.
        newest: clock::Stamp,
    },
    /// A write with its timestamp.
    Writing {
        /// The version.
        version: Version,
        /// The replicas that have it, and with sloppy quorums those that keep it for one.
        acked: BTreeSet<Id>,
        /// Whether the client has its answer: the rest is waited for to know who needs a hint.
        is_answered: bool,
        /// Whether nodes were asked to keep it for replicas.
        is_handed: bool,
    },
    /// A read that collects answers.
    Reading {
        /// What each replica has.
        answers: BTreeMap<Id, Seen>,
        /// The replicas whose digests differed, while they are asked for their versions.
        fetching: BTreeSet<Id>,
        /// The round that collects.
        rounds: Rounds,
    },
    /// A read that knows what it returns, and waits until enough replicas have it.
    Repairing {
        /// The version.
        version: Version,
        /// The replicas that have it.
        holders: BTreeSet<Id>,
    },
    /// A serial request.
    Serial(Attempt),
}

/// A serial request in one ballot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt {
    /// The operation.
    pub op: Op,
    /// The ballot.
    pub ballot: Stamp,
    /// How far it is.
    pub progress: Progress,
}

/// How far a ballot is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Progress {
    /// It waits for promises.
    Preparing {
        /// Those that came.
        promises: BTreeMap<Id, Promised>,
    },
    /// It brings the most recent commit to replicas that miss it.
    Refreshing {
        /// That commit.
        commit: Version,
        /// The replicas that have it.
        holders: BTreeSet<Id>,
        /// What is to be finished then.
        unfinished: Option<Update>,
        /// The newest version of the promises.
        found: Option<Version>,
    },
    /// It waits for an update to be accepted.
    Proposing {
        /// The update.
        update: Update,
        /// The replicas that accepted it.
        accepted: BTreeSet<Id>,
        /// The answer to the client then; `None` if the update is another's.
        answer: Option<Answer>,
    },
    /// It waits for an accepted update to be committed.
    Committing {
        /// The update.
        version: Version,
        /// The replicas that have it.
        holders: BTreeSet<Id>,
        /// The answer to the client then; `None` if the update is another's.
        answer: Option<Answer>,
    },
}

/// A replica's answer to a read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seen {
    /// The version; `None` if it has none.
    Full(Option<Version>),
    /// A digest of it.
    Digest(Option<Digest>),
}

impl Seen {
    /// The digest of what the replica has.
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::Full(version) => version.as_ref().map(Version::digest),
            Self::Digest(digest) => *digest,
        }
    }
}

/// A client's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionState {
    /// How many calls are done.
    pub done: usize,
    /// The call that is open, or the last one.
    pub call: ClientState<Answer>,
    /// What its last get returned, where writes stay side by side.
    pub context: Context,
}
