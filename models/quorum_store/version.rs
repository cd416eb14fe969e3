//! Versions of a key's value, and which of two is the newer one.

use super::siblings::Siblings;
use crate::causal::{Dot, VersionVector};
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

    /// As the name of a write that stays beside others. The clock that gave it only counts then: its physical
    /// part is how often the logical one was used up, so no two timestamps of a node are one dot.
    pub fn dot(self) -> Dot {
        let upper = self.time.physical.saturating_mul(1 << 32);
        Dot::new(self.node, upper.saturating_add(self.time.logical.into()))
    }
}

/// What a replica holds of a key: a value with its timestamp, or several without.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version {
    /// When it was written; the default of several values, which are ordered by what they know.
    pub stamp: Stamp,
    /// What it is.
    pub content: Content,
}

/// The content of a version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Content {
    /// One value, where the last writer wins; `None` is a tombstone.
    Value(Option<Bytes>),
    /// As many as concurrent writes left.
    Siblings(Siblings),
}

impl Content {
    /// How long its values are.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Value(value) => value.as_ref().map_or(0, Bytes::len),
            Self::Siblings(row) => row.bytes(),
        }
    }
}

impl From<Siblings> for Version {
    fn from(row: Siblings) -> Self {
        Self { stamp: Stamp::default(), content: Content::Siblings(row) }
    }
}

/// What a replica acknowledges that it has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Mark {
    /// The version with this timestamp, or a newer one.
    Stamp(Stamp),
    /// All of these writes, or others that replaced them.
    Known(VersionVector),
}

impl Mark {
    /// Whether who has what `self` says has what `other` says. A cluster does not mix the two.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Stamp(own), Self::Stamp(other)) => own >= other,
            (Self::Known(own), Self::Known(other)) => own.includes(other),
            (own, _) => matches!(own, Self::Known(_)),
        }
    }
}

impl Version {
    /// A value with its timestamp; `None` is a tombstone.
    pub fn new(stamp: Stamp, value: Option<Bytes>) -> Self {
        Self { stamp, content: Content::Value(value) }
    }

    /// The value, if there is one and its writer was the last one.
    pub fn value(&self) -> Option<&Bytes> {
        match &self.content {
            Content::Value(value) => value.as_ref(),
            Content::Siblings(_) => None,
        }
    }

    /// Whether it is the deletion of a key.
    pub fn is_tombstone(&self) -> bool {
        match &self.content {
            Content::Value(value) => value.is_none(),
            Content::Siblings(row) => row.values.is_empty(),
        }
    }

    /// What a replica that holds it acknowledges.
    pub fn mark(&self) -> Mark {
        match &self.content {
            Content::Value(_) => Mark::Stamp(self.stamp),
            Content::Siblings(row) => Mark::Known(row.known.clone()),
        }
    }

    /// Whether a replica that has this one lacks nothing of the other.
    pub fn covers(&self, other: &Self) -> bool {
        match (&self.content, &other.content) {
            (Content::Siblings(own), Content::Siblings(other)) => own.known.includes(&other.known),
            (Content::Siblings(_), Content::Value(_)) => true,
            (Content::Value(_), Content::Siblings(_)) => false,
            (Content::Value(_), Content::Value(_)) => self.stamp >= other.stamp,
        }
    }

    /// Whether it is the write with this timestamp, or one that is newer or knows it.
    pub fn includes(&self, write: Stamp) -> bool {
        match &self.content {
            Content::Value(_) => self.stamp >= write,
            Content::Siblings(row) => row.known.covers(write.dot()),
        }
    }

    /// What it is compared by at other replicas.
    pub fn digest(&self) -> Digest {
        let sum = match &self.content {
            Content::Value(None) => 0,
            Content::Value(Some(value)) => place(value.as_ref()),
            Content::Siblings(row) => place(&row.outline()),
        };
        Digest { stamp: self.stamp, is_tombstone: self.is_tombstone(), sum }
    }

    /// The newer of two versions: the one with the larger timestamp; of equal ones a tombstone, and
    /// then the one with the larger value, so that the order of arrival never matters. Of several values, what
    /// both know.
    #[must_use]
    pub fn newer(self, other: Self) -> Self {
        match (self.content, other.content) {
            (Content::Siblings(own), Content::Siblings(other)) => own.join(other).into(),
            (Content::Siblings(row), _) | (_, Content::Siblings(row)) => row.into(),
            (Content::Value(one), Content::Value(two)) => {
                let (one, two) =
                    ((self.stamp, one.is_none(), one), (other.stamp, two.is_none(), two));
                let (stamp, _, value) = one.max(two);
                Self::new(stamp, value)
            }
        }
    }

    /// The same, cell by cell where the timestamps are equal: each byte of a value is a cell. The row
    /// that comes out may be one that nobody wrote (Kingsbury 2013).
    #[must_use]
    pub fn mixed(self, other: Self) -> Self {
        match (self.value(), other.value()) {
            (Some(one), Some(two)) if self.stamp == other.stamp && one.len() == two.len() => {
                let cells = one.as_ref().iter().zip(two.as_ref()).map(|(a, b)| *a.max(b));
                Self::new(self.stamp, Some(cells.collect::<Vec<u8>>().into()))
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
