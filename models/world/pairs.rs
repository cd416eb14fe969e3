//! A set of pairs of node and envelope, a bit each.
//!
//! Most messages in flight change nothing where they are, and all are looked up in every state. So
//! many bits lie near the processor; the table of what deliveries do does not.

/// Pairs of which something is known: the bits of each node's part, as many words for each. Of some
/// pairs it is forgotten.
pub(super) struct Pairs {
    words: Vec<u64>,
    /// The logarithm of the words for one part.
    width: u32,
}

/// The most words: 2 MiB. What has no bit here is looked up in the table.
const LIMIT: usize = 1 << 18;

/// The logarithm of the most words for one part: 4,096 envelopes.
const WIDEST: u32 = 6;

impl Pairs {
    pub(super) fn new() -> Self {
        Self { words: Vec::new(), width: 0 }
    }

    /// Whether a pair was noted; perhaps not, if it was.
    #[expect(clippy::inline_always, reason = "the innermost look-up")]
    #[inline(always)]
    pub(super) fn contains(&self, node: u32, envelope: u32) -> bool {
        let (word, bit) = (envelope >> 6, envelope & 63);
        let at = ((node as usize) << self.width) + word as usize;
        word >> self.width == 0 && self.words.get(at).is_some_and(|word| word >> bit & 1 != 0)
    }

    /// Notes a pair, if there is room for it.
    pub(super) fn note(&mut self, node: u32, envelope: u32) {
        let word = envelope >> 6;
        while word >> self.width != 0 {
            if self.width == WIDEST {
                return;
            }
            self.widen();
        }
        let at = ((node as usize) << self.width) + word as usize;
        if at >= LIMIT {
            return;
        }
        if at >= self.words.len() {
            self.words.resize(at + 1, 0);
        }
        self.words[at] |= 1 << (envelope & 63);
    }

    /// Makes twice the room for each part. Parts for which there is no room any more are forgotten.
    fn widen(&mut self) {
        let old = 1 << self.width;
        let mut wider = Vec::with_capacity(2 * self.words.len());
        for part in self.words.chunks(old).take(LIMIT / (2 * old)) {
            wider.extend_from_slice(part);
            wider.resize(wider.len().next_multiple_of(2 * old), 0);
        }
        (self.words, self.width) = (wider, self.width + 1);
    }

    pub(super) fn bytes(&self) -> u64 {
        (self.words.capacity() * size_of::<u64>()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn pairs() -> impl Strategy<Value = Vec<(u32, u32)>> {
        let narrow = (0..40_u32, 0..300_u32);
        let wide = (0..3_000_u32, 0..5_000_u32);
        proptest::collection::vec(prop_oneof![4 => narrow, 1 => wide], 0..200)
    }

    proptest! {
        #[test]
        fn what_is_contained_was_noted(noted in pairs(), others in pairs()) {
            let mut known = Pairs::new();
            noted.iter().for_each(|(node, envelope)| known.note(*node, *envelope));
            let all: BTreeSet<_> = noted.iter().copied().collect();
            for (node, envelope) in noted.iter().chain(&others) {
                let is_noted = all.contains(&(*node, *envelope));
                let is_contained = known.contains(*node, *envelope);
                prop_assert!(is_noted || !is_contained);
                // These have room whatever else is noted.
                let has_room = *node < 1 << 12 && *envelope < 1 << 12;
                prop_assert!(!has_room || is_contained == is_noted);
            }
            prop_assert!(known.words.len() <= LIMIT);
        }
    }

    #[test]
    fn what_has_no_room_is_not_noted() {
        let mut known = Pairs::new();
        known.note(LIMIT as u32, 0);
        known.note(0, 1 << 12);
        known.note(u32::MAX, u32::MAX);
        assert!(!known.contains(LIMIT as u32, 0) && !known.contains(0, 1 << 12));
        assert!(!known.contains(u32::MAX, u32::MAX));
        assert!(known.bytes() <= 8 * LIMIT as u64);
    }
}
