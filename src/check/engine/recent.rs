//! Keys that another process is known to have met, as many as there is room for: what is asked of
//! another process is not asked soon again.
//!
//! The lower bits of a key choose its place, and the place holds the others, so no key is taken for
//! another. A key in the place of another replaces it.

use super::visited::{KEY_BITS, Key};
use std::sync::atomic::{AtomicU64, Ordering};

/// So that the bits which are left fit into a word.
const PLACE_BITS: u32 = 18;
const STORED: u32 = KEY_BITS - PLACE_BITS;

/// Keys, each in its place.
pub(super) struct Recent(Box<[AtomicU64]>);

impl Recent {
    pub(super) fn new() -> Self {
        Self((0..1 << PLACE_BITS).map(|_| AtomicU64::new(0)).collect())
    }

    fn place(&self, key: Key) -> (&AtomicU64, u64) {
        // One more than what is stored, since zero is an empty place.
        let stored = (key >> PLACE_BITS) as u64 + 1;
        (&self.0[key as usize & ((1 << PLACE_BITS) - 1)], stored)
    }

    pub(super) fn contains(&self, key: Key) -> bool {
        let (place, stored) = self.place(key);
        place.load(Ordering::Relaxed) == stored
    }

    pub(super) fn insert(&self, key: Key) {
        let (place, stored) = self.place(key);
        place.store(stored, Ordering::Relaxed);
    }

    /// The memory that they take.
    pub(super) fn bytes(&self) -> u64 {
        size_of_val(&*self.0) as u64
    }
}

const _: () = assert!(STORED < u64::BITS);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::engine::visited::key_of;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn only_what_was_put_there_is_there(keys in proptest::collection::vec(any::<u128>(), 1..99)) {
            let recent = Recent::new();
            for key in keys.into_iter().map(key_of) {
                let near = [1, 1 << PLACE_BITS, 1 << 40, 1 << 79].map(|bit: Key| key ^ bit);
                prop_assert!(!recent.contains(key));
                recent.insert(key);
                prop_assert!(recent.contains(key));
                prop_assert!(near.iter().all(|other| !recent.contains(*other)));
            }
        }
    }
}
