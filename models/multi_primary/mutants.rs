//! The seeded bugs: each takes away one guard or one save, and a named property must notice.

use super::history::History;
use super::instances::{self as worlds, Bounds};
use super::properties::{self as claims, Actor};
use crate::Mutant;
use crate::world::CHECKPOINT;

/// A bug that the checker can put into the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bug {
    /// Equal timestamps of two nodes are not told apart by the nodes' ids.
    TieWithoutNode,
    /// A node's clock does not move past the timestamps that it receives.
    ClockNotAdvanced,
    /// The clock starts again from nothing after a restart.
    ClockNotDurable,
    /// No digests are sent, and nothing is fetched.
    NoAntiEntropy,
    /// A delete does not say what it deletes.
    DeleteWithoutContext,
    /// After a restart dots start again from the first.
    DotReused,
    /// A tombstone goes as soon as something comes from another node.
    CollectEarly,
    /// A write that comes before an earlier one of its node counts as both.
    SkipGap,
    /// A write at a node replaces all earlier ones of that node: version vectors without dots.
    PlainVersionVector,
    /// A get tells one of several siblings, with the context of all.
    OneSibling,
    /// A repeated request is a new write.
    ApplyTwice,
    /// The version that a write makes is not saved.
    ForgetWrite,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::TieWithoutNode,
        Self::ClockNotAdvanced,
        Self::ClockNotDurable,
        Self::NoAntiEntropy,
        Self::DeleteWithoutContext,
        Self::DotReused,
        Self::CollectEarly,
        Self::SkipGap,
        Self::PlainVersionVector,
        Self::OneSibling,
        Self::ApplyTwice,
        Self::ForgetWrite,
    ];
}

/// Every bug, with the property that kills it.
pub fn mutants() -> Vec<Mutant<Actor, History>> {
    vec![]
}
