//! Multi-primary replication: every node takes reads and writes at once, without asking another.
//!
//! A write is named, saved and answered by the node that it reaches; the others hear of it
//! afterwards. So any number of nodes may be down or out of reach and the rest go on, and the next
//! node may not know a write that one has acknowledged. The promise is *strong eventual
//! consistency*: nodes that have the same writes have the same state.
//!
//! # Sources
//!
//! * **Shapiro, Preguiça, Baquero and Zawirski 2011**, *Conflict-free replicated data types*:
//!   strong eventual consistency, and that it follows where states form a semilattice in which
//!   updates go up ([`Store::merge`](Store) is that least upper bound). Almeida, Shoker and
//!   Baquero 2018 send deltas of states rather than states.
//! * **Kulkarni, Demirbas, Madappa, Avva and Leone 2014**, *Logical physical clocks*: the
//!   timestamps of [`Rule::LastWriterWins`].
//! * **Preguiça, Baquero, Almeida, Fonte and Gonçalves 2010**, *Dotted version vectors*: the
//!   versions of [`Rule::MultiValue`].
//! * **Demers et al. 1987**, *Epidemic algorithms*: anti-entropy. **Wuu and Bernstein 1984**:
//!   drop what every site is known to know. **Terry et al. 1994**: read your writes.
//!   **Herlihy and Wing 1990**: linearizability, which this is not.
//!
//! # How it works
//!
//! 1. A node gives a write the next *dot* of its own, and says what the write replaces: with
//!    last-writer-wins everything with a lower timestamp (the node breaks ties), with multi-value
//!    the versions that the writer knew. It saves, answers, and sends the write to all
//!    (`replica.rs`).
//! 2. Others take a node's writes in its order, so one version vector says what a node has. A
//!    node that notices a gap, in a write or in a digest, fetches the missing writes in pieces
//!    (`anti_entropy.rs`, `transfer.rs`).
//! 3. A delete is a write whose value is a tombstone, and the tombstone goes when every node is
//!    known to have it and all that it covers (`stability.rs`).
//! 4. A node that lost its disk comes back under its id. It counts for nothing until all others
//!    have heard of it and it has got all that they have; its dots are of a new generation
//!    (`newcomer.rs`).
//!
//! # What is not promised
//!
//! * Nothing across nodes in real time: a get elsewhere may not see an acknowledged put. Neither
//!   rule is linearizable; the instances show how. Clients that keep to one node see a
//!   linearizable map, as long as no other client writes elsewhere.
//! * Last-writer-wins loses one of two concurrent updates, silently.
//! * Exactly once: a put that is repeated at the node that took it is recognised, across restarts,
//!   and keeps its dot. Repeated at *another* node it is another write: a sibling with the same
//!   value under multi-value; under last-writer-wins it may win over a write made in between.
//! * An acknowledged write survives crashes of its node, and the loss of its disk if another node
//!   has it; not if its disk is lost before it reached another one, since one node acknowledges
//!   alone.
//! * A node that lost its disk does not know what it was asked before: to it, a repeated put is
//!   new, as it is to another node. And a write that a client read or made there, and that no other
//!   node had, is not read there again.
//!
//! # Deviations, and why
//!
//! * One store serves both rules, with one merge; they differ in when one version covers another
//!   ([`Update::covers`]). It replicates the map, not any state machine: a machine whose operations
//!   do not commute has no merge.
//! * Kulkarni's clock ticks at every receipt as well. Receipts get no timestamp here, so it only
//!   moves past what it receives; what happened before still has the lower timestamp. Their bound
//!   on how far a message's clock may be ahead is not enforced: to ignore such a write is never to
//!   converge. A node whose physical clock runs ahead therefore wins until the others catch up.
//! * Preguiça et al. treat a put without a context as concurrent with everything. Here that is an
//!   *empty* context; *no* context means "what the node that takes it holds", which is what users
//!   of a plain map expect of `put` and `delete`.
//! * Preguiça et al. exchange all versions of a key at once. Here a key whose versions do not fit a
//!   piece comes in several; the receiver keeps them aside until it has the last (`transfer.rs`).
//! * A write that comes before an earlier one of the same node is not kept but fetched again with
//!   it: no exceptions to a version vector, and a bounded state.
//! * The sources do not lose disks. Riak KV (2.1, *per-key actor epochs*) names a node that may
//!   have forgotten its dots anew, so that vectors grow with each time. Here its entry goes on
//!   above all that its former lives may have written, because no other node hears those any more:
//!   what none of them has is given up, and a vector keeps one entry per node. It takes **all**
//!   other nodes: while one of them is away, none that lost its disk comes back. Of those that lost
//!   theirs at once, two come back, if another one has its disk.
//! * The sources trust their clients with contexts. Here a context carries a tag by which a node
//!   knows that a node gave it, for that key ([`causal`](crate::causal)).
//!
//! # Where things are
//!
//! [`Request`], [`Answer`] and [`Peer`] are the vocabulary, [`ReplicaState`] is a node's state; all
//! handlers are methods of one context, `turn.rs`; [`causal`](crate::causal) and
//! [`clock`](crate::clock) have the names and the order of writes; `newcomer.rs` the way back without a disk; `store.rs` the versions and the
//! merge; `storage.rs` the durable state; `session.rs` the client that is checked; `history.rs` the
//! record of a run for the properties. `bugs.rs` lists the seeded bugs, `mutants.rs` the properties
//! that notice them.

mod anti_entropy;
mod bounds;
mod bugs;
mod choice;
mod config;
mod guarantees;
pub mod history;
pub mod instances;
mod message;
pub mod mutants;
mod newcomer;
mod offer;
pub mod properties;
mod protocol;
mod replica;
mod session;
mod stability;
mod state;
mod storage;
mod store;
#[cfg(test)]
mod tests;
mod transfer;
mod turn;

pub use crate::causal::{Authenticator, Context, Dot, MAX_SIBLINGS, Rule, Tag, VersionVector};
pub use crate::clock::{PhysicalTime, Stamp};
pub use config::{Config, MultiPrimary, Replica, ScriptedOp, Session, Timing};
pub use message::{Answer, Mark, Msg, Partly, Peer, Piece, Request, Resume, Return};
pub use offer::SiblingsOffer;
pub use state::{ReplicaState, Row, SessionState, Stability, State, Timer};
pub use storage::{Delta, Image, Returning, Storage};
pub use store::{Entry, Order, Store, Update, Version};
pub use transfer::Transfer;

use crate::lend::lend;
use crate::{Newcomer, Recoverable};
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use turn::Turn;

impl Actor for MultiPrimary {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Storage;
    type Random = ();

    fn on_start(&self, id: Id, storage: &Option<Storage>, o: &mut Out<Self>) -> State {
        match self {
            Self::Replica(Replica { config }) => {
                let start = |mut turn: Turn<'_, '_>| turn.on_start(storage.as_ref());
                State::Replica(Turn::start(config, id, o, start))
            }
            Self::Client(session) => State::Client(session.on_start(o)),
        }
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match self {
            Self::Replica(Replica { config }) => {
                lend!(state, State::Replica, |state| {
                    Turn::on_message(config, id, src, state, o).on_msg(msg);
                });
            }
            Self::Client(session) => {
                lend!(state, State::Client, |state| session.on_msg(state, msg, o));
            }
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        match self {
            Self::Replica(Replica { config }) => {
                lend!(state, State::Replica, |state| {
                    Turn::of_its_own(config, id, state, o).on_timer(*timer);
                });
            }
            Self::Client(session) => {
                lend!(state, State::Client, |state| session.on_retry_timer(state, o));
            }
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Replica(_) => "node",
            Self::Client(_) => "client",
        }
        .to_owned()
    }
}

impl Newcomer for MultiPrimary {
    /// # Panics
    ///
    /// At a client: only a node has a disk to lose.
    fn on_newcomer(&self, id: Id, life: u64, o: &mut Out<Self>) -> State {
        match self {
            Self::Replica(Replica { config }) => {
                let start = |mut turn: Turn<'_, '_>| turn.on_newcomer(life);
                State::Replica(Turn::start(config, id, o, start))
            }
            Self::Client(_) => panic!("only a node can come back without its disk"),
        }
    }
}

impl Recoverable for MultiPrimary {
    fn checkpoint(&self, _id: Id, state: &State) -> Option<Storage> {
        match state {
            State::Replica(replica) => Some(Storage::Image(replica.image.clone())),
            State::Client(_) => None,
        }
    }
}
