//! A cluster as a space.

use super::interface::{Claim, Exchanges, Kind, Recipes, Space, Stepper};
use crate::check::liveness::{Classes, ClassesOf};
use crate::models::world::step::{Expander, Move, Step};
use crate::models::world::{
    self, Alike, Checkable, Cluster, Derived, Event, Fairness, Fingerprint, Observer, Reads,
    Recipe, Renamed, Scopes, Split, Symmetry, Unlike, Weight,
};
use std::cmp::Ordering;

/// A cluster as a space, with nodes that are alike if there is a symmetry.
pub(crate) struct OfCluster<'c, A: Checkable, H> {
    cluster: &'c Cluster<A, H>,
    symmetry: Option<Symmetry<A, H>>,
    claims: Vec<Claim>,
}

impl<'c, A: Checkable, H: Observer<A::Msg>> OfCluster<'c, A, H> {
    pub(crate) fn new(cluster: &'c Cluster<A, H>, symmetry: Option<Symmetry<A, H>>) -> Self {
        Self { cluster, symmetry, claims: claims_of(cluster) }
    }
}

/// What is claimed of a cluster.
fn claims_of<A: Checkable, H: Observer<A::Msg>>(cluster: &Cluster<A, H>) -> Vec<Claim> {
    let properties = cluster.properties().iter().enumerate();
    let claims = properties.map(|(at, property)| Claim {
        name: property.name,
        says: property.says,
        kind: match (&property.kind, cluster.target_of(at)) {
            (world::Kind::Always, _) => Kind::Always,
            (world::Kind::Sometimes, _) => Kind::Sometimes,
            (world::Kind::LeadsTo(_), Some(target)) => Kind::LeadsTo(target),
            (world::Kind::Eventually | world::Kind::LeadsTo(_), _) => Kind::Eventually,
        },
        is_monotone: property.is_monotone,
        is_monotone_by_form: property.is_monotone_by_form(),
    });
    claims.collect()
}

impl<A: Checkable, H: Observer<A::Msg>> Space for OfCluster<'_, A, H> {
    fn claims(&self) -> &[Claim] {
        &self.claims
    }

    fn fairness(&self) -> Fairness {
        self.cluster.fairness()
    }

    fn initial(&self) -> &[u32] {
        self.cluster.initial()
    }

    fn fingerprint(&self, state: &[u32]) -> Fingerprint {
        self.cluster.fingerprint(state)
    }

    fn stepper(&self) -> Box<dyn Stepper<'_> + '_> {
        Box::new(OfExpander(self.cluster.expander()))
    }

    fn compare(&self, state: &[u32], one: Move, other: Move) -> Ordering {
        self.cluster.action(state, one).cmp(&self.cluster.action(state, other))
    }

    fn find(&self, state: &[u32], (origin, what): (&[u32], Move)) -> Option<Move> {
        self.cluster.find_move(state, &self.cluster.action(origin, what))
    }

    fn classes(&self, fairness: Fairness) -> Box<dyn Classes + '_> {
        Box::new(ClassesOf::new(self.cluster, fairness))
    }

    fn scopes(&self) -> Scopes {
        self.cluster.scopes()
    }

    fn boundary(&self) -> Option<usize> {
        self.cluster.boundary()
    }

    fn facts(&self, state: &[u32], scopes: &Scopes) -> u64 {
        self.cluster.facts(state, scopes)
    }

    fn verdict(&self, at: usize, state: &[u32], derived: &Derived) -> (Option<bool>, Reads) {
        self.cluster.tracked_verdict(at, state, derived)
    }

    fn key(&self, state: &[u32], reads: Reads, derived: &Derived) -> u64 {
        self.cluster.key(state, reads, derived)
    }

    fn has_panics(&self) -> bool {
        self.cluster.has_panics()
    }

    fn is_without_panic(&self, state: &[u32]) -> bool {
        self.cluster.is_without_panic(state)
    }

    fn panic_in(&self, state: &[u32]) -> Option<String> {
        self.cluster.panic_in(state)
    }

    fn weight(&self) -> Weight {
        self.cluster.weight()
    }

    fn hash_clash(&self) -> Option<String> {
        self.cluster.hash_clash()
    }

    fn is_monotone(&self) -> bool {
        self.cluster.is_monotone()
    }

    fn split<'s>(&self, state: &'s [u32]) -> Split<'s> {
        self.cluster.split(state)
    }

    fn uncounted(&self, message: u32) -> Option<u64> {
        self.cluster.uncounted(message)
    }

    fn alike(&self) -> Result<Option<Box<dyn Exchanges + '_>>, String> {
        let Some(symmetry) = &self.symmetry else { return Ok(None) };
        let alike = Alike::new(self.cluster, symmetry).map_err(|unlike| unlike.what)?;
        Ok(Some(Box::new(OfSymmetry { symmetry, alike })))
    }

    fn images(&self) -> u64 {
        self.symmetry.as_ref().map_or(0, |symmetry| symmetry.permutations().len()) as u64
    }

    fn recipes(&self) -> Option<&dyn Recipes> {
        Some(self)
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Recipes for OfCluster<'_, A, H> {
    fn recipe(&self) -> Recipe {
        self.cluster.recipe()
    }

    fn remake(&self, recipe: &Recipe) -> Renamed {
        self.cluster.remake(recipe)
    }

    fn rename(&self, renamed: &Renamed, state: &mut [u32]) -> bool {
        self.cluster.rename(renamed, state)
    }
}

struct OfExpander<'c, A: Checkable, H>(Expander<'c, A, H>);

impl<'c, A: Checkable, H: Observer<A::Msg>> Stepper<'c> for OfExpander<'c, A, H> {
    fn steps(&mut self, state: &[u32], of: Fingerprint, out: &mut Vec<(Move, Step<'c>)>) {
        self.0.steps(state, of, out);
    }

    fn step(&mut self, state: &[u32], of: Fingerprint, what: Move) -> Option<Step<'c>> {
        self.0.step(state, of, what)
    }

    fn write(&mut self, state: &[u32], step: &Step<'c>, out: &mut Vec<u32>) {
        self.0.write(state, step, out);
    }

    fn bytes(&self) -> u64 {
        self.0.bytes()
    }

    fn only_sends(&self, state: &[u32], step: &Step<'c>) -> bool {
        self.0.only_sends(state, step)
    }

    fn saturate(
        &mut self,
        state: &mut Vec<u32>,
        of: Fingerprint,
        last: Option<&Step<'c>>,
        note: &mut dyn FnMut(Event),
    ) -> Fingerprint {
        self.0.saturate(state, of, last, note)
    }

    fn event(&self, state: &[u32], what: Move) -> Option<Event> {
        self.0.event(state, what)
    }

    fn find(&self, state: &[u32], event: Event) -> Option<Move> {
        self.0.find(state, event)
    }
}

struct OfSymmetry<'c, A: Checkable, H> {
    symmetry: &'c Symmetry<A, H>,
    alike: Alike<'c, A, H>,
}

impl<A: Checkable, H: Observer<A::Msg>> Exchanges for OfSymmetry<'_, A, H> {
    fn count(&self) -> usize {
        self.alike.exchanges()
    }

    fn image(&mut self, at: usize, state: &[u32], out: &mut Vec<u32>) {
        self.alike.image(at, state, out);
    }

    fn fingerprints(&mut self, state: &[u32]) -> &[Fingerprint] {
        self.alike.fingerprints(state)
    }

    fn compare(&mut self, state: &[u32]) -> Result<(), Unlike> {
        self.alike.compare(state)
    }

    fn moved(&self, at: usize) -> Vec<(usize, usize)> {
        let permutation = self.symmetry.permutations()[at].iter().enumerate();
        let moved = permutation.map(|(from, to)| (from, *to));
        moved.filter(|(from, to)| from != to).collect()
    }

    fn bytes(&self) -> u64 {
        self.alike.bytes()
    }
}
