//! Checking: every behaviour of an instance within its bounds, and a verdict per property.

mod report;
mod stateright_bfs;

pub use report::{Expectation, PropertyReport, Report, Verdict};

use crate::trace::Trace;
use quorate_models::world::{Checkable, Cluster, Observer};
use std::collections::BTreeMap;
use std::time::Duration;

/// What does the checking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Stateright's breadth-first search.
    Stateright,
}

/// How to check.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What does the checking.
    pub engine: Engine,
    /// How many threads. Counterexamples are the shortest there are with one.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { engine: Engine::Stateright, threads: 1 }
    }
}

/// How far a check is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Distinct states so far.
    pub unique: u64,
    /// States generated so far.
    pub generated: u64,
    /// Steps from the initial state to the furthest state so far.
    pub depth: u64,
    /// Time so far.
    pub elapsed: Duration,
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
    /// Whether every reachable state was checked.
    pub complete: bool,
    /// For each property that was found violated, or reached if it is a `sometimes`: how.
    pub discoveries: BTreeMap<&'static str, Trace>,
}

/// Checks every reachable state of a cluster.
pub fn run<A: Checkable, H: Observer<A::Msg>>(
    cluster: Cluster<A, H>,
    options: &Options,
    progress: &dyn Fn(Progress),
) -> Findings {
    match options.engine {
        Engine::Stateright => stateright_bfs::run(cluster, options.threads, progress),
    }
}
