//! From where each state was first reached, in ten bits a state.
//!
//! States are numbered in the order of the search: of two states the one whose parent comes first comes
//! first, and of two children of one parent the one with the smaller key. So the parents of the states
//! one after the other are a sequence that never goes back, and it is enough to note for each state that
//! is expanded how many children are new: as so many zeros and a one. Beside it a byte of each state's
//! key is kept, its *tag*. Walking back from a state gives the tags on a shortest path to it, and walking
//! them forward from the initial state gives the path (see `trace.rs`).
//!
//! Where a reduced search leaves out states of a level, a bit of each state says whether it was kept.

use super::pieces::Pieces;
use super::spill::Spill;
use super::visited::Key;
use std::io;
use std::path::Path;

/// A state, by its key and its number in the order of the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub(super) key: Key,
    pub(super) index: u64,
}

pub(super) fn tag(key: Key) -> u8 {
    key as u8
}

/// The parents of all states that were met.
#[derive(Default)]
pub(super) struct Lineage {
    /// For each state that was expanded so many zeros as it has new children, and a one.
    children: Bits,
    tags: Pieces<u8>,
    /// Of each state, whether it is expanded: where some are not.
    kept: Option<Bits>,
    levels: Vec<Start>,
}

/// Where a level begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Start {
    /// Its first state.
    state: u64,
    /// Among the bits, what is noted of the parents.
    bit: u64,
}

/// What a batch adds: the children of its states, in order.
#[derive(Default)]
pub(super) struct Offspring {
    /// For each state, how many are new.
    pub(super) counts: Vec<u32>,
    pub(super) tags: Vec<u8>,
}

impl Lineage {
    /// For a search that leaves states out.
    pub(super) fn of_some() -> Self {
        Self { kept: Some(Bits::default()), ..Self::default() }
    }

    /// For a search with scratch files in a directory.
    ///
    /// # Errors
    /// When they cannot be made.
    pub(super) fn on_disk(dir: &Path) -> io::Result<Self> {
        let children = Bits::of(Pieces::on_disk(Spill::new(dir, "children")?));
        let tags = Pieces::on_disk(Spill::new(dir, "tags")?);
        Ok(Self { children, tags, ..Self::default() })
    }

    /// What went wrong with the scratch files, if anything did.
    pub(super) fn failure(&self) -> Option<&str> {
        self.tags.failure().or(self.children.words.failure())
    }

    /// How many states there are.
    pub(super) fn states(&self) -> u64 {
        self.tags.len
    }

    /// Takes the initial state in.
    pub(super) fn start(&mut self, key: Key) {
        self.begin_level();
        self.tags.push(tag(key));
    }

    /// From now on states are of the next level.
    pub(super) fn begin_level(&mut self) {
        self.levels.push(Start { state: self.tags.len, bit: self.children.len });
    }

    pub(super) fn extend(&mut self, offspring: &Offspring) {
        for children in &offspring.counts {
            for _ in 0..*children {
                self.children.push(false);
            }
            self.children.push(true);
        }
        offspring.tags.iter().for_each(|tag| self.tags.push(*tag));
    }

    /// Says of the next state, in order, whether it is expanded.
    pub(super) fn keep(&mut self, is_kept: bool) {
        if let Some(kept) = &mut self.kept {
            kept.push(is_kept);
        }
    }

    /// The tags on the way to a state, that of the initial state first.
    pub(super) fn tags_to(&self, mut state: u64) -> Vec<u8> {
        let mut tags = Vec::new();
        let level = self.levels.partition_point(|start| start.state <= state);
        for at in (0..level).rev() {
            tags.push(self.tags.get(state));
            let Some(before) = at.checked_sub(1) else { break };
            let Start { state: first, bit } = self.levels[at];
            // Before its zero stand as many ones as states were expanded before its parent.
            let expanded = self.children.ones_before_zero(bit, state - first);
            let level = self.levels[before].state;
            state = match &self.kept {
                None => level + expanded,
                Some(kept) => kept.place_of_one(level, expanded),
            };
        }
        tags.reverse();
        tags
    }

    /// How many tags and how many bits there are.
    pub(super) fn lengths(&self) -> (u64, u64) {
        (self.tags.len, self.children.len)
    }

    /// Where levels begin: among the states, and among the bits.
    pub(super) fn levels(&self) -> Vec<(u64, u64)> {
        self.levels.iter().map(|Start { state, bit }| (*state, *bit)).collect()
    }

    /// Calls `write` with the tags, and then with the bits in words. Not of a search that leaves states out.
    pub(super) fn save(&self, write: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        self.tags.save(write)?;
        self.children.words.save(write)
    }

    /// Takes in what was saved, of so many tags and bits, whose bytes `take` gives.
    pub(super) fn load<E>(
        &mut self,
        levels: &[(u64, u64)],
        (tags, bits): (u64, u64),
        take: &mut dyn FnMut(u64) -> Result<Vec<u8>, E>,
    ) -> Result<(), E> {
        self.levels =
            levels.iter().map(|(state, bit)| Start { state: *state, bit: *bit }).collect();
        self.tags.load(tags, take)?;
        self.children.words.load(bits.div_ceil(64), take)?;
        self.children.len = bits;
        Ok(())
    }

    /// The memory that it takes.
    pub(super) fn bytes(&self) -> u64 {
        let kept = self.kept.as_ref().map_or(0, |kept| kept.words.bytes());
        let levels = self.levels.capacity() * size_of::<Start>();
        self.children.words.bytes() + self.tags.bytes() + kept + levels as u64
    }
}

/// Bits one after the other.
#[derive(Default)]
struct Bits {
    words: Pieces<u64>,
    len: u64,
}

impl Bits {
    fn of(words: Pieces<u64>) -> Self {
        Self { words, len: 0 }
    }

    fn push(&mut self, bit: bool) {
        let at = self.len % 64;
        if at == 0 {
            self.words.push(0);
        }
        if let Some(last) = self.words.last_mut() {
            *last |= u64::from(bit) << at;
        }
        self.len += 1;
    }

    /// How many ones stand between bit `from` and the zero that has so many zeros before it there.
    fn ones_before_zero(&self, from: u64, zeros: u64) -> u64 {
        let at = self.select(from, zeros, |word| !word);
        at - from - zeros
    }

    /// The place of the one before which stand so many between it and bit `from`.
    fn place_of_one(&self, from: u64, ones: u64) -> u64 {
        self.select(from, ones, |word| word)
    }

    fn select(&self, from: u64, mut before: u64, of: impl Fn(u64) -> u64) -> u64 {
        let mut at = from / 64;
        let mut word = of(self.words.get(at)) >> (from % 64) << (from % 64);
        while u64::from(word.count_ones()) <= before {
            before -= u64::from(word.count_ones());
            at += 1;
            word = of(self.words.get(at));
        }
        for _ in 0..before {
            word &= word - 1;
        }
        at * 64 + u64::from(word.trailing_zeros())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A level: for each state that is expanded its children, and for each child whether it is kept.
    type Children = Vec<Vec<bool>>;

    proptest! {
        /// Of a random forest, walked level by level, with all states kept or only some.
        #[test]
        fn the_way_to_each_state_leads_over_its_parents(
            sizes in proptest::collection::vec(
                proptest::collection::vec(any::<bool>(), 0..5), 0..400),
            leaves_out: bool,
        ) {
            let mut lineage = if leaves_out { Lineage::of_some() } else { Lineage::default() };
            let mut sizes = sizes.into_iter();
            // By state, its parent; tags that differ are as good as keys.
            let mut parents: Vec<Option<usize>> = vec![None];
            lineage.start(0);
            lineage.keep(true);
            let mut level = vec![0];
            while !level.is_empty() {
                lineage.begin_level();
                let children: Children =
                    level.iter().map(|_| sizes.next().unwrap_or_default()).collect();
                let (mut offspring, mut next) = (Offspring::default(), Vec::new());
                for (parent, children) in level.iter().zip(&children) {
                    offspring.counts.push(children.len() as u32);
                    for is_kept in children {
                        if *is_kept || !leaves_out {
                            next.push(parents.len());
                        }
                        offspring.tags.push(tag(parents.len() as Key * 31));
                        parents.push(Some(*parent));
                    }
                }
                lineage.extend(&offspring);
                children.iter().flatten().for_each(|is_kept| lineage.keep(*is_kept));
                level = next;
            }
            prop_assert_eq!(lineage.states(), parents.len() as u64);
            for state in 0..parents.len() {
                let mut way = vec![state];
                while let Some(parent) = way.last().and_then(|last| parents[*last]) {
                    way.push(parent);
                }
                let tags: Vec<u8> =
                    way.iter().rev().map(|state| tag(*state as Key * 31)).collect();
                prop_assert_eq!(lineage.tags_to(state as u64), tags);
            }
        }
    }

    #[test]
    fn a_state_takes_ten_bits() {
        let mut lineage = Lineage::default();
        lineage.start(0);
        for level in 0..1000 {
            lineage.begin_level();
            let counts = if level == 0 { vec![1000] } else { vec![1; 1000] };
            lineage.extend(&Offspring { counts, tags: vec![7; 1000] });
        }
        let states = 1_000_001;
        let tenths = lineage.bytes() * 80 / states;
        assert!((100..115).contains(&tenths), "{tenths} tenths of a bit");
        assert_eq!(lineage.tags_to(1_000_000), [vec![0], vec![7; 1000]].concat());
    }
}
