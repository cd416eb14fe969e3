//! States that wait to be expanded: records, one after the other in the order of the search, handed to
//! threads in chunks.
//!
//! A record is a fingerprint, a note, and the packed state as the differences between one word
//! and the next, in as few bytes as they need: the ids of what is in flight are sorted and small,
//! so most take one byte instead of four.

use super::visited::{KEY_BITS, key_of};
use crate::models::world::Fingerprint;

/// Bytes in a chunk: about a hundred states, so that threads share evenly.
pub(super) const CHUNK: usize = 4096;

/// The bytes of a fingerprint: as many of its bits as the visited set keeps. A sum of hashes can do
/// without the others.
const FINGERPRINT: usize = KEY_BITS as usize / 8;

/// Records of states.
#[derive(Default)]
pub(super) struct Chunk {
    bytes: Vec<u8>,
    states: u32,
}

impl Chunk {
    /// The record at `at`, whose state is appended to `state`; `None` at the end.
    pub(super) fn read(&self, at: usize, state: &mut Vec<u32>) -> Option<Record> {
        let mut fingerprint = [0; size_of::<Fingerprint>()];
        fingerprint[..FINGERPRINT].copy_from_slice(self.bytes.get(at..at + FINGERPRINT)?);
        let fingerprint = Fingerprint::from_le_bytes(fingerprint);
        let mut next = at + FINGERPRINT;
        let note = self.long(&mut next);
        let mut word = 0;
        for _ in 0..self.number(&mut next) {
            word = undo(word, self.number(&mut next));
            state.push(word);
        }
        Some(Record { fingerprint, note, next })
    }

    /// Appends a record.
    pub(super) fn push(&mut self, fingerprint: Fingerprint, note: u64, state: &[u32]) {
        self.bytes.extend_from_slice(&key_of(fingerprint).to_le_bytes()[..FINGERPRINT]);
        self.push_number(note);
        self.push_number(state.len() as u64);
        let mut before = 0;
        for word in state {
            self.push_number(u64::from(difference(before, *word)));
            before = *word;
        }
        self.states += 1;
    }

    /// Seven bits a byte, the lowest first; the eighth says that there are more.
    fn push_number(&mut self, mut number: u64) {
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

    fn long(&self, at: &mut usize) -> u64 {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.bytes[*at];
            *at += 1;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                break;
            }
        }
        number
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.states = 0;
    }

    /// Its bytes, and how many states they are.
    pub(super) fn content(&self) -> (&[u8], u32) {
        (&self.bytes, self.states)
    }

    /// Its bytes, which the caller makes those of so many states.
    pub(super) fn fill(&mut self, states: u32) -> &mut Vec<u8> {
        self.states = states;
        &mut self.bytes
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= CHUNK
    }

    pub(super) fn states(&self) -> u64 {
        u64::from(self.states)
    }

    /// The memory that it takes.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.capacity() as u64
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
    /// Of the fingerprint, the bits that the visited set keeps.
    pub(super) fingerprint: Fingerprint,
    /// A note of the search.
    pub(super) note: u64,
    /// Where the next record starts.
    pub(super) next: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    type Waiting = (u128, u64, Vec<u32>);

    fn records(limit: usize) -> impl Strategy<Value = Vec<Waiting>> {
        let state = proptest::collection::vec(any::<u32>(), 0..9);
        proptest::collection::vec((any::<u128>().prop_map(key_of), any::<u64>(), state), 0..limit)
    }

    fn all(chunk: &Chunk) -> Vec<Waiting> {
        let (mut at, mut state, mut all) = (0, Vec::new(), Vec::new());
        while let Some(record) = chunk.read(at, &mut state) {
            all.push((record.fingerprint, record.note, std::mem::take(&mut state)));
            at = record.next;
        }
        assert_eq!(chunk.states(), all.len() as u64);
        all
    }

    proptest! {
        #[test]
        fn records_come_back_as_they_were_pushed(records in records(9)) {
            let mut chunk = Chunk::default();
            for (fingerprint, note, state) in &records {
                chunk.push(*fingerprint, *note, state);
            }
            prop_assert_eq!(all(&chunk), records);
            // Appended, not put in the place of what is there.
            let mut read = vec![7];
            let first = chunk.read(0, &mut read).map_or(0, |_| 1);
            prop_assert_eq!((first, read[0]), (chunk.states().min(1), 7));
        }
    }

    #[test]
    fn what_is_sorted_and_small_takes_a_byte_a_word() {
        let mut chunk = Chunk::default();
        chunk.push(1, 0, &(500..540).collect::<Vec<u32>>());
        assert_eq!(chunk.bytes.len(), 10 + 1 + 1 + 2 + 39);
    }
}
