//! Versions of a key's value, and which of two is the newer one.

use crate::clock;
use crate::kv::Bytes;
use crate::ring::place;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

/// The timestamp of a version; of a proposal, its ballot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// The time at the node that gave it.
    pub time: clock::Stamp,
    /// That node, so that no two versions have one timestamp; node 0 for all, if
    /// [`Stamps::Bare`](super::Stamps::Bare).
    pub node: Id,
}

/// That of an absent key, below all others.
impl Default for Stamp {
    fn default() -> Self {
        Self { time: clock::Stamp::default(), node: Id::from(0) }
    }
}

impl Stamp {
    /// The larger of the two, but above this one.
    #[must_use]
    pub fn past(self, other: Self) -> Self {
        if other > self { other } else { Self { time: self.time.tick(0), ..self } }
    }
}

/// A value with its timestamp.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version {
    /// When it was written.
    pub stamp: Stamp,
    /// The value; `None` is a tombstone.
    pub value: Option<Bytes>,
}

impl Version {
    /// What it is compared by at other replicas.
    pub fn digest(&self) -> Digest {
        let sum = match &self.value {
            None => 0,
            Some(value) => place(value.as_ref()),
        };
        Digest { stamp: self.stamp, is_tombstone: self.value.is_none(), sum }
    }

    /// The newer of two versions: the one with the larger timestamp; of equal ones a tombstone, and
    /// then the one with the larger value, so that the order of arrival never matters.
    #[must_use]
    pub fn newer(self, other: Self) -> Self {
        let rank = |version: &Self| (version.stamp, version.value.is_none(), version.value.clone());
        if rank(&other) > rank(&self) { other } else { self }
    }

    /// The same, cell by cell where the timestamps are equal: each byte of a value is a cell. The row
    /// that comes out may be one that nobody wrote (Kingsbury 2013).
    #[must_use]
    pub fn mixed(self, other: Self) -> Self {
        match (&self.value, &other.value) {
            (Some(one), Some(two)) if self.stamp == other.stamp && one.len() == two.len() => {
                let cells = one.as_ref().iter().zip(two.as_ref()).map(|(a, b)| *a.max(b));
                Self { stamp: self.stamp, value: Some(cells.collect::<Vec<u8>>().into()) }
            }
            _ => self.newer(other),
        }
    }
}

/// A version, short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest {
    /// Its timestamp.
    pub stamp: Stamp,
    /// Whether it is a tombstone.
    pub is_tombstone: bool,
    /// The place of its value on the ring: it finds differences, and is no proof against forgery.
    pub sum: u64,
}
