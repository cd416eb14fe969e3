//! The state that the threads share while they work on one level.

use super::cover::Cover;
use super::evaluator::{PropertyMask, bits};
use super::frontier::Frontier;
use super::outcome::{Limits, Shortfall};
use super::visited::VisitedSet;
use crate::models::world::Weight;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Instant;

/// The bytes that a thread may add to the memory that is held before it looks again: the successors
/// of one chunk, generously. A limit counts as reached so much earlier, so that it is kept.
const HEADROOM: u64 = 1 << 19;

/// The totals, which last from level to level.
pub(super) struct Totals<'s> {
    pub(super) limits: Limits,
    headroom: u64,
    pub(super) started: Instant,
    /// Set from outside to stop the search.
    pub(super) stop: &'s AtomicBool,
    pub(super) unique: AtomicU64,
    pub(super) generated: AtomicU64,
    /// The bytes of the recorded graph.
    pub(super) recorded: AtomicU64,
    /// The bytes that the threads remember for themselves.
    pub(super) remembered: AtomicU64,
    /// Whether there are states beyond the limit on depth.
    pub(super) is_cut: AtomicBool,
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
            remembered: AtomicU64::new(0),
            is_cut: AtomicBool::new(false),
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

    /// The bytes that the threads record and remember for themselves.
    pub(super) fn held_by_threads(&self) -> u64 {
        self.recorded.load(Ordering::Relaxed) + self.remembered.load(Ordering::Relaxed)
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

const ALL: [Shortfall; 7] = [
    Shortfall::Time,
    Shortfall::States,
    Shortfall::Depth,
    Shortfall::Memory,
    Shortfall::Stopped,
    Shortfall::Violation,
    Shortfall::Nothing,
];

/// One round of work on a level.
pub(super) struct Level<'s> {
    pub(super) totals: &'s Totals<'s>,
    pub(super) visited: &'s VisitedSet,
    pub(super) frontier: &'s Frontier,
    /// Steps from the initial state to the states that are found.
    pub(super) number: u32,
    pub(super) mask: PropertyMask,
    /// What covers states, in a reduced search.
    pub(super) cover: Option<&'s Cover>,
    /// Whether states that are new here are too far away to be taken in.
    pub(super) is_beyond_depth: bool,
    /// How many states the visited set still takes.
    room: AtomicU64,
}

impl<'s> Level<'s> {
    pub(super) fn new(
        totals: &'s Totals<'s>,
        (visited, frontier): (&'s VisitedSet, &'s Frontier),
        number: u32,
        (mask, cover): (PropertyMask, Option<&'s Cover>),
    ) -> Self {
        let used = totals.unique.load(Ordering::Relaxed);
        let room = AtomicU64::new(visited.limit().saturating_sub(used));
        let is_beyond_depth = totals.limits.depth.is_some_and(|limit| number > limit);
        Self { totals, visited, frontier, number, mask, cover, is_beyond_depth, room }
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

    /// Whether there is reason to go on, while the parts take so much memory.
    pub(super) fn goes_on(&self, parts: Weight) -> bool {
        self.totals.check();
        self.has_memory(parts);
        self.totals.shortfall().is_none()
    }

    /// Gives up if more memory may be held soon than is allowed, while the parts take so much.
    pub(super) fn has_memory(&self, parts: Weight) -> bool {
        let growth = parts.growth + self.totals.remembered.load(Ordering::Relaxed);
        self.totals.hold(self.bytes(parts) + growth)
    }

    /// The memory that the search holds, while the parts take so much.
    pub(super) fn bytes(&self, parts: Weight) -> u64 {
        let cover = self.cover.map_or(0, Cover::bytes);
        let search = self.visited.bytes() + self.frontier.bytes() + cover;
        parts.held + search + self.totals.held_by_threads()
    }

    /// The conditions that liveness asks for, close together.
    pub(super) fn note(&self, holds: u64) -> u32 {
        (bits(self.mask.liveness).enumerate())
            .fold(0, |note, (to, from)| note | ((holds >> from & 1) as u32) << to)
    }
}
