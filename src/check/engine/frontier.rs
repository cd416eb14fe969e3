//! States that wait to be expanded: chunks of records, handed from thread to thread whole.
//!
//! A record is a fingerprint, a note, and the packed state as the differences between one word
//! and the next, in as few bytes as they need: the ids of what is in flight are sorted and small,
//! so most take one byte instead of four. Chunks are used again once they are expanded, so a level
//! takes no more memory than its states.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Bytes in a chunk: some hundred states, so that threads meet rarely and share evenly.
const CHUNK: usize = 8192;

/// Records of states.
#[derive(Default)]
pub(super) struct Chunk {
    bytes: Vec<u8>,
    states: u32,
}

impl Chunk {
    /// The record at `at`, whose state is appended to `state`; `None` at the end.
    pub(super) fn read(&self, at: usize, state: &mut Vec<u32>) -> Option<Record> {
        let fingerprint = u64::from_le_bytes(*self.bytes.get(at..at + 8)?.first_chunk()?);
        let mut next = at + 8;
        let note = self.number(&mut next);
        let mut word = 0;
        for _ in 0..self.number(&mut next) {
            word = undo(word, self.number(&mut next));
            state.push(word);
        }
        Some(Record { fingerprint, note, next })
    }

    /// Appends a record.
    pub(super) fn push(&mut self, fingerprint: u64, note: u32, state: &[u32]) {
        self.bytes.extend(fingerprint.to_le_bytes());
        self.push_number(note);
        self.push_number(state.len() as u32);
        let mut before = 0;
        for word in state {
            self.push_number(difference(before, *word));
            before = *word;
        }
        self.states += 1;
    }

    /// Seven bits a byte, the lowest first; the eighth says that there are more.
    fn push_number(&mut self, mut number: u32) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    fn number(&self, at: &mut usize) -> u32 {
        let mut number = 0;
        for shift in (0..32).step_by(7) {
            let byte = self.bytes[*at];
            *at += 1;
            number |= u32::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                break;
            }
        }
        number
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= CHUNK
    }

    pub(super) fn is_empty(&self) -> bool {
        self.states == 0
    }

    pub(super) fn states(&self) -> u64 {
        u64::from(self.states)
    }
}

/// From one word to the next: small for a small step in either direction.
fn difference(from: u32, to: u32) -> u32 {
    let step = to.wrapping_sub(from);
    step << 1 ^ if step >> 31 == 1 { u32::MAX } else { 0 }
}

fn undo(from: u32, difference: u32) -> u32 {
    let step = difference >> 1 ^ if difference & 1 == 1 { u32::MAX } else { 0 };
    from.wrapping_add(step)
}

/// A state that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) fingerprint: u64,
    /// A note of the search.
    pub(super) note: u32,
    /// Where the next record starts.
    pub(super) next: usize,
}

/// The chunks of a level, and how much memory all chunks take.
#[derive(Default)]
pub(super) struct Frontier {
    /// With where to go on in each.
    waiting: Mutex<Vec<(Chunk, usize)>>,
    spare: Mutex<Vec<Chunk>>,
    bytes: AtomicU64,
}

impl Frontier {
    pub(super) fn take(&self) -> Option<(Chunk, usize)> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Puts a chunk back that was expanded up to `at`.
    pub(super) fn put(&self, chunk: Chunk, at: usize) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((chunk, at));
    }

    pub(super) fn extend(&self, chunks: impl IntoIterator<Item = Chunk>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.extend(chunks.into_iter().map(|chunk| (chunk, 0)));
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Gives an expanded chunk back to be used again.
    pub(super) fn recycle(&self, mut chunk: Chunk) {
        chunk.bytes.clear();
        chunk.states = 0;
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(chunk);
    }

    /// An empty chunk.
    pub(super) fn blank(&self) -> Chunk {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        spare.unwrap_or_else(|| {
            // Room for the record that fills it.
            let bytes = Vec::with_capacity(CHUNK + 512);
            self.bytes.fetch_add(bytes.capacity() as u64, Ordering::Relaxed);
            Chunk { bytes, states: 0 }
        })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    proptest! {
        #[test]
        fn records_come_back_as_they_were_pushed(
            records in proptest::collection::vec(
                (any::<u64>(), any::<u32>(), proptest::collection::vec(any::<u32>(), 0..9)), 0..9),
        ) {
            let mut chunk = Chunk::default();
            for (fingerprint, note, state) in &records {
                chunk.push(*fingerprint, *note, state);
            }
            prop_assert_eq!(chunk.states(), records.len() as u64);
            let mut at = 0;
            for (fingerprint, note, state) in &records {
                // Appended, not put in the place of what is there.
                let mut read = vec![7];
                let record = chunk.read(at, &mut read).unwrap();
                prop_assert_eq!((record.fingerprint, record.note), (*fingerprint, *note));
                prop_assert_eq!(&read[1..], state.as_slice());
                at = record.next;
            }
            prop_assert_eq!(chunk.read(at, &mut Vec::new()), None);
        }
    }

    #[test]
    fn what_is_sorted_and_small_takes_a_byte_a_word() {
        let mut chunk = Chunk::default();
        chunk.push(1, 0, &(500..540).collect::<Vec<u32>>());
        assert_eq!(chunk.bytes.len(), 8 + 1 + 1 + 2 + 39);
    }
}
