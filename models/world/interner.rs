//! Tables that give each distinct value a small id, and keep it for ever.
//!
//! Reading by id takes no lock. Ids depend on the order of arrival, hence on threads; hashes
//! depend on content alone, so that what is derived from them is the same in every run.

use hashbrown::HashTable;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{PoisonError, RwLock};

/// An append-only table of distinct values, each with something computed from it once.
pub(super) struct Interner<T, X = ()> {
    index: RwLock<HashTable<u32>>,
    entries: boxcar::Vec<Entry<T, X>>,
}

/// A value, its hash, and what was computed from it.
pub(super) struct Entry<T, X> {
    pub(super) value: T,
    pub(super) hash: u64,
    pub(super) extra: X,
}

impl<T: PartialEq, X> Interner<T, X> {
    pub(super) fn new() -> Self {
        Self { index: RwLock::new(HashTable::new()), entries: boxcar::Vec::new() }
    }

    /// The id of `value`, whose content hash is `hash`; `extra` is computed if it is new.
    ///
    /// # Panics
    /// When there are more than 2^32 distinct parts of one kind, far beyond any memory.
    pub(super) fn intern(&self, value: T, hash: u64, extra: impl FnOnce(&T) -> X) -> u32 {
        if let Some(id) = self.find(&value, hash) {
            return id;
        }
        // Computed outside the lock: it may be slow (a history is judged here).
        let extra = extra(&value);
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = index.find(hash, |id| self.get(*id).value == value) {
            return *id;
        }
        let id = self.entries.push(Entry { value, hash, extra });
        let id = u32::try_from(id).expect("fewer than 2^32 distinct parts");
        index.insert_unique(hash, id, |id| self.get(*id).hash);
        id
    }

    /// The id of `value` if it is known.
    pub(super) fn find(&self, value: &T, hash: u64) -> Option<u32> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.find(hash, |id| self.get(*id).value == *value).copied()
    }
}

impl<T, X> Interner<T, X> {
    pub(super) fn get(&self, id: u32) -> &Entry<T, X> {
        &self.entries[id as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.entries.count()
    }
}

/// A content hash: the same in every run and on every thread. `domain` keeps parts of different
/// kinds apart. 64 bits of `SipHash`.
pub(super) fn content_hash(domain: u8, value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    domain.hash(&mut hasher);
    value.hash(&mut hasher);
    hasher.finish()
}
