//! A queue of records, first in, first out: in memory, or but for its two ends in a scratch file.

use super::frontier::{CHUNK, Chunk};
use super::spill::{PIECE, Spill};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;

/// Records, first in, first out.
#[derive(Default)]
pub(super) struct Queue {
    pieces: VecDeque<Piece>,
    /// How many of the pieces are in memory.
    in_memory: usize,
    /// How much of the first piece was taken.
    taken: usize,
    /// The records that are taken together: how many bytes they are, and how many states.
    runs: VecDeque<(u32, u32)>,
    spare: Vec<Vec<u8>>,
    states: u64,
    spill: Option<Rc<RefCell<Spill>>>,
}

/// A part of the records.
enum Piece {
    Memory(Vec<u8>),
    /// A full one, by where it is in the scratch file.
    Disk(u64),
}

impl Queue {
    /// An empty queue, most of which is in a scratch file. Queues may share one: what one has read makes
    /// room for what another writes.
    pub(super) fn on_disk(spill: &Rc<RefCell<Spill>>) -> Self {
        Self { spill: Some(Rc::clone(spill)), ..Self::default() }
    }

    /// How many states wait.
    pub(super) fn states(&self) -> u64 {
        self.states
    }

    /// At least how many chunks wait.
    pub(super) fn runs(&self) -> usize {
        self.runs.len()
    }

    /// Appends all records of a chunk.
    pub(super) fn push(&mut self, chunk: &Chunk) {
        let (bytes, states) = chunk.content();
        if states > 0 {
            self.append(bytes, states);
        }
    }

    /// Appends records: so many.
    fn append(&mut self, mut bytes: &[u8], states: u32) {
        let length = bytes.len() as u32;
        match self.runs.back_mut() {
            Some(last) if last.0 + length <= CHUNK as u32 => {
                *last = (last.0 + length, last.1 + states);
            }
            _ => self.runs.push_back((length, states)),
        }
        self.states += u64::from(states);
        while !bytes.is_empty() {
            match self.pieces.back_mut() {
                Some(Piece::Memory(piece)) if piece.len() < PIECE => {
                    let (now, later) = bytes.split_at(bytes.len().min(PIECE - piece.len()));
                    piece.extend_from_slice(now);
                    bytes = later;
                }
                _ => self.begin_piece(),
            }
        }
    }

    /// The last piece is full.
    fn begin_piece(&mut self) {
        // The first one is needed soon.
        if self.pieces.len() > 1
            && let (Some(spill), Some(last)) = (&self.spill, self.pieces.back_mut())
            && let Piece::Memory(bytes) = last
            && let Some(at) = spill.borrow_mut().write(bytes)
        {
            let mut bytes = std::mem::take(bytes);
            *last = Piece::Disk(at);
            bytes.clear();
            self.spare.push(bytes);
            self.in_memory -= 1;
        }
        let piece = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(PIECE));
        self.pieces.push_back(Piece::Memory(piece));
        self.in_memory += 1;
    }

    /// Takes the first records, in the place of those of `chunk`; false if there are none.
    pub(super) fn pop(&mut self, chunk: &mut Chunk) -> bool {
        chunk.clear();
        let Some((length, states)) = self.runs.front().copied() else { return false };
        let (mut missing, bytes) = (length as usize, chunk.fill(states));
        while missing > 0 {
            if !self.load_first() {
                chunk.clear();
                return false;
            }
            let Some(Piece::Memory(piece)) = self.pieces.front_mut() else { break };
            let now = missing.min(piece.len() - self.taken);
            bytes.extend_from_slice(&piece[self.taken..self.taken + now]);
            (missing, self.taken) = (missing - now, self.taken + now);
            if self.taken == piece.len() {
                let mut piece = std::mem::take(piece);
                piece.clear();
                self.spare.push(piece);
                self.pieces.pop_front();
                self.in_memory -= 1;
                self.taken = 0;
            }
        }
        self.runs.pop_front();
        self.states -= u64::from(states);
        true
    }

    /// Makes sure that the first piece is in memory; false if it cannot be read.
    fn load_first(&mut self) -> bool {
        let (Some(first), Some(spill)) = (self.pieces.front_mut(), &self.spill) else {
            return true;
        };
        let Piece::Disk(at) = *first else { return true };
        let mut spill = spill.borrow_mut();
        let mut piece = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(PIECE));
        piece.resize(PIECE, 0);
        if let Err(error) = spill.read(at, &mut piece) {
            spill.fail("read", &error);
            return false;
        }
        spill.release(at);
        *first = Piece::Memory(piece);
        self.in_memory += 1;
        true
    }

    /// Calls `write` with the runs, a length and a number of states each, and then with all records.
    /// Nothing may have been taken yet.
    pub(super) fn save(&self, write: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        for (length, states) in &self.runs {
            write(&length.to_le_bytes())?;
            write(&states.to_le_bytes())?;
        }
        let mut bytes = vec![0; PIECE];
        for piece in &self.pieces {
            match (piece, &self.spill) {
                (Piece::Memory(piece), _) => write(piece)?,
                (Piece::Disk(at), Some(spill)) => {
                    spill.borrow().read(*at, &mut bytes)?;
                    write(&bytes)?;
                }
                (Piece::Disk(_), None) => {}
            }
        }
        Ok(())
    }

    /// Takes the memory over that another has to spare.
    pub(super) fn reuse(&mut self, other: &mut Self) {
        self.spare.append(&mut other.spare);
    }

    /// What went wrong with the scratch file, if anything did.
    pub(super) fn failure(&self) -> Option<String> {
        self.spill.as_ref()?.borrow().failure().map(str::to_owned)
    }

    /// The memory that it takes. That of a scratch file is counted for each queue that has it.
    pub(super) fn bytes(&self) -> u64 {
        let pieces = (self.in_memory + self.spare.len()) * PIECE;
        let lists = self.pieces.capacity() * size_of::<Piece>()
            + self.spare.capacity() * size_of::<Vec<u8>>()
            + self.runs.capacity() * size_of::<(u32, u32)>();
        (pieces + lists) as u64 + self.spill.as_ref().map_or(0, |spill| spill.borrow().bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Waiting = (u128, u64, Vec<u32>);

    fn records(limit: usize) -> impl Strategy<Value = Vec<Waiting>> {
        let state = proptest::collection::vec(any::<u32>(), 0..9);
        let key = any::<u128>().prop_map(|key| key >> 48);
        proptest::collection::vec((key, any::<u64>(), state), 0..limit)
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

    fn spill() -> Rc<RefCell<Spill>> {
        let dir = tempfile::tempdir().unwrap();
        Rc::new(RefCell::new(Spill::new(dir.path(), "queue").unwrap()))
    }

    fn spilling() -> Queue {
        Queue::on_disk(&spill())
    }

    proptest! {
        /// Whatever is pushed and taken, in whatever chunks, in memory or not.
        #[test]
        fn a_queue_gives_records_in_the_order_in_which_it_took_them(
            turns in proptest::collection::vec((records(40), 1..60_usize, 0..90_usize), 0..20),
            spills: bool,
        ) {
            let mut queue = if spills { spilling() } else { Queue::default() };
            let (mut pushed, mut taken, mut chunk) = (Vec::new(), Vec::new(), Chunk::default());
            for (records, times, pops) in turns {
                chunk.clear();
                for (fingerprint, note, state) in &records {
                    chunk.push(*fingerprint, *note, state);
                }
                for _ in 0..times {
                    queue.push(&chunk);
                    pushed.extend(records.iter().cloned());
                }
                for _ in 0..pops {
                    if queue.pop(&mut chunk) {
                        taken.extend(all(&chunk));
                    }
                }
                prop_assert_eq!(queue.states(), (pushed.len() - taken.len()) as u64);
            }
            while queue.pop(&mut chunk) {
                taken.extend(all(&chunk));
            }
            prop_assert_eq!(taken, pushed);
            prop_assert_eq!((queue.states(), queue.runs()), (0, 0));
            prop_assert_eq!(queue.failure(), None);
        }
    }

    fn thousand() -> Chunk {
        let mut chunk = Chunk::default();
        (0..1000).for_each(|n| chunk.push(n, 0, &[1, 2, 3]));
        chunk
    }

    #[test]
    fn memory_is_used_again() {
        let mut queue = Queue::default();
        for _ in 0..100 {
            queue.push(&thousand());
            let mut taken = Chunk::default();
            assert!(queue.pop(&mut taken) && !queue.pop(&mut taken));
        }
        assert!(queue.bytes() < 4 * PIECE as u64, "{} bytes", queue.bytes());
    }

    #[test]
    fn on_disk_only_the_ends_are_in_memory() {
        let (mut queue, mut taken) = (spilling(), Chunk::default());
        (0..1000).for_each(|_| queue.push(&thousand()));
        assert!(queue.bytes() < 6 * PIECE as u64, "{} bytes", queue.bytes());
        let all = (0..2000).take_while(|_| queue.pop(&mut taken)).count();
        assert_eq!(all, 1000);
        assert!(queue.bytes() < 6 * PIECE as u64, "{} bytes", queue.bytes());
    }

    #[test]
    fn one_writes_where_another_has_read() {
        let spill = spill();
        let (mut waiting, mut next) = (Queue::on_disk(&spill), Queue::on_disk(&spill));
        (0..1000).for_each(|_| waiting.push(&thousand()));
        let full = spill.borrow().pieces();
        let mut taken = Chunk::default();
        while waiting.pop(&mut taken) {
            next.push(&taken);
        }
        assert_eq!(next.states(), 1_000_000);
        assert!(full > 200 && spill.borrow().pieces() <= full + 2, "{full} pieces at first");
        let all = (0..2000).take_while(|_| next.pop(&mut taken)).count();
        assert_eq!(all, 1000);
    }
}
