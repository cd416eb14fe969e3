//! Evaluates the conditions in new states, each as seldom as possible.
//!
//! Conditions about single nodes or the history were evaluated when the part was first met. The others
//! are remembered by the parts that they looked at: many look at the nodes alone, or at some of the
//! messages.

use super::mask::{CALM, PropertyMask, bits};
use super::remembered::{Answers, Remembered};
use super::thinned::Thinned;
use crate::check::space::Space;
use crate::models::world::{Derived, Fingerprint, Reads, Scopes};
use std::cell::Cell;

/// Evaluates the conditions in states, for one thread.
pub(super) struct Evaluator<'c> {
    space: &'c dyn Space,
    scopes: Scopes,
    /// The boundary, if it is asked of states.
    boundary: Option<usize>,
    /// The answers of conditions about several parts.
    remembered: Remembered,
    derived: Derived,
    /// The conditions that messages decide for good by their form, and as is claimed.
    monotone_by_form: u64,
    claimed_monotone: u64,
    /// The conditions that looked at messages.
    looked: Cell<u64>,
    /// Those that did so in the state that was evaluated last.
    looked_there: Cell<u64>,
    /// That state with fewer messages, in three ways.
    thinned: Thinned,
}

impl<'c> Evaluator<'c> {
    pub(super) fn new(space: &'c dyn Space) -> Self {
        let scopes = space.scopes();
        let (boundary, derived) = (space.boundary(), Derived::default());
        let (mut monotone_by_form, mut claimed_monotone) = (0, 0);
        for (at, claim) in space.claims().iter().enumerate() {
            monotone_by_form |= u64::from(claim.is_monotone_by_form) << at;
            claimed_monotone |= u64::from(claim.is_monotone) << at;
        }
        Self {
            space,
            scopes,
            boundary,
            remembered: Remembered::default(),
            derived,
            monotone_by_form,
            claimed_monotone,
            looked: Cell::new(0),
            looked_there: Cell::new(0),
            thinned: Thinned::default(),
        }
    }

    /// The memory that it takes, but for the values that conditions derive from states.
    pub(super) fn bytes(&self) -> u64 {
        self.remembered.bytes() + self.derived.bytes() + self.thinned.bytes()
    }

    /// The conditions of the mask that hold.
    pub(super) fn evaluate(&mut self, state: &[u32], mask: PropertyMask) -> u64 {
        let asked = mask.all();
        self.derived.begin();
        self.looked_there.set(0);
        let facts = self.space.facts(state, &self.scopes);
        if facts & CALM == 0 {
            // Not for long: something panicked.
            return self.ask(state, asked & !CALM) & asked & !CALM;
        }
        let about_several = (self.scopes.nodes | self.scopes.world) & asked;
        let Answers { holds, panics, .. } = self.about_several(state, about_several);
        let holds = facts & asked | holds;
        let is_calm = panics == 0 && !self.boundary_panics(state);
        if is_calm { holds } else { holds & !CALM }
    }

    /// Whether the boundary panics, which has let the state in.
    fn boundary_panics(&self, state: &[u32]) -> bool {
        let scopes = self.scopes.world | self.scopes.nodes;
        self.boundary.filter(|at| scopes >> at & 1 == 1).is_some_and(|at| {
            self.space.has_panics()
                && self.space.verdict(at, state, &Derived::default()).0.is_none()
        })
    }

    pub(super) fn has_boundary(&self) -> bool {
        self.boundary.is_some()
    }

    pub(super) fn within_boundary(&self, state: &[u32]) -> bool {
        self.derived.begin();
        self.boundary.is_none_or(|at| self.verdict(at, state).unwrap_or(true))
    }

    /// The first condition, if any, for whose sake no state may be left out that has fewer messages
    /// than another: it looked at them, and is neither monotone by its form nor claimed to be.
    pub(super) fn unfit(&self) -> Option<usize> {
        bits(self.looked.get() & !self.monotone_by_form & !self.claimed_monotone).next()
    }

    /// The properties that are claimed to be monotone, that the state that was evaluated last does not
    /// decide, and that it would decide if it had fewer messages: so they are not. `holds` are the
    /// conditions that hold. What did not look at messages there would say the same of fewer, and what
    /// is monotone by its form cannot be otherwise.
    pub(super) fn hidden(
        &mut self,
        (state, fingerprint): (&[u32], Fingerprint),
        holds: u64,
        mask: PropertyMask,
    ) -> u64 {
        let asked = self.claimed_monotone & !self.monotone_by_form & self.looked_there.get();
        let open = (mask.always & holds | mask.sometimes & !holds) & asked;
        if open == 0 {
            return 0;
        }
        // No messages at all, about half of them, and the others: by what they are, so that it is the
        // same in every run.
        let by = fingerprint as u64;
        let mut thinned = std::mem::take(&mut self.thinned);
        let mut hidden = 0;
        for thinned in thinned.of(self.space, state, by) {
            self.derived.begin();
            // What looks at messages that are counted alone is remembered: the state has the same.
            let Answers { holds, panics, .. } = self.about_several(thinned, open);
            hidden |= open & (mask.sometimes & holds | mask.always & !holds | panics);
        }
        self.thinned = thinned;
        hidden
    }

    /// Whether a condition holds in the state that was begun with; `None` if it panics.
    fn verdict(&self, at: usize, state: &[u32]) -> Option<bool> {
        let (said, reads) = self.space.verdict(at, state, &self.derived);
        self.note(at, reads);
        said
    }

    fn note(&self, at: usize, reads: Reads) {
        if reads.looks_at_messages() {
            self.looked.set(self.looked.get() | 1 << at);
            self.looked_there.set(self.looked_there.get() | 1 << at);
        }
    }

    /// What these conditions about several parts say of a state where no part panicked.
    fn about_several(&mut self, state: &[u32], asked: u64) -> Answers {
        let (space, derived) = (self.space, &self.derived);
        let key_of = |reads| space.key(state, reads, derived);
        let answer = |at| space.verdict(at, state, derived);
        let answers = self.remembered.of(asked, key_of, answer);
        self.looked.set(self.looked.get() | answers.looked);
        self.looked_there.set(self.looked_there.get() | answers.looked);
        answers
    }

    /// Which of the conditions hold; if none panics, that too.
    fn ask(&self, state: &[u32], asked: u64) -> u64 {
        bits(asked).fold(CALM, |holds, at| match self.verdict(at, state) {
            Some(is_so) => holds | u64::from(is_so) << at,
            None => holds & !CALM,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::space::OfCluster;
    use crate::models::Instance;
    use crate::models::world::{Checkable, Observer};
    use crate::models::{paxos, primary_backup, two_phase_commit, zab};
    use std::collections::BTreeSet;

    const STATES: usize = 2000;

    /// The first states of a search.
    fn states(space: &dyn Space) -> Vec<Vec<u32>> {
        let mut states = vec![space.initial().to_vec()];
        let mut seen: BTreeSet<Vec<u32>> = states.iter().cloned().collect();
        let (mut stepper, mut steps, mut at) = (space.stepper(), Vec::new(), 0);
        while at < states.len() && states.len() < STATES {
            let (state, fingerprint) = (states[at].clone(), space.fingerprint(&states[at]));
            steps.clear();
            stepper.steps(&state, fingerprint, &mut steps);
            for (_, step) in &steps {
                let mut next = Vec::new();
                stepper.write(&state, step, &mut next);
                if seen.insert(next.clone()) {
                    states.push(next);
                }
            }
            at += 1;
        }
        states
    }

    /// How many answers were compared.
    fn compare<A: Checkable, H: Observer<A::Msg>>(instances: &[Instance<A, H>]) -> usize {
        let mut compared = 0;
        for instance in instances.iter().filter(|instance| !instance.deep) {
            let cluster = (instance.cluster)();
            let space = OfCluster::new(&cluster, None);
            let (mut evaluator, mask) = (Evaluator::new(&space), PropertyMask::of(&space));
            for state in states(&space) {
                let holds = evaluator.evaluate(&state, mask);
                for at in bits(mask.all() & !CALM) {
                    let (remembered, is_so) = (holds >> at & 1 == 1, space.holds(at, &state));
                    let place = (instance.name, at, cluster.view(&state));
                    assert_eq!(remembered, is_so, "{place:#?}");
                    compared += usize::from(evaluator.scopes.world >> at & 1 == 1);
                }
            }
        }
        compared
    }

    #[test]
    fn what_is_remembered_is_what_the_conditions_say() {
        assert!(compare(&primary_backup::instances::instances()) > 10_000);
        assert!(compare(&paxos::instances::instances()) > 10_000);
        assert!(compare(&paxos::synod::instances::instances()) > 10_000);
        assert!(compare(&two_phase_commit::instances::instances()) > 10_000);
        assert!(compare(&zab::instances::instances()) > 10_000);
    }
}
