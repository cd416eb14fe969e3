//! How much memory the parts take, as exactly as is possible without asking the allocator.
//!
//! A part's size is that of its type and of what it holds on the heap: its content as `Hash` sees
//! it, with room to grow, and for each collection what an allocation costs. Nothing else is asked
//! of an actor's types (an array looks like a vector), so this is an estimate: measured on
//! histories, sets and byte strings, between two thirds and one and a half times what the allocator
//! gives.

use std::hash::{Hash, Hasher};

/// Collections of values are half empty on the average: nodes of B-trees split, vectors double.
/// (Strings and bytes that are cloned are not.)
const ROOM: u64 = 2;
/// The cost of an allocation beside its content; most of all the rest of a small node of a tree.
const ALLOCATION: u64 = 80;

/// What is held, and how much more may be held soon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// Bytes that are held.
    pub held: u64,
    /// At most so much more once the tables grow, which each does in one go.
    pub growth: u64,
}

impl Weight {
    /// Of tables, which double when they are full, and of what is allocated as it is needed.
    pub(super) fn new(tables: u64, heap: u64) -> Self {
        Self { held: tables + heap, growth: tables }
    }
}

impl std::ops::Add for Weight {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { held: self.held + other.held, growth: self.growth + other.growth }
    }
}

/// Measures a value instead of hashing it.
#[derive(Default)]
struct Meter {
    /// Bytes of numbers one by one.
    values: u64,
    /// Bytes in one piece: strings, and vectors of numbers.
    pieces: u64,
    /// Lengths that are not zero: a collection's is hashed before its content.
    collections: u64,
}

/// A number is a value; in how many bytes does not matter to what is written.
macro_rules! values {
    ($($write:ident: $type:ty),*) => {
        $(fn $write(&mut self, _: $type) {
            self.values += size_of::<$type>() as u64;
        })*
    };
}

impl Hasher for Meter {
    fn write(&mut self, bytes: &[u8]) {
        self.pieces += bytes.len() as u64;
    }

    values!(write_u8: u8, write_u16: u16, write_u32: u32, write_u64: u64, write_u128: u128);

    fn write_usize(&mut self, length: usize) {
        self.values += size_of::<usize>() as u64;
        self.collections += u64::from(length > 0);
    }

    /// Which variant an enum is: part of no collection.
    fn write_isize(&mut self, _: isize) {
        self.values += 1;
    }

    fn finish(&self) -> u64 {
        0
    }
}

/// The bytes that a value holds on the heap.
pub(super) fn heap_of(value: &impl Hash) -> u64 {
    let mut meter = Meter::default();
    value.hash(&mut meter);
    if meter.collections == 0 {
        return 0;
    }
    meter.pieces + meter.values * ROOM + meter.collections * ALLOCATION
}

/// What a `boxcar::Vec` of so many values takes: it grows by segments that double, the next one when the
/// last is full but for an eighth, and marks each value that is there.
pub(super) fn of_list<T>(values: usize) -> u64 {
    const FIRST: usize = 32;
    let last = values.saturating_sub(1) + FIRST;
    let segment = 1 << last.ilog2();
    let has_next = last - segment >= segment - segment / 8;
    let capacity = segment * if has_next { 4 } else { 2 } - FIRST;
    (capacity * (size_of::<T>() + align_of::<T>())) as u64
}

/// What a hash table of so many values takes.
pub(super) fn of_table<T>(values: usize) -> u64 {
    let slots = (values * 8 / 7 + 1).next_power_of_two();
    (slots * (size_of::<T>() + 1)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_value_without_collections_holds_nothing_beside_itself() {
        assert_eq!(heap_of(&(1_u64, Some(2_u8), (3_u16, false))), 0);
    }

    #[test]
    fn a_list_has_the_next_segment_once_the_last_is_nearly_full() {
        let capacity = |values| of_list::<u8>(values) / 2;
        let all = [1, 28, 29, 32, 33, 88, 89, 96, 97].map(capacity);
        assert_eq!(all, [32, 32, 96, 96, 96, 96, 224, 224, 224]);
    }

    #[test]
    fn strings_take_their_length_and_collections_more() {
        let long = heap_of(&vec![7_u8; 10_000]);
        assert!((10_000..10_200).contains(&long), "{long} bytes");
        // 100 keys of 8 bytes, as many vectors of 24 and 50 bytes; trees are about two thirds full.
        let map: BTreeMap<u64, Vec<u8>> = (0..100).map(|key| (key, vec![1; 50])).collect();
        assert!((8_000..17_000).contains(&heap_of(&map)), "{} bytes", heap_of(&map));
    }
}
