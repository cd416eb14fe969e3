//! The leader: phase two, slot after slot, several at a time.

use super::ballot::{Ballot, Slot};
use super::message::{Command, MAX_OP_BYTES, Peer, Proposal};
use super::replica::{Replica, ReplicaState, Role};
use super::stable::Delta;
use super::{Bug, Outbox};
use crate::kv::service::Refusal;
use crate::kv::sessions::Standing;
use crate::kv::transfer::encoded_bytes;
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How many proposals are sent again to one acceptor at a time.
pub const MAX_RESEND: usize = 16;

/// What a leader knows besides what it accepted itself. Volatile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Leading<O> {
    /// Who accepted its proposal in each slot that is not applied yet: at most a quorum.
    pub votes: BTreeMap<Slot, BTreeSet<Id>>,
    /// The requests that wait for a slot, in the order in which they came.
    pub waiting: VecDeque<Command<O>>,
    /// With pre-vote: how many heartbeats ago something was applied, while something is open.
    pub unanswered: u32,
}

impl<O> Default for Leading<O> {
    fn default() -> Self {
        Self { votes: BTreeMap::new(), waiting: VecDeque::new(), unanswered: 0 }
    }
}

impl<M: StateMachine> ReplicaState<M> {
    /// Leader: the first slot in which nothing is proposed. What it accepted is of its own ballot,
    /// all of it.
    pub(super) fn next_slot(&self) -> Slot {
        self.stable.accepted.last_key_value().map_or(self.applied(), |(slot, _)| *slot) + 1
    }
}

impl Replica {
    /// A client asks.
    pub(super) fn on_request<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        client: Id,
        seq: u64,
        op: M::Op,
        o: &mut Outbox<M>,
    ) {
        if !state.is_leading() {
            let Ballot { leader, .. } = state.stable.promised;
            if leader != id {
                let epoch = state.stable.promised.epoch();
                o.send(client, Service::Redirect { seq, epoch, leader });
            }
            return;
        }
        let dedupe = !self.has(Bug::NoDedupe);
        match state.stable.image.sessions.standing(client, seq) {
            Standing::Repeated(reply) if dedupe => {
                o.send(client, Service::Reply { seq, reply: reply.clone() });
            }
            Standing::Old if dedupe && !self.has(Bug::OrderOld) => {}
            Standing::Refused(why) => o.send(client, Service::Refused { seq, why }),
            _ if encoded_bytes(&op) > MAX_OP_BYTES => {
                o.send(client, Service::Refused { seq, why: Refusal::TooLarge });
            }
            _ => self.order(id, state, Command::Request { client, seq, op }, o),
        }
    }

    /// Gives a request the next slot, or lets it wait for one, unless it has one.
    fn order<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        command: Command<M::Op>,
        o: &mut Outbox<M>,
    ) {
        let Command::Request { client, seq, op } = &command else { return };
        // Of its own ballot, all of it.
        let open = &state.stable.accepted;
        let known = open.values().any(|open| open.command.is_request(*client, *seq));
        let again = known && !self.has(Bug::NoDedupe) && !self.has(Bug::OrderTwice);
        let full = open.len() as u64 >= self.config.window && !self.has(Bug::ExceedWindow);
        if again {
            return;
        }
        let has_waiting = match &state.role {
            Role::Leading(leading) => !leading.waiting.is_empty(),
            _ => false,
        };
        // Nobody overtakes those that wait.
        if full || has_waiting {
            return self.wait(state.to_mut(), command, o);
        }
        if self.has(Bug::AnswerLocally) && M::is_read(op) {
            let reply = state.stable.image.machine.clone().apply(*client, *seq, op);
            o.send(*client, Service::Reply { seq: *seq, reply });
            return;
        }
        let state = state.to_mut();
        self.propose(id, state, state.next_slot(), command, o);
        self.settle(id, state, o);
    }

    /// Phase 2a. Its own vote needs no message.
    pub(super) fn propose<M: StateMachine>(
        &self,
        id: Id,
        state: &mut ReplicaState<M>,
        slot: Slot,
        command: Command<M::Op>,
        o: &mut Outbox<M>,
    ) {
        let ballot = state.stable.promised;
        let accept = Peer::Accept { ballot, slot, command: command.clone() };
        let proposal = Proposal { ballot, command };
        if self.has(Bug::ReuseBallot) {
            state.stable.accepted.insert(slot, proposal);
        } else {
            state.change(Delta::Accepted { slot, proposal }, o);
        }
        if let Role::Leading(leading) = &mut state.role {
            leading.votes.insert(slot, BTreeSet::from([id]));
        }
        o.broadcast(&self.peers(id), &Service::Peer(accept));
    }

    /// An acceptor accepted.
    pub(super) fn on_accepted<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        ballot: Ballot,
        slot: Slot,
        o: &mut Outbox<M>,
    ) {
        let Role::Leading(leading) = &state.role else { return };
        let counts = |votes: &BTreeSet<Id>| {
            votes.len() < self.config.quorums.accept
                && (!votes.contains(&src) || self.has(Bug::CountTwice))
        };
        let current = ballot == state.stable.promised || self.has(Bug::CountVotesAcross);
        if !current || !leading.votes.get(&slot).is_some_and(counts) {
            return;
        }
        let state = state.to_mut();
        if let Role::Leading(leading) = &mut state.role {
            let votes = leading.votes.entry(slot).or_default();
            // For the mutant: nobody's id, so that the vote counts again.
            let again = Id::from(self.config.servers);
            votes.insert(if votes.contains(&src) { again } else { src });
        }
        self.settle(id, state, o);
    }

    /// Applies what is chosen, in order, answers, lets those that wait propose, and tells the
    /// learners.
    pub(super) fn settle<M: StateMachine>(
        &self,
        id: Id,
        state: &mut ReplicaState<M>,
        o: &mut Outbox<M>,
    ) {
        let before = state.applied();
        self.apply_chosen(state, o);
        while self.serve_waiting(id, state, o) {
            self.apply_chosen(state, o);
        }
        if state.applied() > before {
            let (ballot, upto) = (state.stable.promised, state.applied());
            o.broadcast(&self.peers(id), &Service::Peer(Peer::Chosen { ballot, upto }));
        }
    }

    fn apply_chosen<M: StateMachine>(&self, state: &mut ReplicaState<M>, o: &mut Outbox<M>) {
        let quorum = self.config.quorums.accept - usize::from(self.has(Bug::SmallAcceptQuorum));
        while let Role::Leading(leading) = &mut state.role
            && let Some(votes) = leading.votes.get(&(state.stable.image.slot + 1))
            && votes.len() >= quorum
        {
            let next = state.stable.image.slot + 1;
            leading.votes.remove(&next);
            leading.unanswered = 0;
            if let Some(answer) = self.apply_accepted(state, next, o) {
                o.send(answer.client, answer.msg());
            }
        }
    }

    /// A heartbeat to all, and what some acceptor did not answer.
    pub(super) fn remind<M: StateMachine>(
        &self,
        id: Id,
        state: &ReplicaState<M>,
        leading: &Leading<M::Op>,
        o: &mut Outbox<M>,
    ) {
        let (ballot, chosen) = (state.stable.promised, state.applied());
        for peer in self.peers(id) {
            o.send(peer, Service::Peer(Peer::Heartbeat { ballot, chosen }));
            if self.has(Bug::NoResend) {
                continue;
            }
            let open = leading.votes.iter().filter(|(_, votes)| !votes.contains(&peer));
            for (slot, _) in open.take(MAX_RESEND) {
                if let Some(proposal) = state.stable.accepted.get(slot) {
                    let (slot, command) = (*slot, proposal.command.clone());
                    o.send(peer, Service::Peer(Peer::Accept { ballot, slot, command }));
                }
            }
        }
    }
}
