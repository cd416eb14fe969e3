//! A plain model of stateright as a space.
//!
//! Its states have no parts, so a state that waits is known by a state that is kept, most often the initial
//! one, and the actions that lead from there to it ([`of_actions`](super::of_actions)). Where there are
//! several initial states, or none, they follow from a *root* that is no state of the model.

use super::digest::Digest;
use super::interface::{Claim, Exchanges, Kind, Recipes, Space, Stepper};
use super::of_actions::{NOT_AGAIN, OfActions, split};
use super::slots::Slots;
use super::way::Way;
use crate::check::engine::Behaviour;
use crate::check::liveness::{Classes, OneClass};
use crate::models::world::step::Move;
use crate::models::world::{
    Derived, Fairness, Fingerprint, MAX_CONDITIONS, NO_PANIC_AT, Reads, Scopes, Shares, Split,
    Weight, guarded,
};
use stateright::{Expectation, Model, Property};
use std::cmp::Ordering;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering as Memory};

/// The word of the root.
pub(super) const ROOT: u32 = u32::MAX;

/// A model of stateright that [`Checker::of_model`](crate::check::Checker::of_model) checks as it is,
/// and its states as far as they are kept.
///
/// Its states are told apart by a fingerprint of 80 bits of what their `Hash` says. All of its actions
/// are one class for liveness: something happens again and again while something can. So an
/// `Expectation::Eventually` is violated by a behaviour that ends, or goes round for ever, before it
/// holds; stateright misses the second. A step out of the boundary is possible and never taken.
///
/// States that wait are made again by taking actions again, so what can happen in a state must be the same, in
/// the same order, each time; else the check ends in an error that says so, and
/// [`keeping_states`](Self::keeping_states) helps.
pub struct PlainModel<M: Model> {
    model: M,
    properties: Vec<Property<M>>,
    claims: Vec<Claim>,
    pub(super) states: Slots<M::State>,
    /// Whether all states that wait are kept.
    pub(super) keeps: bool,
    initial: Box<[u32]>,
    panicked: AtomicBool,
}

/// A plain model of stateright that can be checked.
pub trait Plain: Model<State: Hash + Send + Sync> + Sync {}

impl<M: Model<State: Hash + Send + Sync> + Sync> Plain for M {}

impl<M: Plain> PlainModel<M> {
    /// Of a model with at most 62 properties.
    ///
    /// # Panics
    /// If it has more, or two of one name.
    pub fn new(model: M) -> Self {
        let (properties, states) = (model.properties(), Slots::new());
        assert!(properties.len() < MAX_CONDITIONS, "at most {} properties", MAX_CONDITIONS - 1);
        let mut first = model.init_states();
        let initial = match first.pop().filter(|_| first.is_empty()) {
            Some(only) if model.within_boundary(&only) => states.put(states.part(), only),
            _ => ROOT,
        };
        let claims: Vec<Claim> = properties.iter().map(claim).collect();
        for (at, claim) in claims.iter().enumerate() {
            let twice = claims[..at].iter().any(|other| other.name == claim.name);
            assert!(!twice, "two properties are named {:?}", claim.name);
        }
        let (initial, panicked) = ([initial].into(), AtomicBool::new(false));
        Self { model, properties, claims, states, keeps: false, initial, panicked }
    }

    /// Keeps the states that wait as they are: for a model that lists its actions in another order each
    /// time, such as that of a hash map. It takes more memory, the more the larger the states are.
    #[must_use]
    pub fn keeping_states(self) -> Self {
        Self { keeps: true, ..self }
    }

    /// The model.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// The actions of a behaviour that was found, in order; that of choosing among several initial
    /// states is none.
    pub fn actions(&self, behaviour: &Behaviour) -> Vec<M::Action> {
        let steps = behaviour.states.iter().zip(&behaviour.moves);
        steps.filter_map(|(state, what)| self.action(state, *what)).collect()
    }

    /// What `f` makes of the last state of a behaviour; `None` if that has no states of the model.
    pub fn last<R>(&self, behaviour: &Behaviour, f: impl FnOnce(&M::State) -> R) -> Option<R> {
        self.with(behaviour.last(), f)
    }

    pub(crate) fn has_root(&self) -> bool {
        self.initial[0] == ROOT
    }

    fn with<R>(&self, state: &[u32], f: impl FnOnce(&M::State) -> R) -> Option<R> {
        (*state != [ROOT]).then(|| f(&self.state(&mut Way::default(), state, &mut 0)))
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
        let kept = self.states.get(built.unwrap_or(words[0]));
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
            self.states.hold(words[0]);
        }
    }

    /// One state less does.
    pub(super) fn free_first(&self, words: &[u32]) {
        if self.is_counted(words[0]) {
            self.states.free(words[0]);
        }
    }

    /// Whether one that is kept may be forgotten some time: all but the initial state.
    fn is_counted(&self, kept: u32) -> bool {
        kept != ROOT && kept != self.initial[0]
    }

    fn action_of(&self, state: &M::State, number: usize) -> Option<M::Action> {
        let mut actions = Vec::new();
        self.model.actions(state, &mut actions);
        (number < actions.len()).then(|| actions.swap_remove(number))
    }

    fn action(&self, state: &[u32], what: Move) -> Option<M::Action> {
        self.with(state, |state| self.action_of(state, number(what)))?
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

    /// Nothing is violated at the root, and nothing reached; the boundary lets it in if it leads anywhere.
    fn holds_at_root(&self, at: usize) -> bool {
        if let Some(claim) = self.claims.get(at) {
            return claim.kind == Kind::Always;
        }
        let mut initial = self.model.init_states().into_iter();
        initial.any(|state| self.model.within_boundary(&state))
    }

    /// Whether a condition holds, or the boundary lets a state in; what it says if it panics.
    fn ask(&self, at: usize, state: &M::State) -> Result<bool, String> {
        let said = guarded(|| match self.properties.get(at) {
            Some(property) => (property.condition)(&self.model, state),
            None => self.model.within_boundary(state),
        });
        if said.is_err() {
            self.panicked.store(true, Memory::Relaxed);
        }
        said
    }
}

fn claim<M: Model>(property: &Property<M>) -> Claim {
    let kind = match property.expectation {
        Expectation::Always => Kind::Always,
        Expectation::Sometimes => Kind::Sometimes,
        Expectation::Eventually => Kind::Eventually,
    };
    Claim { name: property.name, says: property.name, kind, is_monotone: false }
}

/// Which of the things that can happen in a state a move is.
fn number(what: Move) -> usize {
    match what {
        Move::Local { at, .. } | Move::Deliver(at) | Move::Drop(at) => at as usize,
    }
}

impl<M: Plain> Space for &PlainModel<M> {
    fn claims(&self) -> &[Claim] {
        &self.claims
    }

    fn fairness(&self) -> Fairness {
        Fairness::default()
    }

    fn initial(&self) -> &[u32] {
        &self.initial
    }

    fn fingerprint(&self, state: &[u32]) -> Fingerprint {
        self.with(state, |state| Digest::default().of(state)).unwrap_or(1)
    }

    fn stepper(&self) -> Box<dyn Stepper<'_> + '_> {
        Box::new(OfActions::new(self))
    }

    fn compare(&self, _: &[u32], one: Move, other: Move) -> Ordering {
        number(one).cmp(&number(other))
    }

    fn find(&self, _: &[u32], (_, what): (&[u32], Move)) -> Option<Move> {
        Some(what)
    }

    fn classes(&self, _: Fairness) -> Box<dyn Classes + '_> {
        Box::new(OneClass)
    }

    fn is_released(&self) -> bool {
        true
    }

    fn scopes(&self) -> Scopes {
        Scopes { world: (1 << (self.properties.len() + 1)) - 1, ..Scopes::default() }
    }

    fn boundary(&self) -> Option<usize> {
        Some(self.properties.len())
    }

    fn facts(&self, _: &[u32], _: &Scopes) -> u64 {
        1 << NO_PANIC_AT
    }

    fn verdict(&self, at: usize, state: &[u32], _: &Derived) -> (Option<bool>, Reads) {
        let said = self.with(state, |state| self.ask(at, state).ok());
        (said.unwrap_or_else(|| Some(self.holds_at_root(at))), Reads::ALL)
    }

    fn shares(&self, state: &[u32]) -> Shares {
        Shares::of_one(self.fingerprint(state))
    }

    fn fingerprint_of_nodes(&self, state: &[u32]) -> u64 {
        self.fingerprint(state) as u64
    }

    fn has_panics(&self) -> bool {
        self.panicked.load(Memory::Relaxed)
    }

    fn is_without_panic(&self, state: &[u32]) -> bool {
        self.panic_in(state).is_none()
    }

    fn panic_in(&self, state: &[u32]) -> Option<String> {
        self.with(state, |state| {
            (0..=self.properties.len()).find_map(|at| {
                let name = self.properties.get(at).map_or("the boundary", |property| property.name);
                Some(format!("{name}: {}", self.ask(at, state).err()?))
            })
        })?
    }

    fn weight(&self) -> Weight {
        Weight { held: self.states.bytes(), growth: self.states.bytes() }
    }

    fn hash_clash(&self) -> Option<String> {
        None
    }

    fn is_monotone(&self) -> bool {
        false
    }

    fn split<'s>(&self, state: &'s [u32]) -> Split<'s> {
        Split { core: self.fingerprint(state), messages: &[] }
    }

    fn thin(&self, state: &[u32], _: &dyn Fn(u64) -> bool, out: &mut Vec<u32>) {
        out.extend_from_slice(state);
    }

    fn alike(&self) -> Result<Option<Box<dyn Exchanges + '_>>, String> {
        Ok(None)
    }

    fn images(&self) -> u64 {
        0
    }

    fn recipes(&self) -> Option<&dyn Recipes> {
        None
    }
}
