//! The state that the threads share while they work on one level.

use super::cover::Cover;
use super::mask::{PropertyMask, bits};
use super::outcome::{Limits, Phase, Progress, Shortfall};
use super::recent::Recent;
use super::visited::{Key, VisitedSet};
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
    /// The bytes that are handed from thread to thread.
    rounds: AtomicU64,
    /// The bytes of the states that wait, and of the parents.
    queues: AtomicU64,
    /// The most bytes that were held.
    peak: AtomicU64,
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
            rounds: AtomicU64::new(0),
            queues: AtomicU64::new(0),
            peak: AtomicU64::new(0),
            is_cut: AtomicBool::new(false),
            shortfall: AtomicU8::new(0),
        }
    }

    /// How far the search is, at this depth, where so many states waited when the level began.
    pub(super) fn progress(&self, depth: u32, waiting: u64) -> Progress {
        Progress {
            phase: Phase::Search,
            unique: self.unique.load(Ordering::Relaxed),
            generated: self.generated.load(Ordering::Relaxed),
            depth,
            waiting,
            elapsed: self.started.elapsed(),
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

    /// The same as a code, for another process; 0 if there is none.
    pub(super) fn shortfall_code(&self) -> u8 {
        self.shortfall.load(Ordering::Relaxed)
    }

    /// Falls short if another process does, which says so by a code.
    pub(super) fn adopt(&self, code: u8) {
        if let Some(why) = usize::from(code).checked_sub(1).and_then(|at| ALL.get(at)) {
            self.fall_short(*why);
        }
    }

    /// The bytes of all but the parts and the tables.
    pub(super) fn held_by_search(&self) -> u64 {
        let all = [&self.recorded, &self.remembered, &self.rounds, &self.queues];
        all.into_iter().map(|bytes| bytes.load(Ordering::Relaxed)).sum()
    }

    /// Notes that so much memory is held.
    pub(super) fn held(&self, bytes: u64) {
        self.peak.fetch_max(bytes, Ordering::Relaxed);
    }

    /// The most memory that was held.
    pub(super) fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
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

/// The work on a level.
pub(super) struct Level<'s> {
    pub(super) totals: &'s Totals<'s>,
    pub(super) visited: &'s VisitedSet,
    pub(super) mask: PropertyMask,
    /// What covers states, in a reduced search.
    pub(super) cover: Option<&'s Cover>,
    /// Whether states that are new here are too far away to be taken in.
    pub(super) is_beyond_depth: bool,
    /// Keys that other processes are known to have met, where there are others.
    elsewhere: Option<&'s Recent>,
}

impl<'s> Level<'s> {
    /// A level, so many steps from the initial state.
    pub(super) fn new(
        totals: &'s Totals<'s>,
        visited: &'s VisitedSet,
        number: u32,
        (mask, cover): (PropertyMask, Option<&'s Cover>),
    ) -> Self {
        let is_beyond_depth = totals.limits.depth.is_some_and(|limit| number > limit);
        Self { totals, visited, mask, cover, is_beyond_depth, elsewhere: None }
    }

    /// The same, with keys that other processes have met.
    pub(super) fn with_elsewhere(self, elsewhere: &'s Recent) -> Self {
        Self { elsewhere: Some(elsewhere), ..self }
    }

    /// Whether another process is known to have met a key.
    #[inline]
    pub(super) fn is_known_elsewhere(&self, key: Key) -> bool {
        self.elsewhere.is_some_and(|known| known.contains(key))
    }

    pub(super) fn count(&self, unique: u64, generated: u64) {
        self.totals.unique.fetch_add(unique, Ordering::Relaxed);
        self.totals.generated.fetch_add(generated, Ordering::Relaxed);
    }

    /// Notes how much memory something takes that is handed from thread to thread: so much before, so
    /// much now.
    pub(super) fn held_by_rounds(&self, before: u64, now: u64) {
        self.totals.rounds.fetch_add(now.wrapping_sub(before), Ordering::Relaxed);
    }

    /// Notes how much memory the states that wait take, and the parents.
    pub(super) fn held_by_queues(&self, bytes: u64) {
        self.totals.queues.store(bytes, Ordering::Relaxed);
    }

    /// Whether there is reason to go on, while the parts take so much memory.
    pub(super) fn goes_on(&self, parts: Weight) -> bool {
        self.totals.check();
        self.has_memory(parts);
        self.totals.shortfall().is_none()
    }

    /// Gives up if more memory may be held soon than is allowed, while the parts take so much.
    pub(super) fn has_memory(&self, parts: Weight) -> bool {
        let held = self.bytes(parts);
        self.totals.held(held);
        self.totals.hold(held + parts.growth + self.totals.remembered.load(Ordering::Relaxed))
    }

    /// Whether so much more may be taken; gives up if not.
    pub(super) fn may_take(&self, parts: Weight, more: u64) -> bool {
        let held = self.bytes(parts) + more;
        let may = self.totals.hold(held);
        if may {
            self.totals.held(held);
        }
        may
    }

    /// The memory that the search holds, while the parts take so much.
    pub(super) fn bytes(&self, parts: Weight) -> u64 {
        let cover = self.cover.map_or(0, Cover::bytes);
        parts.held + self.visited.bytes() + cover + self.totals.held_by_search()
    }

    /// The conditions that liveness asks for, close together.
    pub(super) fn note(&self, holds: u64) -> u32 {
        (bits(self.mask.liveness).enumerate())
            .fold(0, |note, (to, from)| note | ((holds >> from & 1) as u32) << to)
    }
}
