//! Evaluates conditions in a state, with what is known of its parts.

use super::cluster::Cluster;
use super::derived::Derived;
use super::observer::Observer;
use super::panicked::NO_PANIC_AT;
use super::panics::guarded;
use super::parts::Checkable;
use super::property::Condition;
use super::reads::{Reads, Tracker};
use super::state::View;
use std::sync::atomic::Ordering;

/// The conditions of a cluster by what they look at, a bit each, in the order of
/// [`Cluster::holds`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    /// About every single node.
    pub each_node: u64,
    /// About some single node.
    pub some_node: u64,
    /// About the history.
    pub history: u64,
    /// About the nodes together.
    pub nodes: u64,
    /// About everything.
    pub world: u64,
}

impl<A: Checkable, H: Observer<A::Msg>> Cluster<A, H> {
    /// What the conditions look at.
    pub fn scopes(&self) -> Scopes {
        let mut scopes = Scopes::default();
        for (at, condition) in self.0.conditions.iter().enumerate() {
            let scope = match condition {
                Condition::EachNode(_) => &mut scopes.each_node,
                Condition::SomeNode(_) => &mut scopes.some_node,
                Condition::History(_) => &mut scopes.history,
                Condition::Nodes(_) => &mut scopes.nodes,
                Condition::EachMessage(_) | Condition::SomeMessage(_) | Condition::World(_) => {
                    &mut scopes.world
                }
            };
            *scope |= 1 << at;
        }
        scopes
    }

    /// The conditions about single nodes or the history that hold, a bit each, and that of
    /// [`NO_PANIC`](super::NO_PANIC). Cheap: each part was judged when it was first met.
    pub fn facts(&self, state: &[u32], scopes: &Scopes) -> u64 {
        let inner = &*self.0;
        let history = inner.tables.histories.head(state[inner.history_at()]).extra;
        let calm = u64::from(self.is_calm(state)) << NO_PANIC_AT;
        if scopes.each_node | scopes.some_node == 0 {
            return history.holds & scopes.history | calm;
        }
        let nodes = state[..inner.budget_at()].iter();
        let (all, any) = (nodes.map(|id| inner.tables.nodes.head(*id).extra.facts.holds))
            .fold((u64::MAX, 0), |(all, any), holds| (all & holds, any | holds));
        all & scopes.each_node | any & scopes.some_node | history.holds & scopes.history | calm
    }

    /// Whether no part of a state panicked or has a condition about it that panics. (Conditions
    /// about several parts are another matter.)
    fn is_calm(&self, state: &[u32]) -> bool {
        let tables = &self.0.tables;
        if !tables.panicked.load(Ordering::Relaxed) {
            return true;
        }
        let history = tables.histories.head(state[self.0.history_at()]).extra;
        let mut nodes = state[..self.0.budget_at()].iter().map(|id| &tables.nodes.head(*id).extra);
        history.panics == 0 && nodes.all(|node| !node.panicked && node.facts.panics == 0)
    }

    /// Whether condition `at` holds, as [`Cluster::holds`] counts; `None` if it panics.
    pub fn verdict(&self, at: usize, state: &[u32]) -> Option<bool> {
        self.verdict_of(at, state, &self.view(state))
    }

    /// The same, and what a condition about everything looked at to find that: whole parts only.
    pub(super) fn reading_verdict(&self, at: usize, state: &[u32]) -> (Option<bool>, Reads) {
        let tracker = Tracker::default();
        let view = View { tracker: Some(&tracker), ..self.view(state) };
        let said = self.verdict_of(at, state, &view);
        (said, tracker.reads())
    }

    /// The same, also by aspects; with what was derived from this state already.
    pub fn tracked_verdict(
        &self,
        at: usize,
        state: &[u32],
        derived: &Derived,
    ) -> (Option<bool>, Reads) {
        let tracker = Tracker::default();
        let view = View { tracker: Some(&tracker), derived: Some(derived), ..self.view(state) };
        let said = self.verdict_of(at, state, &view);
        (said, tracker.reads())
    }

    fn verdict_of(&self, at: usize, state: &[u32], view: &View<'_, A, H>) -> Option<bool> {
        if self.has_panicked(state) {
            return Some(self.holds_after_panic(at));
        }
        let inner = &*self.0;
        let mut nodes =
            state[..inner.budget_at()].iter().map(|id| inner.tables.nodes.head(*id).extra.facts);
        let has = |bits: u64| bits >> at & 1 == 1;
        let said = match &inner.conditions[at] {
            Condition::EachNode(_) | Condition::SomeNode(_)
                if nodes.clone().any(|facts| has(facts.panics)) =>
            {
                None
            }
            Condition::EachNode(_) => Some(nodes.all(|facts| has(facts.holds))),
            Condition::SomeNode(_) => Some(nodes.any(|facts| has(facts.holds))),
            Condition::History(_) => {
                let facts = inner.tables.histories.head(state[inner.history_at()]).extra;
                (!has(facts.panics)).then(|| has(facts.holds))
            }
            Condition::Nodes(f) => guarded(|| f(&view.nodes())).ok(),
            Condition::EachMessage(f) => {
                guarded(|| view.count_messages(|message, around| !f(message, around)) == 0).ok()
            }
            Condition::SomeMessage(f) => guarded(|| view.count_messages(|m, a| f(m, a)) > 0).ok(),
            Condition::World(f) => guarded(|| f(view)).ok(),
        };
        if said.is_none() {
            inner.tables.panicked.store(true, Ordering::Relaxed);
        }
        said
    }

    /// Whether condition `at` holds: those of the properties first, in order; then the targets
    /// of the leads-to properties, in order; then the boundary. One that panics does not hold,
    /// but a state is within a boundary that panics: that is reported.
    pub fn holds(&self, at: usize, state: &[u32]) -> bool {
        self.verdict(at, state).unwrap_or(Some(at) == self.boundary())
    }

    /// Whether anything has panicked so far.
    pub fn has_panics(&self) -> bool {
        self.0.tables.panicked.load(Ordering::Relaxed)
    }

    /// Whether nothing in a state panicked and no condition does.
    pub fn is_without_panic(&self, state: &[u32]) -> bool {
        let conditions = 0..self.0.conditions.len();
        self.is_calm(state) && conditions.into_iter().all(|at| self.verdict(at, state).is_some())
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Cluster<A, H> {
    /// A number that two states in which these parts are the same have in common; `derived` belongs
    /// to the state.
    pub fn key(&self, state: &[u32], reads: Reads, derived: &Derived) -> u64 {
        self.0.key(state, reads, derived)
    }
}
