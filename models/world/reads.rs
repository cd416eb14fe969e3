//! The parts of a state that a condition looked at.
//!
//! A condition is a function of the state, so its answer follows from the parts that it looked at: it is
//! the same in every state that has these in common. A view notes them, so that no declaration is
//! trusted.

use super::interner::{Fingerprint, short};
use std::cell::Cell;

/// Some of the four parts of a state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reads(u8);

impl Reads {
    /// The nodes.
    pub const NODES: Self = Self(1);
    /// What is left of the faults, and the links that are cut.
    pub const BUDGET: Self = Self(2);
    /// The history.
    pub const HISTORY: Self = Self(4);
    /// The messages in flight.
    pub const MESSAGES: Self = Self(8);
    /// The whole state.
    pub const ALL: Self = Self(15);

    /// Whether all of the others are among these.
    pub fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Both.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }
}

/// Notes what is looked at.
#[derive(Debug, Default)]
pub(super) struct Tracker(Cell<Reads>);

impl Tracker {
    pub(super) fn note(&self, part: Reads) {
        self.0.set(self.0.get().and(part));
    }

    pub(super) fn reads(&self) -> Reads {
        self.0.get()
    }
}

/// The shares of a state's parts in its fingerprint, and the parts that are known by number.
#[derive(Clone, Copy, Debug)]
pub struct Shares([u64; 4]);

impl Shares {
    /// Of the nodes, the budget, the history and the messages.
    pub(super) fn new(parts: [u64; 4]) -> Self {
        Self(parts)
    }

    /// Of a state without parts.
    pub fn of_one(fingerprint: Fingerprint) -> Self {
        Self([short(fingerprint); 4])
    }

    /// A number that two states with these parts in common have in common, and others have with a
    /// probability of 2^-64.
    pub fn of(&self, reads: Reads) -> u64 {
        let mut key = u64::from(reads.0) + 1;
        for (at, share) in self.0.iter().enumerate() {
            if reads.0 >> at & 1 == 1 {
                key = (key.rotate_left(23) ^ share).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            }
        }
        key ^ key >> 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_were_not_looked_at_do_not_matter_and_others_do() {
        let (one, other) = (Shares([1, 2, 3, 4]), Shares([1, 2, 30, 4]));
        let most = Reads::NODES.and(Reads::BUDGET).and(Reads::MESSAGES);
        assert_eq!(one.of(most), other.of(most));
        assert_ne!(one.of(Reads::ALL), other.of(Reads::ALL));
        assert_ne!(one.of(Reads::NODES), one.of(Reads::NODES.and(Reads::BUDGET)));
        // Shares that change places are not the same.
        let swapped = Shares([4, 2, 3, 1]);
        let ends = Reads::NODES.and(Reads::MESSAGES);
        assert_ne!(one.of(ends), swapped.of(ends));
    }
}
