//! One event at one server: the contexts of all handlers.

use super::config::{Config, PrimaryBackup};
use super::state::{ReplicaState, Timer, Watching};
use super::storage::Storage;
use crate::kv::StateMachine;
use crate::turn;
use stateright::actor::Id;

/// One event at one replica.
pub(super) type Turn<'a, 's, M> = turn::Turn<'a, 's, Config, ReplicaState<M>, PrimaryBackup<M>>;
/// One event at the view service.
pub(super) type ServiceTurn<'a, 's, M> = turn::Turn<'a, 's, Config, Watching, PrimaryBackup<M>>;

impl<M: StateMachine> Turn<'_, '_, M> {
    /// Saves what changed.
    pub(super) fn store(&mut self, saved: Storage<M>) {
        self.save(saved);
    }

    /// Sets the time of the next ping.
    pub(super) fn ping_later(&mut self) {
        self.set_timer(Timer::Ping, &self.config.timing.ping);
    }

    /// Sets the time at which it sends again what was not answered.
    pub(super) fn resend_later(&mut self) {
        self.set_timer(Timer::Resend, &self.config.timing.resend);
    }

    /// Expects to hear from a backup in time.
    pub(super) fn expect(&mut self, backup: Id) {
        self.set_timer(Timer::Overdue(backup), &self.config.timing.overdue);
    }

    /// Expects to hear in time from the outsider that copies.
    pub(super) fn expect_copy(&mut self, to: Id) {
        self.set_timer(Timer::Overdue(to), &self.config.timing.copy);
    }
}

impl<M: StateMachine> ServiceTurn<'_, '_, M> {
    /// Expects to hear from a member in time.
    pub(super) fn watch(&mut self, member: Id) {
        self.set_timer(Timer::Suspect(member), &self.config.timing.suspect);
    }
}
