//! The proposer: prepares a number, and proposes a value.

use super::bugs::Bug;
use super::message::{Msg, Proposal, Value};
use super::state::{Propose, Proposer};
use super::turn::Proposing;
use crate::paxos::Ballot;
use stateright::actor::{Id, model_timeout};
use std::collections::BTreeMap;

impl Proposing<'_, '_> {
    /// Starts, with the last number that it saved if it did.
    pub(super) fn on_start(&mut self, saved: Option<Ballot>) {
        let ballot = saved.unwrap_or(Ballot { round: 0, leader: self.id });
        *self.state.to_mut() = Proposer { ballot, promises: None };
        self.set_timer(Propose, &model_timeout());
    }

    /// Phase 1a.
    pub(super) fn on_propose_timer(&mut self) {
        let ballot = self.state.ballot.next(self.id);
        self.save(ballot);
        *self.state.to_mut() = Proposer { ballot, promises: Some(BTreeMap::new()) };
        self.set_timer(Propose, &model_timeout());
        self.broadcast(Msg::Prepare(ballot));
    }

    /// Phase 2a: "the value of the highest-numbered proposal among the responses, or any value if
    /// the responses reported no proposals": its `own`.
    pub(super) fn on_promise(&mut self, own: Value, ballot: Ballot, accepted: Option<Proposal>) {
        let is_current = ballot == self.state.ballot || self.has(Bug::CountPromisesAcross);
        let promises = self.state.promises.as_ref();
        let is_news = promises.is_some_and(|promises| !promises.contains_key(&self.src));
        if !is_current || !is_news {
            return;
        }
        let quorum = self.config.quorums.prepare - usize::from(self.has(Bug::SmallPrepareQuorum));
        let proposer = self.state.to_mut();
        let Some(promises) = &mut proposer.promises else { return };
        promises.insert(self.src, accepted);
        if promises.len() >= quorum
            && let Some(promises) = proposer.promises.take()
        {
            let (ballot, value) = (self.state.ballot, self.value_for(own, &promises));
            self.broadcast(Msg::Accept(Proposal { ballot, value }));
        }
    }

    fn value_for(&self, own: Value, promises: &BTreeMap<Id, Option<Proposal>>) -> Value {
        let reported = promises.values().flatten();
        let bound = match self.config.bug {
            Some(Bug::IgnoreAccepted) => None,
            Some(Bug::AdoptLast) => reported.last(),
            _ => reported.max(),
        };
        let free = if self.has(Bug::ProposeNothing) { Value::default() } else { own };
        bound.map_or(free, |proposal| proposal.value)
    }
}
