//! Aspects of a state: what is taken from each of its nodes, or of its messages, by itself.
//!
//! Most steps change a node or add a message without changing what a condition wants to know of them: a
//! client that waits is no vote. So what a condition derives from an aspect is the same in many states,
//! and it is remembered by the aspect's share of the state: the sum of the hashes of what was taken from
//! each part, which of each part is found once.

use super::reads::EACH;
use std::any::{Any, TypeId};

/// The aspects of the nodes, or of the messages, as one thread knows them.
#[derive(Default)]
pub(super) struct Aspects {
    known: Vec<Aspect>,
    /// By part: its share in each of these.
    rows: Vec<u64>,
}

/// What one function takes.
struct Aspect {
    taken_by: TypeId,
    share: ShareOf,
}

/// The share of a part, by its id, in a cluster.
pub(super) type ShareOf = Box<dyn Fn(&dyn Any, u32) -> u64 + Send>;

/// In the place of the first share of a part that was not asked for yet.
const UNKNOWN: u64 = u64::MAX;

impl Aspects {
    /// The number of an aspect, if it is known.
    pub(super) fn find(&self, taken_by: TypeId) -> Option<usize> {
        self.known.iter().position(|aspect| aspect.taken_by == taken_by)
    }

    /// Takes another aspect in; false if there are too many.
    pub(super) fn add(&mut self, taken_by: TypeId, share: ShareOf) -> bool {
        let has_room = self.known.len() < EACH;
        if has_room {
            self.known.push(Aspect { taken_by, share });
            self.rows.clear();
        }
        has_room
    }

    pub(super) fn bytes(&self) -> u64 {
        (self.rows.capacity() * size_of::<u64>()) as u64
    }

    /// The shares of parts together, in each aspect.
    pub(super) fn shares_of(&mut self, parts: &[u32], cluster: &dyn Any) -> [u64; EACH] {
        let (mut sums, width) = ([0; EACH], self.known.len());
        for part in parts {
            let at = *part as usize * width;
            if self.rows.get(at).is_none_or(|first| *first == UNKNOWN) {
                self.find_row(*part, cluster);
            }
            for (sum, share) in sums.iter_mut().zip(&self.rows[at..at + width]) {
                *sum = u64::wrapping_add(*sum, *share);
            }
        }
        sums
    }

    #[cold]
    fn find_row(&mut self, part: u32, cluster: &dyn Any) {
        let width = self.known.len();
        let at = part as usize * width;
        if at >= self.rows.len() {
            self.rows.resize(at + width, UNKNOWN);
        }
        for (share, aspect) in self.rows[at..at + width].iter_mut().zip(&self.known) {
            *share = (aspect.share)(cluster, part).min(UNKNOWN - 1);
        }
    }
}
