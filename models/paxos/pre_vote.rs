//! Pre-vote: a replica that misses the leader does not disturb a leader that a quorum hears.
//!
//! Ongaro 2014, section 9.6: a replica that was cut off, or that hears the leader over no link that
//! works, would take one ballot after the other, and depose the leader with each. So it asks first who
//! misses the leader too, and takes a ballot only if enough do for phase one. Until then nothing is
//! promised, so that it is an acceptor of the leader's ballot when it hears of it again.
//!
//! A replica misses the leader from when its election timer fires until it hears a heartbeat. Nothing
//! of this is durable: after a restart it misses nobody before its timer fires.
//!
//! So nobody deposes a leader that is heard and hears nobody: it must notice itself (Ongaro 2014,
//! section 6.2). One that has proposed something of which nothing is chosen, heartbeat after
//! heartbeat, gives up, and misses a leader itself.
//!
//! Safety is not touched: a cluster with pre-vote does nothing that one without could not, where an
//! election timer may fire at any time, and a leader that gave up does what one does that crashed and
//! came back. So most instances are without. What it is for, and that a
//! leader is found nevertheless, is claimed in `instances/pre_vote.rs`.

use super::ballot::Ballot;
use super::message::Peer;
use super::replica::{Replica, ReplicaState, Role};
use super::{Bug, Outbox};
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;
use std::borrow::Cow;
use std::collections::BTreeSet;

impl Replica {
    /// It misses the leader: who else does? Those that said so before may have heard of it since.
    pub(super) fn ask_around<M: StateMachine>(
        &self,
        id: Id,
        state: &mut ReplicaState<M>,
        o: &mut Outbox<M>,
    ) {
        state.missing = Some(BTreeSet::from([id]));
        if !self.has(Bug::ElectionOnce) {
            self.await_leader(o);
        }
        let ballot = state.stable.promised;
        o.broadcast(&self.peers(id), &Service::Peer(Peer::PreVote { ballot }));
        self.try_to_prepare(id, state, o);
    }

    /// Another replica misses the leader. A leader misses nobody.
    pub(super) fn on_pre_vote<M: StateMachine>(
        &self,
        state: &ReplicaState<M>,
        src: Id,
        ballot: Ballot,
        o: &mut Outbox<M>,
    ) {
        let misses = state.missing.is_some() || self.has(Bug::HelpDepose);
        if misses && !self.has(Bug::NeverPreVote) {
            o.send(src, Service::Peer(Peer::PreVoted { ballot }));
        }
    }

    /// Another replica would promise.
    pub(super) fn on_pre_voted<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        ballot: Ballot,
        o: &mut Outbox<M>,
    ) {
        let is_news = state.missing.as_ref().is_some_and(|willing| !willing.contains(&src));
        if !is_news || ballot != state.stable.promised {
            return;
        }
        let state = state.to_mut();
        state.missing.get_or_insert_default().insert(src);
        self.try_to_prepare(id, state, o);
    }

    fn try_to_prepare<M: StateMachine>(
        &self,
        id: Id,
        state: &mut ReplicaState<M>,
        o: &mut Outbox<M>,
    ) {
        let willing = state.missing.as_ref().map_or(0, BTreeSet::len);
        if willing >= self.config.quorums.prepare - usize::from(self.has(Bug::SmallPreVote)) {
            // They would, of that ballot. It misses the leader still.
            state.missing = Some(BTreeSet::new());
            self.prepare(id, state, o);
        }
    }

    /// Whether it leads in vain. Counts the heartbeats.
    pub(super) fn gives_up<M: StateMachine>(&self, state: &mut Cow<'_, ReplicaState<M>>) -> bool {
        let is_open = |role: &Role<_>| matches!(role, Role::Leading(it) if !it.votes.is_empty());
        if !self.config.pre_vote || !is_open(&state.role) || self.has(Bug::NeverGiveUp) {
            return false;
        }
        let Role::Leading(leading) = &mut state.to_mut().role else { return false };
        leading.unanswered += 1;
        leading.unanswered >= self.config.patience
    }

    /// Others may lead. What it has accepted stays.
    pub(super) fn give_up<M: StateMachine>(&self, state: &mut ReplicaState<M>, o: &mut Outbox<M>) {
        state.role = Role::Follower;
        state.missing = Some(BTreeSet::new());
        self.await_leader(o);
    }

    /// The leader is there.
    pub(super) fn hear_leader<M: StateMachine>(&self, state: &mut Cow<'_, ReplicaState<M>>) {
        if state.missing.is_some() && !self.has(Bug::MissForEver) {
            state.to_mut().missing = None;
        }
    }
}
