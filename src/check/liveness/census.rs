//! What a strongly connected component can do: whether going round in it for ever can be fair.

use super::classes::UNFAIR;
use super::graph::Graph;
use crate::models::world::Strength;

/// What a component can do.
pub(super) enum Fate {
    /// Going round all of it is fair.
    Fair,
    /// No way of going round in it is fair.
    Unfair,
    /// Only in these of its states can going round be fair.
    Rest(Vec<u32>),
}

/// Counts in how many states of a component each class is possible, and whether it is taken
/// inside. What it counted is forgotten class by class, since most components are small.
pub(super) struct Census<'g> {
    graph: &'g Graph,
    counts: Vec<Count>,
    met: Vec<u16>,
    /// The component that each state was last seen in.
    component: Vec<u32>,
    number: u32,
}

/// What was counted of a class.
#[derive(Clone, Copy)]
struct Count {
    strength: Strength,
    is_taken: bool,
    /// In how many states it is possible.
    possible: u32,
    /// The last of them.
    seen_in: u32,
}

impl Count {
    fn none(strength: Strength) -> Self {
        Self { strength, is_taken: false, possible: 0, seen_in: u32::MAX }
    }
}

impl<'g> Census<'g> {
    pub(super) fn new(graph: &'g Graph) -> Self {
        let counts = graph.strengths.iter().copied().map(Count::none).collect();
        let component = vec![0; graph.states()];
        Self { graph, counts, met: Vec::new(), component, number: 0 }
    }

    /// How many components were judged.
    pub(super) fn judged(&self) -> u32 {
        self.number
    }

    pub(super) fn judge(&mut self, component: &[u32]) -> Fate {
        self.count(component);
        let mut is_blocked = false;
        let mut starving = Vec::new();
        for class in self.met.drain(..) {
            let count = &mut self.counts[usize::from(class)];
            if !count.is_taken {
                is_blocked |= count.possible as usize == component.len();
                if count.strength == Strength::Strong {
                    starving.push(class);
                }
            }
            *count = Count::none(count.strength);
        }
        if is_blocked {
            return Fate::Unfair;
        }
        if starving.is_empty() {
            return Fate::Fair;
        }
        let starves = |state: &u32| {
            self.graph.steps_of(*state).any(|step| starving.contains(&self.graph.classes[step]))
        };
        let rest: Vec<u32> = component.iter().copied().filter(|s| !starves(s)).collect();
        if rest.is_empty() { Fate::Unfair } else { Fate::Rest(rest) }
    }

    fn count(&mut self, component: &[u32]) {
        self.number += 1;
        for state in component {
            self.component[*state as usize] = self.number;
        }
        for state in component {
            let steps = self.graph.steps_of(*state);
            let targets = &self.graph.targets[steps.clone()];
            for (class, target) in self.graph.classes[steps].iter().zip(targets) {
                if *class == UNFAIR {
                    continue;
                }
                let count = &mut self.counts[usize::from(*class)];
                if count.strength == Strength::None {
                    continue;
                }
                if count.possible == 0 {
                    self.met.push(*class);
                }
                if count.seen_in != *state {
                    count.seen_in = *state;
                    count.possible += 1;
                }
                // There is no state beyond the bounds.
                count.is_taken =
                    count.is_taken || self.component.get(*target as usize) == Some(&self.number);
            }
        }
    }
}
