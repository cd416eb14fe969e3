//! The content of a session table, by which it is compared and stored: its bounds, its floor, and
//! the requests of its sessions in the order of their use.
//!
//! The numbers of that order say nothing: equal tables are equal wherever in the log they stand,
//! and whichever way they came about.

use super::{Outline, SessionLimits, Sessions};
use crate::kv::machine::Value;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use stateright::actor::Id;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

impl<R> Sessions<R> {
    fn head(&self) -> (SessionLimits, Option<Id>, usize) {
        (self.limits, self.floor, self.by_use.len())
    }

    fn is_same(&self, other: &Self) -> bool {
        self.head() == other.head() && self.by_use.is_same(&other.by_use)
    }
}

impl<R: PartialEq> PartialEq for Sessions<R> {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other) || self.head() == other.head() && self.iter().eq(other.iter())
    }
}

impl<R: Eq> Eq for Sessions<R> {}

impl<R: Ord> PartialOrd for Sessions<R> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<R: Ord> Ord for Sessions<R> {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.is_same(other) {
            return Ordering::Equal;
        }
        self.head().cmp(&other.head()).then_with(|| self.iter().cmp(other.iter()))
    }
}

impl<R: Hash> Hash for Sessions<R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.head().hash(state);
        self.iter().for_each(|session| session.hash(state));
    }
}

/// A table as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored<R> {
    outline: Outline,
    requests: Vec<(Id, u64, R)>,
}

impl<R: Serialize> Serialize for Sessions<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let outline = Outline { limits: self.limits, floor: self.floor };
        let requests = self.iter().collect();
        Stored::<&R> { outline, requests }.serialize(serializer)
    }
}

impl<'de, R: Value> Deserialize<'de> for Sessions<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Stored { outline, requests } = Stored::deserialize(deserializer)?;
        let mut table = Self::default();
        table.restore(outline, requests);
        Ok(table)
    }
}
