//! Strongly connected components of a part of the graph: Tarjan's algorithm (1972), with a stack
//! of its own instead of recursion.

use super::graph::{BEYOND, Graph};

/// Finds components, again and again on smaller parts.
pub(super) struct Components<'g> {
    graph: &'g Graph,
    /// Which part each state is in; only one part is looked at a time.
    part: Vec<u32>,
    /// By state, when it was met; zero: not yet.
    met: Vec<u32>,
    clock: u32,
    /// The states whose component is not finished.
    open: Vec<u32>,
    /// The path that is being followed: a state, its next step, and the earliest open state
    /// that can be reached from it.
    path: Vec<(u32, usize, u32)>,
}

/// In no part that is still looked at.
pub(super) const NOWHERE: u32 = 0;

/// The mark of a state whose component is finished.
const FINISHED: u32 = u32::MAX;

impl<'g> Components<'g> {
    pub(super) fn new(graph: &'g Graph) -> Self {
        let states = graph.states();
        let (part, met) = (vec![NOWHERE; states], vec![0; states]);
        Self { graph, part, met, clock: 0, open: Vec::new(), path: Vec::new() }
    }

    /// Makes `states` a part of its own.
    pub(super) fn assign(&mut self, states: &[u32], part: u32) {
        for state in states {
            self.part[*state as usize] = part;
            self.met[*state as usize] = 0;
        }
        // Within a part times only compare with each other.
        self.clock = 0;
    }

    /// Calls `found` with each component of a part of which `states` are all the states, until it
    /// returns false; whether it never did.
    pub(super) fn each(
        &mut self,
        states: &[u32],
        part: u32,
        mut found: impl FnMut(&[u32]) -> bool,
    ) -> bool {
        self.open.clear();
        (states.iter())
            .all(|root| self.met[*root as usize] != 0 || self.follow(*root, part, &mut found))
    }

    fn follow(&mut self, root: u32, part: u32, found: &mut impl FnMut(&[u32]) -> bool) -> bool {
        self.path.clear();
        self.enter(root);
        while let Some((state, step, earliest)) = self.path.last_mut() {
            if *step < self.graph.offsets[*state as usize + 1] {
                let target = self.graph.targets[*step];
                *step += 1;
                if target == BEYOND || self.part[target as usize] != part {
                    continue;
                }
                match self.met[target as usize] {
                    0 => self.enter(target),
                    FINISHED => {}
                    when => *earliest = (*earliest).min(when),
                }
                continue;
            }
            let (state, earliest) = (*state, *earliest);
            self.path.pop();
            if let Some((_, _, of_parent)) = self.path.last_mut() {
                *of_parent = (*of_parent).min(earliest);
            }
            if earliest == self.met[state as usize] && !self.close(state, found) {
                return false;
            }
        }
        true
    }

    fn enter(&mut self, state: u32) {
        self.clock += 1;
        self.met[state as usize] = self.clock;
        self.open.push(state);
        self.path.push((state, self.graph.offsets[state as usize], self.clock));
    }

    fn close(&mut self, root: u32, found: &mut impl FnMut(&[u32]) -> bool) -> bool {
        let first = self.open.iter().rposition(|state| *state == root).unwrap_or(0);
        for state in &self.open[first..] {
            self.met[*state as usize] = FINISHED;
        }
        let goes_on = found(&self.open[first..]);
        self.open.truncate(first);
        goes_on
    }
}
