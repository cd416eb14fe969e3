//! Checking an instance, by one engine or another, with findings that no longer depend on the
//! instance's types.

use super::engine::{
    CheckError, Checker, Limits, LivenessSummary, Outcome, Progress, Shortfall, Verdict,
};
use super::stateright_bfs;
use crate::trace::Trace;
use quorate_models::world::{Checkable, Cluster, Observer, Symmetry};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What does the checking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// This crate's: safety and liveness.
    #[default]
    Quorate,
    /// Stateright's breadth-first search: safety only.
    Stateright,
}

impl Engine {
    /// Its name, as on the command line and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quorate => "quorate",
            Self::Stateright => "stateright",
        }
    }
}

/// How to check.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// What does the checking.
    pub engine: Engine,
    /// How many threads. With stateright, counterexamples are the shortest only with one.
    pub threads: usize,
    /// When to give up; stateright knows no limits.
    pub limits: Limits,
    /// Whether to decide liveness properties too.
    pub liveness: bool,
    /// Stop when this `always` property is violated; a mutant's check stops at its killer if
    /// nothing is said. Stateright goes on.
    pub until_violated: Option<&'a str>,
    /// Set to end the check soon, with what was found so far. Stateright goes on.
    pub stop: &'a AtomicBool,
}

static NEVER: AtomicBool = AtomicBool::new(false);

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            engine: Engine::default(),
            threads: 1,
            limits: Limits::default(),
            liveness: true,
            until_violated: None,
            stop: &NEVER,
        }
    }
}

/// What a check found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// What did the checking.
    pub engine: Engine,
    /// With how many threads.
    pub threads: usize,
    /// Distinct reachable states.
    pub unique: u64,
    /// States generated, counting the initial one and every repetition.
    pub generated: u64,
    /// Steps from the initial state to the furthest state.
    pub depth: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// Why not every reachable state was checked; `None` if each was.
    pub shortfall: Option<Shortfall>,
    /// At most how probable it is that a collision of fingerprints hid a state.
    pub collision_probability: f64,
    /// What was found of each property that is decided, [`NO_PANIC`](super::NO_PANIC) among them
    /// if it is violated.
    pub discoveries: BTreeMap<&'static str, Discovery>,
    /// What the panic said, if anything panicked.
    pub panic: Option<String>,
    /// Steps that lead out of bounds; `None` where the engine does not tell.
    pub cut: Option<u64>,
    /// What was met in deciding liveness, states with such steps among it; `None` if
    /// liveness was not decided.
    pub liveness: Option<LivenessSummary>,
    /// The most bytes that the search held, as [`Limits::memory`] counts; `None` where the engine
    /// does not tell.
    pub memory: Option<u64>,
}

/// What was found of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// It holds, or a `sometimes` is never reached.
    Nothing,
    /// A counterexample, or for a `sometimes` an example.
    Found(Trace),
}

impl Findings {
    /// The counterexample to a property, or the example of a `sometimes`.
    pub fn trace(&self, property: &str) -> Option<&Trace> {
        match self.discoveries.get(property)? {
            Discovery::Found(trace) => Some(trace),
            Discovery::Nothing => None,
        }
    }
}

/// Checks a cluster, with nodes that are alike if there is a symmetry.
///
/// # Errors
/// When the options make no sense, when the nodes are not alike, when what was found cannot be
/// trusted, or when there is too much to decide liveness on.
pub fn run<A: Checkable, H: Observer<A::Msg>>(
    cluster: Cluster<A, H>,
    symmetry: Option<Symmetry<A, H>>,
    options: &Options<'_>,
    progress: &dyn Fn(Progress),
) -> Result<Findings, CheckError> {
    if options.threads == 0 {
        return Err(CheckError::ZeroThreads);
    }
    match options.engine {
        Engine::Stateright if symmetry.is_some() => Err(CheckError::SymmetryElsewhere),
        Engine::Stateright => Ok(stateright_bfs::run(cluster, options.threads, progress)),
        Engine::Quorate => {
            let mut checker = Checker::new(&cluster).threads(options.threads);
            checker = checker.limits(options.limits);
            if let Some(symmetry) = symmetry {
                checker = checker.symmetry(symmetry);
            }
            if !options.liveness {
                checker = checker.safety_only();
            }
            if let Some(name) = options.until_violated {
                checker = checker.until_violated(name);
            }
            let outcome = checker.run(progress, options.stop)?;
            Ok(findings(&cluster, options.threads, &outcome))
        }
    }
}

fn findings<A: Checkable, H: Observer<A::Msg>>(
    cluster: &Cluster<A, H>,
    threads: usize,
    outcome: &Outcome,
) -> Findings {
    let mut discoveries = BTreeMap::new();
    for property in &outcome.properties {
        let discovery = match &property.verdict {
            Verdict::Holds | Verdict::NotReached => Discovery::Nothing,
            Verdict::Violated(trace) | Verdict::Reached(trace) => {
                let mut told = Trace::of_actions(&trace.actions(cluster));
                told.cycle = trace.cycle;
                Discovery::Found(told)
            }
            Verdict::Incomplete => continue,
        };
        discoveries.insert(property.name, discovery);
    }
    Findings {
        engine: Engine::Quorate,
        threads,
        unique: outcome.unique,
        generated: outcome.generated,
        depth: u64::from(outcome.depth),
        elapsed: outcome.elapsed,
        shortfall: outcome.shortfall,
        collision_probability: outcome.collision_probability(),
        discoveries,
        panic: outcome.panic.clone(),
        cut: Some(outcome.cut),
        liveness: outcome.liveness,
        memory: Some(outcome.memory),
    }
}
