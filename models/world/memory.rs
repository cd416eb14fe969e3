//! Memories of results: one of all threads together, and one of each thread for deliveries, which
//! are the innermost look-up of the checker.
//!
//! A state has many messages in flight, and those that are not known to change nothing
//! ([`Pairs`](super::pairs::Pairs)) are looked up in every state. So an entry alone says whether
//! anything happens, and the entries of one node lie side by side, for they are looked up one after
//! the other.

use super::local::Effect;
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

/// What a delivery does; `None`: it is no step.
pub(super) type Delivery<'c> = Option<&'c Effect>;

#[derive(Clone, Copy)]
struct Slot<'c> {
    /// Node and envelope; zero if empty.
    key: u64,
    delivery: Delivery<'c>,
}

/// An open-addressed table from node and envelope to what happens.
pub(super) struct Deliveries<'c> {
    slots: Vec<Slot<'c>>,
    used: usize,
}

const EMPTY: Slot<'_> = Slot { key: 0, delivery: None };

impl<'c> Deliveries<'c> {
    pub(super) fn new() -> Self {
        Self { slots: vec![EMPTY; 1 << 10], used: 0 }
    }

    #[inline]
    pub(super) fn get(&self, node: u32, envelope: u32) -> Option<Delivery<'c>> {
        let key = key(node, envelope);
        let mut at = self.place(key);
        loop {
            let slot = &self.slots[at];
            if slot.key == key {
                return Some(slot.delivery);
            }
            if slot.key == 0 {
                return None;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    pub(super) fn insert(&mut self, node: u32, envelope: u32, delivery: Delivery<'c>) {
        if (self.used + 1) * 2 > self.slots.len() {
            let bigger = vec![EMPTY; self.slots.len() * 2];
            for slot in std::mem::replace(&mut self.slots, bigger) {
                if slot.key != 0 {
                    self.put(slot);
                }
            }
        }
        self.used += 1;
        self.put(Slot { key: key(node, envelope), delivery });
    }

    pub(super) fn bytes(&self) -> u64 {
        (self.slots.len() * size_of::<Slot<'_>>()) as u64
    }

    fn put(&mut self, slot: Slot<'c>) {
        let mut at = self.place(slot.key);
        while self.slots[at].key != 0 {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = slot;
    }

    /// Nodes are scattered, the envelopes of one node are not.
    fn place(&self, key: u64) -> usize {
        let node = (key >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((node >> 32) + (key & 0xFFFF_FFFF)) as usize & (self.slots.len() - 1)
    }
}

fn key(node: u32, envelope: u32) -> u64 {
    (u64::from(node) + 1) << 32 | u64::from(envelope)
}

/// Results by pair of ids, as one thread remembers them.
pub(super) type Recent = HashMap<(u32, u32), u32, FxBuildHasher>;

/// Results by pair of ids, shared by all threads.
#[derive(Default)]
pub(super) struct Memo {
    known: RwLock<Recent>,
    bytes: AtomicU64,
}

impl Memo {
    /// What is remembered, or else computed.
    pub(super) fn recall(&self, key: (u32, u32), compute: impl FnOnce() -> u32) -> u32 {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        known.unwrap_or_else(|| {
            let result = compute();
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            let result = *known.entry(key).or_insert(result);
            self.bytes.store(known.allocation_size() as u64, Ordering::Relaxed);
            result
        })
    }

    /// Of what the results are, in order.
    pub(super) fn keys(&self) -> Vec<(u32, u32)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut keys: Vec<_> = known.keys().copied().collect();
        keys.sort_unstable();
        keys
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// Looks a result up in the thread's own memory, then in the shared one, then computes it.
pub(super) fn recall(
    own: &mut Recent,
    shared: &Memo,
    key: (u32, u32),
    compute: impl FnOnce() -> u32,
) -> u32 {
    if let Some(known) = own.get(&key) {
        return *known;
    }
    let result = shared.recall(key, compute);
    own.insert(key, result);
    result
}
