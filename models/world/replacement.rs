//! A node whose disk is lost starts again as a newcomer: the step, and the messages that it
//! silences.

use super::cluster::Inner;
use super::local::Effect;
use super::newcomer::{FormerLife, Replacement};
use super::observer::Observer;
use super::parts::{Checkable, NodeOf};
use super::successor::Removed;
use stateright::actor::{Command, Id, Out};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
    /// How this node starts again if its disk is lost, where that may happen.
    pub(super) fn replacement_of(&self, id: Id) -> Option<&Replacement<A>> {
        self.setup.replacement.as_ref().filter(|replacement| replacement.lost.nodes.contains(&id))
    }

    /// The disk is lost, and the node starts as a newcomer.
    pub(super) fn on_replacement(&self, how: &Replacement<A>, node: &NodeOf<A>) -> Effect {
        self.effect_of(node, || {
            let mut out = Out::new();
            let actor = &self.setup.actors[usize::from(node.id)];
            let blank = NodeOf::<A> { life: node.life + 1, ..Self::blank_node(node.id) };
            let state = (how.start)(actor, node.id, blank.life, &mut out);
            let saves = out.iter().any(|command| matches!(command, Command::Save(_)));
            assert!(saves, "a newcomer saves that it is one, or it is none after a crash");
            self.commit(&blank, (state, BTreeSet::new(), BTreeMap::new()), out)
        })
    }

    /// Whether what the former life of a node sent is refused.
    pub(super) fn refuses_former_lives(&self) -> bool {
        let former = self.setup.replacement.as_ref().map(|how| how.lost.former);
        former == Some(FormerLife::Refused)
    }

    /// The items that a step leaves, but for the single one that it takes.
    pub(super) fn unsilenced<'i>(&self, items: &'i [u32], removed: Removed) -> Cow<'i, [u32]> {
        let Removed::SentBy(node) = removed else { return Cow::Borrowed(items) };
        let is_refused = |item: u32| {
            let envelope = self.tables.envelopes.value(self.next_of(item));
            usize::from(envelope.src) == node as usize
                && usize::from(envelope.dst) < self.setup.servers
        };
        items.iter().copied().filter(|item| !is_refused(*item)).collect()
    }
}
