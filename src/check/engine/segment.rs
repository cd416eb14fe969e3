//! A segment of the visited set: a [table](super::table), which becomes narrower when it is large enough,
//! and larger when it must.

pub(super) use super::table::{BITS, Full, Inserted};
use super::table::{Table, WIDE_BELOW, WideWord, places};
use std::io;

/// A segment, which grows as it must.
pub(super) struct Segment(Width);

enum Width {
    Wide(Table<WideWord>),
    Narrow(Table<u64>),
}

/// The same of a table of either width.
macro_rules! either {
    ($segment:expr, $table:ident => $of:expr) => {
        match $segment {
            Width::Wide($table) => $of,
            Width::Narrow($table) => $of,
        }
    };
}

impl Segment {
    pub(super) fn new(homes: u32, has_numbers: bool) -> Self {
        if homes < WIDE_BELOW {
            Self(Width::Wide(Table::new(homes, has_numbers)))
        } else {
            Self(Width::Narrow(Table::new(homes, has_numbers)))
        }
    }

    /// Inserts a key, of which the lower [`BITS`] count; none if it must grow first.
    #[inline]
    pub(super) fn insert(&mut self, key: u128) -> Result<Inserted, Full> {
        either!(&mut self.0, table => table.insert(key))
    }

    /// The number of a key that is known; 0 where there are no numbers.
    #[inline]
    pub(super) fn number(&self, key: u128) -> Option<u32> {
        either!(&self.0, table => table.number(key))
    }

    /// Lets the processor fetch where a key would be, for when it is looked up or inserted.
    #[inline]
    pub(super) fn prefetch(&self, key: u128) {
        either!(&self.0, table => table.prefetch(key));
    }

    pub(super) fn used(&self) -> u32 {
        either!(&self.0, table => *table.used)
    }

    pub(super) fn bytes(&self) -> u64 {
        either!(&self.0, table => table.bytes())
    }

    fn homes(&self) -> u32 {
        either!(&self.0, table => table.homes)
    }

    fn has_numbers(&self) -> bool {
        either!(&self.0, table => !table.numbers.is_empty())
    }

    /// How many homes it should have next.
    pub(super) fn next_homes(&self) -> u32 {
        let homes = self.homes();
        // Doubling wastes memory, once it is enough to matter.
        if homes < WIDE_BELOW { homes * 2 } else { homes + homes / STEP }
    }

    /// What a segment with so many homes takes.
    pub(super) fn bytes_of(&self, homes: u32) -> u64 {
        let word = if homes < WIDE_BELOW { size_of::<WideWord>() } else { size_of::<u64>() };
        let number = if self.has_numbers() { 4 } else { 0 };
        (places(homes) * (word + number)) as u64
    }

    /// Grows to so many homes; false if that would not do.
    pub(super) fn grow(&mut self, homes: u32) -> bool {
        let grown = match &self.0 {
            Width::Wide(table) if homes < WIDE_BELOW => table.copy(homes).map(Width::Wide),
            Width::Wide(table) => table.copy(homes).map(Width::Narrow),
            Width::Narrow(table) => table.copy(homes).map(Width::Narrow),
        };
        if let Some(grown) = grown {
            self.0 = grown;
            return true;
        }
        false
    }
}

/// A large segment grows by one such part.
const STEP: u32 = 6;

/// How a segment is written down, before its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) homes: u32,
    pub(super) used: u32,
}

impl Shape {
    /// How many bytes its words are.
    pub(super) fn bytes(self) -> usize {
        let word = if self.homes < WIDE_BELOW { size_of::<WideWord>() } else { size_of::<u64>() };
        places(self.homes) * word
    }
}

impl Segment {
    pub(super) fn shape(&self) -> Shape {
        Shape { homes: self.homes(), used: self.used() }
    }

    /// Calls `write` with its words, as bytes, a few at a time.
    pub(super) fn save(&self, write: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        const TOGETHER: usize = 4096;
        let mut bytes = Vec::new();
        match &self.0 {
            Width::Wide(table) => table.words.chunks(TOGETHER).try_for_each(|words| {
                bytes.clear();
                words.iter().for_each(|word| bytes.extend_from_slice(word));
                write(&bytes)
            }),
            Width::Narrow(table) => table.words.chunks(TOGETHER).try_for_each(|words| {
                bytes.clear();
                words.iter().for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
                write(&bytes)
            }),
        }
    }

    /// The segment of this shape whose words are these bytes.
    pub(super) fn load(shape: Shape, bytes: &[u8]) -> Self {
        let Shape { homes, used } = shape;
        if homes < WIDE_BELOW {
            let words = bytes.as_chunks().0.to_vec();
            Self(Width::Wide(Table::of(homes, words, Vec::new(), used)))
        } else {
            let words = bytes.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
            Self(Width::Narrow(Table::of(homes, words.collect(), Vec::new(), used)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Inserts, and grows where it must.
    fn insert(segment: &mut Segment, key: u128) -> Inserted {
        let mut homes = segment.next_homes();
        loop {
            if let Ok(inserted) = segment.insert(key) {
                return inserted;
            }
            while !segment.grow(homes) {
                homes += homes / STEP;
            }
        }
    }

    /// Keys that are spread, or crowd in a few homes, or at either end.
    fn key() -> impl Strategy<Value = u128> {
        let spread = any::<u128>().prop_map(|key| key & ((1 << BITS) - 1));
        let near = |from: u128| (0..5000_u128).prop_map(move |step| from + (step << 56) + step);
        let last = (1 << BITS) - (5000 << 56) - 5000;
        prop_oneof![4 => spread, 1 => near(0), 1 => near(1 << 70), 1 => near(last)]
    }

    proptest! {
        #[test]
        fn it_is_a_map_from_keys_to_numbers(
            homes in prop_oneof![1..300_u32, 8000..9000_u32],
            keys in proptest::collection::vec(key(), 0..3000),
        ) {
            let mut segment = Segment::new(homes, true);
            let mut map = BTreeMap::new();
            for key in &keys {
                let number = map.len() as u32;
                let known = map.get(key).copied();
                map.entry(*key).or_insert(number);
                let expected =
                    Inserted { number: known.unwrap_or(number), is_new: known.is_none() };
                prop_assert_eq!(insert(&mut segment, *key), expected);
            }
            prop_assert_eq!(segment.used() as usize, map.len());
            prop_assert_eq!(segment.bytes(), segment.bytes_of(segment.homes()));
            for (key, number) in map {
                prop_assert!(segment.number(key).is_some());
                prop_assert_eq!(insert(&mut segment, key), Inserted { number, is_new: false });
                prop_assert!(segment.number(key ^ 1).is_none() || keys.contains(&(key ^ 1)));
            }
        }
    }

    /// At every size: also where a word has few bits for the distance.
    #[test]
    fn growing_keeps_all_keys_and_leaves_them_near_to_their_homes() {
        let mixed = |n: u64| {
            let n = u128::from(n + 1);
            (n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835) >> 40) & ((1 << BITS) - 1)
        };
        let mut segment = Segment::new(96, false);
        let mut growths = 0;
        for n in 0..300_000 {
            let homes = segment.homes();
            assert!(insert(&mut segment, mixed(n)).is_new);
            growths += u32::from(segment.homes() > homes);
        }
        assert!((0..300_000).all(|n| segment.number(mixed(n)).is_some()));
        assert!(!(300_000..400_000).any(|n| segment.number(mixed(n)).is_some()));
        let load = 300_000.0 / f64::from(segment.homes());
        assert!((0.75..0.93).contains(&load), "{load}");
        assert!(growths < 40, "{growths} times: not because a key was too far from home");
    }
}
