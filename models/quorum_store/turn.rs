//! One event at one node: the context of all handlers.

use super::bugs::Bug;
use super::config::{Clock, Config, Purge, QuorumStore, Stamps};
use super::message::{InEpoch, Level, Peer};
use super::placement::Placed;
use super::state::ReplicaState;
use super::storage::Record;
use super::version::{Stamp, Version};
use crate::clock;
use crate::kv::Bytes;
use crate::turn;
use stateright::actor::Id;

/// One event at one node.
pub(super) type Turn<'a, 's> = turn::Turn<'a, 's, Config, ReplicaState, QuorumStore>;

impl Turn<'_, '_> {
    /// The replicas of a key, this node first if it is one, the others as they follow it.
    pub(super) fn replicas(&self, key: &Bytes) -> Vec<Id> {
        let mut replicas = self.placed(key).replicas;
        let at = replicas.iter().position(|node| *node == self.id).unwrap_or(0);
        replicas.rotate_left(at);
        replicas
    }

    /// The first so many replicas of a key, but for this node.
    pub(super) fn first_others(
        &self,
        key: &Bytes,
        count: usize,
    ) -> impl Iterator<Item = Id> + use<> {
        let id = self.id;
        self.replicas(key).into_iter().take(count).filter(move |node| *node != id)
    }

    /// The other replicas of a key.
    pub(super) fn others(&self, key: &Bytes) -> impl Iterator<Item = Id> + use<> {
        self.first_others(key, usize::MAX)
    }

    /// Whether this node is a replica of a key.
    pub(super) fn holds(&self, key: &Bytes) -> bool {
        self.placed(key).replicas.contains(&self.id)
    }

    /// The replicas of a key, pending ones too, in the view of this node.
    pub(super) fn placed(&self, key: &Bytes) -> Placed {
        let mut placed = self.config.placed_on(self.state.rings.as_ref(), key);
        if self.has(Bug::IgnorePending) {
            placed.replicas.truncate(placed.replicas.len() - placed.pending);
            placed.pending = 0;
        }
        placed
    }

    /// How many replicas of a key a request of this level waits for.
    pub(super) fn needed(&self, key: &Bytes, level: Level) -> usize {
        let pending = if self.has(Bug::PendingNotCounted) { 0 } else { self.placed(key).pending };
        self.config.needed(level) + pending
    }

    /// Says something to a node, in the view of this one.
    pub(super) fn tell(&mut self, to: Id, msg: Peer) {
        let epoch = self.state.stable.view.name();
        self.send(to, InEpoch { epoch, msg });
    }

    /// Says something to the sender of the message that is handled.
    pub(super) fn respond(&mut self, msg: Peer) {
        self.tell(self.src, msg);
    }

    /// Says something to all other nodes.
    pub(super) fn tell_all(&mut self, msg: Peer) {
        let epoch = self.state.stable.view.name();
        self.broadcast(InEpoch { epoch, msg });
    }

    /// The version that it has of a key.
    pub(super) fn version(&self, key: &Bytes) -> Option<Version> {
        self.state.stable.version(key).cloned()
    }

    /// A timestamp that it never gave before, and that is above `above`.
    pub(super) fn next_stamp(&self, above: clock::Stamp) -> Stamp {
        let above = self.state.stable.horizon.time.max(above);
        let time = self.state.stable.clock.max(above).tick(self.config.physical.now());
        let node = match self.config.stamps {
            Stamps::Unique => self.id,
            Stamps::Bare | Stamps::BareCells => Id::from(0),
        };
        Stamp { time, node }
    }

    /// The clock after a timestamp was seen that another node gave.
    fn clock_past(&self, seen: Stamp) -> clock::Stamp {
        let clock = self.state.stable.clock;
        match self.config.clock {
            Clock::Hybrid if !self.has(Bug::ClockNotPastRead) => clock.max(seen.time),
            Clock::Hybrid | Clock::Physical => clock,
        }
    }

    /// At least the timestamps of the tombstones that went here after all replicas had them.
    pub(super) fn horizon(&self) -> Stamp {
        match self.config.purge {
            Purge::AfterRepair => self.state.stable.horizon,
            Purge::Never | Purge::OnTimer => Stamp::default(),
        }
    }

    /// Moves a hybrid clock past a timestamp.
    pub(super) fn see(&mut self, seen: Stamp) {
        let clock = self.clock_past(seen);
        if clock > self.state.stable.clock {
            self.change(Record::Clock(clock));
        }
    }

    /// Takes a version, unless it has a newer one. Whether it has it now, or a newer one; not if the
    /// version may be one whose tombstone went here.
    pub(super) fn take(&mut self, key: &Bytes, version: &Version) -> bool {
        let held = self.state.stable.version(key);
        let is_held = held.is_some_and(|held| held.covers(version));
        if !is_held && self.is_late(version) {
            return false;
        }
        self.merge(key, version);
        true
    }

    /// Whether the tombstone of a value may have gone. A tombstone that comes late brings nothing back.
    fn is_late(&self, version: &Version) -> bool {
        let is_below = version.stamp <= self.state.stable.horizon && !version.is_tombstone();
        is_below && self.config.purge == Purge::AfterRepair && !self.has(Bug::LateHint)
    }

    /// Takes a version that a replica holds, unless it has a newer one.
    pub(super) fn merge(&mut self, key: &Bytes, version: &Version) {
        let held = self.version(key);
        let newer = match held.clone() {
            None => version.clone(),
            Some(held) => self.config.newer(held, version.clone()),
        };
        if held.as_ref() != Some(&newer) {
            let clock = self.clock_past(version.stamp);
            self.change(Record::Row(key.clone(), newer, clock));
        }
    }
}
