//! Sets of messages, each kept once, and which of them contain which.
//!
//! A set is kept as the differences between one number and the next, in seven bits a byte: most take
//! one. A mask of 64 bits beside it answers most questions.

use rustc_hash::{FxBuildHasher, FxHasher};
use std::collections::HashMap;
use std::hash::Hasher;

/// A set of messages, as a state holds it.
#[derive(Clone, Copy)]
pub(super) struct MessageSet<'s> {
    mask: u64,
    messages: &'s [u32],
}

impl<'s> MessageSet<'s> {
    /// Of the numbers of messages, in order.
    pub(super) fn of(messages: &'s [u32]) -> Self {
        let mask = messages.iter().fold(0, |mask, message| mask | 1 << (message % 64));
        Self { mask, messages }
    }
}

/// The sets that are kept, by number.
#[derive(Default)]
pub(super) struct MessageSets {
    sets: Vec<Kept>,
    bytes: Vec<u8>,
    /// By hash, the last set that has it.
    index: HashMap<u64, u32, FxBuildHasher>,
}

struct Kept {
    mask: u64,
    /// Where it begins among the bytes.
    start: u64,
    count: u32,
    /// The set before it with the same hash, and one more; zero if there is none.
    before: u32,
}

impl MessageSets {
    /// The number of a set.
    pub(super) fn intern(&mut self, set: &MessageSet<'_>) -> u32 {
        let mut hasher = FxHasher::default();
        set.messages.iter().for_each(|message| hasher.write_u32(*message));
        let hash = hasher.finish();
        let mut before = self.index.get(&hash).map_or(0, |last| last + 1);
        let same_hash = before;
        while let Some(known) = before.checked_sub(1) {
            let Kept { mask, count, before: earlier, .. } = self.sets[known as usize];
            let is_as_large = mask == set.mask && count as usize == set.messages.len();
            if is_as_large && self.messages(known).eq(set.messages.iter().copied()) {
                return known;
            }
            before = earlier;
        }
        let number = self.sets.len() as u32;
        let (mask, start, count) = (set.mask, self.bytes.len() as u64, set.messages.len() as u32);
        self.sets.push(Kept { mask, start, count, before: same_hash });
        let mut last = 0;
        for message in set.messages {
            self.push(message - last);
            last = *message;
        }
        self.index.insert(hash, number);
        number
    }

    /// Whether set `kept` contains all of `set`.
    pub(super) fn contains(&self, kept: u32, set: &MessageSet<'_>) -> bool {
        let Kept { mask, count, .. } = self.sets[kept as usize];
        if set.mask & !mask != 0 || set.messages.len() > count as usize {
            return false;
        }
        let mut wanted = set.messages.iter();
        let Some(mut next) = wanted.next() else { return true };
        for message in self.messages(kept) {
            if message == *next {
                match wanted.next() {
                    Some(more) => next = more,
                    None => return true,
                }
            } else if message > *next {
                return false;
            }
        }
        false
    }

    /// Whether `set` contains all of set `kept`.
    pub(super) fn is_within(&self, kept: u32, set: &MessageSet<'_>) -> bool {
        let Kept { mask, count, .. } = self.sets[kept as usize];
        let may_be = mask & !set.mask == 0 && count as usize <= set.messages.len();
        let mut there = set.messages.iter();
        may_be && self.messages(kept).all(|message| there.any(|other| *other == message))
    }

    /// The memory that they take.
    pub(super) fn bytes(&self) -> u64 {
        let index = self.index.capacity() * 8 / 7 * (size_of::<(u64, u32)>() + 1);
        let sets = self.sets.capacity() * size_of::<Kept>();
        (index + sets + self.bytes.capacity()) as u64
    }

    fn messages(&self, kept: u32) -> impl Iterator<Item = u32> {
        let Kept { start, count, .. } = self.sets[kept as usize];
        let (mut at, mut last) = (start as usize, 0);
        (0..count).map(move |_| {
            let mut shift = 0;
            loop {
                let byte = self.bytes[at];
                at += 1;
                last += u32::from(byte & 0x7F) << shift;
                shift += 7;
                if byte < 0x80 {
                    return last;
                }
            }
        })
    }

    fn push(&mut self, mut number: u32) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn sets_contain_each_other_as_sets_do(
            sets in proptest::collection::vec(
                proptest::collection::btree_set(prop_oneof![0..9_u32, any::<u32>()], 0..5), 1..9),
        ) {
            let lists: Vec<Vec<u32>> = sets.iter().map(|set| set.iter().copied().collect()).collect();
            let mut kept = MessageSets::default();
            let numbers: Vec<u32> =
                lists.iter().map(|list| kept.intern(&MessageSet::of(list))).collect();
            for (number, set) in numbers.iter().zip(&sets) {
                for (list, other) in lists.iter().zip(&sets) {
                    let messages = MessageSet::of(list);
                    prop_assert_eq!(kept.contains(*number, &messages), set.is_superset(other));
                    prop_assert_eq!(kept.is_within(*number, &messages), set.is_subset(other));
                    prop_assert_eq!(kept.intern(&messages) == *number, set == other);
                }
            }
            let different: BTreeSet<_> = sets.iter().collect();
            prop_assert_eq!(kept.sets.len(), different.len(), "each is kept once");
        }
    }
}
