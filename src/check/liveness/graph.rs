//! The reachable graph, compact: states are numbers, a step is where it leads and its class.

use super::classes::UNFAIR;
use crate::models::world::Strength;

/// Where a step leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To a state.
    State(u32),
    /// Out of bounds: the step is possible, and what comes of it is not known.
    Beyond,
}

/// A target beyond the bounds, in the compact form.
pub(super) const BEYOND: u32 = u32::MAX;

/// A graph of states and steps.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Where each state's steps begin; one more at the end.
    pub(super) offsets: Vec<usize>,
    pub(super) targets: Vec<u32>,
    pub(super) classes: Vec<u16>,
    pub(super) strengths: Vec<Strength>,
    /// The state that behaviours start in.
    pub(super) initial: u32,
}

impl Graph {
    /// How many states there are.
    pub fn states(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// How many steps there are.
    pub fn steps(&self) -> usize {
        self.targets.len()
    }

    /// How many classes there are of which something is promised.
    pub fn classes(&self) -> usize {
        self.strengths.len()
    }

    /// The state that behaviours start in.
    pub fn initial(&self) -> u32 {
        self.initial
    }

    /// Where a step leads.
    pub fn target(&self, step: usize) -> Target {
        match self.targets[step] {
            BEYOND => Target::Beyond,
            state => Target::State(state),
        }
    }

    /// The class of a step, if something is promised of it.
    pub fn class(&self, step: usize) -> Option<u16> {
        Some(self.classes[step]).filter(|class| *class != UNFAIR)
    }

    /// The promise about a class.
    pub fn strength(&self, class: u16) -> Strength {
        self.strengths[usize::from(class)]
    }

    /// The steps of a state.
    pub fn steps_of(&self, state: u32) -> std::ops::Range<usize> {
        self.offsets[state as usize]..self.offsets[state as usize + 1]
    }

    /// How many states have a step that leads out of bounds.
    pub fn cut(&self) -> usize {
        (0..self.states() as u32)
            .filter(|state| self.steps_of(*state).any(|step| self.targets[step] == BEYOND))
            .count()
    }

    /// The memory it takes.
    pub fn bytes(&self) -> u64 {
        (self.offsets.len() * 8 + self.targets.len() * 4 + self.classes.len() * 2) as u64
    }
}

/// Builds small graphs, step by step.
#[derive(Clone, Debug, Default)]
pub struct GraphBuilder {
    steps: Vec<(u32, Target, Option<u16>)>,
    strengths: Vec<Strength>,
}

impl GraphBuilder {
    /// A graph with classes of these strengths, numbered from zero.
    pub fn new(strengths: &[Strength]) -> Self {
        Self { steps: Vec::new(), strengths: strengths.to_vec() }
    }

    /// Adds a step of which nothing is promised.
    #[must_use]
    pub fn step(mut self, from: u32, to: u32) -> Self {
        self.steps.push((from, Target::State(to), None));
        self
    }

    /// Adds a step of a class.
    #[must_use]
    pub fn fair(mut self, class: u16, from: u32, to: u32) -> Self {
        self.steps.push((from, Target::State(to), Some(class)));
        self
    }

    /// Adds a step that leads out of bounds.
    #[must_use]
    pub fn beyond(mut self, class: Option<u16>, from: u32) -> Self {
        self.steps.push((from, Target::Beyond, class));
        self
    }

    /// The graph of so many states, of which 0 is the initial one.
    pub fn build(mut self, states: u32) -> Graph {
        self.steps.sort_by_key(|(from, ..)| *from);
        let before = |state: u32| self.steps.partition_point(|(from, ..)| *from < state);
        Graph {
            offsets: (0..=states).map(before).collect(),
            targets: (self.steps.iter())
                .map(|(_, target, _)| match target {
                    Target::State(state) => *state,
                    Target::Beyond => BEYOND,
                })
                .collect(),
            classes: self.steps.iter().map(|(.., class)| class.unwrap_or(UNFAIR)).collect(),
            strengths: self.strengths,
            initial: 0,
        }
    }
}
