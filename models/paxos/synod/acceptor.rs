//! The acceptor: promises and accepts.

use super::bugs::Bug;
use super::message::{Msg, Proposal};
use super::state::Acceptor;
use super::turn::Accepting;
use crate::paxos::Ballot;

impl Accepting<'_, '_> {
    /// Phase 1b: "if an acceptor receives a prepare request with number n greater than that of
    /// any prepare request to which it has already responded".
    pub(super) fn on_prepare(&mut self, ballot: Ballot) {
        let promised = self.state.promised;
        let is_lower = ballot < promised && self.has(Bug::PromiseLower);
        if ballot > promised || is_lower {
            self.turn_into(Acceptor { promised: ballot, ..**self.state });
            self.answer(Msg::Promise(ballot, self.state.accepted));
        }
    }

    /// Phase 2b: "it accepts the proposal unless it has already responded to a prepare request
    /// having a number greater than n".
    pub(super) fn on_accept(&mut self, proposal: Proposal) {
        let Acceptor { promised, accepted } = **self.state;
        let is_old = proposal.ballot < promised && !self.has(Bug::BreakPromise);
        let is_full = accepted.is_some() && self.has(Bug::AcceptOnce);
        if is_old || is_full || accepted == Some(proposal) {
            return;
        }
        self.turn_into(Acceptor { promised: proposal.ballot, accepted: Some(proposal) });
        self.send(self.config.learner(), Msg::Accepted(proposal));
    }

    fn turn_into(&mut self, acceptor: Acceptor) {
        self.save(acceptor);
        *self.state.to_mut() = acceptor;
    }
}
