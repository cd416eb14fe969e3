//! The search: level by level, all states of one level before any of the next, so that the first
//! path to a state is a shortest one and nothing depends on which thread was faster.
//!
//! Within a level the threads share the work in [rounds](super::round).

use super::batch::{Found, Output};
use super::checkpoint::{self, Counts, Identity, Together};
use super::cover::Cover;
use super::disk::Disk;
use super::hosts::{Hosts, resume};
use super::level::{Level, Totals};
use super::lineage::{Lineage, Target};
use super::mask::{PropertyMask, bits};
use super::outcome::{CheckError, Progress, Shortfall};
use super::queue::Queue;
use super::reducer::Reducer;
use super::round::{self, Gathered};
use super::spill::Spill;
use super::visited::VisitedSet;
use super::worker::Worker;
use crate::check::space::Space;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often progress is reported.
const TELL: Duration = Duration::from_millis(100);

/// The search and what it found so far.
pub(super) struct Search<'c, 's> {
    pub(super) space: &'c dyn Space,
    pub(super) workers: Vec<Worker<'c>>,
    pub(super) totals: &'s Totals<'s>,
    pub(super) visited: VisitedSet,
    pub(super) lineage: Lineage,
    /// The states that wait on this level, and those that were found for the next.
    pub(super) waiting: Queue,
    pub(super) next: Queue,
    /// Per property, the state that decides it.
    pub(super) deciding: [Option<Target>; 64],
    pub(super) depth: u32,
    /// Steps out of bounds.
    pub(super) cut: u64,
    /// States whose successors were found.
    pub(super) expanded: u64,
    /// States that were handed out to be expanded.
    handed_out: u64,
    /// What covers states, in a reduced search.
    pub(super) cover: Option<Cover>,
    /// The properties that are not as monotone as is claimed, a bit each.
    hidden: u64,
    pub(super) mask: PropertyMask,
    /// Where checkpoints are written, if they are.
    record: Option<Record<'s>>,
    /// Of a search by several processes: per property, the tags on the way to the state that decides it;
    /// and from where it goes on.
    pub(super) ways: Option<BTreeMap<usize, Vec<u8>>>,
    pub(super) together: Option<Together>,
}

/// Where checkpoints are written.
struct Record<'s> {
    disk: &'s Disk,
    identity: Identity,
    /// When the last one was written.
    last: Instant,
    _lock: File,
}

/// Which violations end a search, a bit each.
#[derive(Clone, Copy)]
pub(super) enum Until {
    /// The first of these.
    Any(u64),
    /// All of these.
    All(u64),
}

/// Shards of the visited set, for each of several threads.
const SHARDS: usize = 4;

impl<'c, 's> Search<'c, 's> {
    pub(super) fn new(
        space: &'c dyn Space,
        workers: Vec<Worker<'c>>,
        totals: &'s Totals<'s>,
        mask: PropertyMask,
    ) -> Self {
        let has_numbers = workers.iter().any(|worker| worker.recorder.is_some());
        // So that a thread that has less to do takes more of them.
        let shards = if workers.len() > 1 { workers.len() * SHARDS } else { 1 };
        Self {
            space,
            workers,
            totals,
            visited: VisitedSet::new(shards, has_numbers),
            lineage: Lineage::default(),
            waiting: Queue::default(),
            next: Queue::default(),
            deciding: [None; 64],
            depth: 0,
            cut: 0,
            expanded: 0,
            handed_out: 0,
            cover: None,
            hidden: 0,
            mask,
            record: None,
            ways: None,
            together: None,
        }
    }

    /// Leaves out the states that others cover; see [`Self::unfit`].
    pub(super) fn reduced(self) -> Self {
        Self { cover: Some(Cover::default()), lineage: Lineage::of_some(), ..self }
    }

    /// With scratch files and checkpoints; or from where a checkpoint was written. Of the processes that
    /// search together, if there are others, all can do so, or none does.
    pub(super) fn on_disk(
        mut self,
        disk: &'s Disk,
        images: u64,
        hosts: Option<&Hosts>,
    ) -> Result<Self, CheckError> {
        let recipes = self.space.recipes().ok_or_else(|| {
            CheckError::Disk("the states of a plain model cannot be kept there".into())
        })?;
        let claims = self.space.claims().iter();
        let by = hosts.map_or_else(String::new, |hosts| format!(" by {hosts:?}"));
        let identity = Identity {
            version: env!("CARGO_PKG_VERSION").into(),
            name: disk.name.clone() + &by,
            properties: claims.map(|claim| claim.name.to_string()).collect(),
            initial: self.space.fingerprint(self.space.initial()),
            images,
        };
        let lock = resume::prepare(disk, &identity, hosts)?;
        let failed = |error| checkpoint::failed("make scratch files in", &disk.dir, &error);
        let waiting = Spill::new(&disk.dir, "waiting").map_err(failed)?;
        let waiting = Rc::new(RefCell::new(waiting));
        let lineage = || Lineage::on_disk(&disk.dir).map_err(failed);
        self.next = Queue::on_disk(&waiting);
        if disk.resume {
            let new = || Ok((lineage()?, Queue::on_disk(&waiting)));
            let shards = self.visited.shards();
            let loaded = checkpoint::load(disk, recipes, &identity, shards, new);
            let loaded = resume::if_all_can(hosts, loaded)?;
            (self.visited, self.lineage) = (loaded.visited, loaded.lineage);
            (self.waiting, self.together) = (loaded.waiting, loaded.together);
            self.take_up(&loaded.counts);
        } else {
            self.lineage = lineage()?;
            self.waiting = Queue::on_disk(&waiting);
        }
        self.record = Some(Record { disk, identity, last: Instant::now(), _lock: lock });
        Ok(self)
    }

    /// Goes on from these counts.
    fn take_up(&mut self, counts: &Counts) {
        self.totals.unique.store(counts.unique, Ordering::Relaxed);
        self.totals.generated.store(counts.generated, Ordering::Relaxed);
        (self.depth, self.cut, self.expanded) = (counts.depth, counts.cut, counts.expanded);
        self.handed_out = counts.handed_out;
        let (always, sometimes) = counts.open;
        self.mask = PropertyMask { always, sometimes, ..PropertyMask::default() };
        self.deciding = counts.deciding();
    }

    /// Writes a checkpoint, if it is time for one; at the end of a level.
    fn record(&mut self) -> Result<(), CheckError> {
        self.check_scratch(&self.waiting)?;
        if !self.is_record_due() {
            return Ok(());
        }
        self.write_record(&self.waiting, None)?;
        self.put_record_in_place()
    }

    /// Makes sure that what was kept on disk can be read again. (All queues share a scratch file.)
    pub(super) fn check_scratch(&self, queue: &Queue) -> Result<(), CheckError> {
        let of_lineage = || self.lineage.failure().map(str::to_owned);
        match queue.failure().or_else(of_lineage) {
            Some(failure) => Err(CheckError::Disk(failure)),
            None => Ok(()),
        }
    }

    pub(super) fn is_record_due(&self) -> bool {
        let is_due = |record: &Record<'_>| record.last.elapsed() >= record.disk.every;
        self.record.as_ref().is_some_and(is_due)
    }

    /// Writes a checkpoint beside the last one.
    pub(super) fn write_record(
        &self,
        waiting: &Queue,
        together: Option<Together>,
    ) -> Result<(), CheckError> {
        let (Some(record), Some(recipes)) = (&self.record, self.space.recipes()) else {
            return Ok(());
        };
        let mut counts = Counts {
            depth: self.depth,
            unique: self.totals.unique.load(Ordering::Relaxed),
            generated: self.totals.generated.load(Ordering::Relaxed),
            expanded: self.expanded,
            handed_out: self.handed_out,
            cut: self.cut,
            open: (self.mask.always, self.mask.sometimes),
            deciding: Vec::new(),
        };
        counts.note_deciding(&self.deciding);
        let known = (record.identity.clone(), counts, together);
        let met = (&self.visited, &self.lineage, waiting);
        checkpoint::write(record.disk, recipes, known, met)
    }

    /// From now on the checkpoint that was written is the one to go on from.
    pub(super) fn put_record_in_place(&mut self) -> Result<(), CheckError> {
        let Some(record) = &mut self.record else { return Ok(()) };
        record.last = Instant::now();
        checkpoint::put_in_place(record.disk)
    }

    /// Removes the checkpoint of a search that is over.
    pub(super) fn end_record(&self) -> Result<(), CheckError> {
        match &self.record {
            Some(record) if self.totals.shortfall().is_none() => checkpoint::remove(record.disk),
            _ => Ok(()),
        }
    }

    /// Searches until there is nothing left, or a reason to stop.
    pub(super) fn run(
        &mut self,
        until: Until,
        progress: &dyn Fn(Progress),
    ) -> Result<(), CheckError> {
        let mut waiting = self.waiting.states();
        if waiting == 0 {
            waiting = self.begin()?;
        }
        while waiting > 0 {
            if self.unfit().is_some() {
                break;
            }
            if self.has_met(until) {
                self.totals.fall_short(Shortfall::Violation);
            }
            let found = self.expand_level(waiting, progress);
            waiting = self.end_level(&found);
            self.check_trust()?;
            if self.totals.is_cut.load(Ordering::Relaxed) {
                self.totals.fall_short(Shortfall::Depth);
            }
            if self.totals.shortfall().is_some() {
                break;
            }
            self.depth += u32::from(waiting > 0);
            if waiting > 0 {
                self.record()?;
            }
        }
        self.end_record()
    }

    /// Takes the initial state in; how many states wait then.
    fn begin(&mut self) -> Result<u64, CheckError> {
        let asked = (self.mask, self.cover.as_ref());
        let level = Level::new(self.totals, &self.visited, 0, asked);
        let Output { chunks, offspring, found } = self.workers[0].start(&level);
        if let Some(key) = offspring.tags.first() {
            self.lineage.start((*key).into());
        }
        chunks.iter().for_each(|chunk| self.next.push(chunk));
        let waiting = self.end_level(&found);
        self.check_trust()?;
        if waiting == 0 {
            self.totals.fall_short(Shortfall::Nothing);
        }
        self.totals.unique.store(waiting, Ordering::Relaxed);
        self.totals.generated.store(waiting, Ordering::Relaxed);
        Ok(waiting)
    }

    /// Whether the violations were met that end the search.
    pub(super) fn has_met(&self, until: Until) -> bool {
        let always = PropertyMask::of(self.space).always;
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

    /// Expands all states of a level.
    fn expand_level(&mut self, waiting: u64, progress: &dyn Fn(Progress)) -> Found {
        let (totals, depth) = (self.totals, self.depth);
        let asked = (self.mask, self.cover.as_ref());
        let level = Level::new(totals, &self.visited, depth + 1, asked);
        // Of each level at least once.
        let mut told: Option<Instant> = None;
        let mut tick = || {
            if told.is_none_or(|told| told.elapsed() >= TELL) {
                told = Some(Instant::now());
                progress(totals.progress(depth, waiting));
            }
        };
        self.lineage.begin_level();
        let mut gathered = Gathered {
            waiting: &mut self.waiting,
            next: &mut self.next,
            lineage: &mut self.lineage,
            found: Found::default(),
            expanded: &mut self.handed_out,
        };
        round::expand(&mut self.workers, &level, &mut gathered, &mut tick);
        gathered.found
    }

    /// Takes in what was found; how many states wait on the next level.
    fn end_level(&mut self, found: &Found) -> u64 {
        if let Some(cover) = &mut self.cover {
            cover.keep(self.space, &mut self.next, &mut self.lineage);
        }
        std::mem::swap(&mut self.waiting, &mut self.next);
        self.next.reuse(&mut self.waiting);
        self.take_in(found);
        self.totals.held(self.held());
        self.waiting.states()
    }

    /// Takes in what was found on a level.
    pub(super) fn take_in(&mut self, found: &Found) {
        self.cut += found.cut;
        self.expanded += found.expanded;
        self.hidden |= found.hidden;
        let mut decided = 0;
        for (at, state) in found.deciding.iter().enumerate() {
            if state.is_some() && self.deciding[at].is_none() {
                self.deciding[at] = *state;
                decided |= 1 << at;
            }
        }
        self.mask = self.mask.without(decided);
    }

    /// Makes sure that what was found so far can be trusted.
    pub(super) fn check_trust(&mut self) -> Result<(), CheckError> {
        if let Some(clash) = self.space.hash_clash() {
            return Err(CheckError::HashClash(clash));
        }
        let claims = self.space.claims();
        if let Some(claim) = bits(self.hidden).find_map(|at| claims.get(at)) {
            return Err(CheckError::NotMonotone(claim.name));
        }
        let refusals = self.workers.iter().filter_map(|worker| worker.reducer.as_ref());
        match refusals.filter_map(Reducer::refusal).min() {
            None => Ok(()),
            Some(why) => Err(CheckError::NotSymmetric(why.to_string())),
        }
    }

    /// The memory that is held for the states that were met.
    pub(super) fn bytes_of_tables(&self) -> u64 {
        let cover = self.cover.as_ref().map_or(0, Cover::bytes);
        self.visited.bytes() + self.lineage.bytes() + cover
    }

    /// The memory that is held now.
    fn held(&self) -> u64 {
        let queues = self.waiting.bytes() + self.next.bytes() + self.lineage.bytes();
        let asked = (self.mask, self.cover.as_ref());
        let level = Level::new(self.totals, &self.visited, self.depth, asked);
        level.held_by_queues(queues);
        level.bytes(self.space.weight())
    }
}
