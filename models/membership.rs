//! The nodes of the ring while they come and go: numbered views.
//!
//! A view says which nodes are on the ring, and perhaps that one joins, leaves or is replaced. While it
//! does, a key has the replicas of before and of after, the latter *pending* (Cassandra's word). Each
//! view has an epoch, and follows the one before it: a move is a view of both, then one of what is after.
//!
//! Two nodes that are told to move the ring at once make two views of one number. So a view is named by its
//! number and by the node that made it ([`Epoch`]), and no node is ever in both.

use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::collections::BTreeSet;
use std::fmt;

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

/// The name of a view. No two views have one name: a node makes one view of each number at most, as what it
/// makes is durable first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Epoch {
    /// How many views there were before.
    pub number: u64,
    /// The node that made it; `None` of the first one, which nobody made.
    pub mover: Option<Id>,
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
    /// The nodes that left, or were replaced: they do not come back.
    pub retired: BTreeSet<Id>,
}

impl View {
    /// Its name.
    pub fn name(&self) -> Epoch {
        Epoch { number: self.epoch, mover: self.last.map(|last| last.mover) }
    }

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
    /// The node that is on the ring no longer, and the one that is on it then.
    pub fn goes_and_comes(self) -> (Option<Id>, Option<Id>) {
        match self {
            Self::Join(node) => (None, Some(node)),
            Self::Leave(node) => (Some(node), None),
            Self::Replace { gone, by } => (Some(gone), Some(by)),
        }
    }
}

/// As it is shown to operators.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Join(node) => write!(f, "server {} joins", usize::from(node)),
            Self::Leave(node) => write!(f, "server {} leaves", usize::from(node)),
            Self::Replace { gone, by } => {
                write!(f, "server {} replaces server {}", usize::from(by), usize::from(gone))
            }
        }
    }
}

/// What an operator asks of a node of a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingAsk {
    /// What it knows of the ring, and how far it is.
    State,
    /// To carry out a change.
    Move {
        /// The change.
        change: Change,
        /// The view that is to be changed: the node does nothing in another one.
        epoch: Epoch,
    },
}

/// What a node knows of the ring, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RingState {
    /// Its view, the first one with its members too.
    pub view: View,
    /// Of the mover: the nodes that are ready for the next view, or have this one, the last of a move.
    pub ready: BTreeSet<Id>,
    /// The nodes from which it still copies what it gains.
    pub copying: BTreeSet<Id>,
    /// How many keys it holds.
    pub keys: u64,
    /// How many versions it keeps for other nodes.
    pub hints: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[usize]) -> BTreeSet<Id> {
        ids.iter().copied().map(Id::from).collect()
    }

    #[test]
    fn a_view_says_who_is_there_after_and_who_is_waited_for() {
        let change = Change::Replace { gone: Id::from(1), by: Id::from(3) };
        let last = Some(Move { change, mover: Id::from(0) });
        let view =
            View { epoch: 1, members: ids(&[0, 1, 2]), last, is_moving: true, ..View::default() };
        assert_eq!((view.after(), view.awaited()), (ids(&[0, 2, 3]), ids(&[0, 2, 3])));
        assert_eq!(view.name(), Epoch { number: 1, mover: Some(Id::from(0)) });
        let other = View { last: Some(Move { change, mover: Id::from(2) }), ..view.clone() };
        assert_ne!(view.name(), other.name());
        assert_eq!(change.to_string(), "server 3 replaces server 1");
        let leave = Some(Move { change: Change::Leave(Id::from(1)), mover: Id::from(0) });
        let leaving = View { last: leave, ..view };
        assert_eq!((leaving.after(), leaving.awaited()), (ids(&[0, 2]), ids(&[0, 1, 2])));
        let done = View { members: leaving.after(), is_moving: false, ..leaving };
        assert_eq!((done.after(), done.awaited()), (ids(&[0, 2]), ids(&[0, 1, 2])));
    }
}
