//! States that wait to be expanded: flat chunks of records, handed from thread to thread whole.
//!
//! A record is a length, a note, a fingerprint (two words) and the packed state. Chunks are used again
//! once they are expanded, so a level takes no more memory than its states.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Words in a chunk: some hundred states, so that threads meet rarely and share evenly.
const CHUNK: usize = 4096;
const HEADER: usize = 4;

/// Records of states.
#[derive(Default)]
pub(super) struct Chunk {
    words: Vec<u32>,
    states: u32,
}

impl Chunk {
    /// The record at `at`; `None` at the end.
    pub(super) fn record(&self, at: usize) -> Option<Record<'_>> {
        let [len, note, low, high] = *self.words.get(at..at + HEADER)?.first_chunk()?;
        let next = at + HEADER + len as usize;
        let fingerprint = u64::from(high) << 32 | u64::from(low);
        Some(Record { fingerprint, note, state: &self.words[at + HEADER..next], next })
    }

    /// Appends a record of the packed state that `write` appends, and returns where it is.
    pub(super) fn push(&mut self, fingerprint: u64, write: impl FnOnce(&mut Vec<u32>)) -> usize {
        let at = self.words.len();
        self.words.extend([0, 0, fingerprint as u32, (fingerprint >> 32) as u32]);
        write(&mut self.words);
        self.words[at] = (self.words.len() - at - HEADER) as u32;
        self.states += 1;
        at
    }

    /// The state of the last record, which is at `at`.
    pub(super) fn last_state(&self, at: usize) -> &[u32] {
        &self.words[at + HEADER..]
    }

    /// Sets the note of the record at `at`.
    pub(super) fn annotate(&mut self, at: usize, note: u32) {
        self.words[at + 1] = note;
    }

    pub(super) fn is_full(&self) -> bool {
        self.words.len() >= CHUNK
    }

    pub(super) fn is_empty(&self) -> bool {
        self.states == 0
    }

    pub(super) fn states(&self) -> u64 {
        u64::from(self.states)
    }
}

/// A state that waits.
pub(super) struct Record<'a> {
    pub(super) fingerprint: u64,
    /// What the search wants to remember of it.
    pub(super) note: u32,
    pub(super) state: &'a [u32],
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
        chunk.words.clear();
        chunk.states = 0;
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(chunk);
    }

    /// An empty chunk.
    pub(super) fn blank(&self) -> Chunk {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        spare.unwrap_or_else(|| {
            // Room for the record that fills it.
            let words = Vec::with_capacity(CHUNK + 128);
            self.bytes.fetch_add(4 * words.capacity() as u64, Ordering::Relaxed);
            Chunk { words, states: 0 }
        })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_as_they_were_pushed() {
        let mut chunk = Chunk::default();
        chunk.push(u64::MAX - 1, |words| words.extend([7, 8, 9]));
        let second = chunk.push(5, |words| words.extend([1]));
        chunk.annotate(second, 3);
        let first = chunk.record(0).unwrap();
        assert_eq!((first.fingerprint, first.state), (u64::MAX - 1, [7, 8, 9].as_slice()));
        let second = chunk.record(first.next).unwrap();
        assert_eq!((second.fingerprint, second.state, second.note), (5, [1].as_slice(), 3));
        assert!(chunk.record(second.next).is_none());
    }
}
