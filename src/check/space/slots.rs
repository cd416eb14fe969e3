//! Places for values that are met and left again, each known by a word as long as somebody needs it.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Threads that put values in different parts do not wait for each other.
const PARTS: usize = 64;
/// No word is as large.
pub(super) const END: u32 = (1 << 31) - 1;
/// The bytes of a place beside its value: where that is, who needs it, and two counts.
const BESIDE: u64 = 32;

/// Values by word.
pub(super) struct Slots<T> {
    parts: Box<[RwLock<Part<T>>]>,
    /// The part for the next who asks for one.
    next: AtomicUsize,
    bytes: AtomicU64,
}

struct Part<T> {
    /// Each with how many need it.
    values: Vec<Option<(Arc<T>, u32)>>,
    free: Vec<usize>,
}

impl<T> Slots<T> {
    pub(super) fn new() -> Self {
        let part = |_| RwLock::new(Part { values: Vec::new(), free: Vec::new() });
        let (next, bytes) = (AtomicUsize::new(0), AtomicU64::new(0));
        Self { parts: (0..PARTS).map(part).collect(), next, bytes }
    }

    /// A part of one's own, until there are more who ask than parts.
    pub(super) fn part(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed) % PARTS
    }

    /// Puts a value into a part; the word by which it is known. One needs it so far.
    ///
    /// # Panics
    /// When there are more than 2^25 in one part: far more than wait at a time in any memory.
    pub(super) fn put(&self, part: usize, value: T) -> u32 {
        let value = Some((Arc::new(value), 1));
        let mut at = self.parts[part].write().unwrap_or_else(PoisonError::into_inner);
        let place = if let Some(place) = at.free.pop() {
            at.values[place] = value;
            place
        } else {
            at.values.push(value);
            self.bytes.fetch_add(BESIDE + size_of::<T>() as u64, Ordering::Relaxed);
            at.values.len() - 1
        };
        let word = u32::try_from(place * PARTS + part).ok().filter(|word| *word < END);
        word.expect("fewer states wait than there are words")
    }

    /// A value; `None` if the word is that of none. Nobody waits while it is looked at.
    pub(super) fn get(&self, word: u32) -> Option<Arc<T>> {
        let (place, part) = (word as usize / PARTS, word as usize % PARTS);
        let part = self.parts[part].read().unwrap_or_else(PoisonError::into_inner);
        part.values.get(place)?.as_ref().map(|(value, _)| value.clone())
    }

    /// One more needs a value.
    pub(super) fn hold(&self, word: u32) {
        self.change(word, |users| users + 1);
    }

    /// One less needs a value: when nobody does, its word may become another's.
    pub(super) fn free(&self, word: u32) {
        self.change(word, |users| users - 1);
    }

    fn change(&self, word: u32, change: impl FnOnce(u32) -> u32) {
        let (place, part) = (word as usize / PARTS, word as usize % PARTS);
        let mut part = self.parts[part].write().unwrap_or_else(PoisonError::into_inner);
        let Some(Some((_, users))) = part.values.get_mut(place) else { return };
        *users = change(*users);
        if *users == 0 {
            part.values[place] = None;
            part.free.push(place);
        }
    }

    /// How many values somebody needs.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        let kept = |part: &RwLock<Part<T>>| {
            let values = &part.read().unwrap().values;
            values.iter().filter(|value| value.is_some()).count()
        };
        self.parts.iter().map(kept).sum()
    }

    /// The memory that the places take.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_used_again_once_its_value_is_forgotten() {
        let slots = Slots::new();
        let part = slots.part();
        let [one, two] = ["one", "two"].map(|value| slots.put(part, value));
        assert_ne!(one, two);
        assert_eq!(slots.get(two).as_deref(), Some(&"two"));
        slots.free(one);
        slots.free(one);
        assert_eq!(slots.get(one), None);
        let other = slots.put(slots.part(), "other");
        assert!(other != one && other != two, "{other} is in another part");
        assert_eq!(slots.put(part, "three"), one);
        assert_eq!(slots.bytes(), 3 * (32 + 16));
        slots.hold(one);
        slots.free(one);
        let fourth = slots.put(part, "four");
        assert!(fourth != one && slots.get(one).as_deref() == Some(&"three"), "one still needs it");
        assert!(fourth != two && slots.get(two).as_deref() == Some(&"two"));
    }
}
