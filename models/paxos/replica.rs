//! A replica: its state, and which handler takes what.

use super::ballot::{Ballot, Slot};
use super::catch_up::Partial;
use super::leader::Leading;
use super::message::{Msg, Peer};
use super::offer::{ServedSnapshot, weight};
use super::proposer::Preparing;
use super::stable::{Delta, Image, Saved, Stable};
use super::{Bug, Config, Outbox, Timer};
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A replica of the state machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// The cluster.
    pub config: Config,
}

/// A replica's state. Only `stable` is durable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaState<M: StateMachine> {
    /// What it must never forget.
    pub stable: Stable<M>,
    /// What it does as a proposer.
    pub role: Role<M::Op>,
    /// Learner: what a leader said is chosen, of which some is not applied here yet.
    pub told: Option<Told>,
    /// Learner: a snapshot of which some pieces came.
    pub partial: Option<Partial<M>>,
    /// The snapshot that it gives to those who are behind.
    pub offer: Option<ServedSnapshot<M>>,
    /// What its log takes.
    pub log_bytes: usize,
    /// With pre-vote: it misses the leader, and these would promise it a ballot. `None` if it heard
    /// of the leader since its election timer last fired.
    pub missing: Option<BTreeSet<Id>>,
}

impl<M: StateMachine> Default for ReplicaState<M> {
    fn default() -> Self {
        let (stable, role) = (Stable::default(), Role::Follower);
        Self { stable, role, told: None, partial: None, offer: None, log_bytes: 0, missing: None }
    }
}

/// What a replica does as a proposer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role<O> {
    /// Nothing.
    Follower,
    /// Phase one of the ballot it promised, which is its own.
    Preparing(Preparing<O>),
    /// Phase two of that ballot, slot after slot.
    Leading(Leading<O>),
}

/// "Every slot up to `upto` is chosen", said by the leader of `ballot`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Told {
    /// The ballot.
    pub ballot: Ballot,
    /// The slot.
    pub upto: Slot,
}

impl<M: StateMachine> ReplicaState<M> {
    /// The last slot applied: every slot up to it is chosen.
    pub fn applied(&self) -> Slot {
        self.stable.image.slot
    }

    /// Whether it leads the ballot that it promised.
    pub fn is_leading(&self) -> bool {
        matches!(self.role, Role::Leading(_))
    }

    pub(super) fn is_preparing(&self) -> bool {
        matches!(self.role, Role::Preparing(_))
    }

    /// Changes what is stable, and saves the change.
    pub(super) fn change(&mut self, delta: Delta<M::Op>, o: &mut Outbox<M>) {
        o.save(delta.clone().into());
        self.stable.change(delta);
    }
}

impl Replica {
    pub(super) fn on_start<M: StateMachine>(
        &self,
        id: Id,
        saved: Option<&Saved<M>>,
        o: &mut Outbox<M>,
    ) -> ReplicaState<M> {
        let mut state = ReplicaState::default();
        match saved {
            None => {
                state.stable.image = Image::new(self.config.sessions);
                o.save(Saved::Complete(state.stable.clone()));
            }
            Some(Saved::Complete(stable)) => state.stable = stable.clone(),
            // Not reached: what is saved first is complete.
            Some(Saved::Changed(deltas)) => {
                for delta in deltas {
                    state.stable.change(delta.clone());
                }
            }
        }
        // A snapshot that was given is gone, and the log that was kept for it is not needed.
        state.log_bytes = state.stable.log.values().map(weight).sum();
        self.truncate(&mut state, o);
        // The first ballot needs no phase one, but nobody can lead it a second time.
        let first = saved.is_none() || self.has(Bug::ReuseBallot);
        if first && state.stable.promised == (Ballot { round: 0, leader: id }) {
            state.role = Role::Leading(Leading::default());
            o.set_timer(Timer::Heartbeat, self.config.timing.heartbeat.clone());
        } else {
            self.await_leader(o);
        }
        state
    }

    /// Gives the leader time to be heard of.
    pub(super) fn await_leader<M: StateMachine>(&self, o: &mut Outbox<M>) {
        o.set_timer(Timer::Election, self.config.timing.election.clone());
    }

    /// Promises a higher ballot, of somebody else, and so leaves whatever it led.
    pub(super) fn adopt<M: StateMachine>(
        &self,
        state: &mut ReplicaState<M>,
        ballot: Ballot,
        o: &mut Outbox<M>,
    ) {
        if self.has(Bug::ForgetPromise) {
            state.stable.promised = ballot;
        } else {
            state.change(Delta::Promised(ballot), o);
        }
        if state.role != Role::Follower {
            state.role = Role::Follower;
            o.cancel_timer(Timer::Heartbeat);
        }
        if !self.has(Bug::FollowUnarmed) {
            self.await_leader(o);
        }
    }

    /// All other replicas.
    pub(super) fn peers(&self, id: Id) -> Vec<Id> {
        self.config.server_ids().filter(|peer| *peer != id).collect()
    }

    pub(super) fn has(&self, bug: Bug) -> bool {
        self.config.bug == Some(bug)
    }

    pub(super) fn on_msg<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        msg: Msg<M>,
        o: &mut Outbox<M>,
    ) {
        match msg {
            Service::Request { seq, op } => self.on_request(id, state, src, seq, op, o),
            Service::Peer(msg) => self.on_peer(id, state, src, msg, o),
            Service::Reply { .. } | Service::Redirect { .. } | Service::Refused { .. } => {}
        }
    }

    fn on_peer<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        msg: Peer<M>,
        o: &mut Outbox<M>,
    ) {
        match msg {
            Peer::Prepare { ballot, from } => self.on_prepare(state, src, ballot, from, o),
            Peer::Promise { .. } => self.on_promise(id, state, src, msg, o),
            Peer::Accept { ballot, slot, command } => {
                self.on_accept(state, src, ballot, slot, command, o);
            }
            Peer::Accepted { ballot, slot } => self.on_accepted(id, state, src, ballot, slot, o),
            Peer::Preempted { ballot } => self.on_preempted(state, ballot, o),
            Peer::Chosen { ballot, upto } => {
                self.on_chosen(id, state, Told { ballot, upto }, o);
            }
            Peer::Heartbeat { ballot, chosen } => {
                self.on_heartbeat(id, state, src, ballot, chosen, o);
            }
            Peer::CatchUp { from, held } => self.on_catch_up(state, src, from, held, o),
            Peer::Log { .. } => self.on_log(id, state, src, msg, o),
            Peer::Snapshot { .. } => self.on_snapshot(id, state, src, msg, o),
            Peer::PreVote { ballot } => self.on_pre_vote(state, src, ballot, o),
            Peer::PreVoted { ballot } => self.on_pre_voted(id, state, src, ballot, o),
        }
    }
}
