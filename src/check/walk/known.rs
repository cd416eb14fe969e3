//! What is known from the walks before: states, and the properties that are not decided yet.

use crate::models::world::step::Move;
use rustc_hash::FxHashSet;

/// What one walk met that was not known before.
#[derive(Default)]
pub(super) struct Walk {
    /// Which one, from 0.
    pub(super) number: u64,
    /// The states, each once, in the order in which they were met.
    pub(super) met: Vec<u64>,
    /// The properties that were decided.
    pub(super) found: Vec<Found>,
    /// How many steps it had.
    pub(super) steps: u64,
}

/// A property that is decided, and the way to the state that does.
pub(super) struct Found {
    pub(super) at: usize,
    pub(super) moves: Vec<Move>,
}

/// What is known from the walks before.
pub(super) struct Known {
    states: FxHashSet<u64>,
    /// The most states that are kept.
    room: usize,
    /// Whether one was met for which there was no room.
    pub(super) is_full: bool,
    /// The properties that are not decided, a bit each.
    pub(super) open: u64,
}

impl Known {
    pub(super) fn new(room: usize, open: u64) -> Self {
        Self { states: FxHashSet::default(), room, is_full: false, open }
    }

    pub(super) fn has(&self, fingerprint: u64) -> bool {
        self.states.contains(&fingerprint)
    }

    /// How many states are kept.
    pub(super) fn states(&self) -> u64 {
        self.states.len() as u64
    }

    /// Learns what a walk met.
    pub(super) fn learn(&mut self, walk: &Walk) {
        for fingerprint in &walk.met {
            if self.states.len() < self.room {
                self.states.insert(*fingerprint);
            } else if !self.has(*fingerprint) {
                self.is_full = true;
            }
        }
        for found in &walk.found {
            self.open &= !(1 << found.at);
        }
    }

    /// The bytes of what is kept.
    pub(super) fn bytes(&self) -> u64 {
        (self.states.capacity() * (size_of::<u64>() + 1)) as u64
    }
}
