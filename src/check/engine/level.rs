//! What the threads share while they work on one level.

use super::frontier::Frontier;
use super::judge::{Questions, bits};
use super::outcome::{Limits, Shortfall};
use super::table::Table;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Instant;

/// What a thread may add to the memory that is held before it looks again: the successors of one
/// chunk, generously. A limit is said to be reached so much earlier, so that it is kept.
const HEADROOM: u64 = 1 << 19;

/// What lasts from level to level.
pub(super) struct Totals<'s> {
    pub(super) limits: Limits,
    headroom: u64,
    pub(super) started: Instant,
    /// Set from outside to stop the search.
    pub(super) stop: &'s AtomicBool,
    pub(super) unique: AtomicU64,
    pub(super) generated: AtomicU64,
    /// What the recorded graph takes.
    pub(super) recorded: AtomicU64,
    shortfall: AtomicU8,
}

impl<'s> Totals<'s> {
    pub(super) fn new(limits: Limits, threads: usize, stop: &'s AtomicBool) -> Self {
        Self {
            limits,
            headroom: threads as u64 * HEADROOM,
            started: Instant::now(),
            stop,
            unique: AtomicU64::new(0),
            generated: AtomicU64::new(0),
            recorded: AtomicU64::new(0),
            shortfall: AtomicU8::new(0),
        }
    }

    pub(super) fn fall_short(&self, why: Shortfall) {
        let code = ALL.iter().position(|other| *other == why).map_or(0, |at| at as u8 + 1);
        let _ = self.shortfall.compare_exchange(0, code, Ordering::Relaxed, Ordering::Relaxed);
    }

    pub(super) fn shortfall(&self) -> Option<Shortfall> {
        let code = self.shortfall.load(Ordering::Relaxed);
        usize::from(code).checked_sub(1).map(|at| ALL[at])
    }

    /// Gives up if so much memory may not be held.
    pub(super) fn hold(&self, bytes: u64) -> bool {
        let bytes = bytes.saturating_add(self.headroom);
        let fits = self.limits.memory.is_none_or(|limit| bytes <= limit);
        if !fits {
            self.fall_short(Shortfall::Memory);
        }
        fits
    }

    /// Notes the limits that are reached.
    pub(super) fn check(&self) {
        if self.stop.load(Ordering::Relaxed) {
            self.fall_short(Shortfall::Stopped);
        }
        if self.limits.time.is_some_and(|limit| self.started.elapsed() >= limit) {
            self.fall_short(Shortfall::Time);
        }
        let unique = self.unique.load(Ordering::Relaxed);
        if self.limits.states.is_some_and(|limit| unique >= limit) {
            self.fall_short(Shortfall::States);
        }
    }
}

const ALL: [Shortfall; 5] = [
    Shortfall::Time,
    Shortfall::States,
    Shortfall::Memory,
    Shortfall::Stopped,
    Shortfall::Violation,
];

/// One round of work on a level.
pub(super) struct Level<'s> {
    pub(super) totals: &'s Totals<'s>,
    pub(super) table: &'s Table,
    pub(super) frontier: &'s Frontier,
    /// Steps from the initial state to the states that are found.
    pub(super) number: u32,
    pub(super) questions: Questions,
    /// How many states the table still takes.
    room: AtomicU64,
}

impl<'s> Level<'s> {
    pub(super) fn new(
        totals: &'s Totals<'s>,
        (table, frontier): (&'s Table, &'s Frontier),
        number: u32,
        questions: Questions,
    ) -> Self {
        let used = totals.unique.load(Ordering::Relaxed);
        let room = AtomicU64::new(table.limit().saturating_sub(used));
        Self { totals, table, frontier, number, questions, room }
    }

    pub(super) fn take_room(&self, states: u64) -> bool {
        let take = |room: u64| room.checked_sub(states);
        self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    pub(super) fn give_back(&self, states: u64) {
        self.room.fetch_add(states, Ordering::Relaxed);
    }

    pub(super) fn count(&self, unique: u64, generated: u64) {
        self.totals.unique.fetch_add(unique, Ordering::Relaxed);
        self.totals.generated.fetch_add(generated, Ordering::Relaxed);
    }

    /// Whether there is reason to go on.
    pub(super) fn goes_on(&self) -> bool {
        self.totals.check();
        self.totals.hold(self.bytes());
        self.totals.shortfall().is_none()
    }

    /// The memory that the search holds.
    pub(super) fn bytes(&self) -> u64 {
        let recorded = self.totals.recorded.load(Ordering::Relaxed);
        self.table.bytes() + self.frontier.bytes() + recorded
    }

    /// The conditions that liveness asks for, close together.
    pub(super) fn note(&self, holds: u64) -> u32 {
        (bits(self.questions.liveness).enumerate())
            .fold(0, |note, (to, from)| note | ((holds >> from & 1) as u32) << to)
    }
}
