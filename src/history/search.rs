//! The search for an order: Wing and Gong 1993, with the memory of Lowe 2017 (*Testing for
//! linearizability*).
//!
//! A **configuration** is a set of operations that happened and the state after them. From it, an
//! operation may be next if none that is still to come had ended before it began, and its answer
//! fits the state. Depth first, and no configuration twice: what can follow depends on nothing
//! else. An operation that changes nothing (a read that fits) is tried first. An operation without
//! an answer multiplies the configurations, for it may happen anywhere or not at all; two rules
//! leave out only what is not needed:
//!
//! 1. It does not happen where it would change nothing.
//! 2. It happens as late as possible: if the operation after it fits also before it, or without
//!    it, with the same state at the end, then another order leads to as much.

use super::line::Line;
use super::linearizability::{Linearizability, Stuck};
use super::operation::{HistoryOf, Operation};
use stateright::semantics::SequentialSpec;
use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;
use std::time::Duration;

/// Whether a history of a service that starts as `initial` is linearizable. Looks at `limit`
/// configurations at most; the history may be in any order.
pub fn judge<S>(initial: &S, history: &HistoryOf<S>, limit: usize) -> Linearizability<S>
where
    S: SequentialSpec + Clone + Eq + Hash,
{
    Search::new(history).run(initial, limit)
}

/// The same, where each client's answered operations also happen in the order in which the history
/// has them, whatever their times: for operations that may happen before they begin. Within its
/// times each is still to happen.
pub fn judge_in_sessions<S>(initial: &S, history: &HistoryOf<S>, limit: usize) -> Linearizability<S>
where
    S: SequentialSpec + Clone + Eq + Hash,
{
    let mut search = Search::new(history);
    let mut last: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, operation) in history.iter().enumerate() {
        search.predecessors.push(last.get(&operation.client).copied());
        if operation.answer.is_some() {
            last.insert(operation.client, at);
        }
    }
    search.run(initial, limit)
}

/// A configuration on the path that is being tried.
struct Configuration<S> {
    state: S,
    /// How many operations happened.
    len: usize,
    /// The operations that may be next, the best last, each with the state after it.
    choices: Vec<(usize, S)>,
}

/// The operation that came last, had no answer, and the state before it.
type Last<'a, S> = Option<(usize, &'a S)>;

/// The longest attempt at an order.
struct Best<S> {
    /// How many answered operations were still to come.
    left: usize,
    stuck: Stuck<S>,
    /// How much of its order is still that of the attempt that is being made.
    common: usize,
}

pub(super) struct Search<'a, S: SequentialSpec> {
    history: &'a HistoryOf<S>,
    /// The operations that are still to come.
    line: Line,
    order: Vec<usize>,
    /// By operation: the one of its client that must happen before. Empty, if times say it all.
    predecessors: Vec<Option<usize>>,
    /// How many answered operations are still to come.
    left: usize,
    best: Option<Best<S>>,
    /// How many operations were looked at to find what may be next.
    pub(super) looked: usize,
}

impl<'a, S: SequentialSpec + Clone + Eq + Hash> Search<'a, S> {
    pub(super) fn new(history: &'a HistoryOf<S>) -> Self {
        let left = history.iter().filter(|operation| operation.answer.is_some()).count();
        let line = Line::new(history);
        let (order, predecessors) = (Vec::new(), Vec::new());
        Self { history, line, order, predecessors, left, best: None, looked: 0 }
    }

    fn run(mut self, initial: &S, limit: usize) -> Linearizability<S> {
        self.find(initial, limit)
    }

    pub(super) fn find(&mut self, initial: &S, limit: usize) -> Linearizability<S> {
        let mut seen = HashSet::new();
        let mut path: Vec<Configuration<S>> = Vec::new();
        let mut arrived = Some((initial.clone(), None));
        loop {
            if let Some((state, last)) = arrived.take() {
                if self.left == 0 {
                    return Linearizability::Linearizable(std::mem::take(&mut self.order));
                }
                if seen.insert((self.line.taken(), state.clone())) {
                    if seen.len() > limit {
                        return Linearizability::Undecided { configurations: limit };
                    }
                    let last = last.zip(path.last().map(|step| &step.state));
                    let mut window = self.line.window(&mut self.looked);
                    window.retain(|at| self.is_in_turn(*at));
                    self.note(&state, &window);
                    let choices = self.choices(&state, window, last);
                    path.push(Configuration { state, len: self.order.len(), choices });
                }
            }
            let Some(step) = path.last_mut() else { break };
            let (len, next) = (step.len, step.choices.pop());
            self.go_back(len);
            match next {
                Some((at, state)) => {
                    self.take(at);
                    arrived = Some((state, self.is_pending(at).then_some(at)));
                }
                None => drop(path.pop()),
            }
        }
        // With nothing to explain, the search ends before the first step.
        match self.best.take() {
            Some(best) => Linearizability::Violated(best.stuck),
            None => Linearizability::Linearizable(Vec::new()),
        }
    }

    fn operation(&self, at: usize) -> &'a Operation<S::Op, S::Ret> {
        &self.history[at]
    }

    fn is_pending(&self, at: usize) -> bool {
        self.operation(at).answer.is_none()
    }

    /// Whether all of its client's operations that must come before it have happened.
    fn is_in_turn(&self, at: usize) -> bool {
        self.predecessors.get(at).copied().flatten().is_none_or(|before| self.line.is_taken(before))
    }

    fn take(&mut self, at: usize) {
        self.line.take(at);
        self.order.push(at);
        self.left -= usize::from(!self.is_pending(at));
    }

    fn go_back(&mut self, len: usize) {
        while self.order.len() > len
            && let Some(at) = self.order.pop()
        {
            self.line.put_back(at);
            self.left += usize::from(!self.is_pending(at));
        }
        if let Some(best) = &mut self.best {
            best.common = best.common.min(len);
        }
    }

    /// The state after an operation; `None` if its answer does not fit.
    fn after(&self, state: &S, at: usize) -> Option<S> {
        let Operation { op, answer, .. } = self.operation(at);
        let mut state = state.clone();
        if let Some((_, answer)) = answer {
            return state.is_valid_step(op, answer).then_some(state);
        }
        state.invoke(op);
        Some(state)
    }

    /// The operations that may be next, the best last: those that change nothing; then those that
    /// end soonest, for others wait for them; and those that have no end.
    fn choices(&self, state: &S, mut window: Vec<usize>, last: Last<'_, S>) -> Vec<(usize, S)> {
        window.sort_by_key(|at| {
            let end = self.operation(*at).answer.as_ref().map(|(end, _)| *end);
            std::cmp::Reverse(end.unwrap_or(Duration::MAX))
        });
        let next = |at: usize| Some((at, self.after(state, at)?));
        let mut choices: Vec<(usize, S)> = (window.into_iter().filter_map(next))
            .filter(|(at, after)| !(self.is_pending(*at) && after == state))
            .filter(|(at, after)| last.is_none_or(|last| !self.is_needless(last, *at, after)))
            .collect();
        choices.sort_by_key(|(_, after)| after == state);
        choices
    }

    /// Rule 2: `next` after `last` gives `end`, as it does without `last` or before it. Two
    /// operations without answers are not swapped, or each would wait for the other.
    fn is_needless(&self, (last, before): (usize, &S), next: usize, end: &S) -> bool {
        let Some(mut state) = self.after(before, next) else { return false };
        if state == *end {
            return true;
        }
        if self.is_pending(next) {
            return false;
        }
        state.invoke(&self.operation(last).op);
        state == *end
    }

    /// Remembers the longest attempt. Of its order only what is new is copied.
    fn note(&mut self, state: &S, window: &[usize]) {
        if self.best.as_ref().is_some_and(|best| best.left <= self.left) {
            return;
        }
        let (mut order, common) = match self.best.take() {
            Some(best) => (best.stuck.order, best.common),
            None => (Vec::new(), 0),
        };
        order.truncate(common);
        order.extend_from_slice(&self.order[common..]);
        let common = order.len();
        let next = window.iter().copied().filter(|at| !self.is_pending(*at)).collect();
        let stuck = Stuck { order, state: state.clone(), next };
        self.best = Some(Best { left: self.left, stuck, common });
    }
}
