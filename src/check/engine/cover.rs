//! The cover of a reduced search: of each core the sets of messages that no other contains.
//!
//! Of two states with one core the one with more messages can do all that the other can (see
//! `models/world/saturation.rs`), so it *covers* the other, which need not be expanded. Between levels
//! the states of the new level that others cover are left out. Which they are depends on no order.

use super::frontier::Chunk;
use super::lineage::Lineage;
use super::message_sets::{MessageSet, MessageSets};
use super::queue::Queue;
use crate::check::space::Space;
use crate::models::world::{Fingerprint, Split};
use rustc_hash::FxBuildHasher;
use std::cmp::Reverse;
use std::collections::HashMap;

const NONE: u32 = u32::MAX;

/// The messages of the states that are expanded, by core.
#[derive(Default)]
pub(super) struct Cover {
    /// By a core's share of the fingerprint: its first entry.
    first: HashMap<Fingerprint, u32, FxBuildHasher>,
    entries: Vec<Entry>,
    sets: MessageSets,
}

/// A set of messages with a core, and the next one with the same.
struct Entry {
    set: u32,
    next: u32,
}

impl Cover {
    /// Whether a state, or one that covers it, was kept.
    pub(super) fn covers(&self, state: Split<'_>) -> bool {
        let wanted = MessageSet::of(state.messages);
        self.entries_of(state.core).any(|at| self.sets.contains(self.entries[at].set, &wanted))
    }

    /// How many different cores were met.
    pub(super) fn cores(&self) -> u64 {
        self.first.len() as u64
    }

    /// The memory that it takes.
    pub(super) fn bytes(&self) -> u64 {
        let first = self.first.capacity() * 8 / 7 * (size_of::<(Fingerprint, u32)>() + 1);
        let entries = self.entries.capacity() * size_of::<Entry>();
        (first + entries) as u64 + self.sets.bytes()
    }

    /// Keeps the states of a new level that no other covers, in their order.
    pub(super) fn keep(&mut self, space: &dyn Space, level: &mut Queue, lineage: &mut Lineage) {
        let (mut state, mut records, mut chunks) = (Vec::new(), Vec::new(), Vec::new());
        let mut chunk = Chunk::default();
        while level.pop(&mut chunk) {
            let (number, mut at) = (chunks.len() as u32, 0);
            while let Some((length, next)) = chunk.skim(at) {
                records.push((Reverse(length as u32), number, at as u32));
                at = next;
            }
            chunks.push(std::mem::take(&mut chunk));
        }
        // The largest first: what was kept is never covered by what comes later.
        records.sort_unstable();
        let mut kept = Vec::new();
        for (_, number, at) in records {
            let record = chunks[number as usize].read(at as usize, &mut state);
            if record.is_some() && self.insert(space.split(&state)) {
                kept.push((number, at));
            }
            state.clear();
        }
        kept.sort_unstable();
        let mut kept = kept.into_iter().peekable();
        for (number, from) in (0_u32..).zip(&chunks) {
            let mut at = 0;
            chunk.clear();
            while let Some((_, next)) = from.skim(at) {
                let is_kept = kept.next_if_eq(&(number, at as u32)).is_some();
                lineage.keep(is_kept);
                if is_kept {
                    chunk.push_from(from, at, next);
                }
                at = next;
            }
            level.push(&chunk);
        }
    }

    /// Inserts a state, in the place of those that it covers, unless it is covered itself.
    fn insert(&mut self, state: Split<'_>) -> bool {
        if self.covers(state) {
            return false;
        }
        let new = MessageSet::of(state.messages);
        let mut kept = NONE;
        let mut at = self.first.get(&state.core).copied().unwrap_or(NONE);
        while at != NONE {
            let Entry { set, next } = self.entries[at as usize];
            if !self.sets.is_within(set, &new) {
                self.entries[at as usize].next = kept;
                kept = at;
            }
            at = next;
        }
        let set = self.sets.intern(&new);
        self.first.insert(state.core, self.entries.len() as u32);
        self.entries.push(Entry { set, next: kept });
        true
    }

    fn entries_of(&self, core: Fingerprint) -> impl Iterator<Item = usize> {
        let mut at = self.first.get(&core).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let found = self.entries.get(at as usize)?;
            Some(std::mem::replace(&mut at, found.next) as usize)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn sorted(messages: &BTreeSet<u32>) -> Vec<u32> {
        messages.iter().copied().collect()
    }

    proptest! {
        /// Whatever comes in whatever order: of each core the sets that no other contains are left.
        #[test]
        fn of_each_core_the_largest_sets_are_left(
            states in proptest::collection::vec(
                (0..3_u128, proptest::collection::btree_set(0..200_u32, 0..6)), 0..40),
        ) {
            let mut cover = Cover::default();
            for (core, messages) in &states {
                let messages = sorted(messages);
                let state = Split { core: *core, messages: &messages };
                let is_covered = cover.covers(state);
                prop_assert_eq!(cover.insert(state), !is_covered);
                prop_assert!(cover.covers(state));
            }
            for (core, messages) in &states {
                let is_largest = !states.iter().any(|(other, more)| {
                    other == core && more.len() > messages.len() && more.is_superset(messages)
                });
                let set = sorted(messages);
                let set = MessageSet::of(&set);
                let is_left = cover.entries_of(*core).any(|at| {
                    let kept = cover.entries[at].set;
                    cover.sets.contains(kept, &set) && cover.sets.is_within(kept, &set)
                });
                prop_assert_eq!(is_left, is_largest);
            }
        }
    }
}
