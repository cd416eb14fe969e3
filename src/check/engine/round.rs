//! Rounds: how threads share the work of a level, so that nothing depends on which was faster.
//!
//! In a round each of several chunks is expanded by its thread, or by another that is free; then whichever
//! thread is free inserts, into one shard after the other, the keys that belong there, in the order of
//! the chunks; then the new states are built, as chunks are expanded, and at once the next chunks
//! expanded. What came of the chunks is put together in their order, while keys are inserted.
//!
//! What different threads write stands in cache lines of its own, two of which are fetched at once: hence
//! `align(128)`.

use super::batch::{Answers, Batch, Found, Output};
use super::frontier::Chunk;
use super::level::Level;
use super::lineage::Lineage;
use super::queue::Queue;
use super::worker::Worker;
use crate::models::world::guarded;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;

/// Chunks a thread in a round: so many that threads seldom wait for each other, and so few that they
/// stay in the caches.
const CHUNKS: usize = 16;

/// Looks whether all have met before a thread falls asleep: as long as one chunk takes, or so.
const AWAKE: u32 = 20_000;

/// What is put together of a level.
pub(super) struct Gathered<'g> {
    pub(super) waiting: &'g mut Queue,
    pub(super) next: &'g mut Queue,
    pub(super) lineage: &'g mut Lineage,
    pub(super) found: Found,
    /// The number of the next state in the order of expansion.
    pub(super) expanded: &'g mut u64,
}

/// What belongs to one chunk of a round.
#[derive(Default)]
#[repr(align(128))]
struct Seat {
    batch: RwLock<Batch>,
    /// What is to be expanded next, and the number of its first state.
    chunk: Mutex<(Chunk, u64)>,
    output: Mutex<Output>,
    /// The bytes of it that are counted.
    counted: AtomicU64,
}

/// What the threads share at one level.
struct Rounds<'r> {
    seats: Vec<Seat>,
    answers: Vec<RwLock<Answers>>,
    /// Per thread, which of its seats is next.
    next: Vec<AtomicUsize>,
    next_shard: AtomicUsize,
    meeting: Meeting,
    is_over: AtomicBool,
    panic: Mutex<Option<String>>,
    level: &'r Level<'r>,
}

/// Expands all states that wait, or fewer if the search must stop.
pub(super) fn expand(
    workers: &mut [Worker<'_>],
    level: &Level<'_>,
    gathered: &mut Gathered<'_>,
    tick: &mut dyn FnMut(),
) {
    // A thread more than there are chunks would have nothing to do.
    let threads = workers.len().min(gathered.waiting.runs()).max(1);
    let seats = if threads == 1 { 1 } else { (threads * CHUNKS).min(gathered.waiting.runs()) };
    let rounds = Rounds {
        seats: (0..seats).map(|_| Seat::default()).collect(),
        answers: (0..level.visited.shards()).map(|_| RwLock::default()).collect(),
        next: (0..threads).map(|_| AtomicUsize::new(0)).collect(),
        next_shard: AtomicUsize::new(0),
        meeting: Meeting::new(threads),
        is_over: AtomicBool::new(false),
        panic: Mutex::new(None),
        level,
    };
    rounds.hand_out(gathered);
    if let Some((first, others)) = workers[..threads].split_first_mut() {
        thread::scope(|scope| {
            let rounds = &rounds;
            for (number, worker) in (1..).zip(others) {
                scope.spawn(move || rounds.work(worker, number, &mut || ()));
            }
            rounds.work(first, 0, &mut || {
                rounds.gather(gathered);
                rounds.hand_out(gathered);
                tick();
            });
        });
    }
    level.held_by_rounds(rounds.bytes(), 0);
    if let Some(said) = take(&rounds.panic).take() {
        std::panic::resume_unwind(Box::new(said));
    }
}

impl Rounds<'_> {
    /// The work of one thread. `between` is called by the first when all chunks are expanded.
    fn work(&self, worker: &mut Worker<'_>, number: usize, between: &mut dyn FnMut()) {
        loop {
            self.guarded(|| self.build_and_expand(worker, number));
            if number == 0 {
                self.next_shard.store(0, Ordering::Relaxed);
            }
            self.meeting.wait();
            if number == 0 {
                self.guarded(&mut *between);
                self.next.iter().for_each(|next| next.store(0, Ordering::Relaxed));
                let is_busy = |seat: &Seat| !read(&seat.batch).states.is_empty();
                let is_over = !self.seats.iter().any(is_busy);
                self.is_over.store(is_over || take(&self.panic).is_some(), Ordering::Relaxed);
            }
            self.guarded(|| self.insert(worker));
            self.meeting.wait();
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    /// So that a thread that panics leaves no other waiting.
    fn guarded(&self, run: impl FnMut()) {
        if let Err(said) = guarded(run) {
            take(&self.panic).get_or_insert(said);
        }
    }

    fn build_and_expand(&self, worker: &mut Worker<'_>, thread: usize) {
        let answers: Vec<_> = self.answers.iter().map(read).collect();
        let answers: Vec<&Answers> = answers.iter().map(|answers| &**answers).collect();
        let known = self.level.visited.all();
        while let Some(number) = self.next_seat(thread) {
            let seat = &self.seats[number];
            let mut batch = seat.batch.write().unwrap_or_else(PoisonError::into_inner);
            let mut output = take(&seat.output);
            worker.recycle(output.chunks.drain(..));
            let generated = output.found.generated;
            if batch.expected > 0 {
                worker.build(self.level, number, &batch, &answers, &mut output);
            }
            batch.clear();
            let mut chunk = take(&seat.chunk);
            if chunk.0.states() > 0 {
                batch.expected = chunk.0.states();
                batch.first = chunk.1;
                if self.level.goes_on(worker.space.weight()) {
                    worker.expand(self.level, (&known, &chunk.0), &mut batch, &mut output);
                }
                chunk.0.clear();
            }
            drop(chunk);
            let bytes = seat.bytes(&batch, &output);
            self.level.held_by_rounds(seat.counted.swap(bytes, Ordering::Relaxed), bytes);
            self.level.count(0, output.found.generated - generated);
        }
    }

    /// The next seat for a thread. Its own come first: what it left in them is near to it.
    fn next_seat(&self, thread: usize) -> Option<usize> {
        let threads = self.next.len();
        (0..threads).find_map(|after| {
            let owner = (thread + after) % threads;
            let turn = self.next[owner].fetch_add(1, Ordering::Relaxed);
            Some(turn * threads + owner).filter(|number| *number < self.seats.len())
        })
    }

    fn insert(&self, worker: &Worker<'_>) {
        let batches: Vec<_> = self.seats.iter().map(|seat| read(&seat.batch)).collect();
        let weigh = || worker.space.weight();
        loop {
            let number = self.next_shard.fetch_add(1, Ordering::Relaxed);
            let Some(answers) = self.answers.get(number) else { return };
            let mut answers = answers.write().unwrap_or_else(PoisonError::into_inner);
            let mut shard = self.level.visited.shard(number);
            let shard = (number, &mut *shard);
            let (is_recorded, held) = (worker.recorder.is_some(), answers.bytes());
            let batches = batches.iter().map(|batch| &**batch);
            answers.fill(self.level, shard, batches, (is_recorded, &weigh));
            self.level.held_by_rounds(held, answers.bytes());
            self.level.count(answers.new_states(), 0);
        }
    }

    /// Puts together what came of the chunks, in their order.
    fn gather(&self, gathered: &mut Gathered<'_>) {
        gathered.next.reuse(gathered.waiting);
        for seat in &self.seats {
            let mut output = take(&seat.output);
            let Output { chunks, offspring, found } = &mut *output;
            gathered.found.add(found, gathered.lineage.states());
            gathered.lineage.extend(offspring);
            for chunk in chunks {
                gathered.next.push(chunk);
                // It is used again.
                chunk.clear();
            }
            offspring.counts.clear();
            offspring.tags.clear();
            *found = Found::default();
        }
    }

    /// Hands the next chunks out.
    fn hand_out(&self, gathered: &mut Gathered<'_>) {
        for seat in &self.seats {
            let mut chunk = take(&seat.chunk);
            let (chunk, first) = &mut *chunk;
            *first = *gathered.expanded;
            gathered.waiting.pop(chunk);
            *gathered.expanded += chunk.states();
        }
        let waiting = gathered.waiting.bytes() + gathered.next.bytes();
        self.level.held_by_queues(waiting + gathered.lineage.bytes());
    }

    /// What is counted of the rounds.
    fn bytes(&self) -> u64 {
        let answers = self.answers.iter().map(|answers| read(answers).bytes());
        let seats = self.seats.iter().map(|seat| seat.counted.load(Ordering::Relaxed));
        answers.chain(seats).sum()
    }
}

impl Seat {
    fn bytes(&self, batch: &Batch, output: &Output) -> u64 {
        batch.bytes() + output.bytes() + take(&self.chunk).0.bytes()
    }
}

fn take<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read<T>(of: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    of.read().unwrap_or_else(PoisonError::into_inner)
}

/// Where threads wait for each other. They meet often, so they wait awake, for a while; then they sleep, so
/// that one that has no processor gets one.
struct Meeting {
    threads: usize,
    arrived: AtomicUsize,
    met: AtomicUsize,
    /// How many sleep; held to raise `met` and to fall asleep, so that no one sleeps after all have met.
    asleep: Mutex<usize>,
    all_met: Condvar,
}

impl Meeting {
    fn new(threads: usize) -> Self {
        Self {
            threads,
            arrived: AtomicUsize::new(0),
            met: AtomicUsize::new(0),
            asleep: Mutex::new(0),
            all_met: Condvar::new(),
        }
    }

    fn wait(&self) {
        let met = self.met.load(Ordering::Acquire);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.threads {
            self.arrived.store(0, Ordering::Relaxed);
            let asleep = take(&self.asleep);
            self.met.store(met.wrapping_add(1), Ordering::Release);
            // To wake nobody would cost a system call.
            if *asleep > 0 {
                self.all_met.notify_all();
            }
            return;
        }
        let is_waiting = || self.met.load(Ordering::Acquire) == met;
        for _ in 0..AWAKE {
            if !is_waiting() {
                return;
            }
            spin_loop();
        }
        let mut asleep = take(&self.asleep);
        *asleep += 1;
        let woken = self.all_met.wait_while(asleep, |_| is_waiting());
        *woken.unwrap_or_else(PoisonError::into_inner) -= 1;
    }
}
