//! Two-phase commit: transactions over keys that are sharded over participants.
//!
//! A client sends a whole transaction to the coordinator. The coordinator asks every participant
//! that has a key of it to prepare; each locks its keys, and votes. If all vote yes the
//! coordinator decides to commit, otherwise to abort, and tells them. Between its vote and the
//! decision a participant is *in doubt*: it can neither commit nor abort on its own, and holds its
//! locks. That window is why two-phase commit blocks while its coordinator is dead.
//!
//! # Sources
//!
//! * **Gray 1978**, *Notes on data base operating systems*: the commit coordinator, the two
//!   phases, the log records that make a crash anywhere harmless, and that a participant which
//!   "prepared" must be able to go either way after a restart.
//! * **Bernstein, Hadzilacos and Goodman 1987**, *Concurrency control and recovery in database
//!   systems*, chapter 7: the atomic commitment problem as AC1 to AC5 ([`properties`]), the
//!   uncertainty period, the cooperative termination protocol, and that no protocol can avoid
//!   blocking when a site may fail alone; chapter 3: strict two-phase locking.
//! * **Mohan, Lindsay and Obermarck 1986**, *Transaction management in the R\* distributed
//!   database management system*: presumed abort. A coordinator without information about a
//!   transaction answers that it aborted; so it may forget an abort at once and needs no
//!   acknowledgement of it, and must remember a commit until everybody acknowledged.
//! * **Gray and Lamport 2006**, *Consensus on transaction commit*, section 3: the abstract model
//!   ([`abstract_model`]) that this one refines ([`refinement`]).
//! * **Papadimitriou 1979** and **Herlihy and Wing 1990**: strict serializability. **Ongaro 2014**:
//!   sessions of clients.
//!
//! # How it works
//!
//! 1. The coordinator names the transaction ([`TxnId`]), splits it, and asks each participant to
//!    prepare.
//! 2. A participant that can have all its locks at once and whose conditions hold logs its part
//!    and votes yes, with what it read; otherwise it logs that it refused and votes no.
//! 3. The coordinator logs the decision and with it the client's session. Then it answers
//!    the client and tells the participants. After the first no it waits for no further vote.
//! 4. A participant logs the decision, does it and releases the locks. It acknowledges a commit.
//!    When all have, the coordinator logs the end of the transaction and forgets it.
//! 5. A participant that restarts locks again what it is prepared for, and asks the coordinator
//!    and the other participants. A coordinator that restarts begins a new epoch, tells again what it
//!    committed in earlier ones, and that it has no information about anything else of them.
//!
//! # Choices, and why
//!
//! * **Locks: no-wait.** Whoever finds a lock taken votes no at once, and its client is told that
//!   there was a conflict. There is no waiting and so no deadlock, and no queue behind a
//!   transaction that is in doubt because the coordinator is dead: those who cannot have its
//!   keys learn so. Wait-die would abort less under contention; but what it waits for is here never
//!   a transaction at work, only the decision of one that is prepared, and without a bound.
//!   Transactions come whole, so locks are held for one exchange of messages.
//! * **A failed condition aborts the transaction**: all or nothing is what one asks of a
//!   transaction with conditions.
//!
//! # Deviations, and why
//!
//! * Presumed abort needs no record of an abort for the participants' sake. The coordinator logs
//!   one nevertheless, in the client's session: a request that was answered with "aborted" must
//!   not commit when a late copy of it arrives after a restart.
//! * Mohan et al. let a participant that only read vote "read" and release its locks at once.
//!   They take locks while the transaction works, before it commits; here they are taken by the
//!   vote request, so a lock released at the vote would be released before another participant
//!   has taken its own, which is not two-phase. Readers stay to the end.
//! * Participants log refusals. A source's participant may forget what it voted no to, because
//!   its messages are not duplicated; here a second vote request must not get another vote.
//! * In the sources a restarted coordinator waits to be asked about what it does not know. This one
//!   says at once what it does know of earlier epochs, which leaves nobody in doubt: one message
//!   instead of three for each transaction (and a tenth of the states to check).
//! * The coordinator sends its decision to abort also to participants that have not voted yet,
//!   which so learn that they need not.
//! * The coordinator is one node with durable state, as in all the sources. What would remove
//!   the blocking is to replicate it (Gray and Lamport's Paxos Commit).
//!
//! # Where things are
//!
//! [`Peer`] is the vocabulary, [`Storage`] what is durable; the roles are in `coordinator.rs` and
//! `participant.rs`, a participant's way out of doubt in `termination.rs`.

pub mod abstract_model;
mod bounds;
mod coordinator;
mod guarantees;
pub mod instances;
mod locks;
mod message;
pub mod mutants;
mod offer;
mod participant;
pub mod properties;
mod protocol;
pub mod refinement;
mod sharding;
mod storage;
mod termination;
#[cfg(test)]
mod tests;

pub use coordinator::{Coordinator, CoordinatorState, Voting, coordinator};
pub use locks::{Lock, Locks};
pub use message::{Decision, Msg, Part, Peer, TxnId, Vote};
pub use mutants::Bug;
pub use offer::TransactionOffer;
pub use participant::{Participant, ParticipantState};
pub use sharding::{Sharding, ShardingError};
pub use storage::{
    Known, Ledger, LedgerRecord, Prepared, Progress, Replay, Saved, Shard, ShardRecord, Storage,
};

use crate::Recoverable;
use crate::kv::sessions::SessionLimits;
use crate::kv::{Bytes, ClientState, Outcome, Retry, ScriptedClient, Transaction};
use crate::lend::lend;
use stateright::actor::{Actor, Id, Out, model_timeout};
use std::borrow::Cow;
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
    /// How long the coordinator waits before it asks or tells again.
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
    /// The seeded bug, if this cluster is to have one. Only the checker ever sets it: the runtime
    /// always builds its nodes with `None`.
    pub bug: Option<Bug>,
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
            servers: vec![coordinator()],
            retry,
        })
    }
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

/// The state of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Of the coordinator.
    Coordinator(CoordinatorState),
    /// Of a participant.
    Participant(ParticipantState),
    /// Of a client.
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

/// What a handler gives out.
type Outbox = Out<TwoPhaseCommit>;

impl Actor for TwoPhaseCommit {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Storage;
    type Random = ();

    fn on_start(&self, id: Id, storage: &Option<Storage>, o: &mut Out<Self>) -> State {
        match (self, storage) {
            (Self::Coordinator(coordinator), storage) => {
                let saved = match storage {
                    Some(Storage::Coordinator(saved)) => Some(saved),
                    _ => None,
                };
                State::Coordinator(coordinator.on_start(saved, o))
            }
            (Self::Participant(participant), storage) => {
                let saved = match storage {
                    Some(Storage::Participant(saved)) => Some(saved),
                    _ => None,
                };
                State::Participant(participant.on_start(id, saved, o))
            }
            (Self::Client(client), _) => State::Client(client.on_start(o)),
        }
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match self {
            Self::Coordinator(coordinator) => {
                lend!(state, State::Coordinator, |state| coordinator.on_msg(state, src, msg, o));
            }
            Self::Participant(participant) => {
                lend!(state, State::Participant, |state| participant
                    .on_msg(id, state, src, msg, o));
            }
            Self::Client(client) => {
                lend!(state, State::Client, |state| client.on_msg(state, msg, o));
            }
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        match (self, timer) {
            (Self::Coordinator(coordinator), Timer::Resend) => {
                lend!(state, State::Coordinator, |state| coordinator.on_resend(state, o));
            }
            (Self::Coordinator(coordinator), Timer::Deadline(txn)) => {
                lend!(state, State::Coordinator, |state| coordinator.on_deadline(state, *txn, o));
            }
            (Self::Participant(participant), Timer::Doubt) => {
                lend!(state, State::Participant, |state| participant.on_doubt(id, state, o));
            }
            (Self::Client(client), Timer::Retry(_)) => {
                lend!(state, State::Client, |state| client.on_retry(state, o));
            }
            _ => {}
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Coordinator(_) => "coordinator",
            Self::Participant(_) => "participant",
            Self::Client(_) => "client",
        }
        .to_owned()
    }
}

impl Recoverable for TwoPhaseCommit {
    fn checkpoint(&self, _id: Id, state: &State) -> Option<Storage> {
        match state {
            State::Coordinator(state) => {
                Some(Storage::Coordinator(Saved::Image(state.ledger.clone())))
            }
            State::Participant(state) => {
                Some(Storage::Participant(Saved::Image(state.shard.clone())))
            }
            State::Client(_) => None,
        }
    }
}
