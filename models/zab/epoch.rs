//! Epochs and transaction identifiers, the two numbers of the protocol.

use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::fmt;

/// The number of a leader's reign (Junqueira et al. 2011). Only its leader
/// begins it, and only once.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Epoch {
    /// Grows with every attempt to lead.
    pub round: u64,
    /// Whose epoch it is; breaks ties.
    pub leader: Id,
}

impl Epoch {
    /// The smallest epoch of `leader` that is larger than this one, whoever leads this one.
    #[must_use]
    pub fn next(self, leader: Id) -> Self {
        Self { round: self.round + 1, leader }
    }

    /// As one number, in the same order and never 0: how new a hint about the leader is.
    pub fn number(self) -> u64 {
        (self.round << 16) + usize::from(self.leader) as u64 + 1
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.round, usize::from(self.leader))
    }
}

/// The identifier of a transaction: the epoch in which it was proposed, and its number there, from
/// 1. The default is that of no transaction, before all others.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Zxid {
    /// The epoch.
    pub epoch: Epoch,
    /// Its number in the epoch.
    pub counter: u64,
}

impl Zxid {
    /// The identifier that the leader of `epoch` gives the transaction after this one.
    #[must_use]
    pub fn next(self, epoch: Epoch) -> Self {
        let counter = if self.epoch == epoch { self.counter + 1 } else { 1 };
        Self { epoch, counter }
    }
}

impl fmt::Debug for Zxid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}#{}", self.epoch, self.counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(round: u64, leader: usize) -> Epoch {
        Epoch { round, leader: leader.into() }
    }

    #[test]
    fn epochs_are_ordered_by_round_and_then_by_leader() {
        let order = [epoch(0, 0), epoch(0, 1), epoch(1, 0), epoch(1, 63), epoch(2, 0)];
        assert!(order.is_sorted());
        assert!(order.iter().map(|epoch| epoch.number()).is_sorted());
        assert_eq!(epoch(0, 0).number(), 1);
        assert_eq!(epoch(1, 2).next(0.into()), epoch(2, 0));
    }

    #[test]
    fn identifiers_are_ordered_by_epoch_and_then_by_number() {
        let first = Zxid::default().next(epoch(0, 0));
        let second = first.next(epoch(0, 0));
        assert_eq!((first.counter, second.counter), (1, 2));
        let other = second.next(epoch(1, 2));
        assert_eq!((other.epoch, other.counter), (epoch(1, 2), 1));
        assert!(Zxid::default() < first && first < second && second < other);
    }
}
