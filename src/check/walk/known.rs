//! What is known from the walks before: states, how often each handler run was taken, and the
//! properties that are not decided yet.

use crate::models::world::step::Move;
use rustc_hash::{FxHashMap, FxHashSet};

/// A handler run: a node as a part, and what happens there.
pub(super) type Occasion = (u32, u32);

/// What one walk met that was not known before.
#[derive(Default)]
pub(super) struct Walk {
    /// Which one, from 0.
    pub(super) number: u64,
    /// The states, each once, in the order in which they were met.
    pub(super) met: Vec<u64>,
    /// How often each handler run was taken.
    pub(super) taken: FxHashMap<Occasion, u32>,
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
    taken: FxHashMap<Occasion, u32>,
    /// The properties that are not decided, a bit each.
    pub(super) open: u64,
}

impl Known {
    pub(super) fn new(room: usize, open: u64) -> Self {
        let (states, taken) = (FxHashSet::default(), FxHashMap::default());
        Self { states, room, is_full: false, taken, open }
    }

    pub(super) fn has(&self, fingerprint: u64) -> bool {
        self.states.contains(&fingerprint)
    }

    /// How many states are kept.
    pub(super) fn states(&self) -> u64 {
        self.states.len() as u64
    }

    /// How often a handler run was taken.
    pub(super) fn taken(&self, occasion: Occasion) -> u32 {
        self.taken.get(&occasion).copied().unwrap_or(0)
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
        for (occasion, times) in &walk.taken {
            let taken = self.taken.entry(*occasion).or_default();
            *taken = taken.saturating_add(*times);
        }
        for found in &walk.found {
            self.open &= !(1 << found.at);
        }
    }

    /// The bytes of what is kept.
    pub(super) fn bytes(&self) -> u64 {
        let taken = self.taken.capacity() * (size_of::<(Occasion, u32)>() + 1);
        (self.states.capacity() * (size_of::<u64>() + 1) + taken) as u64
    }
}
