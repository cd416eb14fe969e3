//! Stable storage: the part of a replica's state that survives a crash, and the deltas that it
//! saves.
//!
//! Replaying the deltas does again what the replica did, so the machine must be deterministic. A
//! save costs as much as the change: to apply a command that was accepted here costs one number,
//! because the command is on disk already.

use super::ballot::{Ballot, Slot};
use super::message::{Command, Proposal};
use crate::Replay;
use crate::kv::snapshot::Answer;
use crate::kv::{Image, StateMachine};
use crate::shared_map::SharedMap;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;

/// The state that an acceptor and a learner must never forget.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "M: Serialize", deserialize = "M: DeserializeOwned"))]
pub struct Stable<M: StateMachine> {
    /// Acceptor: the highest ballot promised. Nothing of a smaller one is accepted.
    pub promised: Ballot,
    /// Acceptor: the highest-numbered proposal accepted in each slot that is not applied yet.
    pub accepted: BTreeMap<Slot, Proposal<M::Op>>,
    /// Learner: the last commands that were applied, for lagging replicas. It ends with the slot
    /// that `image` ends with.
    pub log: SharedMap<Slot, Command<M::Op>>,
    /// Learner: the state that all commands up to its slot make.
    pub image: Image<M>,
}

impl<M: StateMachine> Default for Stable<M> {
    fn default() -> Self {
        Self {
            promised: Ballot::default(),
            accepted: BTreeMap::new(),
            log: SharedMap::new(),
            image: Image::default(),
        }
    }
}

impl<M: StateMachine> Stable<M> {
    /// Applies the next slot's command and keeps it in the log.
    pub(super) fn apply(&mut self, command: Command<M::Op>) -> Option<Answer<M::Reply>> {
        let answer = command.apply_to(&mut self.image);
        self.accepted.remove(&self.image.slot);
        self.log.insert(self.image.slot, command);
        answer
    }

    /// Applies what was accepted in the next slot, if anything was.
    pub(super) fn apply_accepted(&mut self) -> Option<Answer<M::Reply>> {
        let next = self.accepted.remove(&(self.image.slot + 1))?;
        self.apply(next.command)
    }

    /// Applies what was accepted in the slots up to `upto`.
    fn apply_upto(&mut self, upto: Slot) {
        while self.image.slot < upto && self.accepted.contains_key(&(self.image.slot + 1)) {
            self.apply_accepted();
        }
    }

    /// Forgets the log before `start`.
    fn truncate(&mut self, start: Slot) {
        while self.log.first_key_value().is_some_and(|(slot, _)| *slot < start) {
            self.log.pop_first();
        }
    }

    /// Puts a snapshot in the place of the log up to its slot.
    pub(super) fn install(&mut self, image: Image<M>) {
        self.accepted = self.accepted.split_off(&(image.slot + 1));
        self.log.clear();
        self.image = image;
    }
}

impl<M: StateMachine> Replay for Stable<M> {
    type Record = Delta<M::Op>;

    fn replay(&mut self, delta: Delta<M::Op>) {
        match delta {
            Delta::Promised(ballot) => self.promised = ballot,
            Delta::Accepted { slot, proposal } => {
                self.accepted.insert(slot, proposal);
            }
            Delta::Chosen { upto } => self.apply_upto(upto),
            Delta::Learned { command } => {
                self.apply(command);
            }
            Delta::Truncated { start } => self.truncate(start),
        }
    }
}

/// A change of [`Stable`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Delta<O> {
    /// A higher ballot was promised.
    Promised(Ballot),
    /// A proposal was accepted.
    Accepted {
        /// The slot.
        slot: Slot,
        /// The proposal.
        proposal: Proposal<O>,
    },
    /// The proposals accepted in the slots up to this one are chosen, and were applied.
    Chosen {
        /// The last slot applied.
        upto: Slot,
    },
    /// A command was chosen in the next slot, and was applied.
    Learned {
        /// The command.
        command: Command<O>,
    },
    /// The log before this slot was forgotten.
    Truncated {
        /// The first slot kept.
        start: Slot,
    },
}

impl<O> Delta<O> {
    /// Whether a crash may lose it: what is chosen, and that it is, a replica learns again from the
    /// votes, which it must not forget.
    pub(super) fn is_lazy(&self) -> bool {
        match self {
            Self::Promised(_) | Self::Accepted { .. } => false,
            Self::Chosen { .. } | Self::Learned { .. } | Self::Truncated { .. } => true,
        }
    }
}

/// The durable state of a replica, or changes of it. It is complete at the first start, and where a
/// snapshot was installed.
pub type Saved<M> = crate::Saved<Stable<M>>;

impl<M: StateMachine> From<Delta<M::Op>> for Saved<M> {
    fn from(delta: Delta<M::Op>) -> Self {
        Self::record(delta)
    }
}
