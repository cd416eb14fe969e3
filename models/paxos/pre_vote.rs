//! Pre-vote: a replica that misses the leader does not disturb a leader that a quorum hears.
//!
//! Ongaro 2014, section 9.6: a replica that was cut off, or that hears the leader over no link that
//! works, would take one ballot after the other, and depose the leader with each. So it first asks
//! the others whether they miss the leader too, and takes a ballot only if enough do for phase one.
//! Until then it promises nothing, so that it is an acceptor of the leader's ballot when it hears
//! of it again.
//!
//! A replica misses the leader from when its election timer fires until it hears a heartbeat.
//! Nothing of this is durable: after a restart it misses no leader before its timer fires.
//!
//! So no replica deposes a leader that the others hear and that hears none of them: the leader must
//! notice itself (Ongaro 2014, section 6.2). A leader that has proposed something of which nothing
//! is chosen, heartbeat after heartbeat, gives up, and misses a leader itself.
//!
//! Safety is not touched: each run of a cluster with pre-vote is one of a cluster without, where an
//! election timer may fire at any time, and a leader that gave up behaves like one that crashed and
//! came back. So most instances are without. Its purpose, and that a leader is elected
//! nevertheless, is claimed in `instances/pre_vote.rs`.

use super::ballot::Ballot;
use super::bugs::Bug;
use super::message::Peer;
use super::state::Role;
use super::turn::Turn;
use crate::kv::StateMachine;
use std::collections::BTreeSet;

impl<M: StateMachine> Turn<'_, '_, M> {
    /// It misses the leader, and asks which other replicas do. Those that said so before may have
    /// heard of the leader since.
    pub(super) fn ask_around(&mut self) {
        self.state.to_mut().missing = Some(BTreeSet::from([self.id]));
        if !self.has(Bug::ElectionOnce) {
            self.await_candidate();
        }
        let ballot = self.state.stable.promised;
        self.broadcast(Peer::PreVote { ballot });
        self.try_to_prepare();
    }

    /// Another replica misses the leader. A leader misses none.
    pub(super) fn on_pre_vote(&mut self, ballot: Ballot) {
        if self.state.missing.is_some() || self.has(Bug::HelpDepose) {
            self.answer(Peer::PreVoted { ballot });
        }
    }

    /// Another replica would promise.
    pub(super) fn on_pre_voted(&mut self, ballot: Ballot) {
        let missing = self.state.missing.as_ref();
        let is_news = missing.is_some_and(|willing| !willing.contains(&self.src));
        if !is_news || ballot != self.state.stable.promised {
            return;
        }
        self.state.to_mut().missing.get_or_insert_default().insert(self.src);
        self.try_to_prepare();
    }

    fn try_to_prepare(&mut self) {
        let willing = self.state.missing.as_ref().map_or(0, BTreeSet::len);
        if willing >= self.config.quorums.prepare - usize::from(self.has(Bug::SmallPreVote)) {
            // They would, of that ballot. It misses the leader still.
            self.state.to_mut().missing = Some(BTreeSet::new());
            self.prepare();
        }
    }

    /// Whether it leads in vain. Counts the heartbeats.
    pub(super) fn gives_up(&mut self) -> bool {
        let is_open =
            |role: &Role<_>| matches!(role, Role::Leading(leading) if leading.awaits_others());
        if !self.config.pre_vote || !is_open(&self.state.role) || self.has(Bug::NeverGiveUp) {
            return false;
        }
        let Role::Leading(leading) = &mut self.state.to_mut().role else { return false };
        leading.unanswered += 1;
        leading.unanswered >= self.config.patience
    }

    /// Others may lead. Its votes stay.
    pub(super) fn give_up(&mut self) {
        let state = self.state.to_mut();
        state.role = Role::Follower;
        state.missing = Some(BTreeSet::new());
        self.await_leader();
    }

    /// The leader is there.
    pub(super) fn hear_leader(&mut self) {
        if self.state.missing.is_some() && !self.has(Bug::MissForEver) {
            self.state.to_mut().missing = None;
        }
    }
}
