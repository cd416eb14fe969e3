//! The visited set: the states met so far, as fingerprints, in an open-addressed table without
//! locks.
//!
//! A slot is two words. The first is a state's 64-bit fingerprint, or zero. The second says how
//! the state was reached: the upper 52 bits of its parent's fingerprint, and in the lower 12
//! bits its level plus one. Of several parents on one level the one with the largest word wins,
//! whichever thread comes first, so that the path to a state does not depend on threads.
//!
//! A fingerprint's place follows from its upper bits, in order of size. So in a larger table every
//! place lies further back, and the visited set can grow where it is: what would be two tables for
//! a moment, just when memory is scarce, is never more than one.

use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

type Slot = [AtomicU64; 2];

const LEVEL_BITS: u32 = 12;
/// From this level on the parent is the one that comes first.
const LAST_LEVEL: u64 = (1 << LEVEL_BITS) - 1;

/// Growing takes so many slots at the front aside, rather than to move them along: most of all
/// they hold what found no room at the end.
const FRONT: usize = 1 << 12;
/// Fewer slots than these are not worth a thread.
const SHARE: usize = 1 << 16;

/// The states met so far. Threads may insert at once; growing takes it alone.
pub(super) struct VisitedSet {
    slots: Vec<Slot>,
}

impl VisitedSet {
    pub(super) fn new(slots: usize) -> Self {
        Self { slots: (0..slots).map(|_| Slot::default()).collect() }
    }

    /// How many states fit before it must grow.
    pub(super) fn limit(&self) -> u64 {
        self.slots.len() as u64 / 4 * 3
    }

    pub(super) fn bytes(&self) -> u64 {
        Self::bytes_of(self.slots.len())
    }

    fn bytes_of(slots: usize) -> u64 {
        slots as u64 * size_of::<Slot>() as u64
    }

    /// How many slots it should grow to.
    pub(super) fn next_size(&self) -> usize {
        let slots = self.slots.len();
        // Doubling wastes too much of a machine's memory once it matters.
        if slots < 1 << 24 { slots * 2 } else { slots / 2 * 3 }
    }

    /// What it takes once it has grown.
    pub(super) fn bytes_when_grown(&self) -> u64 {
        Self::bytes_of(self.next_size())
    }

    /// Inserts `fingerprint`, first met on `level` from `parent`; whether it is new. There must
    /// be room.
    pub(super) fn insert(&self, fingerprint: u64, parent: u64, level: u32) -> bool {
        let key = key(fingerprint);
        let level = (u64::from(level) + 1).min(LAST_LEVEL);
        let origin = parent >> LEVEL_BITS << LEVEL_BITS | level;
        let mut at = self.place(key);
        loop {
            let [first, second] = &self.slots[at];
            let mut found = first.load(Ordering::Relaxed);
            if found == 0 {
                match first.compare_exchange(0, key, Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => {
                        second.fetch_max(origin, Ordering::Relaxed);
                        return true;
                    }
                    Err(other) => found = other,
                }
            }
            if found == key {
                let known = second.load(Ordering::Relaxed);
                // Zero: another thread is just inserting it, hence on this level.
                let same_level = known == 0 || known & LAST_LEVEL == level && level < LAST_LEVEL;
                if same_level && origin > known {
                    second.fetch_max(origin, Ordering::Relaxed);
                }
                return false;
            }
            at = self.after(at);
        }
    }

    pub(super) fn contains(&self, fingerprint: u64) -> bool {
        self.slot(key(fingerprint)).is_some()
    }

    /// Reads where `fingerprint` would be, so that it is at hand when it is inserted.
    pub(super) fn touch(&self, fingerprint: u64) -> u64 {
        self.slots[self.place(fingerprint)][0].load(Ordering::Relaxed)
    }

    /// The fingerprints that a state's parent can have; almost surely one. None if the state is
    /// an initial one.
    pub(super) fn parents(&self, fingerprint: u64) -> Option<Vec<u64>> {
        let origin = self.slots[self.slot(key(fingerprint))?][1].load(Ordering::Relaxed);
        if origin & LAST_LEVEL <= 1 {
            return None;
        }
        let first = origin >> LEVEL_BITS << LEVEL_BITS;
        // The lower bits are unknown, but matter little for the place.
        let places = [self.place(first), self.place(first | LAST_LEVEL)];
        let mut parents = Vec::new();
        for mut at in places {
            loop {
                match self.slots[at][0].load(Ordering::Relaxed) {
                    0 => break,
                    found if found >> LEVEL_BITS << LEVEL_BITS == first => parents.push(found),
                    _ => {}
                }
                at = self.after(at);
            }
        }
        parents.sort_unstable();
        parents.dedup();
        Some(parents)
    }

    /// The position of a fingerprint among the slots: an index that stays the same while the
    /// table does not grow.
    pub(super) fn position(&self, fingerprint: u64) -> Option<usize> {
        self.slot(key(fingerprint))
    }

    /// How many slots there are, used or not.
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Grows to its next size, with so many threads.
    ///
    /// From back to front: the places of the last third or half of the slots lie beyond all of
    /// them, so these move at once, to where nothing is; then there is as much room before them.
    pub(super) fn grow(&mut self, threads: usize) {
        let (old, new) = (self.slots.len(), self.next_size());
        self.slots.reserve_exact(new - old);
        self.slots.resize_with(new, Slot::default);
        let mut aside = Vec::new();
        let mut end = old;
        while end > FRONT {
            // A key that belonged here or later before belongs to `end` or later now.
            let start = (end as u128 * old as u128).div_ceil(new as u128) as usize;
            aside.extend(self.move_back(start..end, threads));
            end = start;
        }
        aside.extend((0..end).filter_map(|at| self.take(at)));
        for (key, origin) in aside {
            self.put(key, origin);
        }
    }

    /// Moves the entries of these slots to places behind them. An entry that belongs before their
    /// end, because it had found its place taken, is returned instead.
    fn move_back(&self, slots: Range<usize>, threads: usize) -> Vec<(u64, u64)> {
        let end = slots.end;
        let move_part = |part: Range<usize>| {
            let mut aside = Vec::new();
            for (key, origin) in part.filter_map(|at| self.take(at)) {
                if self.place(key) < end {
                    aside.push((key, origin));
                } else {
                    self.put(key, origin);
                }
            }
            aside
        };
        let share = slots.len().div_ceil(threads).max(SHARE);
        let parts = slots.clone().step_by(share).map(|from| from..(from + share).min(end));
        thread::scope(|scope| {
            let others: Vec<_> =
                parts.skip(1).map(|part| scope.spawn(move || move_part(part))).collect();
            let mut aside = move_part(slots.start..(slots.start + share).min(end));
            for other in others {
                aside.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
            aside
        })
    }

    /// Empties a slot.
    fn take(&self, at: usize) -> Option<(u64, u64)> {
        let [first, second] = &self.slots[at];
        let key = first.load(Ordering::Relaxed);
        (key != 0).then(|| {
            first.store(0, Ordering::Relaxed);
            (key, second.swap(0, Ordering::Relaxed))
        })
    }

    /// Puts a key that is not there where it belongs.
    fn put(&self, key: u64, origin: u64) {
        let mut at = self.place(key);
        let is_taken = |at: usize| {
            let first = &self.slots[at][0];
            first.load(Ordering::Relaxed) != 0
                || first.compare_exchange(0, key, Ordering::Relaxed, Ordering::Relaxed).is_err()
        };
        while is_taken(at) {
            at = self.after(at);
        }
        self.slots[at][1].store(origin, Ordering::Relaxed);
    }

    fn slot(&self, key: u64) -> Option<usize> {
        let mut at = self.place(key);
        loop {
            match self.slots[at][0].load(Ordering::Relaxed) {
                0 => return None,
                found if found == key => return Some(at),
                _ => at = self.after(at),
            }
        }
    }

    fn place(&self, key: u64) -> usize {
        ((u128::from(key) * self.slots.len() as u128) >> 64) as usize
    }

    fn after(&self, at: usize) -> usize {
        if at + 1 == self.slots.len() { 0 } else { at + 1 }
    }
}

/// Zero means an empty slot.
fn key(fingerprint: u64) -> u64 {
    if fingerprint == 0 { 1 } else { fingerprint }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    /// Spread like fingerprints.
    fn mixed(n: u64) -> u64 {
        (n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ n << 7
    }

    #[test]
    fn each_fingerprint_is_new_once_however_many_threads_insert_it() {
        let visited = VisitedSet::new(1 << 14);
        let count = visited.limit();
        let new: u64 = thread::scope(|scope| {
            let insert = || (0..count).filter(|n| visited.insert(mixed(*n), 5, 1)).count() as u64;
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(insert)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(new, count);
    }

    #[test]
    fn growing_keeps_states_and_their_parents() {
        for (slots, threads) in [(64, 1), (5000, 1), (5000, 3), (300_000, 1), (300_000, 4)] {
            let mut visited = VisitedSet::new(slots);
            let mut known = 1;
            assert!(visited.insert(mixed(0), 0, 0));
            for _ in 0..3 {
                for n in known..visited.limit() {
                    assert!(visited.insert(mixed(n), mixed(n - 1), n as u32));
                }
                known = visited.limit();
                visited.grow(threads);
                let told = format!("{known} states, {slots} slots at first, {threads} threads");
                assert_eq!(visited.parents(mixed(0)), None, "the initial state of {told}");
                for n in 1..known {
                    assert_eq!(
                        visited.parents(mixed(n)),
                        Some(vec![mixed(n - 1)]),
                        "{n} of {told}"
                    );
                }
                assert!(!visited.contains(mixed(known)));
            }
        }
    }

    /// Also if the keys crowd together and run over the end, so that nothing is where it belongs.
    #[test]
    fn growing_finds_room_for_keys_that_belong_together() {
        let mut visited = VisitedSet::new(3 * FRONT);
        let keys: Vec<u64> = (0..3 * FRONT as u64 / 4)
            .map(|n| if n % 2 == 0 { u64::MAX - n * 5 } else { (1 << 62) + n * 7 })
            .collect();
        for key in &keys {
            assert!(visited.insert(*key, 0, 0));
        }
        for _ in 0..2 {
            visited.grow(2);
            assert!(keys.iter().all(|key| !visited.insert(*key, 0, 0)), "all are there");
            assert!(!visited.contains(5));
        }
    }

    #[test]
    fn of_parents_on_one_level_the_largest_is_kept_and_later_levels_change_nothing() {
        let visited = VisitedSet::new(64);
        for n in 0..5 {
            visited.insert(mixed(n), 0, 0);
        }
        let largest = (0..4).map(mixed).max().unwrap();
        for n in 0..4 {
            visited.insert(99, mixed(n), 1);
        }
        visited.insert(99, u64::MAX, 2);
        assert_eq!(visited.parents(99), Some(vec![largest]));
    }

    #[test]
    fn the_fingerprint_zero_is_a_fingerprint() {
        let visited = VisitedSet::new(64);
        assert!(!visited.contains(0));
        assert!(visited.insert(0, 0, 0));
        assert!(!visited.insert(0, 0, 1));
        assert!(visited.contains(0));
    }
}
