//! The acceptor: promises and accepts.
//!
//! Lamport 2001, P1a: "an acceptor can accept a proposal numbered n iff it has not responded to a
//! prepare request having a number greater than n". It must remember both across a crash, so it
//! saves before it answers.

use super::ballot::{Ballot, Slot};
use super::message::{Command, Peer, Proposal};
use super::replica::{Replica, ReplicaState};
use super::stable::Delta;
use super::{Bug, Outbox};
use crate::kv::transfer::encoded_bytes;
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;
use std::borrow::Cow;

impl Replica {
    /// Phase 1b. Promises the ballot, for all slots, and tells what it accepted.
    pub(super) fn on_prepare<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        ballot: Ballot,
        from: Slot,
        o: &mut Outbox<M>,
    ) {
        let promised = state.stable.promised;
        if ballot < promised && !self.has(Bug::PromiseLower) {
            o.send(src, Service::Peer(Peer::Preempted { ballot: promised }));
            return;
        }
        if ballot != promised {
            self.adopt(state.to_mut(), ballot, o);
        } else if ballot.leader != src || state.accepted_in(ballot) {
            // Its phase one is over.
            return;
        }
        o.send(src, Service::Peer(self.promise(state, from)));
    }

    /// What it accepted from slot `from` on, as much as fits.
    pub(super) fn promise<M: StateMachine>(&self, state: &ReplicaState<M>, from: Slot) -> Peer<M> {
        let stable = &state.stable;
        let mut accepted = Vec::new();
        let (mut bytes, mut until) = (0_usize, None);
        for (slot, proposal) in stable.accepted.range(from..) {
            bytes = bytes.saturating_add(encoded_bytes(proposal));
            if bytes > self.config.batch_bytes && !accepted.is_empty() {
                until = (!self.has(Bug::CutSilently)).then_some(*slot);
                break;
            }
            accepted.push((*slot, proposal.clone()));
        }
        let chosen = if self.has(Bug::TruncateSilently) { 0 } else { state.applied() };
        Peer::Promise { ballot: stable.promised, from, until, chosen, accepted }
    }

    /// Whether a vote in this slot is to be kept. Near what is applied it always is, or a leader
    /// could get no quorum; further ahead, where the acceptor is behind, as long as there is room.
    fn has_room<M: StateMachine>(&self, state: &ReplicaState<M>, slot: Slot) -> bool {
        let accepted = &state.stable.accepted;
        slot <= state.applied() + 2 * self.config.window
            || accepted.len() < self.config.ahead
            || accepted.contains_key(&slot)
    }

    /// Phase 2b. Accepts, unless it promised a higher ballot.
    pub(super) fn on_accept<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        ballot: Ballot,
        slot: Slot,
        command: Command<M::Op>,
        o: &mut Outbox<M>,
    ) {
        let promised = state.stable.promised;
        if ballot < promised && !self.has(Bug::BreakPromise) {
            o.send(src, Service::Peer(Peer::Preempted { ballot: promised }));
            return;
        }
        // A heartbeat will make it catch up.
        if !self.has_room(state, slot) && !self.has(Bug::TakeTooFar) {
            if self.has(Bug::AcknowledgeTooFar) {
                o.send(src, Service::Peer(Peer::Accepted { ballot, slot }));
            }
            return;
        }
        if ballot > promised {
            self.adopt(state.to_mut(), ballot, o);
        }
        let known = state.stable.accepted.get(&slot).is_some_and(|known| known.ballot == ballot);
        // In a slot that is applied a vote needs no record: it is for what was chosen (P2b).
        let is_open = slot > state.applied() || self.has(Bug::StoreApplied);
        if is_open && !known && !(ballot > promised && self.has(Bug::AcknowledgeUnstored)) {
            let proposal = Proposal { ballot, command };
            let state = state.to_mut();
            if self.has(Bug::ForgetAccepted) {
                state.stable.accepted.insert(slot, proposal);
            } else {
                state.change(Delta::Accepted { slot, proposal }, o);
            }
        }
        o.send(src, Service::Peer(Peer::Accepted { ballot, slot }));
        self.learn(state, o);
    }
}

impl<M: StateMachine> ReplicaState<M> {
    /// Whether it accepted something in this ballot that is not applied yet.
    fn accepted_in(&self, ballot: Ballot) -> bool {
        self.stable.accepted.values().any(|proposal| proposal.ballot == ballot)
    }
}
