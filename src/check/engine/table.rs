//! The states met so far, as fingerprints: an open-addressed table without locks.
//!
//! A slot is two words. The first is a state's 64-bit fingerprint, or zero. The second says how
//! the state was reached: the upper 52 bits of its parent's fingerprint, and in the lower 12
//! bits its level plus one. Of several parents on one level the one with the largest word wins,
//! whichever thread comes first, so that the path to a state does not depend on threads.
//!
//! A fingerprint's place follows from its upper bits, in order of size, so that growing copies
//! from front to back.

use std::sync::atomic::{AtomicU64, Ordering};

type Slot = [AtomicU64; 2];

const LEVEL_BITS: u32 = 12;
/// From this level on the parent is the one that comes first.
const LAST_LEVEL: u64 = (1 << LEVEL_BITS) - 1;

/// A table that threads may insert into at once. Growing takes it alone.
pub(super) struct Table {
    slots: Vec<Slot>,
}

impl Table {
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

    /// What growing takes, while the old slots are still there.
    pub(super) fn bytes_to_grow(&self) -> u64 {
        self.bytes() + Self::bytes_of(self.next_size())
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

    /// The table with `slots` slots.
    pub(super) fn grown(&self, slots: usize) -> Self {
        let grown = Self::new(slots);
        for [first, second] in &self.slots {
            let key = first.load(Ordering::Relaxed);
            if key == 0 {
                continue;
            }
            let mut at = grown.place(key);
            while grown.slots[at][0].load(Ordering::Relaxed) != 0 {
                at = grown.after(at);
            }
            grown.slots[at][0].store(key, Ordering::Relaxed);
            grown.slots[at][1].store(second.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        grown
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
        (u128::from(key) * self.slots.len() as u128 >> 64) as usize
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
        let table = Table::new(1 << 14);
        let count = table.limit();
        let new: u64 = thread::scope(|scope| {
            let insert = || (0..count).filter(|n| table.insert(mixed(*n), 5, 1)).count() as u64;
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(insert)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(new, count);
    }

    #[test]
    fn growing_keeps_states_and_their_parents() {
        let table = Table::new(64);
        assert!(table.insert(mixed(0), 0, 0));
        for n in 1..40 {
            assert!(table.insert(mixed(n), mixed(n - 1), n as u32));
        }
        let table = table.grown(table.next_size()).grown(1000);
        assert_eq!(table.parents(mixed(0)), None, "the initial state");
        for n in 1..40 {
            assert_eq!(table.parents(mixed(n)), Some(vec![mixed(n - 1)]), "state {n}");
        }
        assert!(!table.contains(mixed(40)));
    }

    #[test]
    fn of_parents_on_one_level_the_largest_is_kept_and_later_levels_change_nothing() {
        let table = Table::new(64);
        for n in 0..5 {
            table.insert(mixed(n), 0, 0);
        }
        let largest = (0..4).map(mixed).max().unwrap();
        for n in 0..4 {
            table.insert(99, mixed(n), 1);
        }
        table.insert(99, u64::MAX, 2);
        assert_eq!(table.parents(99), Some(vec![largest]));
    }

    #[test]
    fn the_fingerprint_zero_is_a_fingerprint() {
        let table = Table::new(64);
        assert!(!table.contains(0));
        assert!(table.insert(0, 0, 0));
        assert!(!table.insert(0, 0, 1));
        assert!(table.contains(0));
    }
}
