//! Durable state: what a node keeps across a crash.
//!
//! An actor saves **deltas**: `o.save(delta)` costs in proportion to what changed, in the model
//! and on disk. The world and the runtime both fold the deltas with [`Durable::absorb`]; after a
//! crash the node starts from the fold.

use crate::kv::machine::Value;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use stateright::actor::{Actor, Id, Out};

/// Durable state that grows by deltas.
///
/// The laws, for all `a`, `b`, `c` that one node saves in this order: absorbing is associative
/// (`a + (b + c) = (a + b) + c`), so that a log may be compacted at any point, and a complete
/// image absorbs into anything as itself.
pub trait Durable: Sized {
    /// Folds a later `delta` into `self`.
    fn absorb(&mut self, delta: Self);

    /// Folds a later `delta` into what was saved so far, if anything was.
    fn fold(saved: &mut Option<Self>, delta: Self) {
        match saved {
            Some(saved) => saved.absorb(delta),
            None => *saved = Some(delta),
        }
    }
}

/// Durable state that a log of records gives.
pub trait Replay: Clone + Default {
    /// One entry of the log.
    type Record: Value;

    /// Does what a record says.
    fn replay(&mut self, record: Self::Record);
}

/// Durable state, or records to be added to it.
///
/// Replaying does again what the node did, so what a record does must follow from the state and the
/// record alone; and a save costs as much as its record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "S: Serialize", deserialize = "S: DeserializeOwned"))]
pub enum Saved<S: Replay> {
    /// All of it.
    Complete(S),
    /// What was done after what was saved before, in order.
    Changed(Vec<S::Record>),
}

impl<S: Replay> Saved<S> {
    /// One record.
    pub fn record(record: S::Record) -> Self {
        Self::Changed(vec![record])
    }

    /// Nothing to be saved, that is not lazy: so that what follows waits for all that was saved
    /// lazily before.
    pub fn barrier() -> Self {
        Self::Changed(Vec::new())
    }

    /// The records of a change; none, if it is the complete state.
    pub fn records(&self) -> &[S::Record] {
        match self {
            Self::Complete(_) => &[],
            Self::Changed(records) => records,
        }
    }

    /// Whether it is nothing but records that are lazy
    /// ([`Recoverable::is_lazy`]).
    pub fn is_all(&self, lazy: impl Fn(&S::Record) -> bool) -> bool {
        let records = self.records();
        !records.is_empty() && records.iter().all(lazy)
    }

    /// The state that it gives.
    pub fn state(&self) -> S {
        match self {
            Self::Complete(state) => state.clone(),
            Self::Changed(records) => {
                let mut state = S::default();
                records.iter().cloned().for_each(|record| state.replay(record));
                state
            }
        }
    }
}

impl<S: Replay> Durable for Saved<S> {
    fn absorb(&mut self, delta: Self) {
        match (self, delta) {
            (Self::Complete(state), Self::Changed(records)) => {
                records.into_iter().for_each(|record| state.replay(record));
            }
            (Self::Changed(earlier), Self::Changed(records)) => earlier.extend(records),
            (saved, complete @ Self::Complete(_)) => *saved = complete,
        }
    }
}

/// Nothing is durable.
impl Durable for () {
    fn absorb(&mut self, (): Self) {}
}

/// An actor that can begin again when its disk is lost.
///
/// An actor that is started without a disk ([`Actor::on_start`]) may take that for the first start
/// of its cluster, where nothing was promised yet. A newcomer knows better: the cluster ran before,
/// and so did a node under its id, which has promised and acknowledged what the newcomer knows
/// nothing of.
pub trait Newcomer: Actor {
    /// Starts with an empty disk in a cluster that ran before. It must save that it is a newcomer:
    /// after a crash it starts from what it saved.
    ///
    /// No other life of this node has the number `life`, and none has the number 0; they are in no
    /// order.
    fn on_newcomer(&self, id: Id, life: u64, o: &mut Out<Self>) -> Self::State;
}

/// An actor whose durable state follows from its state, and what of it need not wait for the disk.
///
/// The checker verifies in every reachable state that what a node saved, folded, is its
/// [checkpoint](Recoverable::checkpoint)
/// ([`Setup::checkpointed`](crate::world::Setup::checkpointed)): a forgotten save is then a
/// counterexample. The runtime rests on it: where its log has grown long, it writes the checkpoint
/// in the log's place.
///
/// # The disk beside the network
///
/// A deployed node goes on while its disk writes. What it sends leaves when all is durable that it
/// saved before, in the same handler or an earlier one, so that to everyone else nothing was sent
/// that a crash could make the node forget. A protocol may know better of some messages and of some
/// saves, and says so here; the checker verifies it on an
/// [asynchronous disk](crate::world::DiskKind).
pub trait Recoverable: Actor {
    /// What must be on disk while a node is in `state`; `None` if nothing.
    fn checkpoint(&self, id: Id, state: &Self::State) -> Option<Self::Storage>;

    /// The timer that fires when the node is asked to stop, as the last thing that it does. A crash
    /// gives it no time for that. `None` if a stop is to it as a crash.
    fn stop_timer(&self) -> Option<Self::Timer> {
        None
    }

    /// Whether `msg` leaves only when all is durable that its node saved before. A message that
    /// need not wait is as true if the node forgets what is not durable yet.
    fn waits_for_disk(&self, _msg: &Self::Msg) -> bool {
        true
    }

    /// Whether nothing that is sent waits for this save: a crash may lose it although messages that
    /// were sent after it have left. It is durable with the next save that is not lazy, at the
    /// latest.
    fn is_lazy(&self, _saved: &Self::Storage) -> bool {
        false
    }
}
