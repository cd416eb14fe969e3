//! One event at one server: the context of all handlers.

use super::config::{Config, TwoPhaseCommit};
use super::state::{CoordinatorState, ParticipantState, Timer};
use crate::turn::Turn;

/// One event at the coordinator.
pub(super) type Coordinating<'a, 's> = Turn<'a, 's, Config, CoordinatorState, TwoPhaseCommit>;
/// One event at a participant.
pub(super) type Participating<'a, 's> = Turn<'a, 's, Config, ParticipantState, TwoPhaseCommit>;

impl Coordinating<'_, '_> {
    /// Sets the time of the next resend.
    pub(super) fn resend_later(&mut self) {
        self.set_timer(Timer::Resend, &self.config.timing.resend);
    }
}

impl Participating<'_, '_> {
    /// Sets the time at which it asks for the decisions that it misses.
    pub(super) fn ask_later(&mut self) {
        self.set_timer(Timer::Doubt, &self.config.timing.doubt);
    }
}
