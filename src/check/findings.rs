//! The findings of a check, whichever engine checked, without the types of the instance.

use super::engine::{LivenessSummary, Shortfall};
use super::walk::{Coverage, Walks};
use crate::trace::Trace;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// The engine that checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// This crate's: safety and liveness.
    #[default]
    Quorate,
    /// Stateright's breadth-first search: safety only.
    Stateright,
    /// Random walks: they find violations, and decide nothing else.
    Walks(Walks),
}

impl Engine {
    /// Its name, as on the command line and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quorate => "quorate",
            Self::Stateright => "stateright",
            Self::Walks(_) => "walks",
        }
    }
}

/// What kind of states a check leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReductionKind {
    /// Those from which only an exchange of nodes tells another.
    Symmetry,
    /// Those with fewer messages in flight than another that is otherwise the same: see
    /// [`Checker::reduced`](super::Checker::reduced).
    Cover,
}

/// What a check found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// The engine that checked.
    pub engine: Engine,
    /// With how many threads.
    pub threads: usize,
    /// Distinct reachable states.
    pub unique: u64,
    /// States generated, counting the initial one and every repetition.
    pub generated: u64,
    /// States whose successors were found; `None` where the engine does not count them.
    pub expanded: Option<u64>,
    /// What kind of states were left out, if any were.
    pub reduction: Option<ReductionKind>,
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
    /// Steps that lead out of bounds; `None` where the engine does not count them.
    pub cut: Option<u64>,
    /// What was met in deciding liveness, states with such steps among it; `None` if
    /// liveness was not decided.
    pub liveness: Option<LivenessSummary>,
    /// The most bytes that the search held, as [`Limits::memory`](super::Limits::memory) counts;
    /// `None` where the engine does not report it.
    pub memory: Option<u64>,
    /// What random walks covered; `None` of a search.
    pub walks: Option<Coverage>,
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
    /// The bytes that the search held at most, for each unique state.
    #[allow(clippy::cast_precision_loss, reason = "a figure for people")]
    pub fn bytes_per_state(&self) -> Option<f64> {
        self.memory.map(|bytes| bytes as f64 / self.unique.max(1) as f64)
    }

    /// The counterexample to a property, or the example of a `sometimes`.
    pub fn trace(&self, property: &str) -> Option<&Trace> {
        match self.discoveries.get(property)? {
            Discovery::Found(trace) => Some(trace),
            Discovery::Nothing => None,
        }
    }
}
