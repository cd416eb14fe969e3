//! The guarantees of a protocol, for a generated table.
//!
//! Every cell of the table comes from the recorded verdicts of the instances, or from a
//! [rehearsal](crate::world::rehearsal) on a cluster of the usual size. Written by hand is only
//! which property the wording of a cell depends on.

use crate::world::Statement;
use crate::world::rehearsal::Cost;
use stateright::actor::Id;

/// How a row reads a verdict: what to say if the property holds in all instances of the row that
/// have it, and what if it is violated in one.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The property.
    pub property: Statement,
    /// What to say if it holds; nothing if that is empty.
    pub holds: &'static str,
    /// What to say if it is violated; nothing if that is empty.
    pub violated: &'static str,
}

impl Reading {
    /// The reading of a property that says that clients see one copy.
    pub const fn linearizable(property: Statement) -> Self {
        Self { property, holds: "linearizable", violated: "**not linearizable**" }
    }
}

/// What a protocol guarantees in one of its modes.
#[derive(Clone, Debug)]
pub struct Guarantee {
    /// The mode.
    pub mode: &'static str,
    /// Whether an instance, by name, is of this mode.
    pub covers: fn(&str) -> bool,
    /// What clients see.
    pub consistency: Vec<Reading>,
    /// What survives crashes and restarts.
    pub durable: Vec<Reading>,
    /// The cluster that the other cells are measured on.
    pub sample: Sample,
}

/// A cluster and what is tried on it.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What it has.
    pub about: &'static str,
    /// How many servers.
    pub servers: usize,
    /// What a server is called.
    pub name: fn(Id) -> String,
    /// The cost of so many writes, one after the other.
    pub write: fn(usize) -> Option<Cost>,
    /// The cost of so many reads.
    pub read: Option<fn(usize) -> Option<Cost>>,
    /// Whether a write proceeds without these.
    pub survives: fn(&[Id]) -> bool,
}

/// The name of a server, in a cluster whose first server has a role of its own.
pub fn numbered(id: Id, first: &str, others: &str) -> String {
    match usize::from(id) {
        0 => first.into(),
        id => format!("{others} {id}"),
    }
}
