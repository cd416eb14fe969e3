//! Strongly connected components of a part of the graph: Tarjan's algorithm (1972), with a stack
//! of its own instead of recursion.

use super::graph::Graph;

/// Finds components, again and again on smaller parts.
pub(super) struct Components<'g> {
    graph: &'g Graph,
    /// By state, when it was met; [`NOT_YET`], or [`OUTSIDE`].
    met: Vec<u32>,
    clock: u32,
    /// The states whose component is not finished.
    open: Vec<u32>,
    /// The path that is being followed.
    path: Vec<Visit>,
}

/// A state of the part that was not met yet.
const NOT_YET: u32 = 0;

/// Not in the part, or in a component that is finished: a step there leads to no component that is not.
const OUTSIDE: u32 = u32::MAX;

/// A state on the path.
struct Visit {
    state: u32,
    /// The earliest open state that can be reached from it.
    earliest: u32,
    /// Its next step, and where its steps end.
    next: usize,
    end: usize,
}

impl<'g> Components<'g> {
    pub(super) fn new(graph: &'g Graph) -> Self {
        let met = vec![OUTSIDE; graph.states()];
        Self { graph, met, clock: 0, open: Vec::new(), path: Vec::new() }
    }

    /// Calls `found` with each component of the part of the graph that is `states`, until it returns
    /// false; whether it never did.
    pub(super) fn each(&mut self, states: &[u32], mut found: impl FnMut(&[u32]) -> bool) -> bool {
        for state in states {
            self.met[*state as usize] = NOT_YET;
        }
        // Within a part times only compare with each other.
        self.clock = NOT_YET;
        self.open.clear();
        (states.iter())
            .all(|root| self.met[*root as usize] != NOT_YET || self.follow(*root, &mut found))
    }

    fn follow(&mut self, root: u32, found: &mut impl FnMut(&[u32]) -> bool) -> bool {
        self.path.clear();
        self.enter(root);
        while let Some(visit) = self.path.last_mut() {
            let mut entered = None;
            let targets = &self.graph.targets[visit.next..visit.end];
            for (at, target) in targets.iter().enumerate() {
                // There is no state beyond the bounds.
                let met = self.met.get(*target as usize).copied().unwrap_or(OUTSIDE);
                if met == NOT_YET {
                    visit.next += at + 1;
                    entered = Some(*target);
                    break;
                }
                // Those outside are the latest.
                visit.earliest = visit.earliest.min(met);
            }
            if let Some(target) = entered {
                self.enter(target);
                continue;
            }
            let Visit { state, earliest, .. } = *visit;
            self.path.pop();
            if let Some(parent) = self.path.last_mut() {
                parent.earliest = parent.earliest.min(earliest);
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
        let steps = self.graph.steps_of(state);
        self.path.push(Visit { state, earliest: self.clock, next: steps.start, end: steps.end });
    }

    fn close(&mut self, root: u32, found: &mut impl FnMut(&[u32]) -> bool) -> bool {
        let first = self.open.iter().rposition(|state| *state == root).unwrap_or(0);
        for state in &self.open[first..] {
            self.met[*state as usize] = OUTSIDE;
        }
        let goes_on = found(&self.open[first..]);
        self.open.truncate(first);
        goes_on
    }
}
