//! Values that are told apart by what they are, also where their hashes are equal.
//!
//! Stateright asks no more of a state than `Hash` and `PartialEq`, and a hash may leave fields out.
//! The world goes by hashes, so a value that has the hash of another one is given a number, which
//! is hashed too. The numbers depend on the order in which the values are met, which only shows in
//! which of several equally short traces is shown.

use crate::world::interner::{Fingerprint, content_hash};
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

/// A value of an adopted model: the state of an actor, or the history.
pub struct Shared<T> {
    value: Arc<T>,
    /// How many different values with its hash were met before it.
    twins: usize,
}

impl<T> Shared<T> {
    /// The value, as stateright holds it.
    pub(super) fn arc(&self) -> &Arc<T> {
        &self.value
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), twins: self.twins }
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.value, &other.value) || self.value == other.value
    }
}

impl<T: Hash> Hash for Shared<T> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.value.hash(hasher);
        if self.twins > 0 {
            self.twins.hash(hasher);
        }
    }
}

/// As the value alone.
impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// The distinct values that were met, by their hashes.
pub(super) struct Distinct<T>(Mutex<BTreeMap<Fingerprint, Vec<Arc<T>>>>);

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: PartialEq + Hash> Distinct<T> {
    /// The value, with what tells it from others.
    pub(super) fn share(&self, value: T) -> Shared<T> {
        let hash = content_hash(0, &value);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let alike = known.entry(hash).or_default();
        if let Some(twins) = alike.iter().position(|known| **known == value) {
            return Shared { value: Arc::clone(&alike[twins]), twins };
        }
        let (value, twins) = (Arc::new(value), alike.len());
        // One that is not equal to itself is refused later, as two values with one hash.
        if value.eq(&value) {
            alike.push(Arc::clone(&value));
        }
        Shared { value, twins }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Halved(u8);

    impl Hash for Halved {
        fn hash<H: Hasher>(&self, hasher: &mut H) {
            (self.0 / 2).hash(hasher);
        }
    }

    #[test]
    fn values_with_one_hash_are_told_apart_and_equal_ones_are_one() {
        let distinct = Distinct::default();
        let [two, three, again] = [2, 3, 2].map(|value| distinct.share(Halved(value)));
        assert_ne!(content_hash(0, &two), content_hash(0, &three));
        assert_eq!(content_hash(0, &two), content_hash(0, &again));
        assert!(two == again && two != three);
        assert_eq!(content_hash(0, &two), content_hash(0, &Halved(2)), "the first is as it was");
    }
}
