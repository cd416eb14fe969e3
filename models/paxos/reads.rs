//! Reads at a leader: two messages to and from a quorum, no slot and no save.
//!
//! `ReadIndex` (Ongaro 2014, section 6.4): a leader that learns, after a read came, that a quorum
//! still had promised no greater ballot than its own knows that every write that was answered
//! before the read came was chosen in its ballot or an earlier one. It has applied those of its
//! own, which it answered itself, and answers no read before it has applied all that earlier
//! ballots left to it. So its state is new enough. A greater ballot is promised by a quorum that
//! intersects this one.
//!
//! One round is for all reads that came before it began; those that come meanwhile wait for the
//! next. A read that was confirmed once is so for ever in this ballot: a client that asks again,
//! because the answer was lost, is answered without another round.
//!
//! Reads leave no trace in the sessions: to do one again does no harm.

use super::ballot::Ballot;
use super::bugs::Bug;
use super::message::Peer;
use super::state::{Leading, Read, Role};
use super::turn::Turn;
use crate::kv::service::Refusal;
use crate::kv::sessions::slots;
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;
use std::collections::BTreeSet;

impl<O> Leading<O> {
    /// Whether the answers to a round of its are awaited.
    fn is_asking(&self) -> bool {
        self.confirming.is_some()
    }

    /// Whether a quorum confirmed, since a read came that waits for this round, that it leads.
    fn is_confirmed(&self, round: u64) -> bool {
        round < self.round || round == self.round && !self.is_asking()
    }
}

impl<M: StateMachine> Turn<'_, '_, M> {
    /// A client asks for something that changes nothing.
    pub(super) fn read(&mut self, seq: u64, op: M::Op) {
        let client = self.src;
        if self.has(Bug::AnswerLocally) {
            return self.answer_read(client, seq, &op);
        }
        let Role::Leading(leading) = &self.state.role else { return };
        let slot = slots::of(seq);
        let in_slot = |read: &Read<M::Op>| read.client == client && slots::of(read.seq) == slot;
        let answered = leading.last_reads.get(&(client, slot));
        if answered == Some(&seq) {
            return self.answer_read(client, seq, &op);
        }
        let waits = |read: &Read<M::Op>| in_slot(read) && read.seq >= seq;
        if answered > Some(&seq) || leading.reads.iter().any(waits) {
            return;
        }
        if leading.reads.len() >= self.config.most_reads() && !self.has(Bug::EndlessReads) {
            return self.answer(Service::Refused { seq, why: Refusal::Busy });
        }
        // A round that is under way may have begun before the read came.
        let joins = leading.is_asking() && self.has(Bug::JoinRound);
        let round = leading.round + u64::from(!joins);
        if let Role::Leading(leading) = &mut self.state.to_mut().role {
            leading.reads.retain(|read| !in_slot(read));
            leading.reads.push_back(Read { client, seq, op, round });
        }
        self.begin_round();
    }

    /// Begins a round, if none is under way and a read waits for one.
    fn begin_round(&mut self) {
        let Role::Leading(leading) = &self.state.role else { return };
        let next = leading.round + 1;
        if leading.is_asking() || leading.reads.back().is_none_or(|read| read.round != next) {
            return;
        }
        if let Role::Leading(leading) = &mut self.state.to_mut().role {
            (leading.round, leading.confirming) = (next, Some(BTreeSet::from([self.id])));
        }
        self.ask_again();
        self.end_round();
    }

    /// Asks those that did not confirm it yet whether it leads.
    pub(super) fn ask_again(&mut self) {
        let ballot = self.state.stable.promised;
        let Role::Leading(Leading { round, confirming: Some(confirming), .. }) = &self.state.role
        else {
            return;
        };
        for peer in self.peers().filter(|peer| !confirming.contains(peer)) {
            self.out.send(peer, Peer::Confirm { ballot, round: *round });
        }
    }

    /// A leader asks whether it leads.
    pub(super) fn on_confirm(&mut self, ballot: Ballot, round: u64) {
        let promised = self.state.stable.promised;
        if ballot < promised && !self.has(Bug::ConfirmOld) {
            return self.answer(Peer::Preempted { ballot: promised });
        }
        if ballot > promised {
            self.step_down(ballot);
        }
        self.answer(Peer::Confirmed { ballot, round });
    }

    /// A replica had promised no greater ballot.
    pub(super) fn on_confirmed(&mut self, ballot: Ballot, round: u64) {
        let Role::Leading(leading) = &self.state.role else { return };
        let is_current = ballot == self.state.stable.promised && round == leading.round;
        let confirming = leading.confirming.as_ref().filter(|_| is_current);
        if confirming.is_none_or(|by| by.contains(&self.src)) {
            return;
        }
        if let Role::Leading(Leading { confirming: Some(by), .. }) = &mut self.state.to_mut().role {
            by.insert(self.src);
        }
        self.end_round();
    }

    /// Ends the round, if a quorum confirmed it: of phase two, for that intersects each of phase
    /// one.
    fn end_round(&mut self) {
        let Role::Leading(leading) = &self.state.role else { return };
        let quorum = self.config.quorums.accept;
        if leading.confirming.as_ref().is_none_or(|by| by.len() < quorum) {
            return;
        }
        if let Role::Leading(leading) = &mut self.state.to_mut().role {
            (leading.confirming, leading.unanswered) = (None, 0);
        }
        self.answer_reads();
        self.begin_round();
    }

    /// Answers the reads that are confirmed, if it has applied what earlier ballots left to it.
    pub(super) fn answer_reads(&mut self) {
        let applied = self.state.applied();
        let all = self.has(Bug::RememberReads);
        let most = if all { usize::MAX } else { self.config.sessions.clients };
        loop {
            let Role::Leading(leading) = &self.state.role else { return };
            let is_behind = applied < leading.inherited && !self.has(Bug::ReadBehind);
            let waits = |read: &Read<M::Op>| !leading.is_confirmed(read.round);
            if is_behind || leading.reads.front().is_none_or(waits) {
                return;
            }
            let Role::Leading(leading) = &mut self.state.to_mut().role else { return };
            let Some(Read { client, seq, op, .. }) = leading.reads.pop_front() else { return };
            leading.last_reads.insert((client, slots::of(seq)), seq);
            if leading.last_reads.len() > most {
                leading.last_reads.pop_first();
            }
            self.answer_read(client, seq, &op);
        }
    }

    fn answer_read(&mut self, client: Id, seq: u64, op: &M::Op) {
        if let Some(reply) = self.state.stable.image.machine.query(op) {
            self.send(client, Service::Reply { seq, reply });
        }
    }
}
