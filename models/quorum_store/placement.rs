//! Which nodes hold a key in a view of the ring.

use super::config::Config;
use crate::kv::Bytes;
use crate::membership::{Move, View};
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

/// The rings of a view: they follow from it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rings {
    /// Of the members.
    members: Ring,
    /// Of those when what is under way is done, if anything is.
    after: Option<Ring>,
}

impl Config {
    fn ring_of(&self, members: &BTreeSet<Id>) -> Ring {
        let per_node = self.ring.as_ref().map_or(1, Ring::per_node);
        Ring::new(members.iter().copied(), per_node)
    }

    /// The rings of a view; `None` of the first one.
    pub(super) fn rings(&self, view: &View) -> Option<Rings> {
        let after = || view.is_moving.then(|| self.ring_of(&view.after()));
        (view.epoch > 0).then(|| Rings { members: self.ring_of(&view.members), after: after() })
    }

    /// The replicas of a key in a view with these rings.
    pub(super) fn placed_on(&self, rings: Option<&Rings>, key: &Bytes) -> Placed {
        let Some(Rings { members, after }) = rings else {
            return Placed { replicas: self.replicas_of(key), pending: 0 };
        };
        let mut replicas = members.replicas(key, self.replicas);
        let before = replicas.len();
        if let Some(after) = after {
            let after = after.replicas(key, self.replicas).into_iter();
            let pending: Vec<Id> = after.filter(|node| !replicas.contains(node)).collect();
            replicas.extend(pending);
        }
        Placed { pending: replicas.len() - before, replicas }
    }

    /// The replicas of a key in a view.
    pub(super) fn placed(&self, view: &View, key: &Bytes) -> Placed {
        self.placed_on(self.rings(view).as_ref(), key)
    }

    /// Whether some keys get this node as a pending replica.
    pub(super) fn gains(&self, rings: Option<&Rings>, node: Id) -> bool {
        let Some(Rings { members, after: Some(after) }) = rings else { return false };
        members.gains(after, node, self.replicas)
    }

    /// The nodes that are on the ring in a view.
    pub(super) fn members(&self, view: &View) -> BTreeSet<Id> {
        match (&self.ring, view.epoch) {
            (Some(ring), 0) => ring.nodes(),
            (None, 0) => self.node_ids().collect(),
            _ => view.members.clone(),
        }
    }

    /// The view with which a move begins.
    pub(super) fn begin(&self, view: &View, last: Move) -> View {
        let mut retired = view.retired.clone();
        retired.extend(last.change.goes_and_comes().0);
        let members = self.members(view);
        View { epoch: view.epoch + 1, members, last: Some(last), is_moving: true, retired }
    }
}
