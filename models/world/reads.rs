//! The parts of a state that a condition looked at.
//!
//! A condition is a function of the state, so its answer follows from the parts that it looked at: it is
//! the same in every state that has these in common. A view notes them, so that no declaration is
//! trusted.

use super::interner::{Fingerprint, short};
use std::cell::Cell;

/// Some of the parts of a state: of its four, or of what is taken from the nodes or the messages, each by
/// itself ([`View::gather_nodes`](super::View::gather_nodes)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reads(u32);

/// The parts that are whole.
pub(super) const WHOLE: usize = 4;
/// How many aspects of the nodes one thread knows, and how many of the messages.
pub(super) const EACH: usize = 8;
/// All parts: whole, aspects of the nodes, and of the messages.
pub(super) const PARTS: usize = WHOLE + 2 * EACH;

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
    /// All aspects of the messages.
    const OF_MESSAGES: Self = Self((1 << PARTS) - (1 << (PARTS - EACH)));

    /// An aspect of the nodes or the messages, by its number.
    pub(super) fn aspect(number: usize, of_messages: bool) -> Self {
        Self(1 << (WHOLE + EACH * usize::from(of_messages) + number))
    }

    /// Whether all of the others are among these.
    pub fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether the messages in flight are among these, or something of them is.
    pub fn looks_at_messages(self) -> bool {
        self.0 & (Self::MESSAGES.0 | Self::OF_MESSAGES.0) != 0
    }

    /// Both.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// A number for these parts where each has this share, by its number.
    pub(super) fn key(self, share: impl Fn(usize) -> u64) -> u64 {
        let (mut key, mut left) = (u64::from(self.0) + 1, self.0);
        while left != 0 {
            let share = share(left.trailing_zeros() as usize);
            key = (key.rotate_left(23) ^ share).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            left &= left - 1;
        }
        key ^ key >> 32
    }

    /// The same of a state without parts.
    pub fn key_of_one(self, fingerprint: Fingerprint) -> u64 {
        self.key(|_| short(fingerprint))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_were_not_looked_at_do_not_matter_and_others_do() {
        let of = |shares: [u64; 6], reads: Reads| reads.key(|part| shares[part]);
        let (one, other) = ([1, 2, 3, 4, 5, 6], [1, 2, 30, 4, 50, 6]);
        let most = Reads::NODES.and(Reads::BUDGET).and(Reads::MESSAGES);
        let aspects = [0, 1].map(|number| Reads::aspect(number, false));
        assert_eq!(of(one, most), of(other, most));
        assert_ne!(of(one, Reads::ALL), of(other, Reads::ALL));
        assert_ne!(of(one, Reads::NODES), of(one, Reads::NODES.and(Reads::BUDGET)));
        assert_ne!(of(one, aspects[0]), of(other, aspects[0]));
        assert_eq!(of(one, aspects[1]), of(other, aspects[1]));
        // Shares that change places are not the same.
        let ends = Reads::NODES.and(Reads::MESSAGES);
        assert_ne!(of(one, ends), of([4, 2, 3, 1, 5, 6], ends));
    }

    #[test]
    fn what_is_taken_from_messages_is_looking_at_them() {
        assert!(Reads::ALL.looks_at_messages() && Reads::MESSAGES.looks_at_messages());
        for number in 0..EACH {
            assert!(Reads::NODES.and(Reads::aspect(number, true)).looks_at_messages());
            assert!(!Reads::NODES.and(Reads::aspect(number, false)).looks_at_messages());
        }
    }
}
