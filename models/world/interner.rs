//! Tables that give each distinct value a small id, and keep it for ever.
//!
//! Reading by id takes no lock. Ids depend on the order of arrival, hence on threads; hashes
//! depend on content alone, so that what is derived from them is the same in every run.
//!
//! The parts that the checker reads at every step (hashes, and results that were computed once) are
//! kept apart from the values, so that they stay in the processor's caches.

use super::weight::{self, Weight};
use hashbrown::HashTable;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

/// What a part or a state is known by: a sum of hashes of 128 bits. The checker keeps the lower 80.
pub type Fingerprint = u128;

/// An append-only table of distinct values, each with something computed from it once.
pub(super) struct Interner<T, X = ()> {
    index: RwLock<HashTable<u32>>,
    heads: boxcar::Vec<Head<X>>,
    values: boxcar::Vec<T>,
    /// The bytes that the values hold on the heap.
    heap: AtomicU64,
    /// Two different values with one hash.
    clash: OnceLock<(u32, u32)>,
}

/// A value's hash, and what was computed from it.
pub(super) struct Head<X> {
    pub(super) hash: Fingerprint,
    pub(super) extra: X,
}

impl<T: PartialEq + Hash, X> Interner<T, X> {
    pub(super) fn new() -> Self {
        Self {
            index: RwLock::new(HashTable::new()),
            heads: boxcar::Vec::new(),
            values: boxcar::Vec::new(),
            heap: AtomicU64::new(0),
            clash: OnceLock::new(),
        }
    }

    /// The id of `value`, whose content hash is `hash`; `extra` is computed if it is new.
    ///
    /// # Panics
    /// When there are more than 2^32 - 1 distinct parts of one kind, far beyond any memory.
    pub(super) fn intern(&self, value: T, hash: Fingerprint, extra: impl FnOnce(&T) -> X) -> u32 {
        if let Some(id) = self.find(&value, hash) {
            return id;
        }
        // Computed outside the lock: it may be slow (a history is judged here).
        let extra = extra(&value);
        let heap = weight::heap_of(&value);
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = index.find(short(hash), |id| *self.value(*id) == value) {
            return *id;
        }
        // Both under the lock, so that they agree on the id.
        let id = self.values.push(value);
        self.heads.push(Head { hash, extra });
        let id = u32::try_from(id).ok().filter(|id| *id < u32::MAX);
        let id = id.expect("fewer than 2^32 - 1 distinct parts");
        if let Some(other) = index.iter_hash(short(hash)).find(|id| self.head(**id).hash == hash) {
            let _ = self.clash.set((*other, id));
        }
        index.insert_unique(short(hash), id, |id| short(self.head(*id).hash));
        self.heap.fetch_add(heap, Ordering::Relaxed);
        id
    }

    /// The id of `value` if it is known.
    pub(super) fn find(&self, value: &T, hash: Fingerprint) -> Option<u32> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.find(short(hash), |id| self.value(*id) == value).copied()
    }
}

impl<T, X> Interner<T, X> {
    pub(super) fn head(&self, id: u32) -> &Head<X> {
        &self.heads[id as usize]
    }

    pub(super) fn value(&self, id: u32) -> &T {
        &self.values[id as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.heads.count()
    }

    /// Two different values that have one hash, if there are any: whatever goes by hashes takes
    /// them for one.
    pub(super) fn clash(&self) -> Option<(&T, &T)> {
        self.clash.get().map(|(one, other)| (self.value(*one), self.value(*other)))
    }

    /// The memory it takes.
    pub(super) fn weight(&self) -> Weight {
        let lists = weight::of_list::<T>(self.len()) + weight::of_list::<Head<X>>(self.len());
        let tables = lists + weight::of_table::<u32>(self.len());
        Weight::new(tables, self.heap.load(Ordering::Relaxed))
    }
}

/// A content hash: the same in every run and on every thread. `domain` keeps parts of different
/// kinds apart. Two `SipHash`es of 64 bits, that see different beginnings.
pub(super) fn content_hash(domain: u8, value: &impl Hash) -> Fingerprint {
    let mut hasher = Wide([DefaultHasher::new(), DefaultHasher::new()]);
    hasher.0[1].write_u8(0);
    domain.hash(&mut hasher);
    value.hash(&mut hasher);
    let [low, high] = hasher.0.map(|hasher| hasher.finish());
    Fingerprint::from(high) << 64 | Fingerprint::from(low)
}

/// Two hashers in one pass over a value.
struct Wide([DefaultHasher; 2]);

impl Hasher for Wide {
    fn write(&mut self, bytes: &[u8]) {
        self.0.iter_mut().for_each(|hasher| hasher.write(bytes));
    }

    fn finish(&self) -> u64 {
        self.0[0].finish()
    }
}

/// Of a fingerprint the bits that suffice where what has them in common is compared.
pub(super) fn short(fingerprint: Fingerprint) -> u64 {
    fingerprint as u64
}
