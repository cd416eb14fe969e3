//! The learner: learns which value is chosen.

use super::bugs::Bug;
use super::message::Proposal;
use super::state::Learner;
use super::turn::Learning;
use std::collections::BTreeMap;

impl Learning<'_, '_> {
    /// "To learn that a value has been chosen, a learner must find out that a proposal has been
    /// accepted by a majority of acceptors" (section 2.3).
    pub(super) fn on_accepted(&mut self, proposal: Proposal) {
        let known = self.state.heard.get(&self.src);
        let is_news = known.is_none_or(|known| known.ballot < proposal.ballot);
        if self.state.learned.is_some() || !is_news {
            return;
        }
        self.state.to_mut().heard.insert(self.src, proposal);
        let across = self.has(Bug::CountVotesAcross);
        let votes = self.state.heard.values().filter(|heard| **heard == proposal || across);
        let quorum = self.config.quorums.accept - usize::from(self.has(Bug::SmallAcceptQuorum));
        if votes.count() >= quorum {
            let learned = Some(proposal.value);
            *self.state.to_mut() = Learner { heard: BTreeMap::new(), learned };
        }
    }
}
