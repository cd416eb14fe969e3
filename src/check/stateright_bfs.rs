//! Stateright's breadth-first search as an engine.
//!
//! Stateright keeps the last counterexample that it comes across, not the first. Each property
//! is therefore wrapped so that it speaks up once: with one thread, that first counterexample is
//! a shortest one.

use super::engine::{Phase, Progress};
use super::findings::{Discovery, Engine, Findings};
use crate::trace::Trace;
use quorate_models::world::{
    Checkable, Cluster, Judged, Kind, MAX_CONDITIONS, NO_PANIC, Observer, State, safety_properties,
};
use stateright::{Checker, HasDiscoveries, Model, Property};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const REPORT_EVERY: Duration = Duration::from_millis(100);

pub(super) fn run<A: Checkable, H: Observer<A::Msg>>(
    cluster: Cluster<A, H>,
    threads: usize,
    progress: &dyn Fn(Progress),
) -> Findings {
    let start = Instant::now();
    let safety = safety_properties::<A, H, FirstOnly<A, H>>(&cluster);
    let properties: Vec<_> = safety.into_iter().map(|property| property.name).collect();
    let model = FirstOnly {
        cluster,
        heard: std::array::from_fn(|_| AtomicBool::new(false)),
        heard_panic: AtomicBool::new(false),
    };
    let checker = model.checker().threads(threads).finish_when(never()).spawn_bfs();
    while !checker.is_done() {
        thread::sleep(REPORT_EVERY);
        progress(Progress {
            phase: Phase::Search,
            unique: checker.unique_state_count() as u64,
            generated: checker.state_count() as u64,
            depth: depth(&checker) as u32,
            waiting: 0,
            elapsed: start.elapsed(),
        });
    }
    let checker = checker.join();
    let mut found = checker.discoveries();
    let mut panic = None;
    let mut discoveries = BTreeMap::new();
    if let Some(path) = found.remove(NO_PANIC.name) {
        let said = checker.model().cluster.panic_in(path.last_state().packed());
        panic = Some(said.unwrap_or_default());
        let trace = Trace::of_actions(&path.into_actions());
        discoveries.insert(NO_PANIC.name, Discovery::Found(trace));
    }
    discoveries.extend(properties.into_iter().map(|name| match found.remove(name) {
        Some(path) => (name, Discovery::Found(Trace::of_actions(&path.into_actions()))),
        None => (name, Discovery::Nothing),
    }));
    Findings {
        engine: Engine::Stateright,
        threads,
        unique: checker.unique_state_count() as u64,
        generated: checker.state_count() as u64,
        expanded: None,
        reduction: None,
        depth: depth(&checker),
        elapsed: start.elapsed(),
        shortfall: None,
        collision_probability: collision_probability(checker.unique_state_count() as u64),
        discoveries,
        panic,
        cut: None,
        liveness: None,
        memory: None,
        walks: None,
    }
}

/// Stateright counts states on the longest shortest path; this crate counts steps.
fn depth<M: Model<State: std::hash::Hash>>(checker: &impl Checker<M>) -> u64 {
    (checker.max_depth() as u64).saturating_sub(1)
}

/// Stateright's fingerprints have 64 bits too.
#[allow(clippy::cast_precision_loss, reason = "a probability")]
pub(super) fn collision_probability(unique: u64) -> f64 {
    let unique = unique as f64;
    (unique * unique / 2_f64.powi(65)).min(1.0)
}

/// Every state is wanted, whatever was discovered on the way.
fn never() -> HasDiscoveries {
    HasDiscoveries::AllOf(BTreeSet::from(["no property has this name"]))
}

/// The cluster, each of whose properties is discovered once.
struct FirstOnly<A: Checkable, H> {
    cluster: Cluster<A, H>,
    heard: [AtomicBool; MAX_CONDITIONS],
    heard_panic: AtomicBool,
}

impl<A: Checkable, H: Observer<A::Msg>> Model for FirstOnly<A, H> {
    type State = State<A, H>;
    type Action = <Cluster<A, H> as Model>::Action;

    fn init_states(&self) -> Vec<Self::State> {
        self.cluster.init_states()
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>) {
        self.cluster.actions(state, actions);
    }

    fn next_state(&self, state: &Self::State, action: Self::Action) -> Option<Self::State> {
        self.cluster.next_state(state, action)
    }

    fn within_boundary(&self, state: &Self::State) -> bool {
        self.cluster.within_boundary(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        // Where every property speaks up at once, stateright would stop; this one never does.
        let silent = Property::always("stateright goes on", |_: &Self, _: &State<A, H>| true);
        let calm = Property::always(NO_PANIC.name, |model: &Self, state: &State<A, H>| {
            model.cluster.is_without_panic(state.packed())
                || model.heard_panic.swap(true, Ordering::Relaxed)
        });
        safety_properties(&self.cluster).into_iter().chain([calm, silent]).collect()
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Judged for FirstOnly<A, H> {
    fn judge(&self, at: usize, state: &State<A, H>) -> bool {
        let is_sometimes = matches!(self.cluster.properties()[at].kind, Kind::Sometimes);
        let holds = self.cluster.holds(at, state.packed());
        // A discovery is due for a `sometimes` that holds, or an `always` that does not.
        let is_news = holds == is_sometimes && !self.heard[at].swap(true, Ordering::Relaxed);
        is_news == is_sometimes
    }
}
