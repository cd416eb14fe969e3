//! Dots and version vectors.
//!
//! A dot names one write: the node that took it, and the write's number at that node. A version
//! vector names, for each node, all its writes up to one of them.
//!
//! A node that lost its disk does not know which dots it gave. It goes on in a new **generation**,
//! the upper bits of the counter, so that every dot of it is above all of its former lives; and one
//! number for each node still says what is meant of them.

use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::collections::BTreeMap;

/// How many bits of a counter count the writes of one generation: as many as a node makes in 8
/// years at a million a second.
const WRITES: u32 = 48;

/// The name of a write (Preguiça et al. 2010). Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Dot {
    /// The node that took the write.
    pub node: Id,
    /// Which of its writes, from 1; with its generation above.
    pub counter: u64,
}

impl Dot {
    /// Write number `counter` of `node`.
    pub fn new(node: Id, counter: u64) -> Self {
        Self { node, counter }
    }

    /// A dot below all writes of a node in this generation, and above all in earlier ones.
    pub fn below(node: Id, generation: u16) -> Self {
        Self::new(node, u64::from(generation) << WRITES)
    }

    /// The generation of its node in which the write was made.
    pub fn generation(self) -> u16 {
        // After the shift, the number is as long as the result.
        (self.counter >> WRITES) as u16
    }
}

/// For each node, how many of its writes are meant. Ordered pointwise. At most one entry per node
/// of the cluster, so its size is bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VersionVector(BTreeMap<Id, u64>);

impl VersionVector {
    /// All writes of one node up to `dot`.
    pub fn up_to(dot: Dot) -> Self {
        let mut vector = Self::default();
        vector.add(dot);
        vector
    }

    /// How many writes of `node` are meant.
    pub fn get(&self, node: Id) -> u64 {
        self.0.get(&node).copied().unwrap_or(0)
    }

    /// The newest generation of `node` of which writes are meant.
    pub fn generation(&self, node: Id) -> u16 {
        Dot::new(node, self.get(node)).generation()
    }

    /// Whether the write is meant.
    pub fn covers(&self, dot: Dot) -> bool {
        dot.counter <= self.get(dot.node)
    }

    /// Whether all that `other` means is meant.
    pub fn includes(&self, other: &Self) -> bool {
        other.0.iter().all(|(node, counter)| *counter <= self.get(*node))
    }

    /// Whether no write is meant.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds all writes of one node up to `dot`.
    pub fn add(&mut self, dot: Dot) {
        if !self.covers(dot) {
            self.0.insert(dot.node, dot.counter);
        }
    }

    /// Adds all that `other` means: the least upper bound.
    pub fn join(&mut self, other: &Self) {
        for (node, counter) in &other.0 {
            self.add(Dot::new(*node, *counter));
        }
    }

    /// Takes away every write of `node` after the first `most`.
    pub fn limit(&mut self, node: Id, most: u64) {
        if self.get(node) > most {
            self.0.remove(&node);
            if most > 0 {
                self.0.insert(node, most);
            }
        }
    }

    /// Takes away the writes of every node that does not satisfy `keep`.
    pub fn retain(&mut self, keep: impl Fn(Id) -> bool) {
        self.0.retain(|node, counter| keep(*node) && *counter > 0);
    }
}

impl FromIterator<Dot> for VersionVector {
    fn from_iter<I: IntoIterator<Item = Dot>>(dots: I) -> Self {
        let mut vector = Self::default();
        dots.into_iter().for_each(|dot| vector.add(dot));
        vector
    }
}
