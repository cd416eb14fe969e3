//! A plain model of stateright as a space.
//!
//! Its states have no parts, so a state that waits is known by a state that is kept, most often the initial
//! one, and the actions that lead from there to it ([`waiting`](super::waiting)). Where there are
//! several initial states, or none, they follow from a *root* that is no state of the model.

use super::digest::Digest;
use super::interface::{Claim, Exchanges, Kind, Recipes, Space, Stepper};
use super::of_actions::OfActions;
use super::waiting::{Plain, ROOT, Waiting};
use super::way::Way;
use crate::check::engine::Behaviour;
use crate::check::liveness::{Classes, OneClass};
use crate::models::world::step::Move;
use crate::models::world::{
    Derived, Fairness, Fingerprint, MAX_CONDITIONS, NO_PANIC_AT, Reads, Scopes, Split, Weight,
    guarded,
};
use stateright::{Expectation, Model, Property};
use std::cmp::Ordering;
use std::sync::atomic::{AtomicBool, Ordering as Memory};

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
    properties: Vec<Property<M>>,
    claims: Vec<Claim>,
    waiting: Waiting<M>,
    panicked: AtomicBool,
}

impl<M: Plain> PlainModel<M> {
    /// Of a model with at most 62 properties.
    ///
    /// # Panics
    /// If it has more, or two of one name.
    pub fn new(model: M) -> Self {
        let properties = model.properties();
        assert!(properties.len() < MAX_CONDITIONS, "at most {} properties", MAX_CONDITIONS - 1);
        let claims: Vec<Claim> = properties.iter().map(claim).collect();
        for (at, claim) in claims.iter().enumerate() {
            let twice = claims[..at].iter().any(|other| other.name == claim.name);
            assert!(!twice, "two properties are named {:?}", claim.name);
        }
        let (waiting, panicked) = (Waiting::new(model), AtomicBool::new(false));
        Self { properties, claims, waiting, panicked }
    }

    /// Keeps the states that wait as they are: for a model that lists its actions in another order each
    /// time, such as that of a hash map. It takes more memory, the more the larger the states are. Of the
    /// behaviours that are found in such a model the states are right, and [`actions`](Self::actions) may name
    /// others than those that led there.
    #[must_use]
    pub fn keeping_states(mut self) -> Self {
        self.waiting.keeps = true;
        self
    }

    /// The model.
    pub fn model(&self) -> &M {
        &self.waiting.model
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

    /// How many states are kept.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.waiting.kept.kept()
    }

    pub(crate) fn has_root(&self) -> bool {
        self.waiting.initial[0] == ROOT
    }

    fn with<R>(&self, state: &[u32], f: impl FnOnce(&M::State) -> R) -> Option<R> {
        (*state != [ROOT]).then(|| f(&self.waiting.state(&mut Way::default(), state, &mut 0)))
    }

    fn action(&self, state: &[u32], what: Move) -> Option<M::Action> {
        self.with(state, |state| self.waiting.action_of(state, number(what)))?
    }

    /// Nothing is violated at the root, and nothing reached; the boundary lets it in if it leads anywhere.
    fn holds_at_root(&self, at: usize) -> bool {
        if let Some(claim) = self.claims.get(at) {
            return claim.kind == Kind::Always;
        }
        let mut initial = self.waiting.model.init_states().into_iter();
        initial.any(|state| self.waiting.model.within_boundary(&state))
    }

    /// Whether a condition holds, or the boundary lets a state in; what it says if it panics.
    fn ask(&self, at: usize, state: &M::State) -> Result<bool, String> {
        let said = guarded(|| match self.properties.get(at) {
            Some(property) => (property.condition)(&self.waiting.model, state),
            None => self.waiting.model.within_boundary(state),
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
    Claim {
        name: property.name,
        says: property.name,
        kind,
        is_monotone: false,
        is_monotone_by_form: false,
    }
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
        &self.waiting.initial
    }

    fn fingerprint(&self, state: &[u32]) -> Fingerprint {
        self.with(state, |state| Digest::default().of(state)).unwrap_or(1)
    }

    fn stepper(&self) -> Box<dyn Stepper<'_> + '_> {
        Box::new(OfActions::new(&self.waiting))
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

    fn key(&self, state: &[u32], reads: Reads, _: &Derived) -> u64 {
        reads.key_of_one(self.fingerprint(state))
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
        Weight { held: self.waiting.kept.bytes(), growth: self.waiting.kept.bytes() }
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

    fn uncounted(&self, _: u32) -> Option<u64> {
        None
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
