//! The learner: applies what is chosen, in order.

use super::ballot::{Ballot, Slot};
use super::message::{Command, Peer};
use super::offer::weight;
use super::replica::{Replica, ReplicaState, Told};
use super::stable::{Answer, Delta};
use super::{Bug, Outbox};
use crate::kv::{Service, Sessions, StateMachine};
use stateright::actor::Id;
use std::borrow::Cow;

impl Replica {
    /// The leader of a ballot says how far the log is chosen. A leader counts for itself.
    pub(super) fn on_chosen<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        told: Told,
        o: &mut Outbox<M>,
    ) {
        let known = state.told.map_or(state.applied(), |told| told.upto);
        let leads = state.is_leading() && !self.has(Bug::LeaderLearns);
        if leads || told.upto <= known {
            return;
        }
        state.to_mut().told = Some(told);
        self.learn(state, o);
        if state.is_preparing() {
            self.try_to_lead(id, state.to_mut(), o);
        }
    }

    /// The leader is alive. Whoever is behind, and did not accept what is missing, asks for it.
    pub(super) fn on_heartbeat<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        ballot: Ballot,
        chosen: Slot,
        o: &mut Outbox<M>,
    ) {
        let promised = state.stable.promised;
        if ballot < promised && !self.has(Bug::HeedOldHeartbeat) {
            o.send(src, Service::Peer(Peer::Preempted { ballot: promised }));
            return;
        }
        if ballot > promised {
            self.adopt(state.to_mut(), ballot, o);
        } else {
            self.await_leader(o);
        }
        self.hear_leader(state);
        self.on_chosen(id, state, Told { ballot, upto: chosen }, o);
        if chosen > state.applied() && !self.has(Bug::NeverAsk) {
            o.send(src, Service::Peer(state.catch_up_msg()));
        }
    }

    /// Applies what it accepted and was told is chosen. A leader tells of what was chosen in its
    /// ballot or an earlier one, so what was accepted in that ballot or a later one is what was
    /// chosen (Lamport 2001, P2b); what was accepted earlier may be something else.
    pub(super) fn learn<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        o: &mut Outbox<M>,
    ) {
        let Some(Told { ballot, upto }) = state.told else { return };
        let mut next = state.applied() + 1;
        while next <= upto
            && let Some(open) = state.stable.accepted.get(&next)
            && (open.ballot >= ballot || self.has(Bug::ApplyAnyBallot))
        {
            self.apply_accepted(state.to_mut(), next, o);
            next += 1;
        }
        if state.applied() >= upto {
            state.to_mut().told = None;
        }
    }

    /// Applies the next slot, in which it accepted what was chosen. Gives what its client is to be
    /// told.
    pub(super) fn apply_accepted<M: StateMachine>(
        &self,
        state: &mut ReplicaState<M>,
        slot: Slot,
        o: &mut Outbox<M>,
    ) -> Option<Answer<M::Reply>> {
        self.applying(state);
        if !self.has(Bug::ForgetChosen) {
            o.save(Delta::Chosen { upto: slot }.into());
        }
        let answer = state.stable.apply_accepted();
        self.applied(state, o);
        answer
    }

    /// Applies the next slot, of which somebody told what was chosen.
    pub(super) fn apply_learned<M: StateMachine>(
        &self,
        state: &mut ReplicaState<M>,
        command: Command<M::Op>,
        o: &mut Outbox<M>,
    ) {
        self.applying(state);
        state.change(Delta::Learned { command }, o);
        self.applied(state, o);
    }

    /// For the mutant without client sessions.
    fn applying<M: StateMachine>(&self, state: &mut ReplicaState<M>) {
        if self.has(Bug::NoDedupe) {
            state.stable.image.sessions = Sessions::default();
        }
    }

    /// Notes what was applied, and keeps the log short.
    fn applied<M: StateMachine>(&self, state: &mut ReplicaState<M>, o: &mut Outbox<M>) {
        let last = state.stable.log.last_key_value();
        state.log_bytes += last.map_or(0, |(_, command)| weight(command));
        self.truncate(state, o);
        let applied = state.applied();
        state.partial.take_if(|partial| partial.image.slot <= applied);
    }
}
