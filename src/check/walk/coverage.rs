//! How many walks, and what they covered.

use serde::Serialize;

/// How many walks, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walks {
    /// How many.
    pub count: u64,
    /// What they follow from.
    pub seed: u64,
    /// The most steps of a walk.
    pub steps: u32,
    /// The most states that are kept.
    pub states: usize,
    /// Whether each step that is possible is as probable as any other, rather than those more that are new
    /// or to the liking of a walk.
    pub is_uniform: bool,
}

impl Walks {
    /// How many steps a walk has at most, if nothing else is asked for.
    pub const STEPS: u32 = 100;
    /// How many states are kept, if nothing else is asked for.
    pub const STATES: usize = 10_000_000;
    /// What the memory for a state takes: a fingerprint, in a table that is at most half full when
    /// it grows.
    pub const BYTES_PER_STATE: u64 = 36;

    /// So many walks.
    pub fn new(count: u64, seed: u64) -> Self {
        let (steps, states) = (Self::STEPS, Self::STATES);
        Self { count, seed, steps, states, is_uniform: false }
    }
}

/// What the walks covered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// How many walks were made.
    pub count: u64,
    /// What they followed from.
    pub seed: u64,
    /// The most steps that a walk could have.
    pub max_steps: u32,
    /// Whether each step that was possible was as probable as any other.
    pub is_uniform: bool,
    /// Whether every state that was met was kept; if not, there were more.
    pub is_exact: bool,
    /// After how many walks how many states were met, by rounds.
    pub curve: Vec<Point>,
    /// The properties that were decided, each with the walk that did.
    pub found: Vec<FoundBy>,
}

/// How many states were met after some of the walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Point {
    /// After so many walks.
    pub walks: u64,
    /// So many distinct states.
    pub states: u64,
}

/// The walk that decided a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FoundBy {
    /// The property.
    pub property: &'static str,
    /// The walk, from 1.
    pub walk: u64,
    /// After how many steps; the trace is shorter.
    pub steps: usize,
}
