//! Instances: a protocol with bounds, and what is expected of it, as data.
//!
//! An instance that behaves otherwise than recorded fails its check, in either direction: a
//! violation that was expected and did not come is as wrong as one that came unasked, and a state
//! count that moved means that the model changed.

use crate::world::{Checkable, Cluster, Symmetry};

/// A protocol with bounds.
pub struct Instance<A: Checkable, H> {
    /// Its name, unique within its protocol.
    pub name: &'static str,
    /// What it has and what may happen in it, in a line.
    pub about: &'static str,
    /// Whether it is too large for the default run of `quorate check`.
    pub deep: bool,
    /// Builds it.
    pub cluster: fn() -> Cluster<A, H>,
    /// The nodes that its check takes to be alike, so that states that differ only by an exchange
    /// of them count as one; `None` if every state counts.
    pub symmetry: Option<fn() -> Symmetry<A, H>>,
    /// What its check must find.
    pub expected: Expected,
}

/// What the check of an instance must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Distinct reachable states.
    pub unique: u64,
    /// States generated, counting the initial one and every repetition.
    pub generated: u64,
    /// The properties that must be violated, each with the number of steps of its shortest
    /// counterexample. All others must hold, and every `sometimes` must be reached.
    pub violated: &'static [(&'static str, usize)],
}

/// A seeded bug: a protocol without one of its guards or saves.
pub struct Mutant<A: Checkable, H> {
    /// Its name.
    pub name: &'static str,
    /// What is missing.
    pub about: &'static str,
    /// The property that must be violated.
    pub killed_by: &'static str,
    /// Builds an instance with the bug.
    pub cluster: fn() -> Cluster<A, H>,
}
