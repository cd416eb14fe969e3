//! The nodes of the ring while they come and go: numbered views.
//!
//! A view says which nodes are on the ring, and perhaps that one joins, leaves or is replaced. While it
//! does, a key has the replicas of before and of after, the latter *pending* (Cassandra's word). Each
//! view has an epoch, and follows the one before it: a move is a view of both, then one of what is after.

use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::collections::BTreeSet;

/// A change of the nodes of the ring. An id stands for one incarnation of a node: one that left, or was
/// replaced, does not come back under its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Change {
    /// This node joins.
    Join(Id),
    /// This node leaves, and hands over what it holds.
    Leave(Id),
    /// A node that is taken to be lost for good is replaced.
    Replace {
        /// That node: nothing is asked of it.
        gone: Id,
        /// The node that takes its place.
        by: Id,
    },
}

/// A change, and the node that carries it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Move {
    /// The change.
    pub change: Change,
    /// The node that makes the views of it: the one that its operator told to.
    pub mover: Id,
}

/// Which nodes are on the ring.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct View {
    /// How many views there were before.
    pub epoch: u64,
    /// The nodes of the ring; in the first view those of the configuration, whatever this says.
    pub members: BTreeSet<Id>,
    /// The last move; `None` in the first view.
    pub last: Option<Move>,
    /// Whether that is under way: the members are those of before.
    pub is_moving: bool,
}

impl View {
    /// The members when what is under way is done.
    pub fn after(&self) -> BTreeSet<Id> {
        let mut members = self.members.clone();
        if let Some(Move { change, .. }) = self.last.filter(|_| self.is_moving) {
            let (goes, comes) = change.goes_and_comes();
            members.retain(|node| Some(*node) != goes);
            members.extend(comes);
        }
        members
    }

    /// The nodes that must have a view before the next one is made: all but one that is taken to be lost.
    pub fn awaited(&self) -> BTreeSet<Id> {
        let mut nodes: BTreeSet<Id> = self.members.union(&self.after()).copied().collect();
        match self.last.map(|last| last.change) {
            Some(Change::Leave(node)) => {
                nodes.insert(node);
            }
            Some(Change::Replace { gone, .. }) => {
                nodes.remove(&gone);
            }
            Some(Change::Join(_)) | None => {}
        }
        nodes
    }
}

impl Change {
    fn goes_and_comes(self) -> (Option<Id>, Option<Id>) {
        match self {
            Self::Join(node) => (None, Some(node)),
            Self::Leave(node) => (Some(node), None),
            Self::Replace { gone, by } => (Some(gone), Some(by)),
        }
    }
}
