//! The proposer's phase one: how a replica becomes leader.
//!
//! Lamport 2001, P2c: a proposal's value is that of the highest-numbered proposal that a quorum
//! accepted before, or any if they accepted none. Phase one finds it, in all slots at once.

use super::ballot::{Ballot, Slot};
use super::bugs::{Bug, invented};
use super::message::{Command, Peer, Proposal};
use super::state::{Leading, Preparing, Role, Timer};
use super::storage::Delta;
use super::turn::Turn;
use crate::kv::StateMachine;
use stateright::actor::Id;
use std::collections::BTreeMap;

impl<O> Preparing<O> {
    fn complete(&self) -> usize {
        self.promised.values().filter(|next| next.is_none()).count()
    }

    /// The slot from which this acceptor is to report on; `None` if it has promised completely.
    fn next_of(&self, acceptor: Id, first: Slot) -> Option<Slot> {
        self.promised.get(&acceptor).copied().unwrap_or(Some(first))
    }

    fn adopt(&mut self, slot: Slot, proposal: Proposal<O>, last_wins: bool) {
        let known = self.adopted.get(&slot);
        if known.is_none_or(|known| known.ballot < proposal.ballot) || last_wins {
            self.adopted.insert(slot, proposal);
        }
    }
}

impl<M: StateMachine> Turn<'_, '_, M> {
    /// No leader was heard of.
    pub(super) fn on_election_timer(&mut self) {
        if self.state.is_leading() {
            return;
        }
        if self.config.pre_vote && !self.has(Bug::NoPreVote) {
            self.ask_around();
        } else {
            self.prepare();
        }
    }

    /// Phase 1a. Tries to lead, in a higher ballot than any it knows.
    pub(super) fn prepare(&mut self) {
        let (id, from) = (self.id, self.state.applied() + 1);
        let ballot = self.state.stable.promised.next(id);
        self.change(Delta::Promised(ballot));
        // Its own promise needs no message where others promise too: they hear of the ballot when
        // that promise is durable. Where it alone is a quorum, it counts when it is durable.
        let is_enough = self.config.quorums.prepare == 1 && !self.has(Bug::LeadEarly);
        let adopted = self.state.stable.accepted.clone();
        let promised = if is_enough { BTreeMap::new() } else { BTreeMap::from([(id, None)]) };
        let chosen = (self.state.applied(), id);
        self.state.to_mut().role = Role::Preparing(Preparing { promised, adopted, chosen });
        if !self.has(Bug::ElectionOnce) {
            self.await_candidate();
        }
        self.await_heartbeat();
        self.broadcast(Peer::Prepare { ballot, from });
        if is_enough {
            self.send(id, self.promise(from));
        }
        self.try_to_lead();
    }

    /// Phase 1a again, to the acceptors that have not promised completely.
    fn prepare_again(&mut self) {
        let (ballot, first) = (self.state.stable.promised, self.state.applied() + 1);
        let Role::Preparing(preparing) = &self.state.role else { return };
        for peer in self.peers() {
            if let Some(from) = preparing.next_of(peer, first) {
                self.out.send(peer, Peer::Prepare { ballot, from });
            }
        }
    }

    /// A promise, or a part of one.
    pub(super) fn on_promise(
        &mut self,
        ballot: Ballot,
        from: Slot,
        until: Option<Slot>,
        chosen: Slot,
        accepted: Vec<(Slot, Proposal<M::Op>)>,
    ) {
        let Role::Preparing(preparing) = &self.state.role else { return };
        let is_current = ballot == self.state.stable.promised || self.has(Bug::CountAcrossBallots);
        let is_next = match preparing.promised.get(&self.src) {
            None => from <= self.state.applied() + 1,
            Some(next) => *next == Some(from),
        };
        if !is_current || !is_next {
            return;
        }
        let (applied, last_wins) = (self.state.applied(), self.has(Bug::AdoptLast));
        let Role::Preparing(preparing) = &mut self.state.to_mut().role else { return };
        preparing.promised.insert(self.src, until);
        for (slot, proposal) in accepted {
            if slot > applied {
                preparing.adopt(slot, proposal, last_wins);
            }
        }
        if chosen > preparing.chosen.0 {
            preparing.chosen = (chosen, self.src);
        }
        if let Some(from) = until {
            self.answer(Peer::Prepare { ballot, from });
        }
        self.try_to_lead();
    }

    /// Leads, if a quorum promised and everything that one of them knows chosen is applied here: a
    /// chosen value is not proposed again, so that acceptors may forget it.
    pub(super) fn try_to_lead(&mut self) {
        let applied = self.state.applied();
        let quorum = self.config.quorums.prepare - usize::from(self.has(Bug::SmallPrepareQuorum));
        let Role::Preparing(preparing) = &mut self.state.to_mut().role else { return };
        if preparing.complete() < quorum {
            return;
        }
        let (chosen, by) = preparing.chosen;
        if chosen > applied {
            return self.send(by, self.catch_up_msg());
        }
        let adopted = preparing.adopted.split_off(&(applied + 1));
        self.lead(if self.has(Bug::IgnoreAccepted) { BTreeMap::new() } else { adopted });
    }

    /// Phase 2a for the slots in which something may have been chosen, and for the gaps between
    /// them: the value of the highest-numbered proposal reported, or a no-op.
    fn lead(&mut self, mut adopted: BTreeMap<Slot, Proposal<M::Op>>) {
        let applied = self.state.applied();
        let last = adopted.last_key_value().map_or(applied, |(slot, _)| *slot);
        let state = self.state.to_mut();
        state.role = Role::Leading(Leading { inherited: last, ..Leading::default() });
        state.missing = None;
        self.cancel_timer(Timer::Election);
        for slot in applied + 1..=last {
            let gap = match adopted.get(&(slot + 1)) {
                Some(next) if self.has(Bug::InventRequest) => invented(self.id, slot, next),
                _ => Command::Noop,
            };
            let command = adopted.remove(&slot).map_or(gap, |proposal| proposal.command);
            self.propose(slot, command);
        }
        self.commit_and_reply();
    }

    /// Another replica promised a higher ballot than this one's.
    pub(super) fn on_preempted(&mut self, ballot: Ballot) {
        let is_greater = ballot > self.state.stable.promised || self.has(Bug::PreemptedBySmaller);
        if self.state.role != Role::Follower && is_greater {
            self.step_down(ballot);
        }
    }

    /// Time to send again the messages that were not answered; a leader also says that it leads.
    pub(super) fn on_heartbeat_timer(&mut self) {
        if self.gives_up() {
            return self.give_up();
        }
        match &self.state.role {
            Role::Follower => return,
            Role::Leading(_) => self.remind(),
            Role::Preparing(_) => {
                if !self.has(Bug::PrepareOnce) {
                    self.prepare_again();
                }
                self.try_to_lead();
            }
        }
        if !self.has(Bug::HeartbeatOnce) {
            self.await_heartbeat();
        }
    }
}
