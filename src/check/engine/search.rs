//! The search: level by level, all states of one level before any of the next, so that the first
//! path to a state is a shortest one and nothing depends on which thread was faster.
//!
//! Within a level threads take chunks of states as they come. When the visited set is full they
//! stop where they are, it grows, and they go on.

use super::cover::Cover;
use super::evaluator::{PropertyMask, bits};
use super::frontier::{Chunk, Frontier};
use super::level::{Level, Totals};
use super::outcome::{CheckError, Phase, Progress, Shortfall};
use super::reducer::Reducer;
use super::visited::VisitedSet;
use super::worker::{Found, Worker};
use crate::models::world::{Checkable, Cluster, Observer, guarded};
use std::panic::resume_unwind;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

/// How often progress is reported.
const TELL: Duration = Duration::from_millis(100);
const FIRST_SLOTS: usize = 1 << 16;

/// The search and what it found so far.
pub(super) struct Search<'c, 's, A: Checkable, H> {
    cluster: &'c Cluster<A, H>,
    pub(super) workers: Vec<Worker<'c, A, H>>,
    pub(super) totals: &'s Totals<'s>,
    pub(super) visited: VisitedSet,
    frontier: Frontier,
    /// Per property, the state that decides it.
    pub(super) deciding: [Option<u64>; 64],
    pub(super) depth: u32,
    /// Steps out of bounds.
    pub(super) cut: u64,
    /// States whose successors were found.
    pub(super) expanded: u64,
    pub(super) peak: u64,
    /// What covers states, in a reduced search.
    pub(super) cover: Option<Cover>,
    /// The properties that are not as monotone as is claimed, a bit each.
    hidden: u64,
    mask: PropertyMask,
}

/// Which violations end a search, a bit each.
#[derive(Clone, Copy)]
pub(super) enum Until {
    /// The first of these.
    Any(u64),
    /// All of these.
    All(u64),
}

impl<'c, 's, A: Checkable, H: Observer<A::Msg>> Search<'c, 's, A, H> {
    pub(super) fn new(
        cluster: &'c Cluster<A, H>,
        workers: Vec<Worker<'c, A, H>>,
        totals: &'s Totals<'s>,
        mask: PropertyMask,
    ) -> Self {
        Self {
            cluster,
            workers,
            totals,
            visited: VisitedSet::new(FIRST_SLOTS),
            frontier: Frontier::default(),
            deciding: [None; 64],
            depth: 0,
            cut: 0,
            expanded: 0,
            peak: 0,
            cover: None,
            hidden: 0,
            mask,
        }
    }

    /// Leaves out the states that others cover; see [`Self::unfit`].
    pub(super) fn reduced(self) -> Self {
        Self { cover: Some(Cover::default()), ..self }
    }

    /// Searches until there is nothing left, or a reason to stop.
    pub(super) fn run(
        &mut self,
        until: Until,
        progress: &dyn Fn(Progress),
    ) -> Result<(), CheckError> {
        let asked = (self.mask, self.cover.as_ref());
        let level = Level::new(self.totals, (&self.visited, &self.frontier), 0, asked);
        self.workers[0].start(&level);
        let mut waiting = self.end_level();
        self.check_trust()?;
        if waiting == 0 {
            self.totals.fall_short(Shortfall::Nothing);
        }
        let (unique, generated) = (waiting, waiting);
        self.totals.unique.store(unique, Ordering::Relaxed);
        self.totals.generated.store(generated, Ordering::Relaxed);
        while self.frontier.len() > 0 {
            if self.unfit().is_some() {
                break;
            }
            if self.has_met(until) {
                self.totals.fall_short(Shortfall::Violation);
            }
            self.expand_level(waiting, progress);
            waiting = self.end_level();
            self.check_trust()?;
            if self.totals.is_cut.load(Ordering::Relaxed) {
                self.totals.fall_short(Shortfall::Depth);
            }
            if self.totals.shortfall().is_some() {
                break;
            }
            self.depth += u32::from(waiting > 0);
        }
        Ok(())
    }

    fn has_met(&self, until: Until) -> bool {
        let always = PropertyMask::of(self.cluster).always;
        let is_met = |at: usize| self.deciding[at].is_some();
        match until {
            Until::Any(of) => bits(of & always).any(is_met),
            Until::All(of) => bits(of).all(is_met),
        }
    }

    /// The first condition, if any, for whose sake no state may be left out: then what a reduced
    /// search found is worth nothing.
    pub(super) fn unfit(&self) -> Option<usize> {
        self.cover.as_ref()?;
        self.workers.iter().filter_map(|worker| worker.evaluator.unfit()).min()
    }

    /// Expands all states of a level, in as many rounds as the visited set must grow.
    fn expand_level(&mut self, waiting: u64, progress: &dyn Fn(Progress)) {
        loop {
            self.round(waiting, progress);
            if self.totals.shortfall().is_some() || self.frontier.len() == 0 {
                return;
            }
            let grown = self.held() - self.visited.bytes() + self.visited.bytes_when_grown();
            if !self.totals.hold(grown) {
                return;
            }
            self.visited.grow(self.workers.len());
            self.peak = self.peak.max(grown);
        }
    }

    fn round(&mut self, waiting: u64, progress: &dyn Fn(Progress)) {
        let (totals, depth) = (self.totals, self.depth);
        let asked = (self.mask, self.cover.as_ref());
        let level = Level::new(totals, (&self.visited, &self.frontier), depth + 1, asked);
        // Of each level at least once.
        let mut told: Option<Instant> = None;
        let mut tick = || {
            if told.is_none_or(|told| told.elapsed() >= TELL) {
                told = Some(Instant::now());
                progress(Progress {
                    phase: Phase::Search,
                    unique: totals.unique.load(Ordering::Relaxed),
                    generated: totals.generated.load(Ordering::Relaxed),
                    depth,
                    waiting,
                    elapsed: totals.started.elapsed(),
                });
            }
        };
        // A thread more than there are chunks would have nothing to do.
        let busy = self.workers.len().min(self.frontier.len());
        if let Some((first, others)) = self.workers[..busy].split_first_mut() {
            thread::scope(|scope| {
                let run = |worker: &'_ mut Worker<'c, A, H>| worker.run(&level, &mut || ());
                let others: Vec<_> = (others.iter_mut())
                    .map(|worker| scope.spawn(move || guarded(|| run(worker))))
                    .collect();
                first.run(&level, &mut tick);
                for other in others {
                    let ended = other.join().unwrap_or_else(|panic| resume_unwind(panic));
                    ended.unwrap_or_else(|said| resume_unwind(Box::new(said)));
                }
            });
        }
        self.peak = self.peak.max(self.held());
    }

    /// Takes in what the threads found; how many states wait on the next level.
    fn end_level(&mut self) -> u64 {
        let mut found = Found::default();
        let mut all = Vec::new();
        for worker in &mut self.workers {
            let (theirs, chunks) = worker.hand_in();
            found.add(&theirs);
            all.extend(chunks);
        }
        if let Some(cover) = &mut self.cover {
            all = cover.keep(self.cluster, &self.frontier, all);
        }
        let waiting = all.iter().map(Chunk::states).sum();
        self.frontier.extend(all);
        self.cut += found.cut;
        self.expanded += found.expanded;
        self.hidden |= found.hidden;
        let mut decided = 0;
        for (at, key) in found.deciding.iter().enumerate() {
            if key.is_some() && self.deciding[at].is_none() {
                self.deciding[at] = *key;
                decided |= 1 << at;
            }
        }
        self.mask = self.mask.without(decided);
        waiting
    }

    /// Makes sure that what was found so far can be trusted.
    fn check_trust(&mut self) -> Result<(), CheckError> {
        if let Some(clash) = self.cluster.hash_clash() {
            return Err(CheckError::HashClash(clash));
        }
        let properties = self.cluster.properties();
        if let Some(property) = bits(self.hidden).find_map(|at| properties.get(at)) {
            return Err(CheckError::NotMonotone(property.name));
        }
        let refusals = self.workers.iter().filter_map(|worker| worker.reducer.as_ref());
        match refusals.filter_map(Reducer::refusal).min() {
            None => Ok(()),
            Some(why) => Err(CheckError::NotSymmetric(why.to_string())),
        }
    }

    /// The memory that is held while what was recorded becomes a graph, next to the visited set.
    pub(super) fn bytes_for_liveness(&self) -> u64 {
        let recorded = self.totals.recorded.load(Ordering::Relaxed);
        let graph = self.visited.bytes() + 4 * self.visited.slots() as u64 + 2 * recorded;
        graph + self.cluster.weight().held + self.totals.remembered.load(Ordering::Relaxed)
    }

    /// The memory that is held for the states that were met.
    pub(super) fn bytes_of_tables(&self) -> u64 {
        self.visited.bytes() + self.cover.as_ref().map_or(0, Cover::bytes)
    }

    /// The memory that is held now.
    fn held(&self) -> u64 {
        let threads = self.totals.held_by_threads();
        let search = self.bytes_of_tables() + self.frontier.bytes();
        self.cluster.weight().held + search + threads
    }
}
