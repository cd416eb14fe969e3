//! Anti-entropy: nodes compare hash trees of the keys that both hold, and exchange what differs; and
//! tombstones that all replicas have are marked as such.
//!
//! # What comes late
//!
//! A value whose tombstone went must not come back, and nothing but the horizon remembers that
//! tombstone. The horizon is one for all keys, so a value below it may also be one that the replica
//! missed. The two differ in where the value is: when a tombstone went, all replicas had it, so from then
//! on none of them holds what it deleted; only a message, a hint or a coordinator may. So a replica takes
//! a value below its horizon from an answer only, which another replica gave after it had heard this very
//! horizon ([`Horizons`]): what is held then was never covered by a tombstone that went here. A horizon
//! grows with each tombstone that goes, so that no answer is from before one of them.
//!
//! A tree is not stored: its sums are made when they are asked for, and each message says where in the
//! tree it is, so no node remembers an exchange.

use super::bugs::Bug;
use super::config::Purge;
use super::message::{Cause, Horizons, Peer};
use super::state::Timer;
use super::storage::Record;
use super::turn::Turn;
use super::version::{Stamp, Version};
use crate::kv::Bytes;
use crate::ring::place;
use stateright::actor::Id;
use std::collections::BTreeSet;

/// How many branches a place in a hash tree has.
pub const FANOUT: usize = 16;

/// The branch of a key at a level of the tree, from the first.
fn branch(key: &Bytes, level: usize) -> u8 {
    let shift = 60_u32.saturating_sub(4 * level as u32);
    ((place(key.as_ref()) >> shift) & 0xf) as u8
}

fn is_under(key: &Bytes, path: &[u8]) -> bool {
    path.iter().enumerate().all(|(level, at)| branch(key, level) == *at)
}

/// What a row adds to the sums above it; the order of rows does not matter.
fn weight(key: &Bytes, version: &Version) -> u64 {
    let digest = version.digest();
    let mut bytes = place(key.as_ref()).to_be_bytes().to_vec();
    bytes.extend(digest.stamp.time.physical.to_be_bytes());
    bytes.extend(digest.stamp.time.logical.to_be_bytes());
    bytes.extend((usize::from(digest.stamp.node) as u64).to_be_bytes());
    bytes.extend(digest.sum.to_be_bytes());
    bytes.push(u8::from(digest.is_tombstone));
    place(&bytes)
}

impl Turn<'_, '_> {
    /// The versions under a path of the keys that a node holds too.
    fn shared(&self, with: Id, path: &[u8]) -> impl Iterator<Item = (&Bytes, &Version)> {
        let rows = self.state.stable.rows.iter().map(|(key, row)| (key, &row.version));
        rows.filter(move |(key, _)| {
            is_under(key, path) && self.placed(key).replicas.contains(&with)
        })
    }

    fn sums(&self, with: Id, path: &[u8]) -> Vec<u64> {
        let mut sums = vec![0_u64; FANOUT];
        for (key, version) in self.shared(with, path) {
            let sum = &mut sums[usize::from(branch(key, path.len()))];
            *sum = sum.wrapping_add(weight(key, version));
        }
        sums
    }

    pub(super) fn repair_later(&mut self) {
        self.set_timer(Timer::Repair, &self.config.timing.repair);
    }

    /// Sends the top of the tree to the other nodes, and looks for tombstones that all have.
    pub(super) fn on_repair_timer(&mut self) {
        if self.has(Bug::NoRepairTimer) {
            return;
        }
        self.repair_later();
        for peer in self.peers() {
            self.send_tree(peer, vec![]);
        }
        if self.config.purge == Purge::AfterRepair {
            self.spread_tombstones();
        }
    }

    fn send_tree(&mut self, to: Id, path: Vec<u8>) {
        let sums = self.sums(to, &path);
        let horizons = self.horizons(Stamp::default());
        self.tell(to, Peer::Tree { path, sums, horizons });
    }

    /// In a message to a node of which this horizon was heard.
    fn horizons(&self, receiver: Stamp) -> Horizons {
        Horizons { sender: self.state.stable.horizon, receiver }
    }

    fn depth(&self) -> usize {
        self.config.tree_depth.clamp(1, FANOUT)
    }

    /// Asks the other replicas of a key whether they hold what came late.
    pub(super) fn ask_replicas(&mut self, key: &Bytes) {
        if self.has(Bug::RefuseLate) {
            return;
        }
        let path: Vec<u8> = (0..self.depth() - 1).map(|level| branch(key, level)).collect();
        for node in self.others(key) {
            self.send_tree(node, path.clone());
        }
    }

    /// Goes down where the sums differ.
    pub(super) fn on_tree(&mut self, path: &[u8], sums: &[u64], horizons: Horizons) {
        let depth = self.depth();
        if path.len() >= depth || sums.len() != FANOUT {
            return;
        }
        let own = self.sums(self.src, path);
        for (at, _) in own.iter().zip(sums).enumerate().filter(|(_, (own, other))| own != other) {
            let below = [path, &[at as u8]].concat();
            if below.len() < depth {
                let sums = self.sums(self.src, &below);
                let horizons = self.horizons(horizons.sender);
                self.respond(Peer::Tree { path: below, sums, horizons });
            } else {
                let rows = self.leaf(&below, (None, None), &[], true, horizons.sender);
                self.respond(rows);
            }
        }
    }

    /// As many of the versions under a path as fit a message: of the keys after `after` and up to
    /// `upto`, but for those that were given. The receiver's horizon is the one that was heard of it.
    fn leaf(
        &self,
        path: &[u8],
        (after, upto): (Option<Bytes>, Option<&Bytes>),
        given: &[(Bytes, Version)],
        wants: bool,
        receiver: Stamp,
    ) -> Peer {
        let (mut rows, mut size) = (Vec::<(Bytes, Version)>::new(), 0);
        let mut next = None;
        let is_asked = |key: &Bytes| {
            after.as_ref().is_none_or(|after| key > after) && upto.is_none_or(|upto| key <= upto)
        };
        for (key, version) in self.shared(self.src, path).filter(|(key, _)| is_asked(key)) {
            if given.iter().any(|(other, same)| other == key && same == version) {
                continue;
            }
            size += key.len() + version.content.bytes();
            if size > self.config.piece_bytes && !rows.is_empty() {
                next = rows.last().map(|(last, _)| last.clone());
                break;
            }
            rows.push((key.clone(), version.clone()));
        }
        let (path, horizons) = (path.to_vec(), self.horizons(receiver));
        Peer::Leaf { path, after, rows, next, wants, horizons }
    }

    /// Takes another's versions, sends its own that are others, and asks for the rest.
    pub(super) fn on_leaf(
        &mut self,
        path: Vec<u8>,
        after: Option<Bytes>,
        rows: &[(Bytes, Version)],
        (next, wants): (Option<Bytes>, bool),
        horizons: Horizons,
    ) {
        let is_fresh = horizons.receiver == self.state.stable.horizon;
        let is_fresh = is_fresh && !self.has(Bug::RefuseLate) || self.has(Bug::StaleAnswer);
        for (key, version) in rows {
            if !self.holds_with_sender(key) {
                continue;
            }
            if is_fresh {
                self.merge(key, version);
            } else {
                self.take(key, version);
            }
        }
        if wants {
            let own = self.leaf(&path, (after, next.as_ref()), rows, false, horizons.sender);
            if !matches!(&own, Peer::Leaf { rows, .. } if rows.is_empty()) {
                self.respond(own);
            }
        }
        if let Some(after) = next {
            let horizon = self.state.stable.horizon;
            self.respond(Peer::More { path, after, wants, horizon });
        }
    }

    /// Whether this node and the sender are replicas of a key.
    fn holds_with_sender(&self, key: &Bytes) -> bool {
        let replicas = self.replicas(key);
        replicas.contains(&self.id) && replicas.contains(&self.src)
    }

    /// Sends what is after a key.
    pub(super) fn on_more(&mut self, path: &[u8], after: Bytes, wants: bool, horizon: Stamp) {
        let rest = self.leaf(path, (Some(after), None), &[], wants, horizon);
        self.respond(rest);
    }

    /// Sends the tombstones that are not known to be everywhere.
    fn spread_tombstones(&mut self) {
        let rows = self.state.stable.rows.iter();
        let open = rows.filter(|(_, row)| row.version.is_tombstone() && !row.is_repaired);
        let open: Vec<_> = open.map(|(key, row)| (key.clone(), row.version.clone())).collect();
        if !self.state.repairing.is_empty() {
            let is_open = |key: &Bytes| open.iter().any(|(other, _)| other == key);
            self.state.to_mut().repairing.retain(|key, _| is_open(key));
        }
        for (key, version) in open {
            let started = self.state.repairing.get(&key);
            if started.is_none_or(|(stamp, _)| *stamp != version.stamp) {
                let start = (version.stamp, BTreeSet::from([self.id]));
                self.state.to_mut().repairing.insert(key.clone(), start);
            }
            let known = self.state.repairing.get(&key).map(|(_, nodes)| nodes.clone());
            self.send_write(&key, Cause::Repair, &version, &known.unwrap_or_default());
        }
    }

    /// A replica has a tombstone, or something newer.
    pub(super) fn on_everywhere(&mut self, key: Bytes, stamp: Stamp) {
        let replicas = self.placed(&key).replicas;
        let src = self.src;
        let Some((of, nodes)) = self.state.repairing.get(&key) else { return };
        if *of != stamp || nodes.contains(&src) {
            return;
        }
        let state = self.state.to_mut();
        let Some((_, nodes)) = state.repairing.get_mut(&key) else { return };
        nodes.insert(src);
        if replicas.iter().all(|node| nodes.contains(node)) {
            state.repairing.remove(&key);
            self.tell_all(Peer::Repaired { key: key.clone(), stamp });
            self.on_repaired(key, stamp);
        }
    }

    /// All replicas have a tombstone, or something newer.
    pub(super) fn on_repaired(&mut self, key: Bytes, stamp: Stamp) {
        let row = self.state.stable.rows.get(&key);
        let is_it = row.is_some_and(|row| row.version.stamp == stamp && !row.is_repaired);
        if is_it {
            self.change(Record::Repaired(key));
        }
    }
}
