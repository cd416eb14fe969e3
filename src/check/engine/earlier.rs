//! Successors of a reduced search that came before, by their keys as they are before they are saturated:
//! what they become was looked at then, so it need not be found again.
//!
//! Batches may be expanded in another order than theirs, and what comes first in theirs counts. So a key is
//! noted with its batch, and only the same batch or a later one is told of it.

use super::visited::{KEY_BITS, Key};
use prefetch_index::prefetch_index;

/// How many keys are remembered; a power of two.
const PLACES: usize = 1 << 16;

/// Remembers many of the keys that came, each in the one place that it may have.
#[derive(Default)]
pub(super) struct Earlier {
    /// Keys, above each the number of its batch and one more; zero is an empty place.
    places: Vec<u128>,
    batch: u128,
}

impl Earlier {
    /// Begins with the batch whose first state has this number in the order of expansion.
    pub(super) fn begin(&mut self, first: u64) {
        self.places.resize(PLACES, 0);
        // 48 bits are left for it, more than there will be states.
        self.batch = (u128::from(first) + 1) << KEY_BITS;
    }

    /// Lets the processor fetch where a key would be.
    #[inline]
    pub(super) fn prefetch(&self, key: Key) {
        prefetch_index(&self.places, place(key));
    }

    /// Whether a key is remembered of this batch, or of one before it.
    #[inline]
    pub(super) fn contains(&self, key: Key) -> bool {
        let found = self.places[place(key)];
        found != 0 && (found ^ key) << (u128::BITS - KEY_BITS) == 0 && found <= self.batch | key
    }

    /// Remembers a key in the place of another.
    #[inline]
    pub(super) fn note(&mut self, key: Key) {
        self.places[place(key)] = self.batch | key;
    }

    /// The memory that they take.
    pub(super) fn bytes(&self) -> u64 {
        (self.places.capacity() * size_of::<u128>()) as u64
    }
}

fn place(key: Key) -> usize {
    key as usize % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Some of them in the same place.
        #[test]
        fn only_the_same_batch_and_later_ones_are_told_of_a_key(
            batches in proptest::collection::vec(
                (0..9_u64, proptest::collection::vec((0..200_u128, 0..4_u128), 0..50)),
                1..20),
        ) {
            let mut earlier = Earlier::default();
            let mut noted = BTreeMap::new();
            for (first, keys) in batches {
                earlier.begin(first);
                for (low, high) in keys {
                    // Zero is a key like any other.
                    let key = high << 70 | low;
                    let is_due = noted.get(&key).is_some_and(|batch| *batch <= first);
                    prop_assert!(!earlier.contains(key) || is_due);
                    earlier.note(key);
                    prop_assert!(earlier.contains(key));
                    noted.insert(key, first);
                }
            }
        }
    }
}
