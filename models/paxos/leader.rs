//! The leader: phase two, slot after slot, several at a time.

use super::ballot::{Ballot, Slot};
use super::bugs::Bug;
use super::message::{Command, MAX_OP_BYTES, Peer, Proposal};
use super::state::{ReplicaState, Role};
use super::storage::Delta;
use super::turn::Turn;
use crate::kv::service::Refusal;
use crate::kv::sessions::RequestStatus;
use crate::kv::transfer::encoded_bytes;
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;
use std::collections::BTreeSet;

/// How many proposals are sent again to one acceptor at a time.
pub const MAX_RESEND: usize = 16;

impl<M: StateMachine> ReplicaState<M> {
    /// Leader: the first slot in which nothing is proposed. All its votes are in its own ballot.
    pub(super) fn next_slot(&self) -> Slot {
        self.stable.accepted.last_key_value().map_or(self.applied(), |(slot, _)| *slot) + 1
    }
}

impl<M: StateMachine> Turn<'_, '_, M> {
    /// A client asks.
    pub(super) fn on_request(&mut self, seq: u64, op: M::Op) {
        if seq == Command::<M::Op>::OF_A_SERVER {
            return;
        }
        if !self.state.is_leading() {
            let promised = self.state.stable.promised;
            if promised.leader != self.id {
                let (epoch, leader) = (promised.epoch(), promised.leader);
                self.answer(Service::Redirect { seq, epoch, leader });
            }
            return;
        }
        let dedupe = !self.has(Bug::NoDedupe);
        let refused = |why| Service::Refused { seq, why };
        match self.state.stable.image.sessions.status(self.src, seq) {
            RequestStatus::Repeated(reply) if dedupe => {
                let reply = reply.clone();
                self.answer(Service::Reply { seq, reply });
            }
            RequestStatus::Old if dedupe && !self.has(Bug::OrderOld) => {}
            // Whether it has a session does not matter to a read.
            _ if self.state.stable.image.machine.is_query(&op) => self.read(seq, op),
            RequestStatus::Refused(why) => self.answer(refused(why)),
            _ if encoded_bytes(&op) > MAX_OP_BYTES => self.answer(refused(Refusal::TooLarge)),
            _ => self.order(seq, op),
        }
    }

    /// Gives a request the next slot, or lets it wait for one, unless it has one.
    fn order(&mut self, seq: u64, op: M::Op) {
        // All of its own ballot.
        let open = &self.state.stable.accepted;
        let is_open = open.values().any(|open| open.command.is_request(self.src, seq));
        if is_open && !self.has(Bug::NoDedupe) && !self.has(Bug::OrderTwice) {
            return;
        }
        let is_full = open.len() as u64 >= self.config.window && !self.has(Bug::ExceedWindow);
        let has_waiting = match &self.state.role {
            Role::Leading(leading) => !leading.waiting.is_empty(),
            _ => false,
        };
        // No request overtakes those that wait.
        if is_full || has_waiting {
            return self.wait(Command::Request { client: self.src, seq, op });
        }
        let slot = self.state.next_slot();
        self.propose(slot, Command::Request { client: self.src, seq, op });
        self.commit_and_reply();
    }

    /// Phase 2a. The request does not wait for the leader's own vote, which counts, like any other,
    /// when it is durable: the leader sends it to itself.
    pub(super) fn propose(&mut self, slot: Slot, command: Command<M::Op>) {
        let ballot = self.state.stable.promised;
        let proposal = Proposal { ballot, command: command.clone() };
        self.change(Delta::Accepted { slot, proposal });
        if let Role::Leading(leading) = &mut self.state.to_mut().role {
            leading.votes.insert(slot, BTreeSet::new());
        }
        self.broadcast(Peer::Accept { ballot, slot, command });
        self.send(self.id, Peer::Accepted { ballot, slot });
    }

    /// An acceptor accepted.
    pub(super) fn on_accepted(&mut self, ballot: Ballot, slot: Slot) {
        let Role::Leading(leading) = &self.state.role else { return };
        let counts = |votes: &BTreeSet<Id>| {
            votes.len() < self.config.quorums.accept
                && (!votes.contains(&self.src) || self.has(Bug::CountTwice))
        };
        let is_current = ballot == self.state.stable.promised || self.has(Bug::CountVotesAcross);
        if !is_current || !leading.votes.get(&slot).is_some_and(counts) {
            return;
        }
        if let Role::Leading(leading) = &mut self.state.to_mut().role {
            let votes = leading.votes.entry(slot).or_default();
            // For the mutant: nobody's id, so that the vote counts again.
            let again = Id::from(self.config.servers);
            votes.insert(if votes.contains(&self.src) { again } else { self.src });
        }
        self.commit_and_reply();
    }

    /// Applies the chosen commands, in order, answers, gives slots to waiting requests, and informs
    /// the learners.
    pub(super) fn commit_and_reply(&mut self) {
        let before = self.state.applied();
        self.apply_chosen();
        while self.serve_waiting() {
            self.apply_chosen();
        }
        let (ballot, upto) = (self.state.stable.promised, self.state.applied());
        if upto > before {
            self.broadcast(Peer::Chosen { ballot, upto });
            self.answer_reads();
        }
    }

    fn apply_chosen(&mut self) {
        let quorum = self.config.quorums.accept - usize::from(self.has(Bug::SmallAcceptQuorum));
        loop {
            let next = self.state.applied() + 1;
            let Role::Leading(leading) = &mut self.state.to_mut().role else { return };
            if leading.votes.get(&next).is_none_or(|votes| votes.len() < quorum) {
                return;
            }
            leading.votes.remove(&next);
            leading.unanswered = 0;
            if let Some(answer) = self.apply_accepted(next) {
                self.send(answer.client, answer.msg());
            }
        }
    }

    /// A heartbeat to all, and to each acceptor the proposals that it did not answer.
    pub(super) fn remind(&mut self) {
        let (ballot, chosen) = (self.state.stable.promised, self.state.applied());
        for peer in self.peers() {
            self.send(peer, Peer::Heartbeat { ballot, chosen });
            if !self.has(Bug::NoResend) {
                self.resend(peer);
            }
        }
        if !self.has(Bug::AskOnce) {
            self.ask_again();
        }
    }

    fn resend(&mut self, acceptor: Id) {
        let ballot = self.state.stable.promised;
        let Role::Leading(leading) = &self.state.role else { return };
        let open = leading.votes.iter().filter(|(_, votes)| !votes.contains(&acceptor));
        for (slot, _) in open.take(MAX_RESEND) {
            if let Some(proposal) = self.state.stable.accepted.get(slot) {
                let (slot, command) = (*slot, proposal.command.clone());
                self.out.send(acceptor, Peer::Accept { ballot, slot, command });
            }
        }
    }
}
