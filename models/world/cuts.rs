//! Links that are cut for good: which messages are on one.

use super::cluster::Inner;
use super::observer::Observer;
use super::parts::Checkable;
use super::setup::Rules;
use stateright::actor::Id;

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
    /// Whether an envelope is on a link that is cut.
    #[inline]
    pub(super) fn is_cut(&self, budget: u32, envelope: u32) -> bool {
        !self.setup.cuts.links.is_empty() && self.is_on_cut_link(budget, envelope)
    }

    fn is_on_cut_link(&self, budget: u32, envelope: u32) -> bool {
        let envelope = self.tables.envelopes.value(envelope);
        self.cut_between(budget, envelope.src, envelope.dst)
    }

    /// Whether an envelope that is sent is not put on its link, because that is cut.
    pub(super) fn keeps_off(&self, budget: u32, envelope: u32) -> bool {
        self.setup.network.keeps_one_copy() && self.is_cut(budget, envelope)
    }

    /// Whether a message in flight may be lost. A node's message to itself travels on no link.
    pub(super) fn may_be_lost(&self, item: u32) -> bool {
        let envelope = self.tables.envelopes.value(self.next_of(item));
        envelope.src != envelope.dst || self.setup.rules == Rules::Stateright
    }

    /// Whether the link between two nodes is cut.
    pub(super) fn cut_between(&self, budget: u32, one: Id, other: Id) -> bool {
        let cut = self.tables.budgets.value(budget).cut;
        let is_link = |link: &(Id, Id)| *link == (one, other) || *link == (other, one);
        cut != 0
            && (self.setup.cuts.links.iter().enumerate())
                .any(|(at, link)| cut >> at & 1 == 1 && is_link(link))
    }
}
