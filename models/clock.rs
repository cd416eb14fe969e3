//! Hybrid logical clocks (Kulkarni et al. 2014): timestamps close to physical time that never
//! contradict causality.
//!
//! A model has no clock, so physical time is an input: [`PhysicalTime`] is a function that the
//! deployment supplies, and that is constant where the protocol is checked, which makes the clock
//! a purely logical one (Lamport 1978). Nothing that must hold depends on what it returns: it may
//! jump, stand still or run backwards, and differ between nodes. It only decides how well "the
//! last writer" agrees with people's watches.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The highest physical time that is taken from a clock: far beyond every date, and as far from the
/// end of the timestamps.
const MAX_PHYSICAL: u64 = u64::MAX / 2;

/// A timestamp. The paper's `l` and `c`, compared in that order.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Stamp {
    /// The highest physical time heard of, in milliseconds.
    pub physical: u64,
    /// Tells apart the events of the same `physical` time.
    pub logical: u32,
}

impl Stamp {
    /// The timestamp of the next write at a node whose clock shows `self`, while its physical
    /// clock shows `now`.
    #[must_use]
    pub fn tick(self, now: u64) -> Self {
        // A clock that shows nonsense does not use up all timestamps there are.
        let now = now.min(MAX_PHYSICAL);
        if now > self.physical {
            return Self { physical: now, logical: 0 };
        }
        match (self.logical.checked_add(1), self.physical.checked_add(1)) {
            (Some(logical), _) => Self { physical: self.physical, logical },
            (None, Some(physical)) => Self { physical, logical: 0 },
            // The last one. No node that follows these rules comes here.
            (None, None) => self,
        }
    }
}

/// Where physical time comes from, in milliseconds since any fixed moment.
#[derive(Clone, Copy)]
pub struct PhysicalTime(pub fn() -> u64);

impl PhysicalTime {
    /// No physical time: the clock is a logical one.
    pub const NONE: Self = Self(|| 0);

    /// What it shows now.
    pub fn now(self) -> u64 {
        (self.0)()
    }
}

impl fmt::Debug for PhysicalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhysicalTime")
    }
}
