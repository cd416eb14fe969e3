//! Ballots and slots, the two numbers of the protocol.

use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::fmt;

/// A position in the log, from 1. Each slot is an instance of the single-decree protocol.
pub type Slot = u64;

/// The number of a proposal (Lamport 2001, section 2.2: "different proposals have different
/// numbers"; van Renesse and Altinbuken 2015: a pair of an integer and the leader's identifier,
/// ordered lexicographically). Only its leader makes proposals in a ballot.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ballot {
    /// Grows with every attempt to lead.
    pub round: u64,
    /// Whose ballot it is; breaks ties.
    pub leader: Id,
}

impl Ballot {
    /// The smallest ballot of `leader` that is larger than this one, whichever replica leads this
    /// one.
    #[must_use]
    pub fn next(self, leader: Id) -> Self {
        Self { round: self.round + 1, leader }
    }

    /// As one number, in the same order and never 0: how new a hint about the leader is.
    pub fn epoch(self) -> u64 {
        (self.round << 16) + usize::from(self.leader) as u64 + 1
    }
}

impl fmt::Debug for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.round, usize::from(self.leader))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn van_renesse_2015_ballots_are_ordered_by_round_and_then_by_leader() {
        let ballot = |round, leader: usize| Ballot { round, leader: leader.into() };
        assert!(ballot(1, 2) < ballot(2, 0));
        assert!(ballot(1, 0) < ballot(1, 2));
        assert_eq!(ballot(1, 2).next(0.into()), ballot(2, 0));
        let order = [ballot(0, 0), ballot(0, 1), ballot(1, 0), ballot(1, 63), ballot(2, 0)];
        assert!(order.iter().map(|ballot| ballot.epoch()).is_sorted());
        assert_eq!(ballot(0, 0).epoch(), 1);
    }
}
