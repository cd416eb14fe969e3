//! Recording the graph while the search runs: each thread notes, of every state that it expands,
//! the steps, by the keys of their targets in the visited set. When the search is over the notes
//! become one compact graph.

use super::classes::{Classes, Classifier, UNFAIR};
use super::graph::{BEYOND, Graph};
use super::lasso::Lasso;
use crate::check::engine::{Behaviour, CheckError};
use crate::models::world::step::Move;
use crate::models::world::{Checkable, Cluster, Observer};
use std::sync::atomic::{AtomicU64, Ordering};

/// What one thread notes.
pub(crate) struct Recorder<'c, A: Checkable, H> {
    classifier: Classifier<'c, A, H>,
    notes: Notes,
    /// The bytes of all threads' notes.
    bytes: &'c AtomicU64,
    reported: u64,
}

/// States in the order of their expansion, and their steps one after the other.
#[derive(Default)]
struct Notes {
    states: Vec<u64>,
    marks: Vec<u32>,
    counts: Vec<u32>,
    targets: Vec<u64>,
    classes: Vec<u16>,
}

/// No state is known by it.
const BEYOND_KEY: u64 = 0;

impl<'c, A: Checkable, H: Observer<A::Msg>> Recorder<'c, A, H> {
    pub(crate) fn new(
        cluster: &'c Cluster<A, H>,
        classes: &'c Classes<A::Msg, A::Timer>,
        bytes: &'c AtomicU64,
    ) -> Self {
        let classifier = Classifier::new(cluster, classes);
        Self { classifier, notes: Notes::default(), bytes, reported: 0 }
    }

    /// Begins with a state, marked with the conditions that hold in it; its number in what
    /// follows.
    pub(crate) fn begin(&mut self, state: u64, marks: u32) -> u32 {
        self.notes.states.push(state);
        self.notes.marks.push(marks);
        self.notes.counts.push(0);
        self.notes.states.len() as u32 - 1
    }

    /// Notes a step. Steps come in the order of the states that they start from.
    pub(crate) fn step(&mut self, source: u32, state: &[u32], what: Move, target: u64) {
        self.notes.counts[source as usize] += 1;
        self.notes.targets.push(target.max(1));
        self.notes.classes.push(self.classifier.class(state, what));
    }

    /// Notes a step that leads out of bounds.
    pub(crate) fn cut(&mut self, source: u32, state: &[u32], what: Move) {
        self.notes.counts[source as usize] += 1;
        self.notes.targets.push(BEYOND_KEY);
        self.notes.classes.push(self.classifier.class(state, what));
    }

    /// Reports how much memory the notes take.
    pub(crate) fn report_size(&mut self) {
        let Notes { states, targets, .. } = &self.notes;
        let bytes = (states.len() * 16 + targets.len() * 10) as u64;
        self.bytes.fetch_add(bytes - self.reported, Ordering::Relaxed);
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
    /// Whether states and steps are in an order that does not depend on threads.
    pub(crate) is_in_order: bool,
}

impl Recorded {
    /// The same, with the states in the order of their fingerprints, and the steps of each in that
    /// of where they lead.
    pub(crate) fn in_order<M: Ord, T: Ord>(self, classes: &Classes<M, T>) -> Self {
        let Self { graph: old, states, marks, .. } = self;
        let places = classes.places();
        let place_of = |class: u16| places.get(usize::from(class)).copied().unwrap_or(UNFAIR);
        let mut order: Vec<u32> = (0..old.states() as u32).collect();
        order.sort_unstable_by_key(|state| states[*state as usize]);
        let mut numbers = vec![0; order.len()];
        for (number, state) in (0..).zip(&order) {
            numbers[*state as usize] = number;
        }
        let number_of = |state: u32| numbers.get(state as usize).copied().unwrap_or(BEYOND);
        let mut graph = Graph {
            offsets: Vec::with_capacity(old.offsets.len()),
            targets: Vec::with_capacity(old.targets.len()),
            classes: Vec::with_capacity(old.classes.len()),
            strengths: old.strengths.clone(),
            initial: number_of(old.initial),
        };
        graph.offsets.push(0);
        let mut steps = Vec::new();
        for state in &order {
            steps.clear();
            let of_state = old.steps_of(*state);
            steps.extend(of_state.map(|step| (number_of(old.targets[step]), old.classes[step])));
            steps.sort_unstable_by_key(|(target, class)| (*target, place_of(*class)));
            graph.targets.extend(steps.iter().map(|(target, _)| *target));
            graph.classes.extend(steps.iter().map(|(_, class)| *class));
            graph.offsets.push(graph.targets.len());
        }
        Self {
            graph,
            states: order.iter().map(|state| states[*state as usize]).collect(),
            marks: order.iter().map(|state| marks[*state as usize]).collect(),
            is_in_order: true,
        }
    }
}

/// Makes one graph of what the threads noted. `place` says where among `places` a fingerprint
/// is.
pub(crate) fn assemble<A: Checkable, H: Observer<A::Msg>>(
    recorders: Vec<Recorder<'_, A, H>>,
    classes: &Classes<A::Msg, A::Timer>,
    initial: u64,
    places: usize,
    place: impl Fn(u64) -> Option<usize>,
) -> Result<Recorded, CheckError> {
    let count: usize = recorders.iter().map(|recorder| recorder.notes.states.len()).sum();
    if count >= BEYOND as usize {
        return Err(CheckError::TooLarge { what: "states", limit: u64::from(BEYOND) });
    }
    if classes.overflowed() {
        let what = "kinds of fair steps (messages, timers, nodes)";
        return Err(CheckError::TooLarge { what, limit: u64::from(UNFAIR) });
    }
    let mut numbers = vec![BEYOND; places];
    let states = recorders.iter().flat_map(|recorder| &recorder.notes.states);
    for (number, state) in (0..).zip(states) {
        if let Some(place) = place(*state) {
            numbers[place] = number;
        }
    }
    let number_of = |state: u64| place(state).map_or(BEYOND, |place| numbers[place]);
    let steps = recorders.iter().map(|recorder| recorder.notes.targets.len()).sum();
    let mut graph = Graph {
        offsets: Vec::with_capacity(count + 1),
        targets: Vec::with_capacity(steps),
        classes: Vec::with_capacity(steps),
        strengths: classes.strengths(),
        initial: number_of(initial),
    };
    let (mut states, mut marks) = (Vec::with_capacity(count), Vec::with_capacity(count));
    graph.offsets.push(0);
    for recorder in recorders {
        let notes = recorder.notes;
        let mut end = graph.targets.len();
        for steps in notes.counts {
            end += steps as usize;
            graph.offsets.push(end);
        }
        graph.targets.extend(notes.targets.into_iter().map(|target| match target {
            BEYOND_KEY => BEYOND,
            target => number_of(target),
        }));
        graph.classes.extend(notes.classes);
        states.extend(notes.states);
        marks.extend(notes.marks);
    }
    Ok(Recorded { graph, states, marks, is_in_order: false })
}

/// The lasso as a behaviour of the cluster.
pub(crate) fn replay<A: Checkable, H: Observer<A::Msg>>(
    cluster: &Cluster<A, H>,
    recorded: &Recorded,
    classes: &Classes<A::Msg, A::Timer>,
    lasso: &Lasso,
) -> Option<Behaviour> {
    let mut classifier = Classifier::new(cluster, classes);
    let mut expander = cluster.expander();
    let mut trace = Behaviour {
        states: vec![cluster.initial().into()],
        moves: Vec::new(),
        cycle: Some(lasso.stem.len()),
    };
    for step in lasso.stem.iter().chain(&lasso.cycle) {
        let target = recorded.states[recorded.graph.targets[*step] as usize];
        let state = trace.last().to_vec();
        let fingerprint = cluster.fingerprint(&state);
        let mut moves = Vec::new();
        expander.moves(&state, &mut moves);
        // Of several that are alike the one that is listed first.
        let (what, step_taken) = (moves.into_iter())
            .filter_map(|what| {
                let step_taken = expander.step(&state, fingerprint, what)?;
                let class = classifier.class(&state, what);
                let is_it =
                    step_taken.fingerprint == target && class == recorded.graph.classes[*step];
                is_it.then_some((what, step_taken))
            })
            .min_by_key(|(what, _)| cluster.action(&state, *what))?;
        let mut next = Vec::new();
        expander.write(&state, &step_taken, &mut next);
        trace.moves.push(what);
        trace.states.push(next.into());
    }
    Some(trace)
}
