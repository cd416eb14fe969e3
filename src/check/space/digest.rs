//! Fingerprints of values that are met once: all that their `Hash` says, hashed in one go (XXH3).

use crate::models::world::Fingerprint;
use std::hash::{Hash, Hasher};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// Makes fingerprints, with room to work in.
#[derive(Default)]
pub(super) struct Digest(Bytes);

#[derive(Default)]
struct Bytes(Vec<u8>);

impl Digest {
    pub(super) fn of(&mut self, value: &impl Hash) -> Fingerprint {
        self.0.0.clear();
        value.hash(&mut self.0);
        xxh3_128(&self.0.0)
    }

    /// The memory that it takes.
    pub(super) fn bytes(&self) -> u64 {
        self.0.0.capacity() as u64
    }
}

impl Hasher for Bytes {
    // What is said comes in small pieces, and often.
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        xxh3_64(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_follows_from_the_value_alone() {
        let mut digest = Digest::default();
        let [one, other] = [vec![1_u32, 2], vec![1, 2, 0]].map(|value| digest.of(&value));
        assert_ne!(one, other);
        assert_eq!(Digest::default().of(&vec![1_u32, 2]), one);
        assert_ne!(digest.of(&("a", "bc")), digest.of(&("ab", "c")));
    }
}
