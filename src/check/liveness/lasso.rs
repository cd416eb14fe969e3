//! Counterexamples to liveness: a shortest path to a set of states in which a fair behaviour can
//! stay, and a cycle there that satisfies every fairness constraint.

use super::classes::UNFAIR;
use super::graph::{BEYOND, Graph};
use crate::models::world::Strength;
use std::collections::{HashMap, VecDeque};

/// A behaviour that goes round for ever, as steps of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lasso {
    /// From the initial state to the cycle.
    pub stem: Vec<usize>,
    /// From the state that the stem leads to, back to it. Empty: nothing more happens.
    pub cycle: Vec<usize>,
}

/// A lasso into the nearest of the sets that `fair` numbers, by way of a state in `starts` and
/// from then on through states that wait. `None` if there is no such set.
pub(super) fn build(
    graph: &Graph,
    fair: &[u32],
    starts: impl Fn(u32) -> bool,
    waits: impl Fn(u32) -> bool,
) -> Option<Lasso> {
    if fair.iter().all(|set| *set == 0) {
        return None;
    }
    let (entry, stem) = stem(graph, fair, starts, waits)?;
    let set = fair[entry as usize];
    let states: Vec<u32> =
        (0..graph.states() as u32).filter(|state| fair[*state as usize] == set).collect();
    let inside = |state: u32| fair[state as usize] == set;
    Some(Lasso { stem, cycle: cycle(graph, entry, &states, inside) })
}

/// A shortest way from the initial state, first to a start and then, waiting, to a fair set.
fn stem(
    graph: &Graph,
    fair: &[u32],
    starts: impl Fn(u32) -> bool,
    waits: impl Fn(u32) -> bool,
) -> Option<(u32, Vec<usize>)> {
    let mut origins = Origins::default();
    let mut queue = VecDeque::new();
    origins[0].insert(graph.initial, (graph.initial, false, None));
    queue.push_back((graph.initial, false));
    while let Some((state, started)) = queue.pop_front() {
        if started && fair[state as usize] != 0 {
            return Some((state, walk_back(&origins, state)));
        }
        if !started && starts(state) && !origins[1].contains_key(&state) {
            // The same state, from now on waiting: no step, hence looked at next.
            origins[1].insert(state, (state, false, None));
            queue.push_front((state, true));
        }
        for step in graph.steps_of(state) {
            let target = graph.targets[step];
            let goes = target != BEYOND && (!started || waits(target));
            if goes && !origins[usize::from(started)].contains_key(&target) {
                origins[usize::from(started)].insert(target, (state, started, Some(step)));
                queue.push_back((target, started));
            }
        }
    }
    None
}

/// Where each state was come to from, before and after the start: the origin, whether that was
/// after the start, and by which step; without a step where the way or the waiting begins.
type Origins = [HashMap<u32, (u32, bool, Option<usize>)>; 2];

fn walk_back(origins: &Origins, to: u32) -> Vec<usize> {
    let mut steps = Vec::new();
    let mut at = (to, true);
    while let Some((state, started, step)) = origins[usize::from(at.1)].get(&at.0) {
        steps.extend(*step);
        if step.is_none() && !at.1 {
            break;
        }
        at = (*state, *started);
    }
    steps.reverse();
    steps
}

/// A way round from `entry` that takes, of every class of which something is promised, a step,
/// or passes a state in which it is not possible if that is enough.
fn cycle(graph: &Graph, entry: u32, states: &[u32], inside: impl Fn(u32) -> bool) -> Vec<usize> {
    let mut owed = owed(graph, states);
    let mut cycle = Vec::new();
    let mut at = entry;
    owed.retain(|class, strength| !pays_by_rest(graph, at, *class, *strength));
    while !owed.is_empty() {
        // The nearest step that pays anything.
        let pays = |step: usize| {
            let class = graph.classes[step];
            owed.contains_key(&class)
                || owed.iter().any(|(class, strength)| {
                    pays_by_rest(graph, graph.targets[step], *class, *strength)
                })
        };
        let way = way(graph, at, &inside, pays);
        if way.is_empty() {
            // Cannot be: a fair set pays everything inside.
            break;
        }
        for step in &way {
            at = graph.targets[*step];
            owed.remove(&graph.classes[*step]);
            owed.retain(|class, strength| !pays_by_rest(graph, at, *class, *strength));
        }
        cycle.extend(way);
    }
    if at != entry {
        cycle.extend(way(graph, at, &inside, |step| graph.targets[step] == entry));
    }
    cycle
}

/// The classes that are possible somewhere in the set, with their strengths.
fn owed(graph: &Graph, states: &[u32]) -> HashMap<u16, Strength> {
    (states.iter().flat_map(|state| graph.steps_of(*state)))
        .map(|step| graph.classes[step])
        .filter(|class| *class != UNFAIR)
        .map(|class| (class, graph.strength(class)))
        .filter(|(_, strength)| *strength != Strength::None)
        .collect()
}

/// Whether passing `state` is enough for a weakly fair class: it is not possible there.
fn pays_by_rest(graph: &Graph, state: u32, class: u16, strength: Strength) -> bool {
    strength == Strength::Weak && graph.steps_of(state).all(|step| graph.classes[step] != class)
}

/// A shortest way of at least one step from `from`, inside, that ends with a step that is wanted.
fn way(
    graph: &Graph,
    from: u32,
    inside: impl Fn(u32) -> bool,
    wanted: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let mut origins: HashMap<u32, (u32, usize)> = HashMap::new();
    let mut queue = VecDeque::from([from]);
    while let Some(state) = queue.pop_front() {
        for step in graph.steps_of(state) {
            let target = graph.targets[step];
            if target == BEYOND || !inside(target) {
                continue;
            }
            if wanted(step) {
                let mut steps = vec![step];
                let mut at = state;
                while at != from {
                    let (origin, step) = origins[&at];
                    steps.push(step);
                    at = origin;
                }
                steps.reverse();
                return steps;
            }
            if target != from && !origins.contains_key(&target) {
                origins.insert(target, (state, step));
                queue.push_back(target);
            }
        }
    }
    Vec::new()
}
