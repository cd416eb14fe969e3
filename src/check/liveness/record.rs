//! Recording the graph while the search runs: each thread notes, of the states whose successors it
//! looks at, the steps, by the numbers of their targets in the visited set. When the search is over
//! the notes become one compact graph, with the states in the order of the search.

use super::classes::{Classes, Classifier, UNFAIR};
use super::graph::{BEYOND, Graph};
use super::lasso::Lasso;
use crate::check::engine::{Behaviour, CheckError};
use crate::check::space::Space;
use crate::models::world::step::Move;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;

/// What one thread notes.
pub(crate) struct Recorder<'c> {
    classifier: Box<dyn Classifier + 'c>,
    runs: Vec<Run>,
    /// Room to work in: the run that is being noted.
    now: Run,
    /// The bytes of all threads' notes.
    bytes: &'c AtomicU64,
    noted: u64,
    reported: u64,
}

/// States that follow each other in the order of the search, and their steps one after the other.
#[derive(Clone, Default)]
struct Run {
    /// Where among all states it begins.
    first: u64,
    /// The numbers of the states in the visited set.
    numbers: Vec<u32>,
    fingerprints: Vec<u64>,
    marks: Vec<u32>,
    counts: Vec<u32>,
    targets: Vec<u32>,
    classes: Vec<u16>,
}

impl Run {
    fn clear(&mut self) {
        let Self { numbers, fingerprints, marks, counts, targets, classes, .. } = self;
        numbers.clear();
        fingerprints.clear();
        marks.clear();
        counts.clear();
        targets.clear();
        classes.clear();
    }

    fn bytes(&self) -> u64 {
        let states = self.numbers.capacity() * (4 + 8 + 4 + 4);
        (size_of::<Self>() + states + self.targets.capacity() * (4 + 2)) as u64
    }
}

impl<'c> Recorder<'c> {
    pub(crate) fn new(classes: &'c dyn Classes, bytes: &'c AtomicU64) -> Self {
        let classifier = classes.classifier();
        let (runs, now) = (Vec::new(), Run::default());
        Self { classifier, runs, now, bytes, noted: 0, reported: 0 }
    }

    /// The class of a step.
    pub(crate) fn class(&mut self, state: &[u32], what: Move) -> u16 {
        self.classifier.class(state, what)
    }

    /// Begins with a state: where in the order of the search it is, its number in the visited set,
    /// the conditions that hold in it, and its fingerprint.
    pub(crate) fn begin(&mut self, at: u64, (number, marks): (u32, u32), fingerprint: u64) {
        if self.now.numbers.is_empty() {
            self.now.first = at;
        }
        self.now.numbers.push(number);
        self.now.fingerprints.push(fingerprint);
        self.now.marks.push(marks);
        self.now.counts.push(0);
    }

    /// Notes a step of the state that was begun with last, by the number of its target.
    pub(crate) fn step(&mut self, class: u16, target: u32) {
        if let Some(count) = self.now.counts.last_mut() {
            *count += 1;
        }
        self.now.targets.push(target);
        self.now.classes.push(class);
    }

    /// Notes a step that leads out of bounds.
    pub(crate) fn cut(&mut self, class: u16) {
        self.step(class, BEYOND);
    }

    /// Ends with the states that follow each other, and reports how much memory the notes take.
    pub(crate) fn end(&mut self) {
        if !self.now.numbers.is_empty() {
            // A copy has no room to spare.
            self.runs.push(self.now.clone());
            self.noted += self.runs.last().map_or(0, Run::bytes);
            self.now.clear();
        }
        let bytes = self.noted + self.now.bytes();
        self.bytes.fetch_add(bytes.wrapping_sub(self.reported), Ordering::Relaxed);
        self.reported = bytes;
    }
}

/// The graph, and what its states are.
pub(crate) struct Recorded {
    pub(crate) graph: Graph,
    /// The fingerprints of the states.
    pub(crate) states: Vec<u64>,
    /// The conditions that hold in them, in the order in which they were asked.
    pub(crate) marks: Vec<u32>,
    /// Whether the steps are in an order that does not depend on threads, as the states are.
    pub(crate) is_in_order: bool,
}

impl Recorded {
    /// The same, with the steps of each state in the order of where they lead.
    pub(crate) fn in_order(mut self, classes: &dyn Classes) -> Self {
        let places = classes.places();
        let place_of = |class: u16| places.get(usize::from(class)).copied().unwrap_or(UNFAIR);
        let Graph { offsets, targets, classes, .. } = &mut self.graph;
        let mut steps = Vec::new();
        for of_state in offsets.windows(2) {
            let of_state = of_state[0]..of_state[1];
            steps.clear();
            steps.extend(of_state.clone().map(|step| (targets[step], classes[step])));
            steps.sort_unstable_by_key(|(target, class)| (*target, place_of(*class)));
            for (step, (target, class)) in of_state.zip(&steps) {
                (targets[step], classes[step]) = (*target, *class);
            }
        }
        Self { is_in_order: true, ..self }
    }
}

/// Makes one graph of what the threads noted. The numbers in the visited set are less than `numbers`.
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
    let mut runs: Vec<Vec<Run>> = recorders.into_iter().map(|recorder| recorder.runs).collect();
    // A thread that takes over what another has left goes back to earlier states.
    runs.iter_mut().for_each(|runs| runs.sort_by_key(|run| run.first));
    renumber(&mut runs, numbers as usize);
    let all = || runs.iter().flatten();
    let count = all().map(|run| run.numbers.len()).sum();
    let steps = all().map(|run| run.targets.len()).sum();
    let mut graph = Graph {
        offsets: Vec::with_capacity(count + 1),
        targets: Vec::with_capacity(steps),
        classes: Vec::with_capacity(steps),
        strengths: classes.strengths(),
        initial: 0,
    };
    let (mut states, mut marks) = (Vec::with_capacity(count), Vec::with_capacity(count));
    graph.offsets.push(0);
    let mut runs: Vec<_> = runs.into_iter().map(|runs| runs.into_iter().peekable()).collect();
    loop {
        // Those of one thread are in order: the next is the first of one of them.
        let first = |runs: &mut std::iter::Peekable<_>| runs.peek().map(|run: &Run| run.first);
        let next = runs.iter_mut().enumerate().filter_map(|(at, runs)| Some((first(runs)?, at)));
        let Some((_, at)) = next.min() else { break };
        let Some(run) = runs[at].next() else { break };
        let mut end = graph.targets.len();
        for steps in &run.counts {
            end += *steps as usize;
            graph.offsets.push(end);
        }
        graph.targets.extend_from_slice(&run.targets);
        graph.classes.extend_from_slice(&run.classes);
        states.extend_from_slice(&run.fingerprints);
        marks.extend_from_slice(&run.marks);
    }
    Ok(Recorded { graph, states, marks, is_in_order: false })
}

/// Gives the targets of steps the numbers of states in the order of the search, with a thread for each
/// list of runs.
fn renumber(runs: &mut [Vec<Run>], numbers: usize) {
    let places: Vec<AtomicU32> = (0..numbers).map(|_| AtomicU32::new(BEYOND)).collect();
    let places = places.as_slice();
    let note = |runs: &[Run]| {
        for run in runs {
            for (place, number) in (run.first as u32..).zip(&run.numbers) {
                places[*number as usize].store(place, Ordering::Relaxed);
            }
        }
    };
    let place_of = |target: u32| match target {
        BEYOND => BEYOND,
        number => places[number as usize].load(Ordering::Relaxed),
    };
    let rename = |runs: &mut [Run]| {
        let targets = runs.iter_mut().flat_map(|run| &mut run.targets);
        targets.for_each(|target| *target = place_of(*target));
    };
    thread::scope(|scope| {
        let threads: Vec<_> = runs.iter().map(|runs| scope.spawn(|| note(runs))).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap_or_default());
    });
    thread::scope(|scope| {
        runs.iter_mut().for_each(|runs| drop(scope.spawn(|| rename(runs))));
    });
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
