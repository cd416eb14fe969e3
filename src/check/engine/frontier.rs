//! States that wait to be expanded: records, one after the other in the order of the search, handed to
//! threads in chunks.
//!
//! A record is a fingerprint, its shape, a note, two lengths and the packed state: its first words in two
//! bytes each, or in four; then, as long as each is a little more than the one before, a byte for how
//! much more. The ids of what is in flight are sorted, so that is most of them.

use super::visited::{KEY_BITS, key_of};
use crate::models::world::Fingerprint;

/// Bytes in a chunk: about a hundred states, so that threads share evenly.
pub(super) const CHUNK: usize = 4096;

/// The bytes of a fingerprint: as many of its bits as the visited set keeps. A sum of hashes can do
/// without the others.
const FINGERPRINT: usize = KEY_BITS as usize / 8;

/// The shape of a record, a bit each: its first words take four bytes, its lengths do, it has a note.
const WIDE: u8 = 1;
const LONG: u8 = 2;
const NOTED: u8 = 4;

/// Records of states.
#[derive(Default)]
pub(super) struct Chunk {
    bytes: Vec<u8>,
    states: u32,
}

impl Chunk {
    /// The record at `at`, whose state is appended to `state`; `None` at the end.
    #[inline]
    pub(super) fn read(&self, at: usize, state: &mut Vec<u32>) -> Option<Record> {
        let Header { record, is_wide, tail, words, .. } = self.header(at)?;
        let (whole, steps) = words.split_at(words.len() - tail);
        if is_wide {
            state.extend(whole.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)));
        } else {
            let whole = whole.as_chunks().0.iter();
            state.extend(whole.map(|word| u32::from(u16::from_le_bytes(*word))));
        }
        let mut word = state.last().copied().unwrap_or(0);
        state.extend(steps.iter().map(|step| {
            word = word.wrapping_add(u32::from(*step));
            word
        }));
        Some(record)
    }

    /// Of how many words the state at `at` is, and where the next record starts.
    pub(super) fn skim(&self, at: usize) -> Option<(usize, usize)> {
        let Header { record, head, tail, .. } = self.header(at)?;
        Some((head + tail, record.next))
    }

    #[inline]
    fn header(&self, at: usize) -> Option<Header<'_>> {
        let mut rest = self.bytes.get(at..)?;
        let mut fingerprint = [0; size_of::<Fingerprint>()];
        fingerprint[..FINGERPRINT].copy_from_slice(rest.split_off(..FINGERPRINT)?);
        let shape = *rest.split_off_first()?;
        let note = if shape & NOTED == 0 { [0; 8] } else { *take(&mut rest)? };
        let (head, tail) = if shape & LONG == 0 {
            let [head, tail] = *take(&mut rest)?;
            (usize::from(head), usize::from(tail))
        } else {
            let [head, tail] = [*take(&mut rest)?, *take(&mut rest)?].map(u32::from_le_bytes);
            (head as usize, tail as usize)
        };
        let is_wide = shape & WIDE != 0;
        let start = self.bytes.len() - rest.len();
        let words = rest.get(..head * if is_wide { 4 } else { 2 } + tail)?;
        let record = Record {
            fingerprint: Fingerprint::from_le_bytes(fingerprint),
            note: u64::from_le_bytes(note),
            next: start + words.len(),
        };
        Some(Header { record, is_wide, head, tail, words })
    }

    /// Appends a record of another chunk, which is there from `at` to `next`.
    pub(super) fn push_from(&mut self, other: &Self, at: usize, next: usize) {
        self.bytes.extend_from_slice(&other.bytes[at..next]);
        self.states += 1;
    }

    /// Appends a record.
    pub(super) fn push(&mut self, fingerprint: Fingerprint, note: u64, state: &[u32]) {
        let (head, tail) = state.split_at(state.len() - tail_of(state));
        let is_wide = head.iter().fold(0, |all, word| all | word) > u32::from(u16::MAX);
        let bytes = &mut self.bytes;
        bytes.extend_from_slice(&key_of(fingerprint).to_le_bytes()[..FINGERPRINT]);
        let lengths = (u8::try_from(head.len()), u8::try_from(tail.len()));
        let is_long = lengths.0.is_err() || lengths.1.is_err();
        let shapes = [(is_wide, WIDE), (is_long, LONG), (note != 0, NOTED)];
        bytes.push(shapes.iter().fold(0, |all, (is, bit)| if *is { all | bit } else { all }));
        if note != 0 {
            bytes.extend_from_slice(&note.to_le_bytes());
        }
        if let (Ok(head), Ok(tail)) = lengths {
            bytes.extend_from_slice(&[head, tail]);
        } else {
            let lengths = [head.len() as u32, tail.len() as u32];
            bytes.extend(lengths.iter().flat_map(|length| length.to_le_bytes()));
        }
        let start = bytes.len();
        if is_wide {
            bytes.resize(start + 4 * head.len(), 0);
            let places = bytes[start..].as_chunks_mut().0.iter_mut();
            places.zip(head).for_each(|(place, word)| *place = word.to_le_bytes());
        } else {
            bytes.resize(start + 2 * head.len(), 0);
            let places = bytes[start..].as_chunks_mut().0.iter_mut();
            places.zip(head).for_each(|(place, word)| *place = (*word as u16).to_le_bytes());
        }
        if !tail.is_empty() {
            // There is one before it: the first word is in the head.
            let pairs = state[head.len() - 1..].windows(2);
            bytes.extend(pairs.map(|pair| pair[1].wrapping_sub(pair[0]) as u8));
        }
        self.states += 1;
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

/// How many of the last words are each at most 255 more than the word before.
fn tail_of(state: &[u32]) -> usize {
    let steps = state.windows(2).rev().map(|pair| pair[1].wrapping_sub(pair[0]));
    steps.take_while(|step| u8::try_from(*step).is_ok()).count()
}

fn take<'b, const N: usize>(bytes: &mut &'b [u8]) -> Option<&'b [u8; N]> {
    bytes.split_off(..N)?.first_chunk()
}

/// What stands before the words of a state.
struct Header<'c> {
    record: Record,
    is_wide: bool,
    /// How many of the words are whole, and how many are steps.
    head: usize,
    tail: usize,
    /// Both, one after the other.
    words: &'c [u8],
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

    /// Mostly small steps from one word to the next.
    fn sums(steps: Vec<u32>) -> Vec<u32> {
        let next = |word: &mut u32, step: u32| {
            *word = word.wrapping_add(step);
            Some(*word)
        };
        steps.into_iter().scan(0, next).collect()
    }

    fn records(limit: usize) -> impl Strategy<Value = Vec<Waiting>> {
        let near = || prop_oneof![30 => 0..256_u32, 1 => 256..500_u32, 1 => Just(u32::MAX - 20)];
        let step = || prop_oneof![30 => 0..256_u32, 1 => any::<u32>()];
        let state = prop_oneof![
            8 => proptest::collection::vec(near(), 0..40).prop_map(sums),
            8 => proptest::collection::vec(step(), 0..40).prop_map(sums),
            1 => proptest::collection::vec(near(), 200..600).prop_map(sums),
        ];
        let note = prop_oneof![Just(0), any::<u64>()];
        proptest::collection::vec((any::<u128>().prop_map(key_of), note, state), 0..limit)
    }

    fn all(chunk: &Chunk) -> Vec<Waiting> {
        let (mut at, mut state, mut all) = (0, Vec::new(), Vec::new());
        while let Some(record) = chunk.read(at, &mut state) {
            assert_eq!(chunk.skim(at), Some((state.len(), record.next)));
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
            prop_assert_eq!(&all(&chunk), &records);
            // Of another chunk every other record.
            let (mut at, mut others) = (0, Chunk::default());
            for number in 0..records.len() {
                let (_, next) = chunk.skim(at).expect("as many as there are");
                if number % 2 == 1 {
                    others.push_from(&chunk, at, next);
                }
                at = next;
            }
            let others_of_all: Vec<_> = records.iter().skip(1).step_by(2).cloned().collect();
            prop_assert_eq!(all(&others), others_of_all);
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
        assert_eq!(chunk.bytes.len(), 10 + 1 + 2 + 2 + 39);
    }
}
