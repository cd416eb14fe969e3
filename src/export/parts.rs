//! The rows of the tables.

use crate::models::world::EventKind;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) link: usize,
    pub(super) text: String,
}

/// What may happen at a node alone.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) node: usize,
    pub(super) kind: EventKind,
    pub(super) name: String,
    /// What it takes from.
    pub(super) spends: usize,
}

/// What a node may be, in a state that was met.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    pub(super) is_down: bool,
    /// What can happen, with its effects.
    pub(super) local: BTreeSet<(usize, usize)>,
    /// The messages that change nothing.
    pub(super) ignored: BTreeSet<usize>,
    /// The effects of the others.
    pub(super) delivery: BTreeMap<usize, usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Effect {
    pub(super) part: usize,
    pub(super) sends: Vec<usize>,
    pub(super) seen: usize,
}
