//! One thread of the search: takes chunks of states, finds their successors, keeps the new ones.
//!
//! Successors are looked up in batches: the visited set is far larger than the caches, and reading
//! the places of a whole batch first lets the processor wait for many of them at once.

use super::cover::Cover;
use super::evaluator::{Evaluator, PropertyMask, bits};
use super::frontier::{Chunk, Record};
use super::level::Level;
use super::reducer::Reducer;
use crate::check::liveness::Recorder;
use crate::models::world::step::{Expander, Move, Step};
use crate::models::world::{Checkable, Cluster, Observer};
use std::hint::black_box;
use std::ops::Range;
use std::sync::atomic::Ordering;

/// Successors that are looked up together.
const BATCH: usize = 64;
/// Room in the visited set that is taken at once.
const ALLOWANCE: u64 = 1024;

/// A successor that is to be looked up.
struct Pending<'c> {
    step: Step<'c>,
    what: Move,
    /// The state itself, among those that were built already: in a reduced search.
    built: Option<Range<usize>>,
    /// Its key in the visited set: its fingerprint, in a reduced search that of what it was saturated
    /// to, or under symmetry that of all its images.
    key: u64,
    parent: u64,
    /// Its parent's state, among those of the batch.
    state: Range<usize>,
    /// Its parent in the recorded graph.
    source: u32,
}

/// One thread's share of a search, from level to level.
pub(super) struct Worker<'c, A: Checkable, H> {
    cluster: &'c Cluster<A, H>,
    expander: Expander<'c, A, H>,
    pub(super) evaluator: Evaluator<'c, A, H>,
    pub(super) reducer: Option<Reducer<'c, A, H>>,
    /// The graph, if liveness is to be decided on it.
    pub(super) recorder: Option<Recorder<'c, A, H>>,
    moves: Vec<Move>,
    /// The states that the pending successors come from, one after the other.
    parents: Vec<u32>,
    /// The pending successors, as far as they are built.
    built: Vec<u32>,
    pending: Vec<Pending<'c>>,
    scratch: Vec<u32>,
    allowance: u64,
    reserved: u64,
    /// The memory that was reported last.
    reported: u64,
    out: Option<Chunk>,
    /// The full chunks of the next level.
    full: Vec<Chunk>,
    /// Since they were last taken.
    found: Found,
}

/// What a thread found on a level.
pub(super) struct Found {
    pub(super) unique: u64,
    pub(super) generated: u64,
    pub(super) expanded: u64,
    /// Steps out of bounds.
    pub(super) cut: u64,
    /// The properties that are not as monotone as is claimed, a bit each.
    pub(super) hidden: u64,
    /// Per property, the largest key of a state that decides it.
    pub(super) deciding: [Option<u64>; 64],
}

impl Default for Found {
    fn default() -> Self {
        let [unique, generated, expanded, cut, hidden] = [0; 5];
        Self { unique, generated, expanded, cut, hidden, deciding: [None; 64] }
    }
}

impl Found {
    pub(super) fn add(&mut self, other: &Self) {
        self.unique += other.unique;
        self.generated += other.generated;
        self.expanded += other.expanded;
        self.hidden |= other.hidden;
        self.cut += other.cut;
        for (mine, theirs) in self.deciding.iter_mut().zip(other.deciding) {
            *mine = (*mine).max(theirs);
        }
    }

    /// Notes the properties that a state decides.
    pub(super) fn decide(&mut self, key: u64, holds: u64, mask: PropertyMask) {
        let decided = mask.always & !holds | mask.sometimes & holds;
        for at in bits(decided) {
            self.deciding[at] = self.deciding[at].max(Some(key));
        }
    }
}

impl<'c, A: Checkable, H: Observer<A::Msg>> Worker<'c, A, H> {
    pub(super) fn new(
        cluster: &'c Cluster<A, H>,
        reducer: Option<Reducer<'c, A, H>>,
        recorder: Option<Recorder<'c, A, H>>,
    ) -> Self {
        Self {
            cluster,
            expander: cluster.expander(),
            evaluator: Evaluator::new(cluster),
            reducer,
            recorder,
            moves: Vec::new(),
            parents: Vec::new(),
            built: Vec::new(),
            pending: Vec::new(),
            scratch: Vec::new(),
            allowance: 0,
            reserved: 0,
            reported: 0,
            out: None,
            full: Vec::new(),
            found: Found::default(),
        }
    }

    /// Takes the initial state in, unless it is out of bounds.
    pub(super) fn start(&mut self, level: &Level<'_>) {
        let mut state = self.cluster.initial().to_vec();
        let mut fingerprint = self.cluster.fingerprint(&state);
        if level.cover.is_some() {
            fingerprint = self.expander.saturate(&mut state, fingerprint, None, |_| ());
        }
        let state = state.as_slice();
        let key = match &mut self.reducer {
            Some(reducer) => reducer.first_key(state),
            None => fingerprint,
        };
        if !self.evaluator.within_boundary(state) {
            return;
        }
        level.visited.insert(key, 0, 0);
        let holds = self.evaluator.evaluate(state, level.mask);
        self.found.decide(key, holds, level.mask);
        if level.cover.is_some() {
            self.found.hidden |= self.evaluator.hidden(state, holds, level.mask);
        }
        self.found.unique += 1;
        self.found.generated += 1;
        let mut chunk = level.frontier.blank();
        chunk.push(fingerprint, level.note(holds), state);
        self.full.push(chunk);
    }

    /// Expands chunks until there are none, or the visited set is full, or the search must stop.
    pub(super) fn run(&mut self, level: &Level<'_>, tick: &mut dyn FnMut()) {
        while level.goes_on(self.cluster.weight()) {
            let Some((chunk, from)) = level.frontier.take() else { break };
            let before = (self.found.unique, self.found.generated);
            let rest = self.expand(level, &chunk, from);
            let (unique, generated) = before;
            level.count(self.found.unique - unique, self.found.generated - generated);
            match rest {
                None => level.frontier.recycle(chunk),
                Some(at) => {
                    level.frontier.put(chunk, at);
                    break;
                }
            }
            self.report_size(level);
            tick();
        }
        level.give_back(std::mem::take(&mut self.allowance));
        self.report_size(level);
    }

    /// Reports how much memory this thread's own results and records take.
    fn report_size(&mut self, level: &Level<'_>) {
        if let Some(recorder) = &mut self.recorder {
            recorder.report_size();
        }
        let own = self.expander.bytes() + self.reducer.as_ref().map_or(0, Reducer::bytes);
        level.totals.remembered.fetch_add(own.wrapping_sub(self.reported), Ordering::Relaxed);
        self.reported = own;
    }

    /// What was found, and the chunks of the next level.
    pub(super) fn hand_in(&mut self) -> (Found, Vec<Chunk>) {
        let last = self.out.take().filter(|chunk| !chunk.is_empty());
        self.full.extend(last);
        (std::mem::take(&mut self.found), std::mem::take(&mut self.full))
    }

    /// Expands the records from `at` on; where it stopped if there was no room for more.
    fn expand(&mut self, level: &Level<'_>, chunk: &Chunk, mut at: usize) -> Option<usize> {
        loop {
            let start = self.parents.len();
            let Some(record) = chunk.read(at, &mut self.parents) else { break };
            let state = start..self.parents.len();
            self.moves.clear();
            self.expander.moves(&self.parents[start..], &mut self.moves);
            if !self.reserve(level, self.moves.len() as u64) {
                self.look_up(level);
                return Some(at);
            }
            self.successors(level, record, &state);
            at = record.next;
            if self.pending.len() >= BATCH {
                self.look_up(level);
                // Within a chunk, parts may take much.
                if !level.has_memory(self.cluster.weight()) {
                    return Some(at);
                }
            }
        }
        self.look_up(level);
        None
    }

    /// Makes sure that the visited set has room for so many more states.
    fn reserve(&mut self, level: &Level<'_>, states: u64) -> bool {
        if self.allowance < states {
            let more = states.max(ALLOWANCE);
            if !level.take_room(more) {
                return false;
            }
            self.allowance += more;
        }
        self.allowance -= states;
        self.reserved += states;
        true
    }

    fn successors(&mut self, level: &Level<'_>, record: Record, at: &Range<usize>) {
        self.found.expanded += 1;
        let (state, fingerprint) = (&self.parents[at.clone()], record.fingerprint);
        let source = self.recorder.as_mut().map_or(0, |r| r.begin(fingerprint, record.note));
        let parent = match &mut self.reducer {
            Some(reducer) => {
                reducer.compare_steps(state);
                reducer.key(state)
            }
            None => fingerprint,
        };
        for at_move in 0..self.moves.len() {
            let (state, what) = (&self.parents[at.clone()], self.moves[at_move]);
            let Some(step) = self.expander.step(state, fingerprint, what) else { continue };
            let (mut key, mut built) = (step.fingerprint, None);
            if let Some(cover) = level.cover {
                if self.expander.only_sends(state, &step) {
                    continue;
                }
                match self.saturated(cover, at, &step) {
                    Some((saturated, state)) => (key, built) = (saturated, Some(state)),
                    None => continue,
                }
            } else if let Some(reducer) = &mut self.reducer {
                self.scratch.clear();
                self.expander.write(state, &step, &mut self.scratch);
                key = reducer.key(&self.scratch);
            }
            let state = at.clone();
            self.pending.push(Pending { step, what, built, key, parent, state, source });
        }
    }

    /// A successor with all that can be sent there: its key, and where it is. `None` if another state
    /// covers it, which was kept before.
    fn saturated(
        &mut self,
        cover: &Cover,
        parent: &Range<usize>,
        step: &Step<'c>,
    ) -> Option<(u64, Range<usize>)> {
        self.scratch.clear();
        self.expander.write(&self.parents[parent.clone()], step, &mut self.scratch);
        let state = &mut self.scratch;
        let key = self.expander.saturate(state, step.fingerprint, Some(step), |_| ());
        if cover.covers(self.cluster.split(state)) {
            self.found.generated += 1;
            return None;
        }
        let start = self.built.len();
        self.built.extend_from_slice(state);
        Some((key, start..self.built.len()))
    }

    /// Looks all pending successors up, and takes in those that are new.
    fn look_up(&mut self, level: &Level<'_>) {
        let mut pending = std::mem::take(&mut self.pending);
        let mut parents = std::mem::take(&mut self.parents);
        black_box(pending.iter().fold(0, |all, next| all ^ level.visited.touch(next.key)));
        let known = self.found.unique;
        for next in &pending {
            self.admit(level, &parents[next.state.clone()], next);
        }
        self.allowance += self.reserved - (self.found.unique - known);
        self.reserved = 0;
        pending.clear();
        parents.clear();
        self.built.clear();
        (self.pending, self.parents) = (pending, parents);
    }

    /// Takes a successor in, if it is within bounds and new.
    fn admit(&mut self, level: &Level<'_>, parent: &[u32], next: &Pending<'c>) {
        let Pending { what, key, .. } = next;
        if self.evaluator.has_boundary() && !level.visited.contains(*key) {
            self.build(parent, next);
            let is_within = self.evaluator.within_boundary(&self.scratch);
            if let Some(reducer) = &mut self.reducer {
                reducer.compare_boundary(&self.scratch, is_within, &self.evaluator);
            }
            if !is_within {
                self.found.cut += 1;
                if let Some(recorder) = &mut self.recorder {
                    recorder.cut(next.source, parent, *what);
                }
                return;
            }
        }
        if level.is_beyond_depth && !level.visited.contains(*key) {
            level.totals.is_cut.store(true, Ordering::Relaxed);
            return;
        }
        self.found.generated += 1;
        if let Some(recorder) = &mut self.recorder {
            recorder.step(next.source, parent, *what, *key);
        }
        if !level.visited.insert(*key, next.parent, level.number) {
            return;
        }
        self.found.unique += 1;
        self.build(parent, next);
        let holds = self.evaluator.evaluate(&self.scratch, level.mask);
        self.found.decide(*key, holds, level.mask);
        if level.cover.is_some() {
            self.found.hidden |= self.evaluator.hidden(&self.scratch, holds, level.mask);
        }
        if let Some(reducer) = &mut self.reducer {
            reducer.compare(&self.scratch, holds, level.mask, &mut self.evaluator);
        }
        let out = self.out.get_or_insert_with(|| level.frontier.blank());
        let fingerprint = if next.built.is_some() { *key } else { next.step.fingerprint };
        out.push(fingerprint, level.note(holds), &self.scratch);
        if out.is_full() {
            self.full.extend(self.out.take());
        }
    }

    /// Puts a successor where there is room to work.
    fn build(&mut self, parent: &[u32], next: &Pending<'c>) {
        self.scratch.clear();
        match &next.built {
            Some(state) => self.scratch.extend_from_slice(&self.built[state.clone()]),
            None => self.expander.write(parent, &next.step, &mut self.scratch),
        }
    }
}
