//! The configuration of a cluster, and the nodes of a cluster.

use super::bugs::Bug;
use super::sharding::{Sharding, ShardingError};
use crate::kv::sessions::SessionLimits;
use crate::kv::{Bytes, ScriptedClient, Transaction};
use crate::turn::Setting;
use stateright::actor::{Id, model_timeout};
use std::ops::Range;
use std::time::Duration;

/// How many transactions the coordinator has begun and not finished, and how many a participant is
/// prepared for, at most. Requests beyond it are not begun, and their clients ask again.
pub const MAX_LIVE: usize = 256;
/// How many transactions one message timer sends about to one node at a time, by default.
pub const MAX_RESEND: usize = 16;

/// How long things take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long the coordinator waits before it resends.
    pub resend: Range<Duration>,
    /// How long the coordinator waits for votes before it aborts: several times `resend`.
    pub deadline: Range<Duration>,
    /// How long a participant waits for a decision before it asks.
    pub doubt: Range<Duration>,
    /// How long a client waits for an answer before it asks again.
    pub retry: Range<Duration>,
}

impl Timing {
    /// For checking, where a timer may fire at any time.
    pub fn model() -> Self {
        let any = model_timeout;
        Self { resend: any(), deadline: any(), doubt: any(), retry: any() }
    }
}

impl Default for Timing {
    /// For a local network.
    fn default() -> Self {
        let millis = |from, to| Duration::from_millis(from)..Duration::from_millis(to);
        Self {
            resend: millis(40, 60),
            deadline: millis(400, 600),
            doubt: millis(150, 250),
            retry: millis(200, 300),
        }
    }
}

/// A cluster: a coordinator with id 0, participants 1 to `participants`, then clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How many participants; at least one.
    pub participants: usize,
    /// Which of them has which key.
    pub sharding: Sharding,
    /// How long things take.
    pub timing: Timing,
    /// How many transactions one message timer sends about to one node at a time; at least one.
    pub batch: usize,
    /// How many clients the coordinator and each participant remember.
    pub sessions: SessionLimits,
    /// The seeded bug, if this cluster is to have one. Only the checker ever sets it.
    pub(crate) bug: Option<Bug>,
}

impl Config {
    /// A correct cluster.
    ///
    /// # Errors
    /// When the sharding does not give each key to one of the participants.
    pub fn new(
        participants: usize,
        sharding: Sharding,
        timing: Timing,
    ) -> Result<Self, ShardingError> {
        sharding.check(participants)?;
        let sessions = SessionLimits::default();
        Ok(Self { participants, sharding, timing, batch: MAX_RESEND, sessions, bug: None })
    }

    /// The ids of the participants.
    pub fn participant_ids(&self) -> impl Iterator<Item = Id> + use<> {
        (1..=self.participants).map(Id::from)
    }

    /// The participant that has `key`.
    pub fn owner(&self, key: &Bytes) -> Id {
        self.sharding.owner(key, self.participants)
    }

    /// The server with this id.
    pub fn server(&self, id: Id) -> TwoPhaseCommit {
        if id == coordinator() {
            TwoPhaseCommit::Coordinator(Coordinator { config: self.clone() })
        } else {
            TwoPhaseCommit::Participant(Participant { config: self.clone() })
        }
    }

    /// All servers, by id.
    pub fn servers(&self) -> Vec<TwoPhaseCommit> {
        (0..=self.participants).map(|id| self.server(Id::from(id))).collect()
    }

    /// A client that has not asked for anything yet.
    pub fn client(&self, script: Vec<Transaction>) -> TwoPhaseCommit {
        let retry = self.timing.retry.clone();
        TwoPhaseCommit::Client(ScriptedClient {
            script,
            first_seq: 1,
            slots: 1,
            servers: vec![coordinator()],
            retry,
        })
    }
}

impl Setting for Config {
    type Bug = Bug;

    fn bug(&self) -> Option<Bug> {
        self.bug
    }

    fn server_ids(&self) -> impl Iterator<Item = Id> {
        (0..=self.participants).map(Id::from)
    }
}

/// The coordinator's id.
pub fn coordinator() -> Id {
    Id::from(0)
}

/// A node of a two-phase commit cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TwoPhaseCommit {
    /// The coordinator.
    Coordinator(Coordinator),
    /// A participant.
    Participant(Participant),
    /// A client.
    Client(ScriptedClient<Transaction>),
}

/// The coordinator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coordinator {
    /// The cluster.
    pub config: Config,
}

/// A participant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// The cluster.
    pub config: Config,
}
