//! Epochs and transaction identifiers, the two numbers of the protocol.

use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::fmt;
use std::str::FromStr;

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

/// As it is printed: round, leader and number, such as `3.0#17`.
impl FromStr for Zxid {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (epoch, counter) = text.split_once('#').ok_or(())?;
        let (round, leader) = epoch.split_once('.').ok_or(())?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| ());
        let leader = usize::try_from(number(leader)?).map_err(|_| ())?;
        let epoch = Epoch { round: number(round)?, leader: leader.into() };
        Ok(Self { epoch, counter: number(counter)? })
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

    #[test]
    fn an_identifier_is_parsed_as_it_is_printed() {
        let zxid = Zxid { epoch: epoch(3, 1), counter: 17 };
        assert_eq!(format!("{zxid:?}"), "3.1#17");
        assert_eq!("3.1#17".parse(), Ok(zxid));
        for wrong in ["", "3.1", "3#17", "3.1#", "-3.1#17", "3.1#17 ", "a.b#c"] {
            assert_eq!(wrong.parse::<Zxid>(), Err(()), "{wrong}");
        }
    }
}
