//! Counts the states of an abstract model: a breadth-first search, level by level, on one thread.
//!
//! It shares no code with the [engine](super::engine), whose states are those of clusters, nor with
//! stateright's search, so that the three are oracles of each other.

use super::engine::{Phase, Progress, Shortfall};
use super::findings::{Discovery, Engine, Findings};
use super::stateright_bfs::collision_probability;
use crate::trace::Trace;
use quorate_models::abstract_model::Countable;
use stateright::{Expectation, Property};
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

/// After how many states the clock is read.
const STRIDE: u64 = 1 << 12;

/// When to give up.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountLimits {
    /// For how long.
    pub time: Option<Duration>,
    /// After how many unique states.
    pub states: Option<u64>,
}

/// Counts the states of a model, and decides its safety properties. Counterexamples are shortest
/// ones. A property that is claimed `eventually` stays undecided.
pub fn count<M: Countable>(
    model: &M,
    limits: CountLimits,
    progress: &dyn Fn(Progress),
) -> Findings {
    let mut search = Search {
        model,
        limits,
        start: Instant::now(),
        properties: model.properties(),
        parents: HashMap::new(),
        found: BTreeMap::new(),
        generated: 0,
        depth: 0,
    };
    let shortfall = search.run(progress);
    search.findings(shortfall)
}

struct Search<'m, M: Countable> {
    model: &'m M,
    limits: CountLimits,
    start: Instant,
    properties: Vec<Property<M>>,
    /// The states met so far, as fingerprints, each with the state that led to it first.
    parents: HashMap<u64, Option<u64>>,
    /// Where each property was discovered.
    found: BTreeMap<&'static str, u64>,
    generated: u64,
    depth: u64,
}

impl<M: Countable> Search<'_, M> {
    fn run(&mut self, progress: &dyn Fn(Progress)) -> Option<Shortfall> {
        let mut level = Vec::new();
        for state in self.model.init_states() {
            self.meet(state, None, &mut level);
        }
        if level.is_empty() {
            return Some(Shortfall::Nothing);
        }
        let mut actions = Vec::new();
        let mut expanded: u64 = 0;
        while !level.is_empty() {
            let waiting = level.len() as u64;
            let mut next = Vec::new();
            for (state, fingerprint) in level {
                self.model.actions(&state, &mut actions);
                for action in actions.drain(..) {
                    if let Some(after) = self.model.next_state(&state, action) {
                        self.meet(after, Some(fingerprint), &mut next);
                    }
                }
                expanded += 1;
                if let Some(shortfall) = self.reached_limit(expanded) {
                    return Some(shortfall);
                }
                if expanded.is_multiple_of(STRIDE) {
                    progress(self.progress(waiting));
                }
            }
            self.depth += u64::from(!next.is_empty());
            level = next;
        }
        None
    }

    /// A step led here, or this is where it begins.
    fn meet(&mut self, state: M::State, parent: Option<u64>, next: &mut Vec<(M::State, u64)>) {
        if !self.model.within_boundary(&state) {
            return;
        }
        self.generated += 1;
        let fingerprint = fingerprint(&state);
        if self.parents.contains_key(&fingerprint) {
            return;
        }
        self.parents.insert(fingerprint, parent);
        for property in &self.properties {
            let is_news = match property.expectation {
                Expectation::Always => !(property.condition)(self.model, &state),
                Expectation::Sometimes => (property.condition)(self.model, &state),
                Expectation::Eventually => false,
            };
            if is_news {
                self.found.entry(property.name).or_insert(fingerprint);
            }
        }
        next.push((state, fingerprint));
    }

    fn reached_limit(&self, expanded: u64) -> Option<Shortfall> {
        let CountLimits { time, states } = self.limits;
        if states.is_some_and(|states| self.unique() >= states) {
            return Some(Shortfall::States);
        }
        let is_late = || time.is_some_and(|time| self.start.elapsed() >= time);
        (expanded.is_multiple_of(STRIDE) && is_late()).then_some(Shortfall::Time)
    }

    fn unique(&self) -> u64 {
        self.parents.len() as u64
    }

    fn progress(&self, waiting: u64) -> Progress {
        Progress {
            phase: Phase::Search,
            unique: self.unique(),
            generated: self.generated,
            depth: u32::try_from(self.depth).unwrap_or(u32::MAX),
            waiting,
            elapsed: self.start.elapsed(),
        }
    }

    fn findings(&self, shortfall: Option<Shortfall>) -> Findings {
        let mut discoveries = BTreeMap::new();
        for Property { name, expectation, .. } in &self.properties {
            let is_decided = shortfall.is_none() && *expectation != Expectation::Eventually;
            let discovery = match self.found.get(name) {
                Some(end) => Discovery::Found(self.trace_to(*end)),
                None if is_decided => Discovery::Nothing,
                None => continue,
            };
            discoveries.insert(*name, discovery);
        }
        Findings {
            engine: Engine::Quorate,
            threads: 1,
            unique: self.unique(),
            generated: self.generated,
            expanded: None,
            reduction: None,
            depth: self.depth,
            elapsed: self.start.elapsed(),
            shortfall,
            collision_probability: collision_probability(self.unique()),
            discoveries,
            panic: None,
            cut: None,
            liveness: None,
            memory: None,
            walks: None,
        }
    }

    /// The steps to a state that was met.
    fn trace_to(&self, end: u64) -> Trace {
        let mut way = vec![end];
        while let Some(Some(parent)) = way.last().and_then(|at| self.parents.get(at)) {
            way.push(*parent);
        }
        let mut actions = Vec::new();
        let begin = self.model.init_states().into_iter();
        let mut state = begin.into_iter().find(|state| Some(&fingerprint(state)) == way.last());
        for towards in way.iter().rev().skip(1) {
            let step = state.and_then(|state| self.step_to(&state, *towards));
            let Some((action, after)) = step else { break };
            actions.push(action);
            state = Some(after);
        }
        Trace::of_actions(&actions)
    }

    fn step_to(&self, from: &M::State, to: u64) -> Option<(M::Action, M::State)> {
        let mut actions = Vec::new();
        self.model.actions(from, &mut actions);
        actions.into_iter().find_map(|action| {
            let after = self.model.next_state(from, action.clone())?;
            (fingerprint(&after) == to).then_some((action, after))
        })
    }
}

fn fingerprint(state: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use stateright::Model;

    /// A counter that goes up by one or two, to a limit.
    #[derive(Clone)]
    struct Counter(u8);

    impl Model for Counter {
        type State = u8;
        type Action = u8;

        fn init_states(&self) -> Vec<u8> {
            vec![0]
        }

        fn actions(&self, _: &u8, actions: &mut Vec<u8>) {
            actions.extend([1, 2]);
        }

        fn next_state(&self, state: &u8, step: u8) -> Option<u8> {
            Some(state + step)
        }

        fn within_boundary(&self, state: &u8) -> bool {
            *state <= self.0
        }

        fn properties(&self) -> Vec<Property<Self>> {
            vec![
                Property::always("below 5", |_, state| *state < 5),
                Property::sometimes("9", |_, state| *state == 9),
                Property::eventually("even", |_, state| state % 2 == 0),
            ]
        }
    }

    fn counted(limit: u8, limits: CountLimits) -> Findings {
        count(&Counter(limit), limits, &|_| {})
    }

    #[test]
    fn each_state_is_met_once_and_counterexamples_are_shortest() {
        let found = counted(8, CountLimits::default());
        assert_eq!((found.unique, found.generated, found.depth), (9, 1 + 8 + 7, 4));
        let trace = found.trace("below 5").unwrap();
        assert_eq!(trace.actions.len(), 3, "{trace:?}");
        assert_eq!(found.discoveries.get("9"), Some(&Discovery::Nothing));
        assert_eq!(found.discoveries.get("even"), None, "it is not decided");
        let found = counted(9, CountLimits::default());
        assert_eq!(found.trace("9").unwrap().actions.len(), 5);
    }

    #[test]
    fn a_limit_leaves_undecided_what_was_not_found_before() {
        let found = counted(200, CountLimits { states: Some(6), time: None });
        assert_eq!(found.shortfall, Some(Shortfall::States));
        assert!(found.trace("below 5").is_some());
        assert_eq!(found.discoveries.get("9"), None);
    }
}
