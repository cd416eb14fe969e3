//! Steps: what can happen in a state, and what comes of it.
//!
//! States are here packed: `[node.., budget, history, item..]`, all ids of interned parts; items
//! are the envelopes in flight, sorted (on ordered links: the channels that are not empty).

use super::cluster::{Channel, Cluster, Inner, Memo, NetworkKind, Rules};
use super::effect::{Effect, LocalKind};
use super::observer::Observer;
use super::parts::{Checkable, Process, Spend};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

/// Something that can happen in a state, by position in the packed state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Move {
    /// Deliver the item at this position.
    Deliver(u32),
    /// Lose the item at this position.
    Drop(u32),
    /// Something at a node alone: a timer, a choice, a crash, a restart, a disk write.
    Local {
        /// Which node.
        node: u32,
        /// Which of the things that can happen there.
        at: u32,
    },
}

/// A successor that is not built yet.
pub struct Step<'c> {
    /// The successor's fingerprint.
    pub fingerprint: u64,
    /// Which node changed, if one did.
    pub changed_node: Option<usize>,
    /// Whether the history changed.
    pub changed_history: bool,
    node: u32,
    budget: u32,
    history: u32,
    removed: Option<usize>,
    added: &'c [u32],
    /// On ordered links, all the successor's items.
    items: Option<Vec<u32>>,
}

/// Enumerates steps, with memories of its own in front of the cluster's shared ones. One per
/// thread.
pub struct Expander<'c, A: Checkable, H> {
    inner: &'c Inner<A, H>,
    deliveries: Recent,
    observations: Recent,
}

type Recent = HashMap<(u32, u32), u32, FxBuildHasher>;

impl<A: Checkable, H: Observer<A::Msg>> Cluster<A, H> {
    /// An enumerator of steps.
    pub fn expander(&self) -> Expander<'_, A, H> {
        Expander { inner: &self.0, deliveries: Recent::default(), observations: Recent::default() }
    }

    /// The initial state, packed.
    pub fn initial(&self) -> &[u32] {
        self.0.initial.get_or_init(|| self.0.start())
    }

    /// The fingerprint of a packed state: the sum of its parts' hashes.
    pub fn fingerprint(&self, state: &[u32]) -> u64 {
        let inner = &*self.0;
        let tables = &inner.tables;
        let nodes = inner.setup.actors.len();
        let fixed = tables.budgets.get(state[nodes]).hash;
        let fixed = fixed.wrapping_add(tables.histories.get(state[nodes + 1]).hash);
        let of_nodes = state[..nodes].iter().map(|id| tables.nodes.get(*id).hash);
        let of_items = state[nodes + 2..].iter().map(|item| inner.item_hash(*item));
        of_nodes.chain(of_items).fold(fixed, u64::wrapping_add)
    }
}

impl<'c, A: Checkable, H: Observer<A::Msg>> Expander<'c, A, H> {
    /// Everything that may happen in `state`; some of it may turn out not to be a step.
    pub fn moves(&self, state: &[u32], moves: &mut Vec<Move>) {
        let inner = self.inner;
        let nodes = inner.setup.actors.len();
        let items = state.len() - nodes - 2;
        if inner.setup.lossy {
            moves.extend((0..items as u32).map(Move::Drop));
        }
        moves.extend((0..items as u32).map(Move::Deliver));
        for (node, id) in state[..nodes].iter().enumerate() {
            let locals = inner.locals(*id).len();
            moves.extend((0..locals as u32).map(|at| Move::Local { node: node as u32, at }));
        }
    }

    /// What comes of a move; `None` if it is no step.
    pub fn step(&mut self, state: &[u32], fingerprint: u64, what: Move) -> Option<Step<'c>> {
        match what {
            Move::Deliver(item) => self.deliver(state, fingerprint, item as usize),
            Move::Drop(item) => Some(self.drop_item(state, fingerprint, item as usize)),
            Move::Local { node, at } => self.local(state, fingerprint, node as usize, at as usize),
        }
    }

    fn deliver(&mut self, state: &[u32], fingerprint: u64, item: usize) -> Option<Step<'c>> {
        let inner = self.inner;
        let envelope = inner.head(state[inner.items_at() + item]);
        let dst = usize::from(inner.tables.envelopes.get(envelope).value.dst);
        if dst >= inner.setup.actors.len() {
            return None;
        }
        let node = state[dst];
        if matches!(inner.tables.nodes.get(node).value.process, Process::Down { .. }) {
            return None;
        }
        let effect =
            recall(&mut self.deliveries, &inner.tables.deliveries, (node, envelope), || {
                inner.on_delivery(node, envelope)
            });
        let effect = &inner.tables.effects[effect as usize];
        let consumes = inner.setup.network != NetworkKind::Set;
        if effect.no_op {
            let stays = match inner.setup.network {
                NetworkKind::Set => true,
                NetworkKind::Multiset => inner.setup.rules == Rules::Stateright,
                NetworkKind::Ordered => false,
            };
            return (!stays).then(|| self.drop_item(state, fingerprint, item));
        }
        let removed = consumes.then_some(item);
        Some(self.apply(state, fingerprint, dst, effect, state[inner.budget_at()], removed))
    }

    fn local(
        &mut self,
        state: &[u32],
        fingerprint: u64,
        node: usize,
        at: usize,
    ) -> Option<Step<'c>> {
        let inner = self.inner;
        let local = &inner.locals(state[node])[at];
        if matches!(local.what, LocalKind::Crash) && !inner.has_room_to_crash(state) {
            return None;
        }
        let effect = &inner.tables.effects[local.effect as usize];
        if effect.no_op {
            return None;
        }
        let budget = inner.spend(state[inner.budget_at()], local.spend)?;
        Some(self.apply(state, fingerprint, node, effect, budget, None))
    }

    fn drop_item(&mut self, state: &[u32], fingerprint: u64, item: usize) -> Step<'c> {
        let inner = self.inner;
        let mut step = Step {
            fingerprint,
            changed_node: None,
            changed_history: false,
            node: 0,
            budget: state[inner.budget_at()],
            history: state[inner.history_at()],
            removed: Some(item),
            added: &[],
            items: None,
        };
        inner.change_items(state, &mut step);
        step
    }

    fn apply(
        &mut self,
        state: &[u32],
        fingerprint: u64,
        node: usize,
        effect: &'c Effect,
        budget: u32,
        removed: Option<usize>,
    ) -> Step<'c> {
        let inner = self.inner;
        let tables = &inner.tables;
        let (old_node, old_budget) = (state[node], state[inner.budget_at()]);
        let old_history = state[inner.history_at()];
        let mut fingerprint = fingerprint;
        let mut replace = |old: u64, new: u64| {
            fingerprint = fingerprint.wrapping_sub(old).wrapping_add(new);
        };
        if effect.node != old_node {
            replace(tables.nodes.get(old_node).hash, tables.nodes.get(effect.node).hash);
        }
        if budget != old_budget {
            replace(tables.budgets.get(old_budget).hash, tables.budgets.get(budget).hash);
        }
        let history = self.observe(old_history, effect);
        if history != old_history {
            replace(tables.histories.get(old_history).hash, tables.histories.get(history).hash);
        }
        let mut step = Step {
            fingerprint,
            changed_node: (effect.node != old_node).then_some(node),
            changed_history: history != old_history,
            node: effect.node,
            budget,
            history,
            removed,
            added: &effect.sends,
            items: None,
        };
        inner.change_items(state, &mut step);
        step
    }

    fn observe(&mut self, history: u32, effect: &Effect) -> u32 {
        let inner = self.inner;
        // The first observed message may stand for all: an effect observes a fixed list of them.
        if effect.observed.is_empty() {
            return history;
        }
        let mut now = history;
        for (delivered, envelope) in &effect.observed {
            let key = (now, envelope << 1 | u32::from(*delivered));
            now = recall(&mut self.observations, &inner.tables.observations, key, || {
                inner.on_observation(now, *envelope, *delivered)
            });
        }
        now
    }

    /// Builds the successor.
    pub fn write(&self, state: &[u32], step: &Step<'_>, out: &mut Vec<u32>) {
        let at = out.len();
        let items_at = self.inner.items_at();
        out.extend_from_slice(&state[..items_at]);
        if let Some(node) = step.changed_node {
            out[at + node] = step.node;
        }
        out[at + self.inner.budget_at()] = step.budget;
        out[at + self.inner.history_at()] = step.history;
        if let Some(items) = &step.items {
            out.extend_from_slice(items);
            return;
        }
        let items = &state[items_at..];
        match step.removed {
            Some(removed) => {
                out.extend_from_slice(&items[..removed]);
                out.extend_from_slice(&items[removed + 1..]);
            }
            None => out.extend_from_slice(items),
        }
        let first = at + items_at;
        for item in step.added {
            match out[first..].binary_search(item) {
                Ok(_) if self.inner.setup.network == NetworkKind::Set => {}
                Ok(position) | Err(position) => out.insert(first + position, *item),
            }
        }
    }
}

/// Looks a result up in the thread's own memory, then in the shared one, then computes it.
fn recall(own: &mut Recent, shared: &Memo, key: (u32, u32), compute: impl FnOnce() -> u32) -> u32 {
    if let Some(known) = own.get(&key) {
        return *known;
    }
    let known = shared.read().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
    let result = known.unwrap_or_else(|| {
        let result = compute();
        *shared.write().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(result)
    });
    own.insert(key, result);
    result
}

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
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
    pub(super) fn head(&self, item: u32) -> u32 {
        match self.setup.network {
            NetworkKind::Set | NetworkKind::Multiset => item,
            NetworkKind::Ordered => self.tables.channels.get(item).value.queue[0],
        }
    }

    /// Notes what a step does to the items: the fingerprint, and on ordered links the items.
    fn change_items(&self, state: &[u32], step: &mut Step<'_>) {
        let items = &state[self.items_at()..];
        if self.setup.network == NetworkKind::Ordered {
            let (items, difference) = self.change_channels(items, step.removed, step.added);
            step.fingerprint = step.fingerprint.wrapping_add(difference);
            step.items = Some(items);
            return;
        }
        if let Some(removed) = step.removed {
            step.fingerprint = step.fingerprint.wrapping_sub(self.item_hash(items[removed]));
        }
        for item in step.added {
            let is_new =
                self.setup.network == NetworkKind::Multiset || items.binary_search(item).is_err();
            if is_new {
                step.fingerprint = step.fingerprint.wrapping_add(self.item_hash(*item));
            }
        }
    }

    fn change_channels(
        &self,
        items: &[u32],
        removed: Option<usize>,
        added: &[u32],
    ) -> (Vec<u32>, u64) {
        let mut difference = 0_u64;
        let mut queues: BTreeMap<(Id, Id), Vec<u32>> = BTreeMap::new();
        for (at, item) in items.iter().enumerate() {
            let entry = self.tables.channels.get(*item);
            difference = difference.wrapping_sub(entry.hash);
            let skip = usize::from(removed == Some(at));
            let queue = entry.value.queue[skip..].to_vec();
            queues.insert((entry.value.src, entry.value.dst), queue);
        }
        for envelope in added {
            let link = &self.tables.envelopes.get(*envelope).value;
            queues.entry((link.src, link.dst)).or_default().push(*envelope);
        }
        let mut items: Vec<u32> = (queues.into_iter())
            .filter(|(_, queue)| !queue.is_empty())
            .map(|((src, dst), queue)| self.intern_channel(Channel { src, dst, queue }))
            .collect();
        items.sort_unstable();
        for item in &items {
            difference = difference.wrapping_add(self.item_hash(*item));
        }
        (items, difference)
    }

    fn spend(&self, budget: u32, spend: Spend) -> Option<u32> {
        let kind = match spend {
            Spend::Nothing => return Some(budget),
            Spend::Crash => 0,
            Spend::Restart => 1,
            Spend::Timer(kind) => 2 + usize::from(kind),
        };
        let entry = self.tables.budgets.get(budget);
        *entry.extra[kind]
            .get_or_init(|| entry.value.after(spend).map(|after| self.intern_budget(after)))
    }

    /// Under stateright's rules the bound on crashes is on how many are down at once.
    fn has_room_to_crash(&self, state: &[u32]) -> bool {
        let down =
            |id: &&u32| matches!(self.tables.nodes.get(**id).value.process, Process::Down { .. });
        self.setup.rules == Rules::Quorate
            || state[..self.budget_at()].iter().filter(down).count()
                < usize::from(self.setup.faults.crashes)
    }

    fn start(&self) -> Box<[u32]> {
        let mut state = Vec::new();
        let mut history = self.intern_history(self.setup.history.clone());
        let mut sent = Vec::new();
        for index in 0..self.setup.actors.len() {
            let effect = self.on_restart(&Self::blank_node(Id::from(index)));
            state.push(effect.node);
            for (delivered, envelope) in &effect.observed {
                history = self.on_observation(history, *envelope, *delivered);
            }
            sent.extend_from_slice(&effect.sends);
        }
        let items = match self.setup.network {
            NetworkKind::Ordered => self.change_channels(&[], None, &sent).0,
            NetworkKind::Multiset => sorted(sent),
            NetworkKind::Set => sorted(sent.into_iter().collect::<BTreeSet<_>>()),
        };
        state.push(self.intern_budget(self.first_budget()));
        state.push(history);
        state.extend(items);
        state.into_boxed_slice()
    }
}

fn sorted(items: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut items: Vec<u32> = items.into_iter().collect();
    items.sort_unstable();
    items
}
