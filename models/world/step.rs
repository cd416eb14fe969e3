//! Steps: what can happen in a state, and what comes of it.
//!
//! States are here packed: `[node.., budget, history, item..]`, all ids of interned parts; items
//! are the envelopes in flight, sorted (on ordered links: the channels that are not empty).

use super::cluster::{Cluster, Inner, Tables};
use super::interner::Fingerprint;
use super::local::{Effect, LocalKind};
use super::memory::{Deliveries, Delivery, Recent};
use super::observer::Observer;
use super::pairs::Pairs;
use super::parts::Checkable;
use super::setup::{NetworkKind, Rules};
use super::successor::Removed;
use std::sync::atomic::Ordering;

pub use super::moves::Move;
pub use super::successor::Step;

/// Enumerates steps, with memories of its own in front of the cluster's shared ones. One per
/// thread.
pub struct Expander<'c, A: Checkable, H> {
    pub(super) inner: &'c Inner<A, H>,
    deliveries: Deliveries<'c>,
    /// The deliveries that are known to be no step.
    idle: Pairs,
    /// The receiver of each envelope.
    pub(super) receivers: Vec<u32>,
    pub(super) observations: Recent,
    pub(super) appended: Recent,
    /// By envelope: the channel of it alone, where links are ordered.
    pub(super) alone: Vec<Option<u32>>,
    /// Room to work in: what becomes of channels.
    pub(super) replaced: Vec<(Option<u32>, Option<u32>)>,
    /// Room to work in: messages that were not looked at yet.
    pub(super) open: Vec<u32>,
}

impl<A: Checkable, H: Observer<A::Msg>> Cluster<A, H> {
    /// An enumerator of steps.
    pub fn expander(&self) -> Expander<'_, A, H> {
        Expander {
            inner: &self.0,
            deliveries: Deliveries::new(),
            idle: Pairs::new(),
            receivers: Vec::new(),
            observations: Recent::default(),
            appended: Recent::default(),
            alone: Vec::new(),
            replaced: Vec::new(),
            open: Vec::new(),
        }
    }

    /// The fingerprint of a packed state: the sum of its parts' hashes.
    pub fn fingerprint(&self, state: &[u32]) -> Fingerprint {
        let items = &state[self.0.items_at()..];
        self.0.core_hash(state).wrapping_add(self.0.items_hash(items))
    }
}

impl<'c, A: Checkable, H: Observer<A::Msg>> Expander<'c, A, H> {
    /// Everything that may happen in `state`, each thing once; some of it may turn out not to be
    /// a step.
    pub fn moves(&self, state: &[u32], moves: &mut Vec<Move>) {
        if self.is_over(state) {
            return;
        }
        let inner = self.inner;
        moves.extend(inner.losses(state).map(Move::Drop));
        moves.extend(inner.first_copies(state).map(Move::Deliver));
        moves.extend(inner.local_moves(state).map(|(node, at)| Move::Local { node, at }));
    }

    /// Appends the steps of `state`, in the order of [`Self::moves`].
    pub fn steps(
        &mut self,
        state: &[u32],
        fingerprint: Fingerprint,
        out: &mut Vec<(Move, Step<'c>)>,
    ) {
        if self.is_over(state) {
            return;
        }
        let inner = self.inner;
        for item in inner.losses(state) {
            out.push((Move::Drop(item), self.drop_item(state, fingerprint, item)));
        }
        for item in inner.first_copies(state) {
            // Most messages change nothing where they are.
            if let Some((dst, effect)) = self.effect_of(state, item) {
                let step = self.delivered(state, fingerprint, (item, dst), effect);
                out.push((Move::Deliver(item), step));
            }
        }
        for (node, at) in inner.local_moves(state) {
            if let Some(step) = self.local(state, fingerprint, node, at as usize) {
                out.push((Move::Local { node, at }, step));
            }
        }
    }

    /// Whether a node panicked, so that nothing more happens.
    pub(super) fn is_over(&self, state: &[u32]) -> bool {
        let Tables { nodes, panicked, .. } = &self.inner.tables;
        panicked.load(Ordering::Relaxed)
            && state[..self.inner.budget_at()].iter().any(|id| nodes.head(*id).extra.panicked)
    }

    /// What comes of a move; `None` if it is no step.
    pub fn step(
        &mut self,
        state: &[u32],
        fingerprint: Fingerprint,
        what: Move,
    ) -> Option<Step<'c>> {
        match what {
            Move::Deliver(item) => {
                let (dst, effect) = self.effect_of(state, item)?;
                Some(self.delivered(state, fingerprint, (item, dst), effect))
            }
            Move::Drop(item) => Some(self.drop_item(state, fingerprint, item)),
            Move::Local { node, at } => self.local(state, fingerprint, node, at as usize),
        }
    }

    /// What delivering an item does, and at which node; `None` if that is no step.
    #[expect(clippy::inline_always, reason = "the innermost look-up: 8 % fewer instructions")]
    #[inline(always)]
    fn effect_of(&mut self, state: &[u32], item: u32) -> Option<(u32, &'c Effect)> {
        let envelope = self.inner.next_of(state[self.inner.items_at() + item as usize]);
        self.effect_of_envelope(state, envelope)
    }

    /// The same, of an envelope.
    #[expect(clippy::inline_always, reason = "the same")]
    #[inline(always)]
    pub(super) fn effect_of_envelope(
        &mut self,
        state: &[u32],
        envelope: u32,
    ) -> Option<(u32, &'c Effect)> {
        let inner = self.inner;
        let dst = match self.receivers.get(envelope as usize) {
            Some(known) => *known,
            None => self.first_receiver(envelope),
        };
        // Messages to nodes that do not exist stay in flight.
        if dst as usize >= inner.setup.actors.len() {
            return None;
        }
        let node = state[dst as usize];
        if self.idle.contains(node, envelope) || inner.is_cut(state[inner.budget_at()], envelope) {
            return None;
        }
        let delivery = match self.deliveries.get(node, envelope) {
            Some(known) => known,
            None => self.first_delivery(node, envelope),
        };
        delivery.map(|effect| (dst, effect))
    }

    /// What comes of delivering an item to a node, where that has an effect.
    fn delivered(
        &mut self,
        state: &[u32],
        fingerprint: Fingerprint,
        (item, dst): (u32, u32),
        effect: &'c Effect,
    ) -> Step<'c> {
        if effect.no_op {
            return self.drop_item(state, fingerprint, item);
        }
        let stays = self.inner.setup.network == NetworkKind::Set;
        let removed = if stays { Removed::Nothing } else { Removed::Item(item) };
        let fingerprint = fingerprint.wrapping_add(effect.difference);
        self.apply(state, fingerprint, dst, effect, state[self.inner.budget_at()], removed)
    }

    #[cold]
    fn first_receiver(&mut self, envelope: u32) -> u32 {
        let known = self.receivers.len() as u32;
        let envelopes = &self.inner.tables.envelopes;
        self.receivers.extend((known..=envelope).map(|id| envelopes.head(id).extra.receiver));
        self.receivers[envelope as usize]
    }

    /// A delivery that this thread has not met yet.
    #[cold]
    fn first_delivery(&mut self, node: u32, envelope: u32) -> Delivery<'c> {
        let delivery = self.find_delivery(node, envelope);
        if delivery.is_none() {
            self.idle.note(node, envelope);
        }
        self.deliveries.insert(node, envelope, delivery);
        delivery
    }

    fn find_delivery(&self, node: u32, envelope: u32) -> Delivery<'c> {
        let inner = self.inner;
        if !inner.tables.nodes.head(node).extra.up {
            return None;
        }
        let effect = inner.delivery(node, envelope);
        let stays = match inner.setup.network {
            NetworkKind::Set => true,
            NetworkKind::Multiset => inner.setup.rules == Rules::Stateright,
            NetworkKind::Single | NetworkKind::Ordered => false,
        };
        (!effect.no_op || !stays).then_some(effect)
    }

    fn local(
        &mut self,
        state: &[u32],
        fingerprint: Fingerprint,
        node: u32,
        at: usize,
    ) -> Option<Step<'c>> {
        let inner = self.inner;
        let local = &inner.locals(state[node as usize])[at];
        if matches!(local.what, LocalKind::Crash) && !inner.has_room_to_crash(state) {
            return None;
        }
        let effect = &inner.tables.effects[local.effect as usize];
        if effect.no_op {
            return None;
        }
        let budget = inner.spend(state[inner.budget_at()], local.spend)?;
        let fingerprint = fingerprint.wrapping_add(effect.difference);
        let silenced = matches!(local.what, LocalKind::Replace) && inner.refuses_former_lives();
        let removed = if silenced { Removed::SentBy(node) } else { Removed::Nothing };
        Some(self.apply(state, fingerprint, node, effect, budget, removed))
    }

    fn drop_item(&mut self, state: &[u32], fingerprint: Fingerprint, item: u32) -> Step<'c> {
        let inner = self.inner;
        let removed = state[inner.items_at() + item as usize];
        let fingerprint = match inner.setup.network {
            NetworkKind::Ordered => fingerprint,
            NetworkKind::Set | NetworkKind::Single | NetworkKind::Multiset => {
                fingerprint.wrapping_sub(inner.item_hash(removed))
            }
        };
        let (budget, removed) = (state[inner.budget_at()], Removed::Item(item));
        let difference = self.difference_of_items(state, budget, removed, &[]);
        Step {
            fingerprint: fingerprint.wrapping_add(difference),
            changed_node: None,
            changed_history: false,
            node: 0,
            budget,
            history: state[inner.history_at()],
            removed,
            added: &[],
        }
    }

    /// What comes of an effect, whose difference is in the fingerprint already.
    fn apply(
        &mut self,
        state: &[u32],
        fingerprint: Fingerprint,
        node: u32,
        effect: &'c Effect,
        budget: u32,
        removed: Removed,
    ) -> Step<'c> {
        let tables = &self.inner.tables;
        let (old_budget, old_history) =
            (state[self.inner.budget_at()], state[self.inner.history_at()]);
        let history = match self.observe(old_history, effect) {
            Ok(history) => history,
            Err(node_now) => {
                let before = fingerprint.wrapping_sub(effect.difference);
                return self.panic(state, before, (node, node_now), budget);
            }
        };
        let mut fingerprint = fingerprint;
        if budget != old_budget {
            let hash = |id| tables.budgets.head(id).hash;
            fingerprint = fingerprint.wrapping_sub(hash(old_budget)).wrapping_add(hash(budget));
        }
        if history != old_history {
            let hash = |id| tables.histories.head(id).hash;
            fingerprint = fingerprint.wrapping_sub(hash(old_history)).wrapping_add(hash(history));
        }
        let difference = self.difference_of_items(state, budget, removed, &effect.sends);
        Step {
            fingerprint: fingerprint.wrapping_add(difference),
            changed_node: (effect.node != state[node as usize]).then_some(node),
            changed_history: history != old_history,
            node: effect.node,
            budget,
            history,
            removed,
            added: &effect.sends,
        }
    }

    /// The memory that this thread's own results take.
    pub fn bytes(&self) -> u64 {
        let recent = self.observations.allocation_size() + self.appended.allocation_size();
        let by_envelope = self.receivers.capacity() * 4 + self.alone.capacity() * 8;
        self.deliveries.bytes() + self.idle.bytes() + (recent + by_envelope) as u64
    }

    /// What a step adds to the items' share of the fingerprint where that depends on the other
    /// items.
    fn difference_of_items(
        &mut self,
        state: &[u32],
        budget: u32,
        removed: Removed,
        added: &[u32],
    ) -> Fingerprint {
        let inner = self.inner;
        let all = &state[inner.items_at()..];
        let items = &*inner.unsilenced(all, removed);
        let silenced = if items.len() < all.len() {
            inner.items_hash(all).wrapping_sub(inner.items_hash(items))
        } else {
            0
        };
        let difference = match inner.setup.network {
            NetworkKind::Multiset => 0,
            NetworkKind::Set | NetworkKind::Single => {
                let removed = removed.item().map(|removed| items[removed as usize]);
                let is_new = |item: &&u32| {
                    (removed == Some(**item) || items.binary_search(item).is_err())
                        && !inner.is_cut(budget, **item)
                };
                let hashes = added.iter().filter(is_new).map(|item| inner.item_hash(*item));
                hashes.fold(0, Fingerprint::wrapping_add)
            }
            NetworkKind::Ordered => self.weigh_channels(items, removed.item(), added),
        };
        difference.wrapping_sub(silenced)
    }

    /// Builds the successor.
    pub fn write(&mut self, state: &[u32], step: &Step<'_>, out: &mut Vec<u32>) {
        let at = out.len();
        let items_at = self.inner.items_at();
        let items = &*self.inner.unsilenced(&state[items_at..], step.removed);
        let removed = match step.removed.item() {
            Some(removed) if self.inner.setup.network != NetworkKind::Ordered => removed as usize,
            _ => items.len(),
        };
        out.extend_from_slice(&state[..items_at]);
        out.extend_from_slice(&items[..removed]);
        if removed < items.len() {
            out.extend_from_slice(&items[removed + 1..]);
        }
        if let Some(node) = step.changed_node {
            out[at + node as usize] = step.node;
        }
        out[at + self.inner.budget_at()] = step.budget;
        out[at + self.inner.history_at()] = step.history;
        let first = at + items_at;
        if self.inner.setup.network == NetworkKind::Ordered {
            self.write_channels(items, step.removed.item(), step.added, out, first);
            return;
        }
        for item in step.added {
            match out[first..].binary_search(item) {
                Ok(_) if self.inner.setup.network.keeps_one_copy() => {}
                _ if self.inner.keeps_off(step.budget, *item) => {}
                Ok(position) | Err(position) => out.insert(first + position, *item),
            }
        }
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
    /// The share of all but the items in a fingerprint.
    pub(super) fn core_hash(&self, state: &[u32]) -> Fingerprint {
        let Tables { nodes, budgets, histories, .. } = &self.tables;
        let fixed = budgets.head(state[self.budget_at()]).hash;
        let fixed = fixed.wrapping_add(histories.head(state[self.history_at()]).hash);
        let of_nodes = state[..self.budget_at()].iter().map(|id| nodes.head(*id).hash);
        of_nodes.fold(fixed, Fingerprint::wrapping_add)
    }

    pub(super) fn budget_at(&self) -> usize {
        self.setup.actors.len()
    }

    pub(super) fn history_at(&self) -> usize {
        self.setup.actors.len() + 1
    }

    pub(super) fn items_at(&self) -> usize {
        self.setup.actors.len() + 2
    }

    /// The envelope that an item would deliver next.
    pub(super) fn next_of(&self, item: u32) -> u32 {
        match self.setup.network {
            NetworkKind::Set | NetworkKind::Single | NetworkKind::Multiset => item,
            NetworkKind::Ordered => self.tables.channels.head(item).extra.head,
        }
    }

    /// The receiver of an envelope.
    pub(super) fn receiver(&self, envelope: u32) -> u32 {
        self.tables.envelopes.head(envelope).extra.receiver
    }

    /// What a delivery does, computed once.
    pub(super) fn delivery(&self, node: u32, envelope: u32) -> &Effect {
        let key = (node, envelope);
        let effect = self.tables.deliveries.recall(key, || self.on_delivery(node, envelope));
        &self.tables.effects[effect as usize]
    }
}
