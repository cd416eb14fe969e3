//! Aspects of a state: what is taken from each of its nodes, or of its messages, by itself.
//!
//! Most steps change a node or add a message without changing what a condition wants to know of them: a
//! client that waits is no vote. So what a condition derives from an aspect is the same in many states,
//! and it is remembered by the aspect's share of the state: the sum of the hashes of what was taken from
//! each part, which of each part is found once.

use std::any::{Any, TypeId};

/// An aspect, as one thread knows it.
pub(super) struct Aspect {
    /// The function that takes.
    taken_by: TypeId,
    of_messages: bool,
    /// By part: its share.
    shares: Vec<u64>,
    share: ShareOf,
}

/// The share of a part, by its id, in a cluster.
type ShareOf = Box<dyn Fn(&dyn Any, u32) -> u64 + Send>;

/// The share of a part that was not asked for yet.
const UNKNOWN: u64 = u64::MAX;

impl Aspect {
    pub(super) fn new(taken_by: TypeId, of_messages: bool, share: ShareOf) -> Self {
        Self { taken_by, of_messages, shares: Vec::new(), share }
    }

    pub(super) fn is_taken_by(&self, other: TypeId) -> bool {
        self.taken_by == other
    }

    pub(super) fn is_of_messages(&self) -> bool {
        self.of_messages
    }

    pub(super) fn bytes(&self) -> u64 {
        (self.shares.capacity() * size_of::<u64>()) as u64
    }

    /// The share of parts together.
    pub(super) fn share_of(&mut self, parts: &[u32], cluster: &dyn Any) -> u64 {
        parts.iter().fold(0, |sum: u64, part| {
            let known = self.shares.get(*part as usize).copied().filter(|share| *share != UNKNOWN);
            sum.wrapping_add(known.unwrap_or_else(|| self.first_share(*part, cluster)))
        })
    }

    #[cold]
    fn first_share(&mut self, part: u32, cluster: &dyn Any) -> u64 {
        let at = part as usize;
        if at >= self.shares.len() {
            self.shares.resize(at + 1, UNKNOWN);
        }
        self.shares[at] = (self.share)(cluster, part).min(UNKNOWN - 1);
        self.shares[at]
    }
}
