//! A chunk's way through a round: its states are expanded, all keys of their successors are looked up
//! together, and those that are new are built. Each of these may be done by another thread.

use super::frontier::Chunk;
use super::level::Level;
use super::lineage::{Offspring, Target};
use super::mask::{PropertyMask, bits};
use super::visited::{Key, Shard, shard_of_key};
use crate::models::world::{Fingerprint, Weight};
use std::ops::Range;

/// Successors that are looked up together: the visited set is far larger than the caches, so the
/// processor fetches the places of some keys while others are found.
pub(super) const TOGETHER: usize = 64;

/// How many keys are inserted before one whose place is fetched.
const AHEAD: usize = 12;

/// In the place of the number of a successor that was not known: liveness is not decided where there are as
/// many states.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// States and their successors.
#[derive(Default)]
pub(super) struct Batch {
    /// The number of its first state in the order of expansion.
    pub(super) first: u64,
    /// How many states it should have; fewer were expanded if the search must stop.
    pub(super) expected: u64,
    pub(super) states: Vec<Parent>,
    /// The states, one after the other.
    pub(super) words: Vec<u32>,
    /// The keys and the fingerprints of the successors that were not known, those of one state after those
    /// of another.
    pub(super) keys: Vec<Key>,
    pub(super) fingerprints: Vec<Fingerprint>,
    /// Per shard of the visited set, which of these keys belong there.
    places: Vec<Vec<u32>>,
    /// These successors themselves, one after the other, and where each ends; nothing of those that are
    /// here twice.
    pub(super) built: Vec<u32>,
    pub(super) built_ends: Vec<u32>,
    /// The classes of all moves, where the graph is recorded; and the numbers of their successors, or
    /// [`UNKNOWN`].
    pub(super) classes: Vec<u16>,
    pub(super) numbers: Vec<u32>,
    /// The steps out of bounds: the state among those of the batch, and the class.
    pub(super) cuts: Vec<(u32, u16)>,
}

/// A state whose successors are in a batch.
#[derive(Clone, Copy)]
pub(super) struct Parent {
    pub(super) fingerprint: Fingerprint,
    pub(super) note: u64,
    /// Where its words end.
    pub(super) words: u32,
    /// Where its successors that were not known end.
    pub(super) keys: u32,
    /// Where its moves end, where the graph is recorded.
    pub(super) moves: u32,
}

impl Batch {
    pub(super) fn clear(&mut self) {
        let Self { states, words, keys, fingerprints, built, built_ends, .. } = self;
        let Self { places, classes, numbers, cuts, .. } = self;
        places.iter_mut().for_each(Vec::clear);
        states.clear();
        words.clear();
        keys.clear();
        fingerprints.clear();
        built.clear();
        built_ends.clear();
        classes.clear();
        numbers.clear();
        cuts.clear();
        self.expected = 0;
    }

    /// Adds the key of a successor that was not known, which belongs to one of so many shards.
    pub(super) fn push_key(&mut self, key: Key, shards: usize) {
        if self.places.len() < shards {
            self.places.resize_with(shards, Vec::new);
        }
        self.places[shard_of_key(key, shards)].push(self.keys.len() as u32);
        self.keys.push(key);
    }

    /// The words of a state, its successors that were not known, and its moves.
    pub(super) fn ranges(&self, at: usize) -> [Range<usize>; 3] {
        let ends = |at: usize| {
            let Parent { words, keys, moves, .. } = self.states[at];
            [words, keys, moves].map(|end| end as usize)
        };
        let before = at.checked_sub(1).map_or([0; 3], ends);
        let [words, keys, moves] = ends(at);
        [before[0]..words, before[1]..keys, before[2]..moves]
    }

    /// A successor; nothing if it is here twice.
    pub(super) fn successor(&self, place: usize) -> &[u32] {
        let start = place.checked_sub(1).map_or(0, |before| self.built_ends[before]);
        &self.built[start as usize..self.built_ends[place] as usize]
    }

    /// The memory that it takes.
    pub(super) fn bytes(&self) -> u64 {
        let Self { states, words, keys, fingerprints, built, built_ends, .. } = self;
        let Self { places, classes, numbers, cuts, .. } = self;
        let small =
            words.capacity() + built.capacity() + built_ends.capacity() + numbers.capacity();
        let places = places.iter().map(|places| places.capacity() * 4 + size_of::<Vec<u32>>());
        let bytes = states.capacity() * size_of::<Parent>()
            + small * 4
            + keys.capacity() * size_of::<Key>()
            + fingerprints.capacity() * size_of::<Fingerprint>()
            + classes.capacity() * 2
            + places.sum::<usize>()
            + cuts.capacity() * size_of::<(u32, u16)>();
        bytes as u64
    }
}

/// What one shard says of all batches of a round.
#[derive(Default)]
#[repr(align(128))]
pub(super) struct Answers {
    /// The successors that are new, by their places in their batches.
    new: Vec<u32>,
    /// The numbers of the successors, new or not: where the graph is recorded.
    numbers: Vec<u32>,
    /// Where both end, by batch.
    ends: Vec<(u32, u32)>,
}

impl Answers {
    /// The successors that are new, and how many of them are of each batch, one after the other.
    pub(super) fn of(new: Vec<u32>, counts: impl Iterator<Item = usize>) -> Self {
        let ends = counts.scan(0, |end, count| {
            *end += count as u32;
            Some((*end, 0))
        });
        Self { new, numbers: Vec::new(), ends: ends.collect() }
    }

    fn clear(&mut self) {
        self.new.clear();
        self.numbers.clear();
        self.ends.clear();
    }

    fn ranges(&self, batch: usize) -> (Range<usize>, Range<usize>) {
        let Some((new, numbers)) = self.ends.get(batch) else { return (0..0, 0..0) };
        let before = batch.checked_sub(1).map_or((0, 0), |before| self.ends[before]);
        (before.0 as usize..*new as usize, before.1 as usize..*numbers as usize)
    }

    /// How many successors are new.
    pub(super) fn new_states(&self) -> u64 {
        self.new.len() as u64
    }

    /// The successors in a batch that are new.
    pub(super) fn new_of(&self, batch: usize) -> &[u32] {
        &self.new[self.ranges(batch).0]
    }

    /// The numbers of the successors in a batch.
    pub(super) fn numbers_of(&self, batch: usize) -> &[u32] {
        &self.numbers[self.ranges(batch).1]
    }

    /// The memory that they take.
    pub(super) fn bytes(&self) -> u64 {
        let numbers = (self.new.capacity() + self.numbers.capacity()) * 4;
        (numbers + self.ends.capacity() * size_of::<(u32, u32)>()) as u64
    }

    /// Inserts the keys of all batches that belong to a shard, in order.
    pub(super) fn fill<'b>(
        &mut self,
        level: &Level<'_>,
        (number, shard): (usize, &mut Shard),
        batches: impl Iterator<Item = &'b Batch>,
        (is_recorded, weigh): (bool, &dyn Fn() -> Weight),
    ) {
        self.clear();
        let mut is_full = false;
        for batch in batches {
            let places = batch.places.get(number).map_or(&[][..], |places| places);
            let key = |at: u32| batch.keys[at as usize];
            places.iter().take(AHEAD).for_each(|at| shard.prefetch(key(*at)));
            for (nth, at) in places.iter().enumerate() {
                if let Some(later) = places.get(nth + AHEAD) {
                    shard.prefetch(key(*later));
                }
                let mut number = 0;
                // What does not fit is forgotten: the search is over.
                if !is_full {
                    let may_take = |bytes| level.may_take(weigh(), bytes);
                    match level.visited.insert(shard, key(*at), may_take) {
                        Ok(inserted) => {
                            number = inserted.number;
                            if inserted.is_new {
                                self.new.push(*at);
                            }
                        }
                        Err(_) => is_full = true,
                    }
                }
                if is_recorded {
                    self.numbers.push(number);
                }
            }
            self.ends.push((self.new.len() as u32, self.numbers.len() as u32));
        }
    }
}

/// What came of a batch.
#[derive(Default)]
pub(super) struct Output {
    /// The new states.
    pub(super) chunks: Vec<Chunk>,
    pub(super) offspring: Offspring,
    pub(super) found: Found,
}

impl Output {
    /// The memory that it takes.
    pub(super) fn bytes(&self) -> u64 {
        let Offspring { counts, tags } = &self.offspring;
        let chunks: u64 = self.chunks.iter().map(Chunk::bytes).sum();
        chunks + (counts.capacity() * 4 + tags.capacity()) as u64
    }
}

/// What was found on a level.
pub(super) struct Found {
    pub(super) unique: u64,
    pub(super) generated: u64,
    pub(super) expanded: u64,
    /// Steps out of bounds.
    pub(super) cut: u64,
    /// The properties that are not as monotone as is claimed, a bit each.
    pub(super) hidden: u64,
    /// Per property, the state with the largest key that decides it; of a batch, by its number among
    /// the new ones there.
    pub(super) deciding: [Option<Target>; 64],
    /// The properties for which there is one, a bit each.
    decided: u64,
}

impl Default for Found {
    fn default() -> Self {
        let [unique, generated, expanded, cut, hidden] = [0; 5];
        let deciding = [None; 64];
        Self { unique, generated, expanded, cut, hidden, deciding, decided: 0 }
    }
}

impl Found {
    /// Adds what was found in a batch whose first new state has a number among all.
    pub(super) fn add(&mut self, other: &Self, first: u64) {
        self.unique += other.unique;
        self.generated += other.generated;
        self.expanded += other.expanded;
        self.hidden |= other.hidden;
        self.cut += other.cut;
        self.decided |= other.decided;
        for at in bits(other.decided) {
            let theirs = other.deciding[at];
            let theirs = theirs.map(|theirs| Target { index: first + theirs.index, ..theirs });
            self.deciding[at] = self.deciding[at].max(theirs);
        }
    }

    /// Notes the properties that a state decides.
    pub(super) fn decide(&mut self, state: Target, holds: u64, mask: PropertyMask) {
        let decided = mask.always & !holds | mask.sometimes & holds;
        self.decided |= decided;
        for at in bits(decided) {
            self.deciding[at] = self.deciding[at].max(Some(state));
        }
    }
}
