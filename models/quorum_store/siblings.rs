//! A key with several values: those of concurrent writes, and the version vector of all that they replaced.
//!
//! A row is all that its vector means: of each write that the vector covers, either the value is there, or
//! another write of the vector replaced it. So of two rows the join loses nothing, and the one whose vector
//! includes the other's is the newer one. That rests on two rules. A delete is a write with a dot of its own.
//! And a vector that covers a dot covers all earlier ones of that node, so a node gives a dot only where its
//! row has all that it gave before: as a replica of the key, and not while it still copies it (`several.rs`).

use crate::causal::{Dot, VersionVector};
use crate::kv::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The values of a key that nobody has replaced, and all writes of it that are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Siblings {
    /// The writes that it knows, those of the values too.
    pub known: VersionVector,
    /// The values, by the dots of their writes.
    pub values: BTreeMap<Dot, Bytes>,
}

impl Siblings {
    /// All that both know: a value that one of them lacks stays, unless that one knows its write, which it
    /// has replaced then.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let Self { mut known, values } = self;
        let is_left = |dot: &Dot, row: &BTreeMap<Dot, Bytes>, known: &VersionVector| {
            row.contains_key(dot) || !known.covers(*dot)
        };
        let mut joined = values.clone();
        joined.retain(|dot, _| is_left(dot, &other.values, &other.known));
        let news = other.values.into_iter().filter(|(dot, _)| is_left(dot, &values, &known));
        joined.extend(news);
        known.join(&other.known);
        Self { known, values: joined }
    }

    /// Adds a write that replaces what its client knew; `None` deletes.
    pub fn write(&mut self, dot: Dot, value: Option<Bytes>, knew: &VersionVector) {
        self.values.retain(|other, _| !knew.covers(*other));
        self.known.join(knew);
        self.known.add(dot);
        self.values.extend(value.map(|value| (dot, value)));
    }

    /// How long its values are.
    pub fn bytes(&self) -> usize {
        self.values.values().map(Bytes::len).sum()
    }

    /// The encoding of its vector and dots, by which rows are compared: a dot names its value.
    pub(super) fn outline(&self) -> Vec<u8> {
        let dots: Vec<&Dot> = self.values.keys().collect();
        // A map of numbers and a list of dots always have an encoding.
        postcard::to_allocvec(&(&self.known, dots)).unwrap_or_default()
    }
}
