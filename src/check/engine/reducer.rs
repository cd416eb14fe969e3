//! Symmetry reduction: states that differ only by an exchange of nodes that are alike are one.
//!
//! The visited set knows a state by the largest fingerprint among its images (multiplied by a
//! constant), so that only one of them, whichever comes first, is expanded. That is sound only if
//! nothing can tell the images apart, and no declaration is trusted in that: whatever may happen in
//! a state that is expanded, and what may not, is held against its images (see
//! `models/world/alike.rs`), and every property is asked of every image of every state that is
//! kept. The first difference makes the check an error.

use super::evaluator::Evaluator;
use super::mask::{PropertyMask, bits};
use super::visited::{Key, key_of};
use crate::check::space::{Exchanges, Space};
use crate::models::world::{Fingerprint, Unlike};

/// Finds the key of a state and its images, for one thread.
pub(super) struct Reducer<'c> {
    space: &'c dyn Space,
    exchanges: Box<dyn Exchanges + 'c>,
    image: Vec<u32>,
    refusal: Option<String>,
}

impl<'c> Reducer<'c> {
    /// One, if nodes of the space are said to be alike.
    ///
    /// # Errors
    /// Why there is no such symmetry.
    pub(super) fn of(space: &'c dyn Space) -> Result<Option<Self>, String> {
        let new = |exchanges| Self { space, exchanges, image: Vec::new(), refusal: None };
        Ok(space.alike()?.map(new))
    }

    /// The key of the state, which has this fingerprint, and all its images.
    pub(super) fn key(&mut self, state: &[u32], fingerprint: Fingerprint) -> Key {
        let images = self.exchanges.fingerprints(state).iter();
        let largest = images.copied().map(key_of).fold(key_of(fingerprint), Key::max);
        // The visited set wants keys spread evenly, and the largest of several are not.
        key_of(largest.wrapping_mul(0xF39C_C060_5CED_C835_9E37_79B9_7F4A_7C15))
    }

    /// The key of the initial state, which must be its own image.
    pub(super) fn first_key(&mut self, state: &[u32]) -> Key {
        for at in 0..self.exchanges.count() {
            self.permute(at, state);
            if self.image != state {
                self.refuse(Some(at), "the initial state changes");
            }
        }
        self.key(state, self.space.fingerprint(state))
    }

    /// Makes sure that every image of a state has the images of its successors.
    pub(super) fn compare_steps(&mut self, state: &[u32]) {
        if let Err(Unlike { exchange, what }) = self.exchanges.compare(state) {
            self.refuse(exchange, &what);
        }
    }

    /// Makes sure that every image of a state satisfies the same conditions.
    pub(super) fn compare(
        &mut self,
        state: &[u32],
        holds: u64,
        mask: PropertyMask,
        evaluator: &mut Evaluator<'c>,
    ) {
        for at in 0..self.exchanges.count() {
            self.permute(at, state);
            let different = evaluator.evaluate(&self.image, mask) ^ holds;
            let claims = self.space.claims();
            if let Some(claim) = bits(different).find_map(|at| claims.get(at)) {
                let what = format!("the property {:?} names ids: it changes", claim.name);
                self.refuse(Some(at), &what);
            }
        }
    }

    /// Makes sure that every image of a state is on the same side of the boundary.
    pub(super) fn compare_boundary(
        &mut self,
        state: &[u32],
        is_within: bool,
        evaluator: &Evaluator<'c>,
    ) {
        for at in 0..self.exchanges.count() {
            self.permute(at, state);
            if evaluator.within_boundary(&self.image) != is_within {
                self.refuse(Some(at), "the boundary names ids: it changes");
            }
        }
    }

    /// What was found not to be symmetric.
    pub(super) fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// The memory that it takes.
    pub(super) fn bytes(&self) -> u64 {
        self.exchanges.bytes()
    }

    fn permute(&mut self, at: usize, state: &[u32]) {
        self.image.clear();
        self.exchanges.image(at, state, &mut self.image);
    }

    fn refuse(&mut self, exchange: Option<usize>, what: &str) {
        let moved = exchange.map(|at| {
            self.exchanges.moved(at).into_iter().map(|(from, to)| format!("{from} → {to}"))
        });
        let when = moved.map_or(String::new(), |moved| {
            format!(" when nodes go {}", moved.collect::<Vec<_>>().join(", "))
        });
        self.refusal.get_or_insert_with(|| format!("{what}{when}"));
    }
}
