//! The recorded graph: the notes of all threads as one, with the states in the order of the search.

use super::classes::{Classes, UNFAIR};
use super::decide::rests;
use super::graph::{BEYOND, Graph};
use super::lasso::Lasso;
use super::record::{Recorder, Run};
use super::share::share;
use crate::check::engine::{Behaviour, CheckError};
use crate::check::space::Space;
use crate::models::world::Strength;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// The graph, and what its states are.
pub(crate) struct Recorded {
    pub(crate) graph: Graph,
    /// The fingerprints of the states.
    pub(crate) states: Vec<u64>,
    /// The conditions that hold in them, in the order in which they were asked.
    pub(crate) marks: Vec<u32>,
    /// Which of them [rest](rests).
    pub(crate) rests: Vec<bool>,
    /// How many have a step that leads out of bounds.
    pub(crate) cut: u64,
    /// How many threads work on it.
    pub(crate) threads: usize,
}

/// Makes one graph of what the threads noted, with as many threads. The numbers in the visited set are
/// less than `numbers`.
pub(crate) fn assemble(
    recorders: Vec<Recorder<'_>>,
    classes: &dyn Classes,
    numbers: u64,
) -> Result<Recorded, CheckError> {
    if numbers >= u64::from(BEYOND) {
        return Err(CheckError::TooLarge { what: "states", limit: u64::from(BEYOND) });
    }
    if classes.overflowed() {
        let what = "kinds of fair steps (messages, timers, nodes)";
        return Err(CheckError::TooLarge { what, limit: u64::from(UNFAIR) });
    }
    let threads = recorders.len();
    let mut runs: Vec<Run> = recorders.into_iter().flat_map(|recorder| recorder.runs).collect();
    runs.sort_unstable_by_key(|run| run.first);
    let places = places(&runs, numbers as usize, threads);
    let mut recorded = Recorded::blank(&runs, classes.strengths(), threads);
    let cut = AtomicU64::new(0);
    let (sheets, strengths) = recorded.sheets(runs);
    share(threads, sheets, |sheet: Sheet<'_>| {
        cut.fetch_add(sheet.fill(strengths, &places), Ordering::Relaxed);
    });
    recorded.cut = cut.into_inner();
    Ok(recorded)
}

/// By number in the visited set, which state in the order of the search it is.
fn places(runs: &[Run], numbers: usize, threads: usize) -> Vec<AtomicU32> {
    let places: Vec<AtomicU32> = (0..numbers).map(|_| AtomicU32::new(BEYOND)).collect();
    share(threads, runs, |run: &Run| {
        for (place, number) in (run.first as u32..).zip(&run.numbers) {
            places[*number as usize].store(place, Ordering::Relaxed);
        }
    });
    places
}

/// What is made of one run: its part of the graph.
struct Sheet<'g> {
    run: Run,
    /// The first of its states, and the first of their steps.
    first: u32,
    first_step: usize,
    /// Where the steps of each state end.
    ends: &'g mut [usize],
    targets: &'g mut [u32],
    classes: &'g mut [u16],
    states: &'g mut [u64],
    marks: &'g mut [u32],
    rests: &'g mut [bool],
}

impl Sheet<'_> {
    /// Fills it in; how many states have a step that leads out of bounds.
    fn fill(self, strengths: &[Strength], places: &[AtomicU32]) -> u64 {
        let Self { run, targets, classes, .. } = self;
        self.states.copy_from_slice(&run.fingerprints);
        self.marks.copy_from_slice(&run.marks);
        classes.copy_from_slice(&run.classes);
        for (target, number) in targets.iter_mut().zip(&run.targets) {
            let place = places.get(*number as usize);
            *target = place.map_or(BEYOND, |place| place.load(Ordering::Relaxed));
        }
        let (mut start, mut cut) = (0, 0);
        for (at, count) in run.counts.iter().enumerate() {
            let steps = start..start + *count as usize;
            start = steps.end;
            self.ends[at] = self.first_step + start;
            cut += u64::from(targets[steps.clone()].contains(&BEYOND));
            let (targets, classes) = (&targets[steps.clone()], &classes[steps]);
            self.rests[at] = rests(strengths, (targets, classes), self.first + at as u32);
        }
        cut
    }
}

impl Recorded {
    /// One with room for these.
    fn blank(runs: &[Run], strengths: Vec<Strength>, threads: usize) -> Self {
        let states = runs.iter().map(|run| run.numbers.len()).sum();
        let steps = runs.iter().map(|run| run.targets.len()).sum();
        let graph = Graph {
            offsets: vec![0; states + 1],
            targets: vec![0; steps],
            classes: vec![0; steps],
            strengths,
            initial: 0,
        };
        let (marks, rests) = (vec![0; states], vec![false; states]);
        Self { graph, states: vec![0; states], marks, rests, cut: 0, threads }
    }

    /// A part of it for each run, in order.
    fn sheets(&mut self, runs: Vec<Run>) -> (Vec<Sheet<'_>>, &[Strength]) {
        let Graph { offsets, targets, classes, strengths, .. } = &mut self.graph;
        let (mut ends, mut targets) = (Blank(&mut offsets[1..]), Blank(targets));
        let (mut classes, mut states) = (Blank(classes), Blank(&mut self.states));
        let (mut marks, mut rests) = (Blank(&mut self.marks), Blank(&mut self.rests));
        let (mut first, mut first_step) = (0, 0);
        let mut sheets = Vec::with_capacity(runs.len());
        for run in runs {
            let (count, steps) = (run.numbers.len(), run.targets.len());
            sheets.push(Sheet {
                run,
                first,
                first_step,
                ends: ends.cut_off(count),
                targets: targets.cut_off(steps),
                classes: classes.cut_off(steps),
                states: states.cut_off(count),
                marks: marks.cut_off(count),
                rests: rests.cut_off(count),
            });
            first += count as u32;
            first_step += steps;
        }
        (sheets, strengths)
    }

    /// Puts the steps of each state in the order of where they lead: one that depends on no thread, as that
    /// of the states does.
    pub(crate) fn put_in_order(&mut self, classes: &dyn Classes) {
        /// How many states a thread takes at a time.
        const TOGETHER: usize = 1 << 12;
        let places = classes.places();
        let place_of = |class: u16| places.get(usize::from(class)).copied().unwrap_or(UNFAIR);
        let Graph { offsets, targets, classes, .. } = &mut self.graph;
        let (mut targets, mut classes) = (Blank(targets), Blank(classes));
        let mut parts = Vec::new();
        let states = offsets.len() - 1;
        for first in (0..states).step_by(TOGETHER) {
            let offsets = &offsets[first..=states.min(first + TOGETHER)];
            let steps = offsets[offsets.len() - 1] - offsets[0];
            parts.push((offsets, targets.cut_off(steps), classes.cut_off(steps)));
        }
        share(self.threads, parts, |(offsets, targets, classes)| {
            let mut steps: Vec<(u32, u16)> = Vec::new();
            for ends in offsets.windows(2) {
                let own = ends[0] - offsets[0]..ends[1] - offsets[0];
                let (targets, classes) = (&mut targets[own.clone()], &mut classes[own]);
                steps.clear();
                steps.extend(targets.iter().copied().zip(classes.iter().copied()));
                steps.sort_unstable_by_key(|(target, class)| (*target, place_of(*class)));
                for (at, (target, class)) in steps.iter().enumerate() {
                    (targets[at], classes[at]) = (*target, *class);
                }
            }
        });
    }
}

/// What is left to be filled in.
struct Blank<'s, T>(&'s mut [T]);

impl<'s, T> Blank<'s, T> {
    /// Takes the first ones off, if there are so many.
    fn cut_off(&mut self, count: usize) -> &'s mut [T] {
        self.0.split_off_mut(..count).unwrap_or_default()
    }
}

/// The lasso as a behaviour of the space.
pub(crate) fn replay(
    space: &dyn Space,
    recorded: &Recorded,
    classes: &dyn Classes,
    lasso: &Lasso,
) -> Option<Behaviour> {
    let (mut classifier, mut stepper) = (classes.classifier(), space.stepper());
    let mut trace = Behaviour {
        states: vec![space.initial().into()],
        moves: Vec::new(),
        cycle: Some(lasso.stem.len()),
    };
    for step in lasso.stem.iter().chain(&lasso.cycle) {
        let target = recorded.states[recorded.graph.targets[*step] as usize];
        let state = trace.last().to_vec();
        let fingerprint = space.fingerprint(&state);
        let mut steps = Vec::new();
        stepper.steps(&state, fingerprint, &mut steps);
        // Of several that are alike the one that is listed first.
        let (what, taken) = (steps.into_iter())
            .filter(|(what, taken)| {
                let class = classifier.class(&state, *what);
                taken.fingerprint as u64 == target && class == recorded.graph.classes[*step]
            })
            .min_by(|(one, _), (other, _)| space.compare(&state, *one, *other))?;
        let mut next = Vec::new();
        stepper.write(&state, &taken, &mut next);
        trace.moves.push(what);
        trace.states.push(next.into());
    }
    Some(trace)
}
