//! Two-phase commit: transactions over keys that are sharded over participants.
//!
//! A client sends a whole transaction to the coordinator. The coordinator asks every participant
//! that has a key of it to prepare; each locks its keys, and votes. If all vote yes the
//! coordinator decides to commit, otherwise to abort, and sends them its decision. Between its vote
//! and the decision a participant is *in doubt*: it can neither commit nor abort on its own, and
//! holds its locks. That window is why two-phase commit blocks while its coordinator is dead.
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
//! 3. The coordinator logs the decision and with it the client's session. Then it answers the
//!    client and sends the decision to the participants. After the first no vote it waits for no
//!    further one.
//! 4. A participant logs the decision, does it and releases the locks. It acknowledges a commit.
//!    When all have, the coordinator logs the end of the transaction and forgets it.
//! 5. A participant that restarts locks again the keys of the transactions that it is prepared for,
//!    and asks the coordinator and the other participants. A coordinator that restarts begins a new
//!    epoch, resends the commits of earlier epochs, and answers "no information" about their other
//!    transactions.
//!
//! # What waits for which disk
//!
//! A transaction that commits is two syncs, one after the other: the participants' votes, all at
//! once, and the coordinator's decision. What need not be durable first leaves at once:
//!
//! * **A vote request**, although the coordinator may write something else: it keeps nothing of a
//!   transaction that it has not decided.
//! * **The coordinator's abort.** If it forgets that in a crash, it has no information about the
//!   transaction, which means the same. Its answer to the client waits: it must not do the request
//!   if it comes again.
//!
//! A vote waits, a no too, since a second request must get the same; so does a commit, and its
//! acknowledgement, after which the coordinator forgets it.
//!
//! Two records nobody waits for (Mohan et al. do not force them either). The *end record*: a
//! coordinator that lost it sends the commit again, and is acknowledged again. And a participant's
//! *abort record*: without it the participant is in doubt again, asks, and learns the same. Before a
//! participant passes an abort on to another it must be durable: it has decided.
//!
//! # Choices, and why
//!
//! * **Locks: no-wait.** A participant that finds a lock taken votes no at once, and the client
//!   learns that there was a conflict. There is no waiting and so no deadlock, and no queue behind
//!   a transaction that is in doubt because the coordinator is dead: a transaction that cannot have
//!   its keys is refused at once. Wait-die would abort less under contention; but what it waits for
//!   is here never a transaction at work, only the decision of one that is prepared, and without a
//!   bound. Transactions come whole, so locks are held for one exchange of messages.
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
//! * Participants log refusals. A source's participant may forget a transaction that it voted no
//!   to, because its messages are not duplicated; here a second vote request must not get another
//!   vote.
//! * In the sources a restarted coordinator waits to be asked about what it does not know. This one
//!   says at once what it does know of earlier epochs, which leaves no participant in doubt: one
//!   message instead of three for each transaction (and a tenth of the states to check).
//! * The coordinator sends its decision to abort also to participants that have not voted yet,
//!   which so learn that they need not.
//! * The coordinator is one node with durable state, as in all the sources. To replicate it would
//!   remove the blocking (Gray and Lamport's Paxos Commit).
//!
//! # Where things are
//!
//! [`Peer`] has the messages, [`CoordinatorState`] and [`ParticipantState`] the states, [`Storage`]
//! their durable parts. The roles are in `coordinator.rs` and `participant.rs`, a participant's way
//! out of doubt in `termination.rs`; all handlers are methods of one context per role, `turn.rs`.
//! `bugs.rs` lists the seeded bugs, `mutants.rs` the properties that notice them.

pub mod abstract_model;
mod bounds;
mod bugs;
mod choice;
mod config;
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
mod state;
mod storage;
mod termination;
#[cfg(test)]
mod tests;
mod turn;

pub use crate::Saved;
pub use config::{
    Config, Coordinator, MAX_LIVE, MAX_RESEND, Participant, Timing, TwoPhaseCommit, coordinator,
};
pub use locks::{Lock, Locks};
pub use message::{Decision, Msg, Part, Peer, TxnId, Vote};
pub use offer::TransactionOffer;
pub use sharding::{Sharding, ShardingError};
pub use state::{CoordinatorState, ParticipantState, State, Timer, Voting};
pub use storage::{Known, Ledger, LedgerRecord, Prepared, Progress, Shard, ShardRecord, Storage};

use crate::Recoverable;
use crate::kv::Service;
use crate::lend::lend;
use bugs::Bug;
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use turn::{Coordinating, Participating};

impl Actor for TwoPhaseCommit {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Storage;
    type Random = ();

    fn on_start(&self, id: Id, storage: &Option<Storage>, o: &mut Out<Self>) -> State {
        match self {
            Self::Coordinator(Coordinator { config }) => {
                let saved = match storage {
                    Some(Storage::Coordinator(saved)) => Some(saved),
                    _ => None,
                };
                let start = |mut turn: Coordinating<'_, '_>| turn.on_start(saved);
                State::Coordinator(Coordinating::start(config, id, o, start))
            }
            Self::Participant(Participant { config }) => {
                let saved = match storage {
                    Some(Storage::Participant(saved)) => Some(saved),
                    _ => None,
                };
                let start = |mut turn: Participating<'_, '_>| turn.on_start(saved);
                State::Participant(Participating::start(config, id, o, start))
            }
            Self::Client(client) => State::Client(client.on_start(o)),
        }
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match self {
            Self::Coordinator(Coordinator { config }) => {
                lend!(state, State::Coordinator, |state| {
                    Coordinating::on_message(config, id, src, state, o).on_msg(msg);
                });
            }
            Self::Participant(Participant { config }) => {
                lend!(state, State::Participant, |state| {
                    Participating::on_message(config, id, src, state, o).on_msg(msg);
                });
            }
            Self::Client(client) => {
                lend!(state, State::Client, |state| client.on_msg(state, msg, o));
            }
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        match self {
            Self::Coordinator(Coordinator { config }) => {
                lend!(state, State::Coordinator, |state| {
                    Coordinating::of_its_own(config, id, state, o).on_timer(*timer);
                });
            }
            Self::Participant(Participant { config }) => {
                lend!(state, State::Participant, |state| {
                    Participating::of_its_own(config, id, state, o).on_timer(*timer);
                });
            }
            Self::Client(client) => {
                lend!(state, State::Client, |state| client.on_retry(state, o));
            }
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
                Some(Storage::Coordinator(Saved::Complete(state.ledger.clone())))
            }
            State::Participant(state) => {
                Some(Storage::Participant(Saved::Complete(state.shard.clone())))
            }
            State::Client(_) => None,
        }
    }

    /// The coordinator's vote requests, because of what it has not decided it keeps nothing, and its
    /// aborts, because of what it does not remember it has no information.
    fn waits_for_disk(&self, msg: &Msg) -> bool {
        let Service::Peer(msg) = msg else { return true };
        match (self, msg) {
            (Self::Coordinator(_), Peer::Prepare { .. }) => false,
            (Self::Coordinator(_), Peer::Decide { decision, .. }) => {
                *decision == Decision::Commit && !self.has(Bug::DecideEarly)
            }
            (_, Peer::Vote { .. }) => !self.has(Bug::VoteEarly),
            (_, Peer::Ack { .. }) => !self.has(Bug::AckEarly),
            (_, _) => true,
        }
    }

    fn is_lazy(&self, saved: &Storage) -> bool {
        match saved {
            Storage::Coordinator(saved) => saved.is_all(LedgerRecord::is_lazy),
            Storage::Participant(saved) => {
                saved.is_all(|record| record.is_lazy() || self.puts_off(record))
            }
        }
    }
}

impl TwoPhaseCommit {
    fn has(&self, bug: Bug) -> bool {
        match self {
            Self::Coordinator(Coordinator { config })
            | Self::Participant(Participant { config }) => config.bug == Some(bug),
            Self::Client(_) => false,
        }
    }

    /// For a mutant: whether nothing waits for this to be durable.
    fn puts_off(&self, record: &ShardRecord) -> bool {
        matches!(record, ShardRecord::Decided(..)) && self.has(Bug::CommitLazily)
    }
}
