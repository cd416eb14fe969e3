//! The proposer's phase one: how a replica becomes leader.
//!
//! Lamport 2001, P2c: a proposal's value is that of the highest-numbered proposal among what a
//! quorum accepted before, or any if they accepted none. Phase one finds it, in all slots at once.

use super::ballot::{Ballot, Slot};
use super::leader::Leading;
use super::message::{Command, Peer, Proposal};
use super::replica::{Replica, ReplicaState, Role};
use super::stable::Delta;
use super::{Bug, Outbox, Timer};
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Phase one, as far as it got. Volatile: a replica that restarts takes a new ballot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Preparing<O> {
    /// Who promised: with `None` completely, else with the slot to go on from.
    pub promised: BTreeMap<Id, Option<Slot>>,
    /// The highest-numbered proposal that was reported in each slot.
    pub adopted: BTreeMap<Slot, Proposal<O>>,
    /// The last slot that one of them knows chosen without a gap, and which.
    pub chosen: (Slot, Id),
}

impl<O> Preparing<O> {
    fn complete(&self) -> usize {
        self.promised.values().filter(|next| next.is_none()).count()
    }

    fn adopt(&mut self, slot: Slot, proposal: Proposal<O>, last_wins: bool) {
        let known = self.adopted.get(&slot);
        if known.is_none_or(|known| known.ballot < proposal.ballot) || last_wins {
            self.adopted.insert(slot, proposal);
        }
    }
}

impl Replica {
    /// No leader was heard of.
    pub(super) fn on_election_timer<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        o: &mut Outbox<M>,
    ) {
        if state.is_leading() {
            return;
        }
        if self.config.pre_vote && !self.has(Bug::NoPreVote) {
            self.ask_around(id, state.to_mut(), o);
        } else {
            self.prepare(id, state.to_mut(), o);
        }
    }

    /// Phase 1a. Tries to lead, in a higher ballot than any it knows.
    pub(super) fn prepare<M: StateMachine>(
        &self,
        id: Id,
        state: &mut ReplicaState<M>,
        o: &mut Outbox<M>,
    ) {
        let ballot = state.stable.promised.next(id);
        state.change(Delta::Promised(ballot), o);
        // Its own promise needs no message.
        state.role = Role::Preparing(Preparing {
            promised: BTreeMap::from([(id, None)]),
            adopted: state.stable.accepted.clone(),
            chosen: (state.applied(), id),
        });
        if !self.has(Bug::ElectionOnce) {
            self.await_leader(o);
        }
        o.set_timer(Timer::Heartbeat, self.config.timing.heartbeat.clone());
        let prepare = Peer::Prepare { ballot, from: state.applied() + 1 };
        o.broadcast(&self.peers(id), &Service::Peer(prepare));
        self.try_to_lead(id, state, o);
    }

    /// A promise, or a part of one.
    pub(super) fn on_promise<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        promise: Peer<M>,
        o: &mut Outbox<M>,
    ) {
        let Peer::Promise { ballot, from, until, chosen, accepted } = promise else { return };
        let Role::Preparing(preparing) = &state.role else { return };
        let current = ballot == state.stable.promised || self.has(Bug::CountAcrossBallots);
        let next = match preparing.promised.get(&src) {
            None => from <= state.applied() + 1,
            Some(next) => *next == Some(from),
        };
        if !current || !next {
            return;
        }
        let state = state.to_mut();
        let (applied, last_wins) = (state.applied(), self.has(Bug::AdoptLast));
        let Role::Preparing(preparing) = &mut state.role else { return };
        preparing.promised.insert(src, until);
        for (slot, proposal) in accepted {
            if slot > applied {
                preparing.adopt(slot, proposal, last_wins);
            }
        }
        if chosen > preparing.chosen.0 {
            preparing.chosen = (chosen, src);
        }
        if let Some(from) = until {
            o.send(src, Service::Peer(Peer::Prepare { ballot, from }));
        }
        self.try_to_lead(id, state, o);
    }

    /// Leads, if a quorum promised and everything that one of them knows chosen is applied here:
    /// what is chosen is not proposed again, so that acceptors may forget it.
    pub(super) fn try_to_lead<M: StateMachine>(
        &self,
        id: Id,
        state: &mut ReplicaState<M>,
        o: &mut Outbox<M>,
    ) {
        let applied = state.applied();
        let Role::Preparing(preparing) = &mut state.role else { return };
        let bug = usize::from(self.has(Bug::SmallPrepareQuorum));
        if preparing.complete() < self.config.quorums.prepare - bug {
            return;
        }
        let (chosen, by) = preparing.chosen;
        if chosen > applied {
            o.send(by, Service::Peer(state.catch_up_msg()));
            return;
        }
        let mut adopted = preparing.adopted.split_off(&(applied + 1));
        if self.has(Bug::IgnoreAccepted) {
            adopted.clear();
        }
        state.role = Role::Leading(Leading::default());
        state.missing = None;
        o.cancel_timer(Timer::Election);
        let last = adopted.last_key_value().map_or(applied, |(slot, _)| *slot);
        for slot in applied + 1..=last {
            let gap = match adopted.get(&(slot + 1)) {
                Some(next) if self.has(Bug::InventRequest) => invent(id, slot, next),
                _ => Command::Noop,
            };
            let command = adopted.remove(&slot).map_or(gap, |proposal| proposal.command);
            self.propose(id, state, slot, command, o);
        }
        self.settle(id, state, o);
    }

    /// Somebody promised a higher ballot than this one's.
    pub(super) fn on_preempted<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        ballot: Ballot,
        o: &mut Outbox<M>,
    ) {
        let is_greater = ballot > state.stable.promised || self.has(Bug::PreemptedBySmaller);
        if state.role != Role::Follower && is_greater {
            self.adopt(state.to_mut(), ballot, o);
        }
    }

    /// Time to send again what was not answered, and to say who leads.
    pub(super) fn on_heartbeat_timer<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        o: &mut Outbox<M>,
    ) {
        if self.gives_up(state) {
            return self.give_up(state.to_mut(), o);
        }
        let ballot = state.stable.promised;
        match &state.role {
            Role::Follower => return,
            Role::Leading(leading) => self.remind(id, state, leading, o),
            Role::Preparing(preparing) => {
                let peers = if self.has(Bug::PrepareOnce) { vec![] } else { self.peers(id) };
                for peer in peers {
                    let from = match preparing.promised.get(&peer) {
                        Some(None) => continue,
                        Some(Some(from)) => *from,
                        None => state.applied() + 1,
                    };
                    o.send(peer, Service::Peer(Peer::Prepare { ballot, from }));
                }
                self.try_to_lead(id, state.to_mut(), o);
            }
        }
        if !self.has(Bug::HeartbeatOnce) {
            o.set_timer(Timer::Heartbeat, self.config.timing.heartbeat.clone());
        }
    }
}

/// For the mutant: an operation that nobody asked for.
fn invent<O: Clone>(id: Id, slot: Slot, next: &Proposal<O>) -> Command<O> {
    match &next.command {
        Command::Noop => Command::Noop,
        Command::Request { op, .. } => Command::Request { client: id, seq: slot, op: op.clone() },
    }
}
