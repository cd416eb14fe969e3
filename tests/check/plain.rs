//! Plain models of stateright: the engine finds in them what stateright's search does, and decides
//! liveness as brute force does.

use quorate::check::{CheckError, Checker, Disk, Limits, NO_PANIC, Outcome, PlainModel, Verdict};
use quorate::models::two_phase_commit::abstract_model::TwoPhase;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use stateright::{Checker as _, HasDiscoveries, Model, Property};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::Hash;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// States are numbers, and the steps of each are listed.
#[derive(Clone, Debug)]
struct Table {
    initial: Vec<u8>,
    steps: Vec<Vec<u8>>,
    /// The states that are good, those that are rare, the goals, and those out of bounds.
    good: BTreeSet<u8>,
    rare: BTreeSet<u8>,
    goals: BTreeSet<u8>,
    beyond: BTreeSet<u8>,
}

impl Model for Table {
    type State = u8;
    type Action = u8;

    fn init_states(&self) -> Vec<u8> {
        self.initial.clone()
    }

    fn actions(&self, state: &u8, actions: &mut Vec<u8>) {
        actions.extend_from_slice(&self.steps[usize::from(*state)]);
    }

    fn next_state(&self, _: &u8, to: u8) -> Option<u8> {
        // Not everything that is listed is a step.
        (to != u8::MAX).then_some(to)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("good", |table: &Self, state| table.good.contains(state)),
            Property::sometimes("rare", |table: &Self, state| table.rare.contains(state)),
            Property::eventually("goal", |table: &Self, state| table.goals.contains(state)),
        ]
    }

    fn within_boundary(&self, state: &u8) -> bool {
        !self.beyond.contains(state)
    }
}

impl Table {
    fn random(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let states: u8 = random.random_range(1..40);
        let some = |random: &mut StdRng, chance: f64| {
            (0..states).filter(|_| random.random_bool(chance)).collect::<BTreeSet<u8>>()
        };
        let mut steps = Vec::new();
        for _ in 0..states {
            let count = random.random_range(0..4);
            let step = |random: &mut StdRng| {
                if random.random_bool(0.1) { u8::MAX } else { random.random_range(0..states) }
            };
            steps.push((0..count).map(|_| step(&mut random)).collect());
        }
        let several = random.random_range(0..4);
        let mut initial: Vec<u8> = (0..several).map(|_| random.random_range(0..states)).collect();
        if random.random_bool(0.5) {
            initial = vec![0];
        }
        // What is listed twice stateright expands twice.
        initial.sort_unstable();
        initial.dedup();
        Self {
            initial,
            steps,
            good: some(&mut random, 0.95),
            rare: some(&mut random, 0.05),
            goals: some(&mut random, 0.3),
            beyond: some(&mut random, 0.1),
        }
    }

    fn next(&self, state: u8) -> impl Iterator<Item = u8> {
        self.steps[usize::from(state)].iter().copied().filter(|to| *to != u8::MAX)
    }

    /// How many steps away each state is.
    fn distances(&self) -> BTreeMap<u8, usize> {
        let initial = self.initial.iter().copied().filter(|state| !self.beyond.contains(state));
        let mut open: VecDeque<u8> = initial.collect();
        let mut known: BTreeMap<u8, usize> = open.iter().map(|state| (*state, 0)).collect();
        while let Some(state) = open.pop_front() {
            for next in self.next(state).filter(|next| !self.beyond.contains(next)) {
                if !known.contains_key(&next) {
                    known.insert(next, known[&state] + 1);
                    open.push_back(next);
                }
            }
        }
        known
    }

    /// The states, and the steps to them.
    fn counts(&self) -> (u64, u64) {
        let (reached, inside) = (self.distances(), |to: &u8| !self.beyond.contains(to));
        let initial = self.initial.iter().filter(|state| inside(state)).count();
        let steps = reached.keys().map(|state| self.next(*state).filter(inside).count());
        (reached.len() as u64, (initial + steps.sum::<usize>()) as u64)
    }

    /// Whether a behaviour from an initial state ends, or goes round for ever, before a goal.
    fn misses_goal(&self) -> bool {
        let initial = self.initial.iter().copied().filter(|state| !self.beyond.contains(state));
        let mut open: Vec<u8> = initial.filter(|state| !self.goals.contains(state)).collect();
        let mut short: BTreeSet<u8> = open.iter().copied().collect();
        while let Some(state) = open.pop() {
            let next = self.next(state);
            for next in
                next.filter(|next| !self.beyond.contains(next) && !self.goals.contains(next))
            {
                if short.insert(next) {
                    open.push(next);
                }
            }
        }
        // What is left when all are taken away that have no way back into what is left goes round.
        let mut round = short.clone();
        loop {
            let before = round.len();
            let left = round.clone();
            round.retain(|state| self.next(*state).any(|next| left.contains(&next)));
            if round.len() == before {
                break;
            }
        }
        let ends = short.iter().any(|state| self.next(*state).next().is_none());
        ends || !round.is_empty()
    }
}

fn checked<M: quorate::check::Plain>(model: M, threads: usize) -> (PlainModel<M>, Outcome) {
    let model = PlainModel::new(model);
    let outcome = Checker::of_model(&model).threads(threads).check().unwrap();
    (model, outcome)
}

/// Unique and generated states, and the safety properties that are discovered.
fn of_stateright<M>(model: M) -> (u64, u64, BTreeSet<&'static str>)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Hash + PartialEq + Send + Sync,
    M::Action: Clone + PartialEq + Send + Sync,
{
    let never = HasDiscoveries::AllOf(["nothing has this name"].into());
    let checker = model.checker().finish_when(never).spawn_bfs().join();
    let mut discovered: BTreeSet<_> = checker.discoveries().into_keys().collect();
    discovered.remove("goal");
    (checker.unique_state_count() as u64, checker.state_count() as u64, discovered)
}

fn summary(outcome: &Outcome) -> (u64, u64, BTreeSet<&'static str>) {
    let found = outcome.properties.iter().filter(|property| property.verdict.trace().is_some());
    let found = found.map(|property| property.name).filter(|name| *name != "goal");
    (outcome.unique, outcome.generated, found.collect())
}

#[test]
fn two_phase_commit_has_the_states_of_the_specification() {
    for (managers, unique) in [(3, 288), (5, 8_832)] {
        for threads in [1, 2] {
            let (_, outcome) = checked(TwoPhase { resource_managers: managers }, threads);
            assert_eq!(outcome.unique, unique);
            assert_eq!(summary(&outcome), of_stateright(TwoPhase { resource_managers: managers }));
        }
    }
}

#[test]
fn random_models_have_stateright_s_counts_and_shortest_traces() {
    let (mut several, mut compared, mut violated) = (0, 0, 0);
    for seed in 0..400 {
        let table = Table::random(seed);
        let distances = table.distances();
        several += usize::from(table.initial.len() > 1);
        for threads in [1, 3] {
            let (model, outcome) = checked(table.clone(), threads);
            let all = summary(&outcome);
            assert_eq!((all.0, all.1), table.counts(), "seed {seed}: {table:?}");
            // Of a path from behind an initial state out of bounds stateright loses track.
            if table.initial.iter().all(|state| !table.beyond.contains(state)) {
                assert_eq!(all, of_stateright(table.clone()), "seed {seed}: {table:?}");
                compared += 1;
            }
            let depth = distances.values().max().copied().unwrap_or(0);
            assert_eq!(outcome.depth as usize, depth, "seed {seed}");
            for (name, decides) in [("good", false), ("rare", true)] {
                let states = if decides { &table.rare } else { &table.good };
                let sought = |state: &u8| states.contains(state) == decides;
                let nearest = distances.iter().filter(|(state, _)| sought(state));
                let nearest = nearest.map(|(_, steps)| *steps).min();
                let Some(trace) = outcome.property(name).and_then(|one| one.verdict.trace()) else {
                    assert_eq!(nearest, None, "seed {seed}: {name}");
                    continue;
                };
                violated += 1;
                let actions = model.actions(trace);
                assert_eq!(Some(actions.len()), nearest, "seed {seed}: {name}");
                let last = model.last(trace, |state| *state).unwrap();
                assert!(sought(&last), "seed {seed}: {name} by {actions:?}");
                assert!(actions.last().is_none_or(|to| *to == last), "seed {seed}: {actions:?}");
            }
        }
    }
    assert!(several > 50 && compared > 500, "{several} with several, {compared} compared");
    assert!(violated > 300, "{violated} violated");
}

#[test]
fn a_goal_is_missed_by_what_ends_and_by_what_goes_round() {
    let mut missed = 0;
    for seed in 0..400 {
        let table = Table::random(seed);
        for threads in [1, 3] {
            let (_, outcome) = checked(table.clone(), threads);
            let verdict = &outcome.property("goal").unwrap().verdict;
            let is_missed = matches!(verdict, Verdict::Violated(_));
            assert_eq!(is_missed, table.misses_goal(), "seed {seed}: {table:?}");
            missed += usize::from(is_missed);
        }
    }
    assert!(missed > 100 && missed < 700, "{missed} of 800");
}

#[test]
fn limits_and_what_cannot_be_had_are_told() {
    let model = PlainModel::new(TwoPhase { resource_managers: 5 });
    let limits = Limits { states: Some(500), ..Limits::default() };
    let outcome = Checker::of_model(&model).limits(limits).check().unwrap();
    assert!(outcome.shortfall.is_some() && outcome.unique < 8_832, "{outcome:?}");
    let limits = Limits { depth: Some(3), ..Limits::default() };
    let outcome = Checker::of_model(&model).limits(limits).check().unwrap();
    assert!(outcome.shortfall.is_some() && outcome.depth == 3, "{outcome:?}");
    let dir = tempfile::tempdir().unwrap();
    let disk =
        Disk { dir: dir.path().into(), name: "plain".into(), resume: false, every: Duration::ZERO };
    let error = Checker::of_model(&model).disk(disk).check().unwrap_err();
    assert!(matches!(error, CheckError::Disk(_)), "{error}");
    // The same states once more, after all that.
    let outcome = Checker::of_model(&model).check().unwrap();
    assert_eq!((outcome.unique, outcome.holds()), (8_832, true));
}

/// Counts, and panics somewhere.
struct Brittle {
    in_condition: bool,
}

impl Model for Brittle {
    type State = u8;
    type Action = ();

    fn init_states(&self) -> Vec<u8> {
        vec![0]
    }

    fn actions(&self, _: &u8, actions: &mut Vec<()>) {
        actions.push(());
    }

    fn next_state(&self, state: &u8, (): ()) -> Option<u8> {
        assert!(self.in_condition || *state < 3, "no further than three");
        (*state < 9).then_some(state + 1)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("small", |_: &Self, state| {
            assert!(*state < 5, "five is no number");
            true
        })]
    }
}

#[test]
fn a_panic_of_a_condition_is_a_violation_and_one_of_a_step_an_error() {
    let (model, outcome) = checked(Brittle { in_condition: true }, 1);
    let trace = outcome.property(NO_PANIC.name).and_then(|one| one.verdict.trace()).unwrap();
    assert_eq!((trace.len(), model.last(trace, |state| *state)), (5, Some(5)));
    assert!(outcome.panic.unwrap().starts_with("small: five is no number"));
    let model = PlainModel::new(Brittle { in_condition: false });
    let CheckError::Panic(said) = Checker::of_model(&model).check().unwrap_err() else { panic!() };
    assert!(said.starts_with("no further than three"), "{said}");
}

/// Lists its actions in another order each time.
#[derive(Default)]
struct Fickle {
    asked: AtomicU8,
}

impl Model for Fickle {
    type State = Vec<u8>;
    type Action = u8;

    fn init_states(&self) -> Vec<Vec<u8>> {
        vec![vec![]]
    }

    fn actions(&self, state: &Vec<u8>, actions: &mut Vec<u8>) {
        if state.len() < 6 {
            actions.extend(0..3);
            actions.rotate_left(usize::from(self.asked.fetch_add(1, Ordering::Relaxed) % 3));
        }
    }

    fn next_state(&self, state: &Vec<u8>, letter: u8) -> Option<Vec<u8>> {
        Some([state.as_slice(), &[letter]].concat())
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("short", |_: &Self, state: &Vec<u8>| state.len() < 7)]
    }
}

#[test]
fn a_model_that_does_not_do_the_same_again_is_refused_unless_its_states_are_kept() {
    for threads in [1, 3] {
        let model = PlainModel::new(Fickle::default());
        let refused = Checker::of_model(&model).threads(threads).check().unwrap_err();
        let CheckError::Panic(said) = refused else { panic!("{refused}") };
        assert!(said.contains("is not the same, in the same order, each time"), "{said}");
        let model = PlainModel::new(Fickle::default()).keeping_states();
        let outcome = Checker::of_model(&model).threads(threads).check().unwrap();
        assert_eq!(
            (outcome.unique, outcome.holds()),
            ((0..7).map(|length| 3_u64.pow(length)).sum(), true)
        );
    }
}
