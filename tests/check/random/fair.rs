//! Whether something always happens eventually, by whole tables of which state reaches which.

use super::claims::Claim;
use super::plain::{Class, Explored};
use super::systems::System;
use quorate::models::world::Strength;
use std::collections::BTreeSet;

/// Whether every fair behaviour from one of `starts` reaches the goal.
pub(crate) fn leads(system: &System, explored: &Explored, starts: Vec<usize>, goal: Claim) -> bool {
    let is_goal = |at: usize| explored.worlds[at].holds(goal);
    let mut waiting = BTreeSet::new();
    let mut open: Vec<usize> = starts.into_iter().filter(|at| !is_goal(*at)).collect();
    while let Some(at) = open.pop() {
        if waiting.insert(at) {
            let next = explored.steps[at].iter().filter_map(|(_, to)| *to);
            open.extend(next.filter(|to| !is_goal(*to)));
        }
    }
    !goes_round(system, explored, &waiting)
}

/// Whether a fair behaviour can stay among these states for ever.
fn goes_round(system: &System, explored: &Explored, states: &BTreeSet<usize>) -> bool {
    let mut rest = states.clone();
    while let Some(one) = rest.first().copied() {
        let reaches = |from: usize, forwards: bool| {
            let mut reached = BTreeSet::from([from]);
            let mut open = vec![from];
            while let Some(at) = open.pop() {
                let next: Vec<usize> = if forwards {
                    explored.steps[at].iter().filter_map(|(_, to)| *to).collect()
                } else {
                    let leads =
                        |from: &usize| explored.steps[*from].iter().any(|(_, to)| *to == Some(at));
                    states.iter().copied().filter(leads).collect()
                };
                let inside = next.into_iter().filter(|to| states.contains(to));
                open.extend(inside.filter(|to| reached.insert(*to)));
            }
            reached
        };
        let set: BTreeSet<usize> =
            reaches(one, true).intersection(&reaches(one, false)).copied().collect();
        rest.retain(|state| !set.contains(state));
        if is_fair(system, explored, &set) {
            return true;
        }
    }
    false
}

/// Whether a fair behaviour can stay in this set, in which everything reaches everything.
fn is_fair(system: &System, explored: &Explored, set: &BTreeSet<usize>) -> bool {
    let steps = || set.iter().flat_map(|at| &explored.steps[*at]);
    let classes: BTreeSet<&Class> = steps().map(|(class, _)| class).collect();
    let mut starved = BTreeSet::new();
    for class in classes {
        let is_taken =
            steps().any(|(of, to)| of == class && to.is_some_and(|to| set.contains(&to)));
        if is_taken {
            continue;
        }
        let possible = |at: &usize| explored.steps[*at].iter().any(|(of, _)| of == class);
        match strength(system, class) {
            Strength::Weak | Strength::Strong if set.iter().all(possible) => return false,
            Strength::None | Strength::Weak => {}
            Strength::Strong => starved.extend(set.iter().copied().filter(possible)),
        }
    }
    if starved.is_empty() {
        return true;
    }
    let rest: BTreeSet<usize> = set.difference(&starved).copied().collect();
    goes_round(system, explored, &rest)
}

fn strength(system: &System, class: &Class) -> Strength {
    let fairness = &system.fairness;
    match class {
        Class::None => Strength::None,
        Class::Link(..) | Class::Message(_) => fairness.deliveries,
        Class::Timer(..) => fairness.timers,
        Class::Restart(_) => fairness.restarts,
        Class::Flush(_) => fairness.flushes,
        Class::Choice(_) => fairness.choices,
    }
}
