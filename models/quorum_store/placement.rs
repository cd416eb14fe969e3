//! Which nodes hold a key in a view of the ring.

use super::config::Config;
use super::view::{Move, View};
use crate::kv::Bytes;
use crate::ring::Ring;
use stateright::actor::Id;
use std::collections::BTreeSet;

/// The replicas of a key in a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    /// Those of before, then the pending ones.
    pub(super) replicas: Vec<Id>,
    /// How many are pending.
    pub(super) pending: usize,
}

impl Config {
    fn ring_of(&self, members: &BTreeSet<Id>) -> Ring {
        let per_node = self.ring.as_ref().map_or(1, Ring::per_node);
        Ring::new(members.iter().copied(), per_node)
    }

    /// The replicas of a key.
    pub(super) fn placed(&self, view: &View, key: &Bytes) -> Placed {
        if view.epoch == 0 {
            return Placed { replicas: self.replicas_of(key), pending: 0 };
        }
        let replicas_among =
            |members: &BTreeSet<Id>| self.ring_of(members).replicas(key, self.replicas);
        let mut replicas = replicas_among(&view.members);
        let before = replicas.len();
        if view.is_moving {
            let after = replicas_among(&view.after());
            let pending = after.into_iter().filter(|node| !replicas.contains(node));
            let pending: Vec<Id> = pending.collect();
            replicas.extend(pending);
        }
        Placed { pending: replicas.len() - before, replicas }
    }

    /// Whether some keys get this node as a pending replica.
    pub(super) fn gains(&self, view: &View, node: Id) -> bool {
        let (before, after) = (self.ring_of(&view.members), self.ring_of(&view.after()));
        view.is_moving && before.gains(&after, node, self.replicas)
    }

    /// The view with which a move begins.
    pub(super) fn begin(&self, view: &View, last: Move) -> View {
        let members = match (&self.ring, view.epoch) {
            (Some(ring), 0) => ring.nodes(),
            (None, 0) => self.node_ids().collect(),
            _ => view.members.clone(),
        };
        View { epoch: view.epoch + 1, members, last: Some(last), is_moving: true }
    }
}
