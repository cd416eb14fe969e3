//! One event at one server: the context of all handlers.

use super::config::{Config, Zab};
use super::epoch::{Epoch, Zxid};
use super::state::{Role, ServerState, Timer};
use crate::kv::StateMachine;
use crate::turn;

/// One event at one server.
pub(super) type Turn<'a, 's, M> = turn::Turn<'a, 's, Config, ServerState<M>, Zab<M>>;

impl<M: StateMachine> Turn<'_, '_, M> {
    /// The epoch that it accepted.
    pub(super) fn epoch(&self) -> Epoch {
        self.state.stable.accepted
    }

    /// The last transaction of its history.
    pub(super) fn last(&self) -> Zxid {
        self.state.stable.last()
    }

    /// Whether it follows the leader of this epoch.
    pub(super) fn follows(&self, epoch: Epoch) -> bool {
        self.epoch() == epoch && matches!(self.state.role, Role::Following { .. })
    }

    /// Whether it leads this epoch, established or not.
    pub(super) fn leads(&self, epoch: Epoch) -> bool {
        self.epoch() == epoch && matches!(self.state.role, Role::Leading(_))
    }

    /// Gives the leader time to be heard of.
    pub(super) fn await_leader(&mut self) {
        self.set_timer(Timer::Look, &self.config.timing.election);
    }

    /// Gives a prospective leader, which may be this server, time to establish its epoch.
    pub(super) fn await_establishment(&mut self) {
        self.set_timer(Timer::Look, &self.config.timing.candidacy);
    }

    /// Sets the time at which a leader sends again what was not answered.
    pub(super) fn await_resend(&mut self) {
        self.set_timer(Timer::Resend, &self.config.timing.heartbeat);
    }

    /// Sets the time at which a leader must have heard of a quorum.
    pub(super) fn await_quorum(&mut self) {
        self.set_timer(Timer::Quorum, &self.config.timing.election);
    }
}
