//! Tombstones, and when they may be discarded.
//!
//! A delete leaves a tombstone, or a late copy of the deleted write would bring it back. The
//! tombstone may go when no such copy can be news to anyone any more: when every node has the
//! tombstone, and every node has everything that it covers. Membership is static, so "every node"
//! is known, and digests say what each has.
//!
//! With multi-value, a tombstone covers the writes that its version vector names. With
//! last-writer-wins it covers every write with a lower timestamp, also those that its node had not
//! heard of, so a node must learn that there are no more of them: a digest with clock `c` says that
//! whatever its sender writes from then on has a higher timestamp than `c`, and its vector counts
//! all that it wrote before.
//!
//! Both are one rule. From one digest of each node, a **cut** is made: how many writes each node
//! had made, and the lowest of their clocks. When the digests of all nodes cover the cut, then
//! every write up to that clock, and every write that the cut counts, is everywhere: tombstones
//! below it go, and the next cut is made. So under constant load tombstones live for about two
//! rounds of gossip, and a node holds those of that time only; while a node is down they stay. A
//! node that has no tombstone remembers no digests.

use super::bugs::Bug;
use super::state::{Row, Stability};
use super::storage::Image;
use super::store::{Order, Version};
use super::turn::Turn;
use crate::causal::{Dot, VersionVector};
use crate::clock::Stamp;
use stateright::actor::Id;

impl Row {
    /// Whether no node can still lack a tombstone or anything that it covers, once every node has
    /// reached this cut.
    fn passes(&self, dot: Dot, version: &Version, bug: Option<Bug>) -> bool {
        let has = |which| bug == Some(which);
        (self.vector.covers(dot) || has(Bug::CollectUncut))
            && match &version.order {
                Order::Written(stamp) => *stamp <= self.clock || has(Bug::CollectUnclocked),
                Order::Knowing(known) => self.vector.includes(known) || has(Bug::CollectUnknown),
            }
    }
}

impl Stability {
    /// Takes a digest of another node. Both of its fields only grow at its sender, so of two
    /// digests the greater of each is the later's.
    fn take(&mut self, src: Id, vector: &VersionVector, clock: Stamp) {
        let row = self.rows.entry(src).or_default();
        row.vector.join(vector);
        row.clock = row.clock.max(clock);
    }

    /// The cut, if every node has reached it; then the next one may be made.
    fn reached(&mut self, image: &Image, bug: Option<Bug>) -> Option<Row> {
        let rows = &self.rows;
        self.cut.take_if(|cut| {
            let here = image.vector.includes(&cut.vector);
            let there = rows.values().all(|row| row.vector.includes(&cut.vector));
            (here || bug == Some(Bug::CollectUnreached))
                && (there || bug == Some(Bug::CollectUnshared))
        })
    }

    /// A cut from what is known: how many writes each node has made, and the lowest clock.
    fn next_cut(&self, id: Id, image: &Image, bug: Option<Bug>) -> Row {
        let mut cut = Row { vector: VersionVector::default(), clock: image.clock };
        cut.vector.add(Dot::new(id, image.vector.get(id)));
        for (node, row) in &self.rows {
            if bug != Some(Bug::CutUncounted) {
                cut.vector.add(Dot::new(*node, row.vector.get(*node)));
            }
            if bug != Some(Bug::CutByOwnClock) {
                cut.clock = cut.clock.min(row.clock);
            }
        }
        cut
    }
}

impl Turn<'_, '_> {
    /// The sender has this much: makes cuts, and drops the tombstones that they pass.
    pub(super) fn note(&mut self, vector: &VersionVector, clock: Stamp) {
        let (state, bug) = (&**self.state, self.config.bug);
        let mut stability = state.stability.clone();
        let mut cuts = Vec::new();
        if state.image.store.has_tombstones() {
            stability.take(self.src, vector, clock);
            cuts.extend(stability.reached(&state.image, bug));
            let knows_all = self.peers().all(|peer| stability.rows.contains_key(&peer));
            if stability.cut.is_none() && (knows_all || self.has(Bug::CutEarly)) {
                stability.cut = Some(stability.next_cut(self.id, &state.image, bug));
                cuts.extend(stability.reached(&state.image, bug));
            }
        } else {
            stability = Stability::default();
        }
        if stability != state.stability {
            self.state.to_mut().stability = stability;
        }
        if self.has(Bug::KeepTombstones) {
            cuts.clear();
        }
        self.collect(|dot, version| cuts.iter().any(|cut| cut.passes(dot, version, bug)));
    }

    /// Drops the tombstones that may go.
    pub(super) fn collect(&mut self, may_go: impl Fn(Dot, &Version) -> bool) {
        let goes =
            |(_, dot, version): (_, Dot, &Version)| version.value.is_none() && may_go(dot, version);
        if !self.state.image.store.versions().any(goes) {
            return;
        }
        let state = self.state.to_mut();
        let keys = state.image.store.collect(may_go);
        let delta = state.image.delta(&keys);
        if !state.image.store.has_tombstones() {
            state.stability = Stability::default();
        }
        self.store(delta);
    }
}
