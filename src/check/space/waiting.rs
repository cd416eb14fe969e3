//! The states of a plain model that wait, and how they are made again.
//!
//! The words of a state: where one is that is kept, and for each action that leads on from there the word
//! before and the number of the action, added (such words take few bytes in a queue). As long as a state was
//! not looked at, it is kept too, and a word more, the first one, says where.

use super::slots::{END, Slots};
use super::way::Way;
use stateright::Model;
use std::hash::Hash;
use std::sync::Arc;

/// The word of the root.
pub(super) const ROOT: u32 = u32::MAX;

/// Marks the word of where a state is as long as it was not looked at.
pub(super) const BUILT: u32 = 1 << 31;
const _: () = assert!(BUILT | (END - 1) < ROOT);

/// What is said of a model that cannot be checked as states are made again by taking actions again.
pub(super) const NOT_AGAIN: &str = "what can happen in a state of the model, or comes of it, is not the same, in \
                                    the same order, each time: order the actions, or use `PlainModel::keeping_states`";

/// Where a state is, if it was built and not looked at yet, and the words by which it is known for good.
pub(super) fn split(state: &[u32]) -> (Option<u32>, &[u32]) {
    match state {
        [first, words @ ..] if !words.is_empty() && first & BUILT != 0 => {
            (Some(first ^ BUILT), words)
        }
        words => (None, words),
    }
}

/// A plain model of stateright that can be checked.
pub trait Plain: Model<State: Hash + Send + Sync> + Sync {}

impl<M: Model<State: Hash + Send + Sync> + Sync> Plain for M {}

/// A model, and its states as far as they are kept.
pub(super) struct Waiting<M: Model> {
    pub(super) model: M,
    pub(super) kept: Slots<M::State>,
    /// Whether all states that wait are kept.
    pub(super) keeps: bool,
    pub(super) initial: Box<[u32]>,
}

impl<M: Plain> Waiting<M> {
    pub(super) fn new(model: M) -> Self {
        let (kept, mut first) = (Slots::new(), model.init_states());
        let initial = match first.pop().filter(|_| first.is_empty()) {
            Some(only) if model.within_boundary(&only) => kept.put(kept.part(), only),
            _ => ROOT,
        };
        Self { model, kept, keeps: false, initial: [initial].into() }
    }

    /// A state that is not the root, made again unless it is kept. Counts the actions that this takes.
    ///
    /// # Panics
    /// If an action that was possible is not, since the model does not do the same again.
    pub(super) fn state(
        &self,
        way: &mut Way<M::State>,
        state: &[u32],
        taken: &mut u64,
    ) -> Arc<M::State> {
        let (built, words) = split(state);
        let kept = self.kept.get(built.unwrap_or(words[0]));
        let kept = kept.expect("a state is kept as long as words begin with it");
        if built.is_some() {
            return kept;
        }
        way.lead(words, &kept, |state, before, word| {
            *taken += 1;
            let next = self.action_of(state, word.wrapping_sub(before) as usize);
            let next = next.and_then(|action| self.model.next_state(state, action));
            next.expect(NOT_AGAIN)
        })
    }

    /// One state more begins with the one that is kept and that these words begin with.
    pub(super) fn hold_first(&self, words: &[u32]) {
        if self.is_counted(words[0]) {
            self.kept.hold(words[0]);
        }
    }

    /// One state less does.
    pub(super) fn free_first(&self, words: &[u32]) {
        if self.is_counted(words[0]) {
            self.kept.free(words[0]);
        }
    }

    /// Whether one that is kept may be forgotten some time: all but the initial state.
    fn is_counted(&self, kept: u32) -> bool {
        kept != ROOT && kept != self.initial[0]
    }

    pub(super) fn action_of(&self, state: &M::State, number: usize) -> Option<M::Action> {
        let mut actions = Vec::new();
        self.model.actions(state, &mut actions);
        (number < actions.len()).then(|| actions.swap_remove(number))
    }

    /// Where each thing leads that can happen at the root, with its number.
    pub(super) fn each_initial(&self, mut take: impl FnMut(usize, M::State)) {
        let first = self.model.init_states().into_iter().enumerate();
        let first = first.filter(|(_, state)| self.model.within_boundary(state));
        first.for_each(|(at, state)| take(at, state));
    }

    /// Where each thing leads that can happen in a state, with its number.
    pub(super) fn each_successor(&self, state: &M::State, mut take: impl FnMut(usize, M::State)) {
        let mut actions = Vec::new();
        self.model.actions(state, &mut actions);
        for (at, action) in actions.into_iter().enumerate() {
            if let Some(next) = self.model.next_state(state, action) {
                take(at, next);
            }
        }
    }
}
