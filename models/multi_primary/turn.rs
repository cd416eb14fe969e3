//! One event at one node: the context of all handlers.

use super::bugs::stored;
use super::config::{Config, MultiPrimary};
use super::state::{ReplicaState, Timer};
use super::storage::{Delta, Storage};
use crate::turn;

/// One event at one node.
pub(super) type Turn<'a, 's> = turn::Turn<'a, 's, Config, ReplicaState, MultiPrimary>;

impl Turn<'_, '_> {
    /// Sets the time of the next digest.
    pub(super) fn gossip_later(&mut self) {
        self.set_timer(Timer::Gossip, &self.config.timing.gossip);
    }

    /// Saves what changed.
    pub(super) fn store(&mut self, delta: Delta) {
        self.save(Storage::Delta(stored(self.config.bug, delta)));
    }
}
