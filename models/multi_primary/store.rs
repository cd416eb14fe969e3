//! Versions of keys, and the one rule by which they replace each other.
//!
//! An entry of the store is a set of versions none of which covers another. The two conflict
//! rules differ only in when one version *covers* another ([`Update::covers`]): with
//! last-writer-wins the order is total and one version is left; with multi-value it is causal and
//! concurrent versions are left side by side, as siblings.

use crate::causal::{Dot, VersionVector};
use crate::clock::Stamp;
use crate::kv::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What decides whether one version covers another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Order {
    /// Last-writer-wins: when it was written; the node of its dot breaks a tie.
    Written(Stamp),
    /// Multi-value: the writes of this key that its writer knew. With its dot, a dotted version
    /// vector.
    Knowing(VersionVector),
}

/// What a write made of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version {
    /// Where it stands among the key's versions.
    pub order: Order,
    /// The value; `None` is a tombstone: the key was deleted.
    pub value: Option<Bytes>,
}

/// A write, as it is stored and sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Update {
    /// The key.
    pub key: Bytes,
    /// The write's name.
    pub dot: Dot,
    /// What it made of the key.
    pub version: Version,
}

impl Update {
    /// Whether this write, of the same key, replaces `other`.
    pub fn covers(&self, other: &Self) -> bool {
        covers((self.dot, &self.version), (other.dot, &other.version))
    }
}

fn covers((dot, version): (Dot, &Version), (other, covered): (Dot, &Version)) -> bool {
    match (&version.order, &covered.order) {
        (Order::Written(stamp), Order::Written(before)) => (before, other.node) < (stamp, dot.node),
        (Order::Knowing(known), _) => dot != other && known.covers(other),
        (Order::Written(_), Order::Knowing(_)) => false,
    }
}

/// The versions of one key, none of which covers another.
pub type Entry = BTreeMap<Dot, Version>;

/// The versions of all keys. No entry is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Store(BTreeMap<Bytes, Entry>);

impl Store {
    /// The versions of a key.
    pub fn entry(&self, key: &Bytes) -> Option<&Entry> {
        self.0.get(key)
    }

    /// All keys with their versions.
    pub fn entries(&self) -> impl Iterator<Item = (&Bytes, &Entry)> {
        self.0.iter()
    }

    /// The keys from `key` on, with their versions.
    pub fn entries_from(&self, key: &Bytes) -> impl Iterator<Item = (&Bytes, &Entry)> {
        self.0.range(key..)
    }

    /// All versions.
    pub fn versions(&self) -> impl Iterator<Item = (&Bytes, Dot, &Version)> {
        self.0.iter().flat_map(|(key, entry)| entry.iter().map(move |(d, v)| (key, *d, v)))
    }

    /// The values of a key, in the order of their dots.
    pub fn values<'a>(&'a self, key: &Bytes) -> impl Iterator<Item = (Dot, &'a Bytes)> + use<'a> {
        let versions = self.0.get(key).into_iter().flatten();
        versions.filter_map(|(dot, version)| Some((*dot, version.value.as_ref()?)))
    }

    /// The writes of a key that its versions know of, themselves included.
    pub fn context(&self, key: &Bytes) -> VersionVector {
        let mut context = VersionVector::default();
        for (dot, version) in self.0.get(key).into_iter().flatten() {
            context.add(*dot);
            if let Order::Knowing(known) = &version.order {
                context.join(known);
            }
        }
        context
    }

    /// Whether a tombstone is left.
    pub fn has_tombstones(&self) -> bool {
        self.versions().any(|(_, _, version)| version.value.is_none())
    }

    /// Adds a version unless one that is here covers it, and removes those that it covers.
    /// Whether anything changed. With `ties_to_newcomer`, a seeded bug, a timestamp alone
    /// decides, and between equal ones the order of arrival.
    pub fn merge(&mut self, update: &Update, ties_to_newcomer: bool) -> bool {
        let entry = self.0.entry(update.key.clone()).or_default();
        let new = (update.dot, &update.version);
        let wins =
            |a: (Dot, &Version), b: (Dot, &Version), on_tie: bool| match (&a.1.order, &b.1.order) {
                (Order::Written(a), Order::Written(b)) if ties_to_newcomer => {
                    a > b || (a == b && on_tie)
                }
                _ => covers(a, b),
            };
        let is_old = entry.contains_key(&update.dot)
            || entry.iter().any(|(dot, version)| wins((*dot, version), new, false));
        if !is_old {
            entry.retain(|dot, version| !wins(new, (*dot, version), true));
            entry.insert(update.dot, update.version.clone());
        }
        !is_old
    }

    /// Replaces the versions of a key; no versions, no key.
    pub fn replace(&mut self, key: Bytes, entry: Entry) {
        if entry.is_empty() {
            self.0.remove(&key);
        } else {
            self.0.insert(key, entry);
        }
    }

    /// Drops the tombstones that satisfy `is_stable`; the keys from which one was dropped.
    pub fn collect(&mut self, is_stable: impl Fn(Dot, &Version) -> bool) -> Vec<Bytes> {
        let mut touched = Vec::new();
        self.0.retain(|key, entry| {
            let before = entry.len();
            entry.retain(|dot, version| version.value.is_some() || !is_stable(*dot, version));
            if entry.len() < before {
                touched.push(key.clone());
            }
            !entry.is_empty()
        });
        touched
    }
}
