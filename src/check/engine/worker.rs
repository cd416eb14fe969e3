//! One thread of the search: finds the successors of states, and builds those that are new.

use super::batch::{Answers, Batch, Output, Parent};
use super::evaluator::Evaluator;
use super::frontier::{Chunk, Record};
use super::level::Level;
use super::lineage::{Target, tag};
use super::reducer::Reducer;
use super::visited::{Key, Reading, key_of, shard_of_key};
use crate::check::liveness::Recorder;
use crate::models::world::step::{Expander, Move};
use crate::models::world::{Checkable, Cluster, Fingerprint, Observer};
use std::sync::atomic::Ordering;

/// After so many successors it is looked again how much memory the parts take.
const SOME: usize = 64;

/// One thread's share of a search, from level to level.
pub(super) struct Worker<'c, A: Checkable, H> {
    pub(super) cluster: &'c Cluster<A, H>,
    expander: Expander<'c, A, H>,
    pub(super) evaluator: Evaluator<'c, A, H>,
    pub(super) reducer: Option<Reducer<'c, A, H>>,
    /// The graph, if liveness is to be decided on it.
    pub(super) recorder: Option<Recorder<'c, A, H>>,
    moves: Vec<Move>,
    scratch: Vec<u32>,
    /// The successors in a batch that are new, by place.
    new: Vec<u32>,
    /// The numbers of all successors in a batch: where the graph is recorded.
    numbers: Vec<u32>,
    /// The children of one state: their keys, and their places in the batch.
    children: Vec<(Key, u32)>,
    spare: Vec<Chunk>,
    /// The memory that was reported last.
    reported: u64,
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
            scratch: Vec::new(),
            new: Vec::new(),
            numbers: Vec::new(),
            children: Vec::new(),
            spare: Vec::new(),
            reported: 0,
        }
    }

    /// Takes the initial state in, unless it is out of bounds.
    pub(super) fn start(&mut self, level: &Level<'_>) -> Output {
        let mut output = Output::default();
        let mut state = self.cluster.initial().to_vec();
        let mut fingerprint = self.cluster.fingerprint(&state);
        if level.cover.is_some() {
            fingerprint = self.expander.saturate(&mut state, fingerprint, None, |_| ());
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
        self.scratch = state;
        self.admit(level, &mut output, (key, fingerprint, number), &mut chunk);
        output.found.generated += 1;
        output.chunks.push(chunk);
        output
    }

    /// Finds the successors of all states of a chunk, or of the first ones if the search must stop.
    pub(super) fn expand(
        &mut self,
        level: &Level<'_>,
        chunk: &Chunk,
        batch: &mut Batch,
        output: &mut Output,
    ) {
        // Of those that are not known, it is asked whether they are within bounds.
        let asks = self.evaluator.has_boundary() || level.is_beyond_depth;
        let known = asks.then(|| level.visited.all());
        let (mut at, mut looked) = (0, 0);
        loop {
            let start = batch.words.len();
            let Some(record) = chunk.read(at, &mut batch.words) else { break };
            self.successors(level, known.as_ref(), (record, start), batch, output);
            let Record { fingerprint, note, next } = record;
            let (words, keys) = (batch.words.len() as u32, batch.keys.len() as u32);
            batch.states.push(Parent { fingerprint, note, words, keys });
            at = next;
            if batch.keys.len() >= looked + SOME {
                looked = batch.keys.len();
                // Within a chunk, parts may take much.
                if !level.has_memory(self.cluster.weight()) {
                    break;
                }
            }
        }
        output.found.expanded += batch.states.len() as u64;
    }

    fn successors(
        &mut self,
        level: &Level<'_>,
        known: Option<&Reading<'_>>,
        (record, start): (Record, usize),
        batch: &mut Batch,
        output: &mut Output,
    ) {
        let state = &batch.words[start..];
        if let Some(reducer) = &mut self.reducer {
            reducer.compare_steps(state);
        }
        self.moves.clear();
        self.expander.moves(state, &mut self.moves);
        for what in &self.moves {
            let Some(step) = self.expander.step(state, record.fingerprint, *what) else { continue };
            let mut key = key_of(step.fingerprint);
            let is_built = level.cover.is_some() || self.reducer.is_some() || known.is_some();
            if is_built {
                self.scratch.clear();
            }
            if let Some(cover) = level.cover {
                if self.expander.only_sends(state, &step) {
                    continue;
                }
                self.expander.write(state, &step, &mut self.scratch);
                let saturated = &mut self.scratch;
                key = key_of(self.expander.saturate(
                    saturated,
                    step.fingerprint,
                    Some(&step),
                    |_| (),
                ));
                if cover.covers(self.cluster.split(&self.scratch)) {
                    output.found.generated += 1;
                    continue;
                }
            } else if is_built {
                self.expander.write(state, &step, &mut self.scratch);
                if let Some(reducer) = &mut self.reducer {
                    key = reducer.key(&self.scratch);
                }
            }
            let class = self.recorder.as_mut().map(|recorder| recorder.class(state, *what));
            if known.is_some_and(|known| !known.contains(key)) {
                let is_within = self.evaluator.within_boundary(&self.scratch);
                if let Some(reducer) = &mut self.reducer
                    && self.evaluator.has_boundary()
                {
                    reducer.compare_boundary(&self.scratch, is_within, &self.evaluator);
                }
                if !is_within {
                    output.found.cut += 1;
                    batch.cuts.extend(class.map(|class| (batch.states.len() as u32, class)));
                    continue;
                }
                if level.is_beyond_depth {
                    level.totals.is_cut.store(true, Ordering::Relaxed);
                    continue;
                }
            }
            output.found.generated += 1;
            batch.keys.push(key);
            batch.moves.push(*what);
            batch.classes.extend(class);
            if level.cover.is_some() {
                batch.built.extend_from_slice(&self.scratch);
                batch.built_ends.push(batch.built.len() as u32);
            }
        }
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
        self.new.clear();
        answers.iter().for_each(|answers| self.new.extend_from_slice(answers.new_of(number)));
        if answers.len() > 1 {
            self.new.sort_unstable();
        }
        self.record(number, batch, answers);
        let mut new = std::mem::take(&mut self.new);
        let mut children = std::mem::take(&mut self.children);
        let mut out = self.blank();
        let mut first = 0;
        for at in 0..batch.states.len() {
            let (_, keys) = batch.ranges(at);
            let own = new[first..].iter().take_while(|place| (**place as usize) < keys.end);
            let end = first + own.count();
            output.offspring.counts.push((end - first) as u32);
            children.clear();
            children.extend(new[first..end].iter().map(|at| (batch.keys[*at as usize], *at)));
            // The moves of a state are in an order that depends on threads.
            children.sort_unstable();
            first = end;
            for (key, place) in &children {
                let fingerprint = self.rebuild(batch, at, *place as usize);
                let fingerprint = fingerprint.unwrap_or(*key);
                let number = self.numbers.get(*place as usize).copied().unwrap_or(0);
                output.offspring.tags.push(tag(*key));
                self.admit(level, output, (*key, fingerprint, number), &mut out);
                if out.is_full() {
                    let full = std::mem::replace(&mut out, self.blank());
                    output.chunks.push(full);
                }
            }
        }
        // States that were not expanded have no children.
        output.offspring.counts.resize(batch.expected as usize, 0);
        output.chunks.push(out);
        new.clear();
        (self.new, self.children) = (new, children);
        self.report_size(level);
    }

    /// Notes the steps of the states of a batch, for liveness.
    fn record(&mut self, number: usize, batch: &Batch, answers: &[&Answers]) {
        let Some(recorder) = &mut self.recorder else { return };
        let mut numbers: Vec<_> =
            answers.iter().map(|answers| answers.numbers_of(number).iter().copied()).collect();
        self.numbers.clear();
        self.numbers.extend(batch.keys.iter().map(|key| {
            let shard = shard_of_key(*key, answers.len());
            numbers[shard].next().unwrap_or_default()
        }));
        let mut cuts = batch.cuts.iter().peekable();
        for (at, parent) in batch.states.iter().enumerate() {
            let known = ((parent.note >> 32) as u32, parent.note as u32);
            recorder.begin(batch.first + at as u64, known, parent.fingerprint as u64);
            let (_, keys) = batch.ranges(at);
            let classes = batch.classes[keys.clone()].iter();
            let targets = &self.numbers[keys];
            classes.zip(targets).for_each(|(class, target)| recorder.step(*class, *target));
            while let Some((_, class)) = cuts.next_if(|(state, _)| *state as usize == at) {
                recorder.cut(*class);
            }
        }
        recorder.end();
    }

    /// Puts a successor where there is room to work; its fingerprint, unless that is its key.
    fn rebuild(&mut self, batch: &Batch, parent: usize, place: usize) -> Option<Fingerprint> {
        self.scratch.clear();
        if let Some(end) = batch.built_ends.get(place) {
            let start = place.checked_sub(1).map_or(0, |before| batch.built_ends[before]);
            self.scratch.extend_from_slice(&batch.built[start as usize..*end as usize]);
            return None;
        }
        let (words, _) = batch.ranges(parent);
        let state = &batch.words[words];
        let fingerprint = batch.states[parent].fingerprint;
        let step = self.expander.step(state, fingerprint, batch.moves[place])?;
        self.expander.write(state, &step, &mut self.scratch);
        Some(step.fingerprint)
    }

    /// Evaluates a new state, which is built, and lets it wait.
    fn admit(
        &mut self,
        level: &Level<'_>,
        output: &mut Output,
        (key, fingerprint, number): (Key, Fingerprint, u32),
        out: &mut Chunk,
    ) {
        let found = &mut output.found;
        let holds = self.evaluator.evaluate(&self.scratch, level.mask);
        found.decide(Target { key, index: found.unique }, holds, level.mask);
        found.unique += 1;
        if level.cover.is_some() {
            found.hidden |= self.evaluator.hidden(&self.scratch, holds, level.mask);
        }
        if let Some(reducer) = &mut self.reducer {
            reducer.compare(&self.scratch, holds, level.mask, &mut self.evaluator);
        }
        let note = u64::from(number) << 32 | u64::from(level.note(holds));
        out.push(fingerprint, note, &self.scratch);
    }

    /// Reports how much memory this thread's own results and records take.
    fn report_size(&mut self, level: &Level<'_>) {
        let spare: u64 = self.spare.iter().map(Chunk::bytes).sum();
        let own = self.expander.bytes() + self.evaluator.bytes() + spare;
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
