//! A table of keys, in their order, open-addressed, one word a key: what a segment of the visited set is.
//!
//! A key's *home* follows from its upper bits, so a key nearer to the end has no earlier home, and
//! the home need not be stored (quotienting, Cleary 1984). A word is the rest of the key, and above it
//! how far from its home it is, plus one; zero is an empty place. Entries stand in the order of their
//! homes (as in Robin Hood hashing, Celis 1986): a search ends where the first entry stands that is
//! nearer to its home than the key would be, so a table can be nine tenths full.
//!
//! Growing copies the entries in order, from the front of the one table to the front of the other.

use prefetch_index::prefetch_index;
use std::ops::Add;

/// The bits of a key in its segment: the upper ones say where its home is, these are kept whole.
const LOW_BITS: u32 = 40;
const HOME_BITS: u32 = 32;
/// The bits of a key that tell keys of one segment apart.
pub(super) const BITS: u32 = LOW_BITS + HOME_BITS;

/// How an entry is kept.
pub(super) trait Word: Copy + Default {
    type Number: Number;
    const WIDTH: u32;
    fn of(number: Self::Number) -> Self;
    fn number(self) -> Self::Number;
}

/// An entry as it is computed with.
pub(super) trait Number: Copy + Ord + Default + Add<Output = Self> {
    fn of(number: u128) -> Self;
    fn wide(self) -> u128;
    /// The rest of a key: a fraction of a home, and the bits that are kept whole.
    fn rest(fraction: u32, low: u64) -> Self;
}

impl Word for u64 {
    type Number = Self;
    const WIDTH: u32 = 64;

    fn of(number: Self) -> Self {
        number
    }

    fn number(self) -> Self {
        self
    }
}

impl Number for u64 {
    fn of(number: u128) -> Self {
        number as Self
    }

    fn wide(self) -> u128 {
        self.into()
    }

    #[inline]
    fn rest(fraction: u32, low: u64) -> Self {
        Self::from(fraction) << LOW_BITS | low
    }
}

/// Where 64 bits are too few.
pub(super) type WideWord = [u8; 10];

impl Word for WideWord {
    type Number = u128;
    const WIDTH: u32 = 80;

    #[inline]
    fn of(number: u128) -> Self {
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&(number as u64).to_le_bytes());
        bytes[8..].copy_from_slice(&((number >> 64) as u16).to_le_bytes());
        bytes
    }

    #[inline]
    fn number(self) -> u128 {
        let [low @ .., eighth, ninth] = self;
        let high = u16::from_le_bytes([eighth, ninth]);
        u128::from(high) << 64 | u128::from(u64::from_le_bytes(low))
    }
}

impl Number for u128 {
    fn of(number: u128) -> Self {
        number
    }

    fn wide(self) -> u128 {
        self
    }

    #[inline]
    fn rest(fraction: u32, low: u64) -> Self {
        Self::from(fraction) << LOW_BITS | Self::from(low)
    }
}

/// From so many homes on a word of 64 bits has room for the distance from home.
pub(super) const WIDE_BELOW: u32 = 1 << 13;

/// A table of one width, with a number beside each key if they are wanted.
pub(super) struct Table<W: Word> {
    pub(super) words: Vec<W>,
    pub(super) numbers: Vec<u32>,
    pub(super) homes: u32,
    /// Apart from what who looks up keys reads: what is written now is fetched anew by all others.
    pub(super) used: Box<u32>,
    /// The bits of the fraction of a home that are not stored: by them no two keys differ.
    shift: u32,
    /// One more step away from home.
    unit: W::Number,
    /// The smallest word that is too far from its home. None is stored that is as far, so a search
    /// always ends.
    too_far: W::Number,
}

/// Where a key is or would be, and the word that it is there.
pub(super) struct Place<N> {
    at: usize,
    word: N,
    pub(super) is_known: bool,
}

impl<W: Word> Table<W> {
    pub(super) fn new(homes: u32, has_numbers: bool) -> Self {
        let places = places(homes);
        let numbers = if has_numbers { places } else { 0 };
        Self::of(homes, vec![W::default(); places], vec![0; numbers], 0)
    }

    /// A table of these words, of which so many are not empty.
    pub(super) fn of(homes: u32, words: Vec<W>, numbers: Vec<u32>, used: u32) -> Self {
        let shift = homes.ilog2();
        let rest_bits = BITS - shift;
        let (unit, all) = (Number::of(1 << rest_bits), u128::MAX >> (128 - W::WIDTH));
        let too_far = Number::of(all >> rest_bits << rest_bits);
        Self { words, numbers, homes, used: Box::new(used), shift, unit, too_far }
    }

    fn rest_bits(&self) -> u32 {
        BITS - self.shift
    }

    /// How many keys it takes: the fewer bits there are for the distance, the fewer.
    fn limit(&self) -> u32 {
        let percent = match W::WIDTH - self.rest_bits() {
            // A small table may as well be a quick one.
            _ if W::WIDTH > u64::BITS => 75,
            ..6 => 75,
            6 => 85,
            7 => 88,
            8.. => 92,
        };
        (u64::from(self.homes) * percent / 100) as u32
    }

    /// Where a key is at home, and the rest of it.
    #[inline]
    pub(super) fn home(&self, key: u128) -> (usize, W::Number) {
        let product = u64::from((key >> LOW_BITS) as u32) * u64::from(self.homes);
        let low = key as u64 & ((1 << LOW_BITS) - 1);
        ((product >> HOME_BITS) as usize, Number::rest(product as u32 >> self.shift, low))
    }

    #[inline]
    pub(super) fn find(&self, key: u128) -> Place<W::Number> {
        let (mut at, rest) = self.home(key);
        let unit = self.unit;
        let (mut word, mut nearer) = (unit + rest, unit);
        loop {
            let found = self.words[at].number();
            if found == word || found < nearer {
                return Place { at, word, is_known: found == word };
            }
            at += 1;
            word = word + unit;
            nearer = nearer + unit;
        }
    }

    /// Lets the processor fetch where a key would be, and its number.
    #[inline]
    pub(super) fn prefetch(&self, key: u128) {
        let home = self.home(key).0;
        prefetch_index(&self.words, home);
        if !self.numbers.is_empty() {
            prefetch_index(&self.numbers, home);
        }
    }

    /// Puts an entry where it belongs; false if that would put one too far from its home.
    fn put(&mut self, Place { at, word, .. }: Place<W::Number>, number: u32) -> bool {
        let (unit, too_far) = (self.unit, self.too_far);
        let mut end = at;
        // The last place stays empty, so that a search ends.
        loop {
            let word = self.words[end].number();
            if word == Number::of(0) {
                break;
            }
            if word + unit >= too_far {
                return false;
            }
            end += 1;
        }
        if word >= too_far || end + 1 >= self.words.len() {
            return false;
        }
        let moved = self.words[at..=end].iter_mut();
        moved.fold(word, |before, word| std::mem::replace(word, W::of(before)).number() + unit);
        if !self.numbers.is_empty() {
            let moved = self.numbers[at..=end].iter_mut();
            moved.fold(number, |before, number| std::mem::replace(number, before));
        }
        *self.used += 1;
        true
    }

    /// The keys in their places, in the order of their homes, with their numbers.
    fn entries(&self) -> impl Iterator<Item = (u128, u32)> {
        let (bits, shift) = (self.rest_bits(), self.shift);
        let homes = u64::from(self.homes);
        let words = self.words.iter().map(|word| word.number().wide()).enumerate();
        words.filter(|(_, word)| *word != 0).map(move |(at, word)| {
            let home = at as u64 + 1 - (word >> bits) as u64;
            let rest = word & ((1 << bits) - 1);
            // Of the numbers with this home and fraction only one is a multiple of the homes.
            let product = home << HOME_BITS | ((rest >> LOW_BITS) as u64) << shift;
            let upper = u128::from(product.div_ceil(homes));
            let key = upper << LOW_BITS | rest & ((1 << LOW_BITS) - 1);
            (key, self.numbers.get(at).copied().unwrap_or(0))
        })
    }

    /// The same keys in another table; none if some would be too far from home there.
    pub(super) fn copy<V: Word>(&self, homes: u32) -> Option<Table<V>> {
        let mut copy = Table::<V>::new(homes, !self.numbers.is_empty());
        let (bits, too_far) = (copy.rest_bits(), copy.too_far);
        // Behind the last entry, and where the last entry is at home.
        let (mut end, mut last) = (0, 0);
        for (key, number) in self.entries() {
            let (home, rest) = copy.home(key);
            if home < last {
                // Keys that were at home in one place were in no order.
                if !copy.put(copy.find(key), number) {
                    return None;
                }
                end += usize::from(copy.words[end].number().wide() != 0);
                continue;
            }
            let at = end.max(home);
            let word = V::Number::of(((at - home + 1) as u128) << bits | rest.wide());
            if at + 1 >= copy.words.len() || word >= too_far {
                return None;
            }
            copy.words[at] = V::of(word);
            if let Some(place) = copy.numbers.get_mut(at) {
                *place = number;
            }
            *copy.used += 1;
            (end, last) = (at + 1, home);
        }
        Some(copy)
    }

    /// The number of a key that is known; 0 where there are no numbers.
    pub(super) fn number(&self, key: u128) -> Option<u32> {
        let place = self.find(key);
        place.is_known.then(|| self.number_at(&place))
    }

    fn number_at(&self, place: &Place<W::Number>) -> u32 {
        self.numbers.get(place.at).copied().unwrap_or(0)
    }

    pub(super) fn insert(&mut self, key: u128) -> Result<Inserted, Full> {
        let place = self.find(key);
        if place.is_known {
            return Ok(Inserted { number: self.number_at(&place), is_new: false });
        }
        let number = *self.used;
        if number >= self.limit() || !self.put(place, number) {
            return Err(Full);
        }
        Ok(Inserted { number, is_new: true })
    }

    pub(super) fn bytes(&self) -> u64 {
        (self.words.capacity() * size_of::<W>() + self.numbers.capacity() * 4) as u64
    }
}

/// The places of a table: behind the last home there is room for what is not at home.
pub(super) fn places(homes: u32) -> usize {
    let room = if homes < WIDE_BELOW { 32 } else { 160 };
    homes as usize + room
}

/// There is no room for another key before the segment has grown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// What came of inserting a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inserted {
    /// Which of its segment it is, in the order of insertion; 0 where there are no numbers.
    pub(super) number: u32,
    /// Whether it was inserted just now.
    pub(super) is_new: bool,
}
