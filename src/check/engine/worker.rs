//! One thread of the search: finds the successors of states, and builds those that are new.

use super::batch::{Answers, Batch, Output, Parent, TOGETHER, UNKNOWN};
use super::earlier::Earlier;
use super::evaluator::Evaluator;
use super::frontier::{Chunk, Record};
use super::level::Level;
use super::lineage::{Target, tag};
use super::reducer::Reducer;
use super::repeats::Repeats;
use super::visited::{Key, Reading, key_of, shard_of_key};
use crate::check::liveness::Recorder;
use crate::check::space::{Space, Stepper};
use crate::models::world::Fingerprint;
use crate::models::world::step::{Move, Step};
use std::ops::Range;
use std::sync::atomic::Ordering;

/// A successor that is to be looked up.
struct Pending {
    key: Key,
    /// Its step among those that were found.
    step: usize,
    /// The class of the move, where the graph is recorded.
    class: Option<u16>,
    /// The state itself among those that were built, where its key needed that.
    built: Range<usize>,
    /// Whether it is within bounds, where that was asked already.
    is_within: Option<bool>,
}

/// One thread's share of a search, from level to level.
#[repr(align(128))]
pub(super) struct Worker<'c> {
    pub(super) space: &'c dyn Space,
    stepper: Box<dyn Stepper<'c> + 'c>,
    pub(super) evaluator: Evaluator<'c>,
    pub(super) reducer: Option<Reducer<'c>>,
    /// The graph, if liveness is to be decided on it.
    pub(super) recorder: Option<Recorder<'c>>,
    scratch: Vec<u32>,
    /// The steps that were found, the successors that are to be looked up, where those of each state end,
    /// and those that were built.
    steps: Vec<(Move, Step<'c>)>,
    pending: Vec<Pending>,
    pending_ends: Vec<usize>,
    built: Vec<u32>,
    /// The successors of the batch that were not known.
    repeats: Repeats,
    /// Those that came before in a reduced search.
    earlier: Earlier,
    /// Of the successors in a batch, by place, whether they are new.
    is_new: Vec<bool>,
    /// The numbers of the successors in a batch that were not known: where the graph is recorded.
    pub(super) numbers: Vec<u32>,
    /// The children of one state: their keys, and their places in the batch.
    children: Vec<(Key, usize)>,
    spare: Vec<Chunk>,
    /// The memory that was reported last.
    reported: u64,
}

impl<'c> Worker<'c> {
    pub(super) fn new(
        space: &'c dyn Space,
        reducer: Option<Reducer<'c>>,
        recorder: Option<Recorder<'c>>,
    ) -> Self {
        Self {
            space,
            stepper: space.stepper(),
            evaluator: Evaluator::new(space),
            reducer,
            recorder,
            scratch: Vec::new(),
            steps: Vec::new(),
            pending: Vec::new(),
            pending_ends: Vec::new(),
            built: Vec::new(),
            repeats: Repeats::new(),
            earlier: Earlier::default(),
            is_new: Vec::new(),
            numbers: Vec::new(),
            children: Vec::new(),
            spare: Vec::new(),
            reported: 0,
        }
    }

    /// Takes the initial state in, unless it is out of bounds.
    pub(super) fn start(&mut self, level: &Level<'_>) -> Output {
        let mut output = Output::default();
        let mut state = self.space.initial().to_vec();
        let mut fingerprint = self.space.fingerprint(&state);
        if level.cover.is_some() {
            fingerprint = self.stepper.saturate(&mut state, fingerprint, None, &mut |_| ());
        }
        let key = match &mut self.reducer {
            Some(reducer) => reducer.first_key(&state),
            None => key_of(fingerprint),
        };
        if !self.evaluator.within_boundary(&state) {
            return output;
        }
        let shard = shard_of_key(key, level.visited.shards());
        let inserted = level.visited.insert(&mut level.visited.shard(shard), key, |_| true);
        let number = inserted.map_or(0, |inserted| inserted.number);
        output.offspring.tags.push(tag(key));
        let mut chunk = Chunk::default();
        self.admit(level, &mut output, (key, fingerprint, number), &state, &mut chunk);
        output.found.generated += 1;
        output.chunks.push(chunk);
        output
    }

    /// Finds the successors of all states of a chunk, or of the first ones if the search must stop.
    pub(super) fn expand(
        &mut self,
        level: &Level<'_>,
        (known, chunk): (&Reading<'_>, &Chunk),
        batch: &mut Batch,
        output: &mut Output,
    ) {
        self.repeats.forget();
        if level.cover.is_some() {
            self.earlier.begin(batch.first);
        }
        let mut at = 0;
        loop {
            let start = batch.words.len();
            let Some(record) = chunk.read(at, &mut batch.words) else { break };
            let Record { fingerprint, note, next } = record;
            let record = (&batch.words[start..], fingerprint);
            self.successors(level, known, record, output);
            let words = batch.words.len() as u32;
            batch.states.push(Parent { fingerprint, note, words, keys: 0, moves: 0 });
            self.pending_ends.push(self.pending.len());
            at = next;
            if self.pending.len() >= TOGETHER {
                self.look_up(level, known, batch, output);
                // Within a chunk, parts may take much.
                if !level.has_memory(self.space.weight()) {
                    break;
                }
            }
        }
        self.look_up(level, known, batch, output);
        output.found.expanded += batch.states.len() as u64;
    }

    fn successors(
        &mut self,
        level: &Level<'_>,
        known: &Reading<'_>,
        (state, fingerprint): (&[u32], Fingerprint),
        output: &mut Output,
    ) {
        if let Some(reducer) = &mut self.reducer {
            reducer.compare_steps(state);
        }
        let first = self.steps.len();
        self.stepper.steps(state, fingerprint, &mut self.steps);
        if level.cover.is_some() {
            let keys = self.steps[first..].iter().map(|(_, step)| key_of(step.fingerprint));
            keys.for_each(|key| self.earlier.prefetch(key));
        }
        for (at, (what, step)) in self.steps.iter().enumerate().skip(first) {
            let (mut key, start) = (key_of(step.fingerprint), self.built.len());
            let mut is_within = None;
            if let Some(cover) = level.cover {
                if self.stepper.only_sends(state, step) {
                    continue;
                }
                output.found.generated += 1;
                if self.earlier.contains(key) {
                    continue;
                }
                self.scratch.clear();
                self.stepper.write(state, step, &mut self.scratch);
                let (all, own) = (&mut self.scratch, step.fingerprint);
                let saturated = self.stepper.saturate(all, own, Some(step), &mut |_| ());
                let is_covered = cover.covers(self.space.split(&self.scratch));
                if !is_covered {
                    is_within = Some(self.evaluator.within_boundary(&self.scratch));
                }
                // One that is out of bounds is counted as that each time.
                if is_within != Some(false) {
                    self.earlier.note(key);
                }
                if is_covered {
                    continue;
                }
                key = key_of(saturated);
                self.built.extend_from_slice(&self.scratch);
            } else {
                output.found.generated += 1;
                if let Some(reducer) = &mut self.reducer {
                    self.stepper.write(state, step, &mut self.built);
                    key = reducer.key(&self.built[start..], step.fingerprint);
                }
            }
            let class = self.recorder.as_mut().map(|recorder| recorder.class(state, *what));
            let built = start..self.built.len();
            // It is looked up when others were found, too.
            known.prefetch(key);
            self.pending.push(Pending { key, step: at, class, built, is_within });
        }
    }

    /// Looks up the successors that were found last. Those that are not known, and within bounds, are
    /// built.
    fn look_up(
        &mut self,
        level: &Level<'_>,
        known: &Reading<'_>,
        batch: &mut Batch,
        output: &mut Output,
    ) {
        let pending = std::mem::take(&mut self.pending);
        let ends = std::mem::take(&mut self.pending_ends);
        let (mut start, first) = (0, batch.states.len() - ends.len());
        for (parent, end) in (first..).zip(&ends) {
            for next in &pending[start..*end] {
                self.take_in(level, known, batch, (parent, next), output);
            }
            let (keys, moves) = (batch.keys.len() as u32, batch.classes.len() as u32);
            batch.states[parent] = Parent { keys, moves, ..batch.states[parent] };
            let [words, ..] = batch.ranges(parent);
            self.stepper.release(&batch.words[words]);
            start = *end;
        }
        (self.pending, self.pending_ends) = (pending, ends);
        self.steps.clear();
        self.stepper.forget();
        self.pending.clear();
        self.pending_ends.clear();
        self.built.clear();
    }

    /// Takes a successor in, unless it is known, or out of bounds.
    fn take_in(
        &mut self,
        level: &Level<'_>,
        known: &Reading<'_>,
        batch: &mut Batch,
        (parent, next): (usize, &Pending),
        output: &mut Output,
    ) {
        let number = known.number(next.key);
        if number.is_none() && level.is_known_elsewhere(next.key) {
            return;
        }
        let is_repeated = number.is_none() && self.repeats.contains(next.key);
        let may_be_new = number.is_none() && !is_repeated;
        if may_be_new && !self.build_successor(level, batch, (parent, next), output) {
            return;
        }
        let own = self.steps[next.step].1.fingerprint;
        if let Some(class) = next.class {
            batch.classes.push(class);
            batch.numbers.push(number.unwrap_or(UNKNOWN));
        }
        // Of one that is here twice the number is needed twice.
        if may_be_new || is_repeated && self.recorder.is_some() {
            batch.push_key(next.key, level.visited.shards());
            // What is saturated has a fingerprint of its own, by which it is known.
            batch.fingerprints.push(if level.cover.is_some() { next.key } else { own });
            batch.built_ends.push(batch.built.len() as u32);
        }
    }

    /// Builds a successor that is not known; false if it is out of bounds.
    fn build_successor(
        &mut self,
        level: &Level<'_>,
        batch: &mut Batch,
        (parent, next): (usize, &Pending),
        output: &mut Output,
    ) -> bool {
        let start = batch.built.len();
        if next.built.is_empty() {
            let [words, ..] = batch.ranges(parent);
            let (_, step) = &self.steps[next.step];
            self.stepper.write(&batch.words[words], step, &mut batch.built);
        } else {
            batch.built.extend_from_slice(&self.built[next.built.clone()]);
        }
        let ask = || self.is_within_boundary(&batch.built[start..]);
        let is_within = next.is_within.unwrap_or_else(ask);
        if is_within && !level.is_beyond_depth {
            self.repeats.note(next.key);
            return true;
        }
        output.found.generated -= 1;
        if is_within {
            level.totals.is_cut.store(true, Ordering::Relaxed);
        } else {
            output.found.cut += 1;
            batch.cuts.extend(next.class.map(|class| (parent as u32, class)));
        }
        self.stepper.release(&batch.built[start..]);
        batch.built.truncate(start);
        false
    }

    /// Whether the state that was built is within bounds.
    fn is_within_boundary(&mut self, state: &[u32]) -> bool {
        if !self.evaluator.has_boundary() {
            return true;
        }
        let is_within = self.evaluator.within_boundary(state);
        if let Some(reducer) = &mut self.reducer {
            reducer.compare_boundary(state, is_within, &self.evaluator);
        }
        is_within
    }

    /// Builds and evaluates the new states of batch `number`, in order.
    pub(super) fn build(
        &mut self,
        level: &Level<'_>,
        number: usize,
        batch: &Batch,
        answers: &[&Answers],
        output: &mut Output,
    ) {
        self.is_new.clear();
        self.is_new.resize(batch.keys.len(), false);
        let new = answers.iter().flat_map(|answers| answers.new_of(number));
        new.for_each(|place| self.is_new[*place as usize] = true);
        self.record(number, batch, answers);
        self.release_known(batch);
        let mut children = std::mem::take(&mut self.children);
        let mut out = self.blank();
        for at in 0..batch.states.len() {
            let [_, keys, _] = batch.ranges(at);
            children.clear();
            let new = keys.filter(|place| self.is_new[*place]);
            children.extend(new.map(|place| (batch.keys[place], place)));
            output.offspring.counts.push(children.len() as u32);
            // The moves of a state are in an order that depends on threads.
            children.sort_unstable();
            for (key, place) in &children {
                let place = *place;
                let number = self.numbers.get(place).copied().unwrap_or(0);
                let known_by = (*key, batch.fingerprints[place], number);
                output.offspring.tags.push(tag(*key));
                self.admit(level, output, known_by, batch.successor(place), &mut out);
                if out.is_full() {
                    let full = std::mem::replace(&mut out, self.blank());
                    output.chunks.push(full);
                }
            }
        }
        // States that were not expanded have no children.
        output.offspring.counts.resize(batch.expected as usize, 0);
        output.chunks.push(out);
        self.children = children;
        self.report_size(level);
    }

    /// Says which of the successors that were built are not needed: others were the same and came first.
    fn release_known(&mut self, batch: &Batch) {
        if !self.space.is_released() {
            return;
        }
        for (place, is_new) in self.is_new.iter().enumerate() {
            let successor = batch.successor(place);
            if !is_new && !successor.is_empty() {
                self.stepper.release(successor);
            }
        }
    }

    /// Evaluates a new state and lets it wait.
    fn admit(
        &mut self,
        level: &Level<'_>,
        output: &mut Output,
        (key, fingerprint, number): (Key, Fingerprint, u32),
        state: &[u32],
        out: &mut Chunk,
    ) {
        let found = &mut output.found;
        let holds = self.evaluator.evaluate(state, level.mask);
        found.decide(Target { key, index: found.unique }, holds, level.mask);
        found.unique += 1;
        if level.cover.is_some() {
            found.hidden |= self.evaluator.hidden((state, fingerprint), holds, level.mask);
        }
        if let Some(reducer) = &mut self.reducer {
            reducer.compare(state, holds, level.mask, &mut self.evaluator);
        }
        let note = u64::from(number) << 32 | u64::from(level.note(holds));
        out.push(fingerprint, note, self.stepper.settle(state));
    }

    /// Reports how much memory this thread's own results and records take.
    fn report_size(&mut self, level: &Level<'_>) {
        let spare: u64 = self.spare.iter().map(Chunk::bytes).sum();
        let own = self.stepper.bytes() + self.evaluator.bytes() + self.earlier.bytes() + spare;
        let own = own + self.reducer.as_ref().map_or(0, Reducer::bytes);
        level.totals.remembered.fetch_add(own.wrapping_sub(self.reported), Ordering::Relaxed);
        self.reported = own;
    }

    fn blank(&mut self) -> Chunk {
        self.spare.pop().unwrap_or_default()
    }

    /// Takes chunks back to use them again.
    pub(super) fn recycle(&mut self, chunks: impl IntoIterator<Item = Chunk>) {
        for mut chunk in chunks {
            chunk.clear();
            self.spare.push(chunk);
        }
    }
}
