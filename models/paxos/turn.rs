//! One event at one replica: the context of all handlers.

use super::config::{Config, Paxos};
use super::message::Peer;
use super::state::{ReplicaState, Timer};
use crate::kv::StateMachine;
use crate::kv::snapshot::SnapshotInstall;
use crate::turn;

/// One event at one replica.
pub(super) type Turn<'a, 's, M> = turn::Turn<'a, 's, Config, ReplicaState<M>, Paxos<M>>;

impl<M: StateMachine> Turn<'_, '_, M> {
    /// Gives the leader time to be heard of.
    pub(super) fn await_leader(&mut self) {
        self.set_timer(Timer::Election, &self.config.timing.election);
    }

    /// Gives a candidate, which may be this one, time to lead.
    pub(super) fn await_candidate(&mut self) {
        self.set_timer(Timer::Election, &self.config.timing.candidacy);
    }

    /// Sets the time at which it says again that it leads, or tries to.
    pub(super) fn await_heartbeat(&mut self) {
        self.set_timer(Timer::Heartbeat, &self.config.timing.heartbeat);
    }

    /// The request for the slots that it misses.
    pub(super) fn catch_up_msg(&self) -> Peer<M> {
        let held = self.state.install.as_ref().and_then(SnapshotInstall::held);
        Peer::CatchUp { from: self.state.applied() + 1, held }
    }
}
