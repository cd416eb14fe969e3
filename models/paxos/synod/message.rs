//! The messages of the roles.

use crate::paxos::Ballot;
use serde::{Deserialize, Serialize};

/// A value that may be chosen.
pub type Value = char;

/// The messages. Proposals are numbered by ballots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    /// 1a.
    Prepare(Ballot),
    /// 1b, with the highest-numbered proposal accepted.
    Promise(Ballot, Option<Proposal>),
    /// 2a.
    Accept(Proposal),
    /// 2b, to the learner.
    Accepted(Proposal),
}

/// A number and a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Proposal {
    /// Its number.
    pub ballot: Ballot,
    /// Its value.
    pub value: Value,
}
