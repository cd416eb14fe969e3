//! The acceptor: promises and accepts.
//!
//! Lamport 2001, P1a: "an acceptor can accept a proposal numbered n iff it has not responded to a
//! prepare request having a number greater than n". It must remember both across a crash, so it
//! saves before it answers.

use super::ballot::{Ballot, Slot};
use super::bugs::Bug;
use super::message::{Command, Peer, Proposal};
use super::state::ReplicaState;
use super::storage::{Delta, Saved};
use super::turn::Turn;
use crate::kv::StateMachine;
use crate::kv::transfer::encoded_bytes;

impl<M: StateMachine> Turn<'_, '_, M> {
    /// Phase 1b. Promises the ballot, for all slots, and reports its votes.
    pub(super) fn on_prepare(&mut self, ballot: Ballot, from: Slot) {
        let promised = self.state.stable.promised;
        if ballot < promised && !self.has(Bug::PromiseLower) {
            return self.answer(Peer::Preempted { ballot: promised });
        }
        if ballot != promised {
            self.step_down(ballot);
        } else if ballot.leader != self.src || self.state.accepted_in(ballot) {
            // Its phase one is over.
            return;
        }
        self.answer(self.promise(from));
    }

    /// Its votes from slot `from` on, as many as fit.
    pub(super) fn promise(&self, from: Slot) -> Peer<M> {
        let stable = &self.state.stable;
        let mut accepted = Vec::new();
        let (mut bytes, mut until) = (0_usize, None);
        for (slot, proposal) in stable.accepted.range(from..) {
            bytes = bytes.saturating_add(encoded_bytes(proposal));
            if bytes > self.config.batch_bytes && !accepted.is_empty() {
                until = Some(*slot);
                break;
            }
            accepted.push((*slot, proposal.clone()));
        }
        let (ballot, chosen) = (stable.promised, self.state.applied());
        Peer::Promise { ballot, from, until, chosen, accepted }
    }

    /// Phase 2b. Accepts, unless it promised a higher ballot.
    pub(super) fn on_accept(&mut self, ballot: Ballot, slot: Slot, command: Command<M::Op>) {
        let promised = self.state.stable.promised;
        if ballot < promised && !self.has(Bug::BreakPromise) {
            return self.answer(Peer::Preempted { ballot: promised });
        }
        // A heartbeat will make it catch up.
        if !self.has_room(slot) && !self.has(Bug::TakeTooFar) {
            if self.has(Bug::AcknowledgeTooFar) {
                self.answer(Peer::Accepted { ballot, slot });
            }
            return;
        }
        if ballot > promised {
            self.step_down(ballot);
        }
        let vote = self.state.stable.accepted.get(&slot);
        let is_known = vote.is_some_and(|vote| vote.ballot == ballot);
        // In a slot that is applied a vote needs no record: it is for the chosen value (P2b). But
        // the record that it is applied must be durable.
        let is_open = slot > self.state.applied() || self.has(Bug::StoreApplied);
        if !is_open {
            self.save(Saved::barrier());
        }
        if is_open && !is_known && !(ballot > promised && self.has(Bug::AcknowledgeUnstored)) {
            self.change(Delta::Accepted { slot, proposal: Proposal { ballot, command } });
        }
        self.answer(Peer::Accepted { ballot, slot });
        self.learn();
    }

    /// Whether a vote in this slot is to be kept. Near the last applied slot it always is, or a
    /// leader could get no quorum; further ahead, where the acceptor lags, as long as there is
    /// room.
    fn has_room(&self, slot: Slot) -> bool {
        let accepted = &self.state.stable.accepted;
        slot <= self.state.applied() + 2 * self.config.window
            || accepted.len() < self.config.ahead
            || accepted.contains_key(&slot)
    }
}

impl<M: StateMachine> ReplicaState<M> {
    /// Whether it accepted something in this ballot that is not applied yet.
    fn accepted_in(&self, ballot: Ballot) -> bool {
        self.stable.accepted.values().any(|proposal| proposal.ballot == ballot)
    }
}
