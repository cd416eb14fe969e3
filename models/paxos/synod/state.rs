//! The states of the roles, their durable parts, and the proposer's timer.

use super::message::{Proposal, Value};
use crate::Durable;
use crate::paxos::Ballot;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::collections::BTreeMap;

/// The state of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// The state of an acceptor: all of it is durable.
    Acceptor(Acceptor),
    /// The state of a proposer.
    Proposer(Proposer),
    /// The state of the learner.
    Learner(Learner),
}

/// The state that an acceptor must remember.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Acceptor {
    /// The highest number that it responded to.
    pub promised: Ballot,
    /// The highest-numbered proposal that it accepted.
    pub accepted: Option<Proposal>,
}

/// A proposer.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Proposer {
    /// The number of its current proposal. Durable: "it never issues two proposals with one
    /// number".
    pub ballot: Ballot,
    /// The responses to its prepare requests; `None` once it sent its accept requests.
    pub promises: Option<BTreeMap<Id, Option<Proposal>>>,
}

/// The learner.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Learner {
    /// The highest-numbered proposal that it heard each acceptor to have accepted.
    pub heard: BTreeMap<Id, Proposal>,
    /// The value that is chosen.
    pub learned: Option<Value>,
}

/// The durable state of a node. Small, so always complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Saved {
    /// The durable state of an acceptor.
    Acceptor(Acceptor),
    /// The durable state of a proposer.
    Proposer(Ballot),
}

impl Durable for Saved {
    fn absorb(&mut self, delta: Self) {
        *self = delta;
    }
}

impl From<Acceptor> for Saved {
    fn from(acceptor: Acceptor) -> Self {
        Self::Acceptor(acceptor)
    }
}

impl From<Ballot> for Saved {
    fn from(ballot: Ballot) -> Self {
        Self::Proposer(ballot)
    }
}

/// A proposer's timer: time for a new proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Propose;
