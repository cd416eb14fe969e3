//! Sets of conditions, a bit each.

use crate::check::space::{Kind, Space};
use crate::models::world::NO_PANIC_AT;

/// Which conditions the search looks at, a bit each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PropertyMask {
    /// Must hold in every state.
    pub(super) always: u64,
    /// Must hold in some state.
    pub(super) sometimes: u64,
    /// Needed of every state to decide liveness.
    pub(super) liveness: u64,
}

impl PropertyMask {
    pub(super) fn of(space: &dyn Space) -> Self {
        let mut mask = Self::default();
        for (at, claim) in space.claims().iter().enumerate() {
            match claim.kind {
                Kind::Always => mask.always |= 1 << at,
                Kind::Sometimes => mask.sometimes |= 1 << at,
                Kind::Eventually => mask.liveness |= 1 << at,
                Kind::LeadsTo(target) => mask.liveness |= 1 << at | 1 << target,
            }
        }
        mask.always |= CALM;
        mask
    }

    /// Without those about liveness.
    pub(super) fn safety(self) -> Self {
        Self { liveness: 0, ..self }
    }

    /// Without those that are decided.
    pub(super) fn without(mut self, decided: u64) -> Self {
        self.always &= !decided;
        self.sometimes &= !decided;
        self
    }

    pub(super) fn all(self) -> u64 {
        self.always | self.sometimes | self.liveness
    }
}

/// The claim that nothing panics.
pub(super) const CALM: u64 = 1 << NO_PANIC_AT;

/// The positions of the bits that are set.
pub(super) fn bits(mut of: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = of.trailing_zeros() as usize;
        (of != 0).then(|| {
            of &= of - 1;
            at
        })
    })
}
