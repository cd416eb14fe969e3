//! The visited set: the states met so far, as keys of 80 bits, in about nine bytes each.
//!
//! A key's upper bits choose its [segment](super::segment), a table of its own that grows by itself: so
//! growing takes little more memory than what is kept, and nobody waits long. Segments are grouped into
//! shards, each of which one thread at a time writes. Which keys are new depends on the order in which
//! they come alone, and that on no thread.

use super::segment::{self, Full, Inserted, Segment};
use crate::models::world::Fingerprint;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// By what a state is known: of its fingerprint (under symmetry, of those of all its images) the lower
/// 80 bits.
pub(super) type Key = u128;

pub(super) const KEY_BITS: u32 = 80;
pub(super) const SEGMENTS: usize = 1 << (KEY_BITS - segment::BITS);

/// The homes of the smallest segment at first. Others have up to twice as many, so that they do not
/// grow all at once.
const FIRST_HOMES: usize = 96;

/// More threads than these would have no shard.
pub(super) const MAX_SHARDS: usize = SEGMENTS;

pub(super) fn key_of(fingerprint: Fingerprint) -> Key {
    fingerprint & ((1 << KEY_BITS) - 1)
}

fn segment_of(key: Key) -> usize {
    (key >> segment::BITS) as usize
}

/// The number among all keys of one that has a number in its segment.
fn number_of(segment: usize, number: u32) -> u32 {
    number.wrapping_mul(SEGMENTS as u32) | segment as u32
}

/// The states met so far.
pub(super) struct VisitedSet {
    shards: Vec<RwLock<Shard>>,
    bytes: AtomicU64,
}

/// The part of the visited set that one thread writes.
#[repr(align(128))]
pub(super) struct Shard {
    /// The number of the first of the segments.
    first: usize,
    segments: Vec<Segment>,
}

impl VisitedSet {
    /// An empty set of so many shards. Each key has a number if `has_numbers` says so.
    pub(super) fn new(shards: usize, has_numbers: bool) -> Self {
        let homes = |segment| (FIRST_HOMES + FIRST_HOMES * segment / SEGMENTS) as u32;
        Self::made((0..SEGMENTS).map(|segment| Segment::new(homes(segment), has_numbers)), shards)
    }

    fn made(segments: impl Iterator<Item = Segment>, shards: usize) -> Self {
        let shards = shards.clamp(1, MAX_SHARDS);
        let (mut segments, mut bytes) = (segments, 0);
        let made = (0..shards).map(|shard| {
            let [first, end] = [shard, shard + 1].map(|shard| first_of(shard, shards));
            let segments: Vec<Segment> = segments.by_ref().take(end - first).collect();
            bytes += segments.iter().map(Segment::bytes).sum::<u64>();
            RwLock::new(Shard { first, segments })
        });
        let shards = made.collect();
        Self { shards, bytes: AtomicU64::new(bytes) }
    }

    /// A set of these segments, if they are as many as there must be.
    pub(super) fn of(segments: Vec<Segment>, shards: usize) -> Option<Self> {
        (segments.len() == SEGMENTS).then(|| Self::made(segments.into_iter(), shards))
    }

    /// Calls `show` with the segments, in order.
    pub(super) fn each_segment(
        &self,
        show: &mut dyn FnMut(&Segment) -> io::Result<()>,
    ) -> io::Result<()> {
        self.all().0.iter().flat_map(|shard| &shard.segments).try_for_each(show)
    }

    pub(super) fn shards(&self) -> usize {
        self.shards.len()
    }

    /// The memory that it takes, also while a segment grows.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// One shard, to write.
    pub(super) fn shard(&self, shard: usize) -> RwLockWriteGuard<'_, Shard> {
        self.shards[shard].write().unwrap_or_else(PoisonError::into_inner)
    }

    /// All shards, to read.
    pub(super) fn all(&self) -> Reading<'_> {
        let shards = self.shards.iter();
        Reading(shards.map(|shard| shard.read().unwrap_or_else(PoisonError::into_inner)).collect())
    }

    /// Inserts a key into a shard, which grows if it must: if `may_take` lets it take so many bytes more.
    pub(super) fn insert(
        &self,
        shard: &mut Shard,
        key: Key,
        may_take: impl Fn(u64) -> bool,
    ) -> Result<Inserted, Full> {
        let number = segment_of(key);
        let segment = &mut shard.segments[number - shard.first];
        let inserted = loop {
            match segment.insert(key) {
                Ok(inserted) => break inserted,
                // Perhaps more than once: in a larger one there is no room either, if keys crowd.
                Err(Full) => self.grow(segment, &may_take)?,
            }
        };
        Ok(Inserted { number: number_of(number, inserted.number), ..inserted })
    }

    #[cold]
    fn grow(&self, segment: &mut Segment, may_take: &impl Fn(u64) -> bool) -> Result<(), Full> {
        let mut homes = segment.next_homes();
        loop {
            let bytes = segment.bytes_of(homes);
            if !may_take(bytes) {
                return Err(Full);
            }
            let before = segment.bytes();
            self.bytes.fetch_add(bytes, Ordering::Relaxed);
            let has_grown = segment.grow(homes);
            let freed = if has_grown { before } else { bytes };
            self.bytes.fetch_sub(freed, Ordering::Relaxed);
            if has_grown {
                return Ok(());
            }
            homes *= 2;
        }
    }

    /// No number is as large.
    pub(super) fn end_of_numbers(&self) -> u64 {
        let used = |shard: &Shard| shard.segments.iter().map(Segment::used).max();
        let shards = self.all();
        let most = shards.0.iter().filter_map(|shard| used(shard)).max().unwrap_or(0);
        u64::from(most) * SEGMENTS as u64
    }
}

impl Shard {
    /// Whether a key belongs here.
    #[inline]
    pub(super) fn owns(&self, key: Key) -> bool {
        segment_of(key).wrapping_sub(self.first) < self.segments.len()
    }

    /// Lets the processor fetch where a key would be that belongs here.
    #[inline]
    pub(super) fn prefetch(&self, key: Key) {
        self.segments[segment_of(key) - self.first].prefetch(key);
    }
}

/// The whole set, while nobody writes.
pub(super) struct Reading<'v>(Vec<RwLockReadGuard<'v, Shard>>);

impl Reading<'_> {
    pub(super) fn contains(&self, key: Key) -> bool {
        self.number(key).is_some()
    }

    /// The number of a key that is known; 0 where there are no numbers.
    pub(super) fn number(&self, key: Key) -> Option<u32> {
        let number = self.segment(key).number(key)?;
        Some(number_of(segment_of(key), number))
    }

    /// Lets the processor fetch where a key would be.
    #[inline]
    pub(super) fn prefetch(&self, key: Key) {
        self.segment(key).prefetch(key);
    }

    #[inline]
    fn segment(&self, key: Key) -> &Segment {
        let segment = segment_of(key);
        let shard = &self.0[shard_of(segment, self.0.len())];
        &shard.segments[segment - shard.first]
    }
}

/// The first segment of a shard, of so many.
fn first_of(shard: usize, shards: usize) -> usize {
    (shard * SEGMENTS).div_ceil(shards)
}

/// The shard of a key, of so many.
pub(super) fn shard_of_key(key: Key, shards: usize) -> usize {
    shard_of(segment_of(key), shards)
}

fn shard_of(segment: usize, shards: usize) -> usize {
    segment * shards / SEGMENTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cell::Cell;
    use std::collections::{BTreeMap, BTreeSet};

    fn insert(visited: &VisitedSet, key: Key) -> Inserted {
        let mut shard = visited.shard(shard_of_key(key, visited.shards()));
        assert!(shard.owns(key));
        visited.insert(&mut shard, key, |_| true).unwrap()
    }

    #[test]
    fn each_segment_is_in_one_shard() {
        for shards in 1..=MAX_SHARDS {
            for segment in 0..SEGMENTS {
                let shard = shard_of(segment, shards);
                let segments = first_of(shard, shards)..first_of(shard + 1, shards);
                assert!(segments.contains(&segment), "{segment} of {shards} shards");
            }
        }
    }

    proptest! {
        /// However many shards there are.
        #[test]
        fn each_key_is_new_once_and_has_a_number_of_its_own(
            keys in proptest::collection::vec(any::<u128>(), 0..2000),
            shards in 1..9_usize,
        ) {
            let (one, many) = (VisitedSet::new(1, true), VisitedSet::new(shards, true));
            let mut numbers = BTreeMap::new();
            for key in keys.iter().copied().map(key_of) {
                prop_assert_eq!(many.all().contains(key), numbers.contains_key(&key));
                let inserted = insert(&many, key);
                prop_assert_eq!(inserted, insert(&one, key));
                prop_assert_eq!(inserted.is_new, !numbers.contains_key(&key));
                prop_assert_eq!(*numbers.entry(key).or_insert(inserted.number), inserted.number);
                prop_assert!(u64::from(inserted.number) < many.end_of_numbers());
            }
            let different: BTreeSet<u32> = numbers.values().copied().collect();
            prop_assert_eq!(different.len(), numbers.len());
        }
    }

    #[test]
    fn what_may_not_be_taken_is_not_taken() {
        let visited = VisitedSet::new(2, false);
        let limit = visited.bytes() * 3;
        let peak = Cell::new(0);
        let refused = (1..1_000_000).find(|n: &u128| {
            let key = key_of(n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835) >> 20);
            let mut shard = visited.shard(shard_of_key(key, 2));
            let inserted = visited.insert(&mut shard, key, |bytes| {
                let fits = visited.bytes() + bytes <= limit;
                peak.set(peak.get().max(if fits { visited.bytes() + bytes } else { 0 }));
                fits
            });
            inserted.is_err()
        });
        assert!(refused > Some(10_000), "{refused:?}");
        assert!(peak.get() <= limit && visited.bytes() <= limit, "{peak:?} of {limit}");
        let segments =
            |shard: usize| visited.shard(shard).segments.iter().map(Segment::bytes).sum();
        let held: [u64; 2] = [0, 1].map(segments);
        assert_eq!(visited.bytes(), held[0] + held[1]);
    }
}
