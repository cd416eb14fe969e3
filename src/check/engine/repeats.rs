//! Keys that come more than once in a batch: steps that commute lead two states that stand side by side
//! to the same one.

use super::visited::{KEY_BITS, Key};

/// How many keys are remembered; a power of two.
const PLACES: usize = 1 << 11;

/// Remembers most keys of a batch, each in the one place that it may have.
pub(super) struct Repeats {
    /// Keys, above each the number of its batch.
    places: Vec<u128>,
    batch: u128,
}

impl Repeats {
    pub(super) fn new() -> Self {
        Self { places: vec![0; PLACES], batch: 0 }
    }

    /// Begins another batch: all keys are forgotten.
    pub(super) fn forget(&mut self) {
        // 48 bits are left for it, more than there will be batches.
        self.batch += 1 << KEY_BITS;
    }

    /// Whether a key is remembered: only if it was noted in this batch.
    #[inline]
    pub(super) fn contains(&self, key: Key) -> bool {
        self.places[place(key)] == self.batch | key
    }

    /// Remembers a key in the place of another.
    #[inline]
    pub(super) fn note(&mut self, key: Key) {
        self.places[place(key)] = self.batch | key;
    }
}

fn place(key: Key) -> usize {
    key as usize % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn only_keys_of_the_batch_are_remembered(
            batches in proptest::collection::vec(proptest::collection::vec(0..5000_u128, 0..50), 1..20),
        ) {
            let mut repeats = Repeats::new();
            for batch in batches {
                repeats.forget();
                let mut noted = BTreeSet::new();
                for key in batch {
                    // Zero is a key like any other.
                    prop_assert!(!repeats.contains(key) || noted.contains(&key));
                    repeats.note(key);
                    noted.insert(key);
                    prop_assert!(repeats.contains(key));
                }
            }
        }
    }
}
