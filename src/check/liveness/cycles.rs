//! The states that a behaviour can come back to, or nearly: a strongly connected component of several
//! states is found among them only, and most states of most graphs are none of them.

use super::graph::{BEYOND, Graph};

/// Takes states out of `among` that are on no cycle of several states within `among`: those from which, or
/// from outside to which, no such cycle leads. Some that are on none may be left.
///
/// In the order of the search nearly all steps lead on. So a sweep from the last state to the first
/// takes out almost all from which no cycle can be reached, and one from the first to the last those that
/// cannot be reached from any.
pub(super) fn leave_cycles(graph: &Graph, among: &mut [bool]) {
    let mut reached = vec![false; among.len()];
    loop {
        let (out, left) = sweep_back(graph, among, &mut reached);
        if left == 0 {
            return;
        }
        let out = out + sweep_on(graph, among, &mut reached);
        // The next sweeps take out what these made free: few states, unless these took out many.
        if out <= left {
            return;
        }
        reached.fill(false);
    }
}

/// Takes out the states from which no step leads to another one, and notes which states a step leads back
/// to; how many were taken out, and how many are left.
fn sweep_back(graph: &Graph, among: &mut [bool], reached: &mut [bool]) -> (usize, usize) {
    let (mut out, mut left) = (0, 0);
    for state in (0..among.len()).rev() {
        if !among[state] {
            continue;
        }
        let mut leads_on = false;
        for target in others(graph, state) {
            leads_on |= among[target];
            reached[target] |= target < state;
        }
        among[state] = leads_on;
        out += usize::from(!leads_on);
        left += usize::from(leads_on);
    }
    (out, left)
}

/// Takes out the states to which no step leads from another one; how many.
fn sweep_on(graph: &Graph, among: &mut [bool], reached: &mut [bool]) -> usize {
    let mut out = 0;
    for state in 0..among.len() {
        if !among[state] {
            continue;
        }
        if reached[state] {
            others(graph, state).for_each(|target| reached[target] |= target > state);
        } else {
            among[state] = false;
            out += 1;
        }
    }
    out
}

/// The other states to which the steps of a state lead.
fn others(graph: &Graph, state: usize) -> impl Iterator<Item = usize> {
    let targets = graph.targets[graph.steps_of(state as u32)].iter();
    let targets = targets.filter(|target| **target != BEYOND);
    targets.map(|target| *target as usize).filter(move |target| *target != state)
}

#[cfg(test)]
mod tests {
    use super::super::graph::GraphBuilder;
    use super::*;
    use proptest::prelude::*;

    const STATES: usize = 8;

    /// Whether a state can come back to itself by way of another one within `among`.
    fn is_on_cycle(graph: &Graph, among: &[bool], state: usize) -> bool {
        let mut reached = [false; STATES];
        let mut left = vec![state];
        while let Some(at) = left.pop() {
            for target in others(graph, at).filter(|target| among[*target]) {
                if !std::mem::replace(&mut reached[target], true) {
                    left.push(target);
                }
            }
        }
        among[state] && reached[state]
    }

    proptest! {
        #[test]
        fn no_state_on_a_cycle_is_taken_out(
            steps in proptest::collection::vec((0..STATES as u32, 0..STATES as u32), 0..24),
            among in proptest::collection::vec(proptest::bool::weighted(0.8), STATES),
        ) {
            let graph = steps.iter().fold(GraphBuilder::new(&[]), |graph, (from, to)| {
                graph.step(*from, *to).beyond(None, *from)
            });
            let graph = graph.build(STATES as u32);
            let mut left = among.clone();
            leave_cycles(&graph, &mut left);
            for state in 0..STATES {
                prop_assert!(among[state] || !left[state], "{} was not there", state);
                let on_cycle = is_on_cycle(&graph, &among, state);
                prop_assert!(left[state] || !on_cycle, "{} is on a cycle", state);
            }
            let leads_on = |(from, to): &(u32, u32)| from < to;
            if steps.iter().all(leads_on) {
                prop_assert!(!left.contains(&true), "where there is none, nothing is left");
            }
        }
    }

    #[test]
    fn what_leads_to_a_cycle_and_away_from_it_is_taken_out() {
        let steps = [(0, 1), (1, 2), (2, 3), (3, 2), (3, 4), (4, 5), (5, 5)];
        let graph =
            steps.iter().fold(GraphBuilder::new(&[]), |graph, (from, to)| graph.step(*from, *to));
        let mut left = [true; 6];
        leave_cycles(&graph.build(6), &mut left);
        assert_eq!(left, [false, false, true, true, false, false]);
    }
}
