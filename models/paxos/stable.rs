//! Stable storage: what a replica keeps across a crash, and the deltas it saves.
//!
//! Folding the deltas does again what the replica did, so the machine must be deterministic, and
//! the cost of a save is that of what changed: applying a command that was accepted here costs one
//! number, because the command is on disk already.

use super::ballot::{Ballot, Slot};
use super::message::{Command, Proposal};
use crate::Durable;
use crate::kv::service::Refusal;
use crate::kv::sessions::Standing;
use crate::kv::{Service, SessionLimits, Sessions, StateMachine};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use stateright::actor::Id;
use std::collections::BTreeMap;

/// What an acceptor and a learner must never forget.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "M: Serialize", deserialize = "M: DeserializeOwned"))]
pub struct Stable<M: StateMachine> {
    /// Acceptor: the highest ballot promised. Nothing of a smaller one is accepted.
    pub promised: Ballot,
    /// Acceptor: the highest-numbered proposal accepted in each slot that is not applied yet.
    pub accepted: BTreeMap<Slot, Proposal<M::Op>>,
    /// Learner: the last commands that were applied, for those who are behind. It ends with the
    /// slot that `image` ends with.
    pub log: BTreeMap<Slot, Command<M::Op>>,
    /// Learner: the state that all commands up to its slot make.
    pub image: Image<M>,
}

impl<M: StateMachine> Default for Stable<M> {
    fn default() -> Self {
        Self {
            promised: Ballot::default(),
            accepted: BTreeMap::new(),
            log: BTreeMap::new(),
            image: Image::default(),
        }
    }
}

impl<M: StateMachine> Stable<M> {
    /// Applies the next slot's command and keeps it in the log.
    pub(super) fn apply(&mut self, command: Command<M::Op>) -> Option<Answer<M::Reply>> {
        let answer = self.image.apply(&command);
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

    /// Does what `delta` says.
    pub(super) fn change(&mut self, delta: Delta<M::Op>) {
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
        /// In this slot.
        slot: Slot,
        /// What.
        proposal: Proposal<O>,
    },
    /// What was accepted in the slots up to this one is chosen, and was applied.
    Chosen {
        /// The last slot applied.
        upto: Slot,
    },
    /// This was chosen in the next slot, and was applied.
    Learned {
        /// What.
        command: Command<O>,
    },
    /// The log before this slot was forgotten.
    Truncated {
        /// The first slot kept.
        start: Slot,
    },
}

/// The durable state of a replica, or a delta of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "M: Serialize", deserialize = "M: DeserializeOwned"))]
pub enum Saved<M: StateMachine> {
    /// All of it: at the first start, and when a snapshot was installed.
    Complete(Stable<M>),
    /// What changed, in order.
    Changed(Vec<Delta<M::Op>>),
}

impl<M: StateMachine> From<Delta<M::Op>> for Saved<M> {
    fn from(delta: Delta<M::Op>) -> Self {
        Self::Changed(vec![delta])
    }
}

impl<M: StateMachine> Durable for Saved<M> {
    fn absorb(&mut self, delta: Self) {
        match (self, delta) {
            (Self::Complete(stable), Self::Changed(deltas)) => {
                for delta in deltas {
                    stable.change(delta);
                }
            }
            (Self::Changed(earlier), Self::Changed(deltas)) => earlier.extend(deltas),
            (saved, complete @ Self::Complete(_)) => *saved = complete,
        }
    }
}

/// The replicated state: the machine, and what makes its requests apply exactly once. Also a
/// snapshot: it replaces the log up to its slot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "M: Serialize", deserialize = "M: DeserializeOwned"))]
pub struct Image<M: StateMachine> {
    /// The last slot that was applied.
    pub slot: Slot,
    /// The machine that is replicated.
    pub machine: M,
    /// What each client was last told.
    pub sessions: Sessions<M::Reply>,
}

impl<M: StateMachine> Default for Image<M> {
    fn default() -> Self {
        Self::new(SessionLimits::default())
    }
}

/// What the client of a command that was applied is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<R> {
    /// The client.
    pub client: Id,
    /// The client's sequence number.
    pub seq: u64,
    /// The reply, or why there is none.
    pub result: Result<R, Refusal>,
}

impl<R> Answer<R> {
    /// As a message to the client.
    pub fn msg<O, P>(self) -> Service<O, R, P> {
        let seq = self.seq;
        match self.result {
            Ok(reply) => Service::Reply { seq, reply },
            Err(why) => Service::Refused { seq, why },
        }
    }
}

impl<M: StateMachine> Image<M> {
    /// The state before the first slot.
    pub fn new(sessions: SessionLimits) -> Self {
        Self { slot: 0, machine: M::default(), sessions: Sessions::new(sessions) }
    }

    /// Applies the next slot's command. One request may have been chosen in two slots, by two
    /// leaders: it is applied in the first. Gives what its client is to be told; nothing, if that
    /// moved on.
    pub fn apply(&mut self, command: &Command<M::Op>) -> Option<Answer<M::Reply>> {
        self.slot += 1;
        let Command::Request { client, seq, op } = command else { return None };
        let (client, seq) = (*client, *seq);
        let result = match self.sessions.standing(client, seq) {
            Standing::New => {
                let reply = self.machine.apply(client, seq, op);
                self.sessions.record(client, seq, reply.clone());
                Ok(reply)
            }
            Standing::Repeated(reply) => Ok(reply.clone()),
            Standing::Refused(why) => Err(why),
            Standing::Old => return None,
        };
        Some(Answer { client, seq, result })
    }
}
