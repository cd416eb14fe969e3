//! What may happen in a packed state, by position.

use super::cluster::Inner;
use super::observer::Observer;
use super::parts::Checkable;

/// Something that can happen in a state, by position in the packed state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Move {
    /// Deliver the item at this position.
    Deliver(u32),
    /// Lose the item at this position.
    Drop(u32),
    /// Something at a node alone: a timer, a choice, a crash, a restart, a disk write or its loss.
    Local {
        /// Which node.
        node: u32,
        /// Which of the things that can happen there.
        at: u32,
    },
}

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
    /// The items in flight by position. Of several copies of one message, delivering one is the same as
    /// delivering another.
    pub(super) fn first_copies(&self, state: &[u32]) -> impl Iterator<Item = u32> {
        let items = &state[self.items_at()..];
        let is_first = |at: &usize| *at == 0 || items[*at] != items[*at - 1];
        (0..items.len()).filter(is_first).map(|at| at as u32)
    }

    /// The items that may be lost.
    pub(super) fn losses(&self, state: &[u32]) -> impl Iterator<Item = u32> {
        let items = &state[self.items_at()..];
        let lossy = self.setup.lossy.then(|| self.first_copies(state));
        lossy.into_iter().flatten().filter(|at| self.may_be_lost(items[*at as usize]))
    }

    /// What may happen at nodes alone: the node, and which of the things there.
    pub(super) fn local_moves(&self, state: &[u32]) -> impl Iterator<Item = (u32, u32)> {
        let nodes = (0..).zip(&state[..self.setup.actors.len()]);
        nodes.flat_map(|(node, id)| (0..self.locals(*id).len() as u32).map(move |at| (node, at)))
    }
}
