//! Symmetry reduction: states that differ only by an exchange of nodes that are alike are one.
//!
//! The table knows a state by the largest fingerprint among its images, so that only one of
//! them, whichever comes first, is expanded. That is sound only if nothing can tell the images
//! apart, and nobody is trusted in that: every handler run is repeated under every exchange, and
//! every property is asked of every image of every state that is kept. The first difference
//! makes the check an error.

use super::judge::{Judge, Questions, bits};
use crate::models::world::step::Move;
use crate::models::world::{Checkable, Cluster, Images, Observer, Symmetry};
use std::collections::HashSet;

/// Finds what a state is known by, for one thread.
pub(super) struct Canon<'c, A: Checkable, H> {
    cluster: &'c Cluster<A, H>,
    symmetry: &'c Symmetry<A, H>,
    images: Vec<Images>,
    image: Vec<u32>,
    /// Pairs of a part and an input that were repeated under every exchange.
    repeated: HashSet<(u32, u32, bool)>,
    refusal: Option<String>,
}

impl<'c, A: Checkable, H: Observer<A::Msg>> Canon<'c, A, H> {
    pub(super) fn new(cluster: &'c Cluster<A, H>, symmetry: &'c Symmetry<A, H>) -> Self {
        let images = symmetry.permutations().iter().map(|_| Images::default()).collect();
        let (image, repeated, refusal) = (Vec::new(), HashSet::new(), None);
        Self { cluster, symmetry, images, image, repeated, refusal }
    }

    /// What the state and all its images are known by.
    pub(super) fn key(&mut self, state: &[u32]) -> u64 {
        let mut key = self.cluster.fingerprint(state);
        for at in 0..self.images.len() {
            self.permute(at, state);
            key = key.max(self.cluster.fingerprint(&self.image));
        }
        key
    }

    /// The key of the initial state, which must be its own image.
    pub(super) fn first_key(&mut self, state: &[u32]) -> u64 {
        for at in 0..self.images.len() {
            self.permute(at, state);
            if self.image != state {
                self.refuse(at, "the initial state changes");
            }
        }
        self.key(state)
    }

    /// Makes sure that every image of a state is judged like the state itself.
    pub(super) fn compare(
        &mut self,
        state: &[u32],
        holds: u64,
        questions: Questions,
        judge: &mut Judge<'c, A, H>,
    ) {
        for at in 0..self.images.len() {
            self.permute(at, state);
            let different = judge.judge(&self.image, questions) ^ holds;
            let properties = &self.cluster.setup().properties;
            if let Some(property) = bits(different).find_map(|at| properties.get(at)) {
                self.refuse(at, &format!("the property {:?} names ids: it changes", property.name));
            }
            if !judge.within_boundary(&self.image) {
                self.refuse(at, "the boundary names ids: it changes");
            }
        }
    }

    /// What was found not to be symmetric.
    pub(super) fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// The key of a successor, once it is sure that every image of the state has an image of it
    /// as a successor.
    pub(super) fn key_after(&mut self, state: &[u32], next: &[u32], what: Move) -> u64 {
        let (node, input) = self.cluster.occasion(state, what);
        let history = self.cluster.history_of(state);
        let mut fresh = self.repeated.insert((node, input, false));
        if self.cluster.history_of(next) != history {
            fresh |= self.repeated.insert((history, input, true));
        }
        if fresh {
            self.repeat(state, next, what);
        }
        self.key(next)
    }

    fn repeat(&mut self, state: &[u32], next: &[u32], what: Move) {
        let mut expander = self.cluster.expander();
        for at in 0..self.images.len() {
            self.permute(at, next);
            let expected = self.image.clone();
            self.permute(at, state);
            let fingerprint = self.cluster.fingerprint(&self.image);
            let mut moves = Vec::new();
            expander.moves(&self.image, &mut moves);
            let mut built = Vec::new();
            let is_matched = moves.iter().any(|what| {
                let Some(step) = expander.step(&self.image, fingerprint, *what) else {
                    return false;
                };
                built.clear();
                expander.write(&self.image, &step, &mut built);
                built == expected
            });
            if !is_matched {
                let action = self.cluster.action(state, what);
                self.refuse(at, &format!("the step {action:?} does not go over into a step"));
            }
        }
    }

    fn permute(&mut self, at: usize, state: &[u32]) {
        self.image.clear();
        self.cluster.permute(self.symmetry, at, &mut self.images[at], state, &mut self.image);
    }

    fn refuse(&mut self, at: usize, what: &str) {
        let permutation = &self.symmetry.permutations()[at];
        let moved: Vec<_> = (permutation.iter().enumerate())
            .filter(|(from, to)| from != *to)
            .map(|(from, to)| format!("{from} → {to}"))
            .collect();
        self.refusal.get_or_insert_with(|| format!("{what} when nodes go {}", moved.join(", ")));
    }
}
