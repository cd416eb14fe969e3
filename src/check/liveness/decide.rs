//! The decision: is there a fair behaviour that never reaches the goal?

use super::classes::UNFAIR;
use super::components::Components;
use super::graph::{BEYOND, Graph};
use super::lasso::{self, Lasso};
use crate::models::world::Strength;

/// Whether a goal is always eventually reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Every fair behaviour reaches it.
    Holds,
    /// This one does not.
    Violated(Lasso),
    /// It was asked to stop before it knew.
    Stopped,
}

/// Whether every fair behaviour that is in a state of `from` is then or later in one of `goal`.
/// `goes_on` is asked now and then.
pub fn decide(
    graph: &Graph,
    from: impl Fn(u32) -> bool,
    goal: impl Fn(u32) -> bool,
    goes_on: &dyn Fn() -> bool,
) -> Answer {
    let starts: Vec<u32> = (0..graph.states() as u32).filter(|s| from(*s) && !goal(*s)).collect();
    let mut waits = vec![false; graph.states()];
    let region = reach(graph, starts, &goal, &mut waits);
    let Some(fair) = fair_components(graph, region, goes_on) else { return Answer::Stopped };
    let waits = |state: u32| waits[state as usize];
    let starts = |state: u32| from(state) && !goal(state);
    match lasso::build(graph, &fair, starts, waits) {
        None => Answer::Holds,
        Some(lasso) => Answer::Violated(lasso),
    }
}

/// The states that can be reached without passing the goal; noted in `waits`.
fn reach(
    graph: &Graph,
    starts: Vec<u32>,
    goal: &impl Fn(u32) -> bool,
    waits: &mut [bool],
) -> Vec<u32> {
    let mut region = starts;
    for state in &region {
        waits[*state as usize] = true;
    }
    let mut at = 0;
    while let Some(state) = region.get(at).copied() {
        at += 1;
        for step in graph.steps_of(state) {
            let target = graph.targets[step];
            if target != BEYOND && !waits[target as usize] && !goal(target) {
                waits[target as usize] = true;
                region.push(target);
            }
        }
    }
    region
}

/// The states that are in a strongly connected set in which a fair behaviour can go round for
/// ever: the number of that set by state, zero for none. `None` if it was asked to stop.
fn fair_components(
    graph: &Graph,
    region: Vec<u32>,
    goes_on: &dyn Fn() -> bool,
) -> Option<Vec<u32>> {
    let mut components = Components::new(graph);
    let mut census = Census::new(graph);
    let mut fair = vec![0; graph.states()];
    let mut parts = vec![region];
    let (mut number, mut found) = (0, 0);
    while let Some(part) = parts.pop() {
        number += 1;
        components.assign(&part, number);
        let finished = components.each(&part, number, |component| {
            match census.judge(component) {
                Fate::Fair => {
                    found += 1;
                    for state in component {
                        fair[*state as usize] = found;
                    }
                }
                Fate::Unfair => {}
                Fate::Rest(rest) => parts.push(rest),
            }
            !census.number.is_multiple_of(1024) || goes_on()
        });
        if !finished || !goes_on() {
            return None;
        }
    }
    Some(fair)
}

/// What a component can do.
enum Fate {
    /// Going round all of it is fair.
    Fair,
    /// No way of going round in it is fair.
    Unfair,
    /// Only in these of its states can going round be fair.
    Rest(Vec<u32>),
}

/// Counts in how many states of a component each class is possible, and whether it is taken
/// inside. What it counted is forgotten class by class, since most components are single states.
struct Census<'g> {
    graph: &'g Graph,
    possible: Vec<u32>,
    taken: Vec<bool>,
    /// The last state that each class was seen in.
    seen_in: Vec<u32>,
    met: Vec<u16>,
    /// The component that each state was last seen in.
    component: Vec<u32>,
    number: u32,
}

impl<'g> Census<'g> {
    fn new(graph: &'g Graph) -> Self {
        let classes = graph.strengths.len();
        Self {
            graph,
            possible: vec![0; classes],
            taken: vec![false; classes],
            seen_in: vec![u32::MAX; classes],
            met: Vec::new(),
            component: vec![0; graph.states()],
            number: 0,
        }
    }

    fn judge(&mut self, component: &[u32]) -> Fate {
        self.count(component);
        let mut blocked = false;
        let mut starving = Vec::new();
        for class in self.met.drain(..) {
            let at = usize::from(class);
            let everywhere = self.possible[at] as usize == component.len();
            if !self.taken[at] {
                blocked |= everywhere;
                if self.graph.strengths[at] == Strength::Strong {
                    starving.push(class);
                }
            }
            self.possible[at] = 0;
            self.taken[at] = false;
            self.seen_in[at] = u32::MAX;
        }
        if blocked {
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
            for step in self.graph.steps_of(*state) {
                let class = self.graph.classes[step];
                if class == UNFAIR || self.graph.strength(class) == Strength::None {
                    continue;
                }
                let at = usize::from(class);
                if self.possible[at] == 0 {
                    self.met.push(class);
                }
                if self.seen_in[at] != *state {
                    self.seen_in[at] = *state;
                    self.possible[at] += 1;
                }
                let target = self.graph.targets[step];
                self.taken[at] |=
                    target != BEYOND && self.component[target as usize] == self.number;
            }
        }
    }
}
