//! Steps: what can happen in a state, and what comes of it.
//!
//! States are here packed: `[node.., budget, history, item..]`, all ids of interned parts; items
//! are the envelopes in flight, sorted (on ordered links: the channels that are not empty).

use super::cluster::{Channel, Cluster, DiskKind, Inner, Memo, NetworkKind, Rules};
use super::observer::Observer;
use super::parts::{Checkable, NodeOf, Process, Spend};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use stateright::actor::{Command, Envelope, Id, Out, is_no_op, is_no_op_with_timer};
use std::borrow::Cow;
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

/// What one handler run does, remembered.
pub(super) struct Effect {
    /// The node afterwards.
    node: u32,
    /// What it sends, in order. On the set network without repetitions.
    sends: Box<[u32]>,
    /// The observed messages: whether it is a delivery, and the envelope.
    observed: Box<[(bool, u32)]>,
    /// Whether nothing changed and nothing was asked for.
    no_op: bool,
}

/// Something that can happen at a node alone, and what it does.
pub(super) struct Local<A: Checkable> {
    pub(super) what: LocalKind<A::Timer, A::Random>,
    spend: Spend,
    effect: u32,
}

pub(super) enum LocalKind<T, R> {
    Timeout(T),
    Choose(String, R),
    Crash,
    Restart,
    Flush,
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
            let effect = self.on_restart(&self.blank_node(Id::from(index)));
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

    fn on_observation(&self, history: u32, envelope: u32, delivered: bool) -> u32 {
        let before = &self.tables.histories.get(history).value;
        let envelope = &self.tables.envelopes.get(envelope).value;
        let envelope = Envelope { src: envelope.src, dst: envelope.dst, msg: &envelope.msg };
        let after = if delivered { before.on_deliver(envelope) } else { before.on_send(envelope) };
        after.map_or(history, |after| self.intern_history(after))
    }

    fn remember(&self, effect: Effect) -> u32 {
        u32::try_from(self.tables.effects.push(effect)).expect("fewer than 2^32 handler runs")
    }

    fn on_delivery(&self, node: u32, envelope: u32) -> u32 {
        let before = &self.tables.nodes.get(node).value;
        let Process::Up { state, timers, choices } = &before.process else {
            unreachable!("messages are delivered to nodes that are up");
        };
        let delivered = &self.tables.envelopes.get(envelope).value;
        let mut next = Cow::Borrowed(state);
        let mut out = Out::new();
        let actor = &self.setup.actors[usize::from(before.id)];
        actor.on_msg(before.id, &mut next, delivered.src, delivered.msg.clone(), &mut out);
        let no_op = is_no_op(&next, &out);
        let after = (next.into_owned(), timers.clone(), choices.clone());
        let mut effect = self.commit(before, after, out);
        effect.no_op = no_op;
        if H::observes(borrowed(delivered)) {
            let observed = std::mem::take(&mut effect.observed).into_vec();
            effect.observed = [(true, envelope)].into_iter().chain(observed).collect();
        }
        self.remember(effect)
    }

    /// What a handler run leaves behind: its commands carried out, in order.
    fn commit(&self, before: &NodeOf<A>, after: AfterHandler<A>, out: Out<A>) -> Effect {
        let (state, mut timers, mut choices) = after;
        let mut disk = before.disk.clone();
        let mut sends = Vec::new();
        let mut observed = Vec::new();
        for command in out {
            match command {
                Command::Send(dst, msg) => {
                    let envelope = Envelope { src: before.id, dst, msg };
                    let is_observed = H::observes(borrowed(&envelope));
                    let envelope = self.intern_envelope(envelope);
                    if is_observed {
                        observed.push((false, envelope));
                    }
                    if self.setup.network != NetworkKind::Set || !sends.contains(&envelope) {
                        sends.push(envelope);
                    }
                }
                Command::SetTimer(timer, _) => {
                    timers.insert(timer);
                }
                Command::CancelTimer(timer) => {
                    timers.remove(&timer);
                }
                Command::ChooseRandom(key, options) if options.is_empty() => {
                    choices.remove(&key);
                }
                Command::ChooseRandom(key, options) => {
                    choices.insert(key, options);
                }
                Command::Save(delta) => match self.setup.disk {
                    DiskKind::Synchronous => crate::Durable::fold(&mut disk.durable, delta),
                    DiskKind::WriteBack => disk.pending.push(delta),
                },
            }
        }
        let process = Process::Up { state, timers, choices };
        Effect {
            node: self.intern_node(NodeOf::<A> { id: before.id, process, disk }),
            sends: sends.into_boxed_slice(),
            observed: observed.into_boxed_slice(),
            no_op: false,
        }
    }

    pub(super) fn locals(&self, node: u32) -> &[Local<A>] {
        let entry = self.tables.nodes.get(node);
        entry.extra.locals.get_or_init(|| self.find_locals(&entry.value))
    }

    fn find_locals(&self, node: &NodeOf<A>) -> Box<[Local<A>]> {
        let mut locals = Vec::new();
        let mut add = |what, spend, effect| {
            locals.push(Local { what, spend, effect: self.remember(effect) });
        };
        match &node.process {
            Process::Down { .. } => {
                add(LocalKind::Restart, Spend::Restart, self.on_restart(node));
            }
            Process::Up { state, timers, choices } => {
                for timer in timers {
                    let effect = self.on_timeout(node, state, timers, choices, timer);
                    add(LocalKind::Timeout(timer.clone()), self.timer_spend(timer), effect);
                }
                for (key, options) in choices {
                    for option in options {
                        let effect = self.on_choice(node, (state, timers, choices), key, option);
                        let what = LocalKind::Choose(key.clone(), option.clone());
                        add(what, Spend::Nothing, effect);
                    }
                }
                if self.may_crash(node.id) {
                    add(LocalKind::Crash, Spend::Crash, self.on_crash(node, state));
                }
            }
        }
        if !node.disk.pending.is_empty() {
            add(LocalKind::Flush, Spend::Nothing, self.on_flush(node));
        }
        locals.into_boxed_slice()
    }

    fn timer_spend(&self, timer: &A::Timer) -> Spend {
        let kind = (self.setup.timer_kind)(timer);
        let at = self.setup.faults.timers.iter().position(|(bounded, _)| *bounded == kind);
        at.map_or(Spend::Nothing, |at| Spend::Timer(at as u8))
    }

    fn on_timeout(
        &self,
        node: &NodeOf<A>,
        state: &A::State,
        timers: &BTreeSet<A::Timer>,
        choices: &BTreeMap<String, Vec<A::Random>>,
        timer: &A::Timer,
    ) -> Effect {
        let mut next = Cow::Borrowed(state);
        let mut out = Out::new();
        let actor = &self.setup.actors[usize::from(node.id)];
        actor.on_timeout(node.id, &mut next, timer, &mut out);
        let no_op = is_no_op_with_timer(&next, &out, timer);
        let mut timers = timers.clone();
        timers.remove(timer);
        let mut effect = self.commit(node, (next.into_owned(), timers, choices.clone()), out);
        effect.no_op = no_op;
        effect
    }

    fn on_choice(
        &self,
        node: &NodeOf<A>,
        (state, timers, choices): ProcessOf<'_, A>,
        key: &str,
        option: &A::Random,
    ) -> Effect {
        let mut next = Cow::Borrowed(state);
        let mut out = Out::new();
        let actor = &self.setup.actors[usize::from(node.id)];
        actor.on_random(node.id, &mut next, option, &mut out);
        let mut choices = choices.clone();
        choices.remove(key);
        self.commit(node, (next.into_owned(), timers.clone(), choices), out)
    }

    fn on_crash(&self, node: &NodeOf<A>, state: &A::State) -> Effect {
        let mut down = self.blank_node(node.id);
        down.disk.durable.clone_from(&node.disk.durable);
        if self.setup.rules == Rules::Stateright {
            down.process = Process::Down { ghost: Some(state.clone()) };
        }
        self.quiet(down)
    }

    fn on_flush(&self, node: &NodeOf<A>) -> Effect {
        let mut written = node.clone();
        let delta = written.disk.pending.remove(0);
        crate::Durable::fold(&mut written.disk.durable, delta);
        self.quiet(written)
    }

    fn quiet(&self, node: NodeOf<A>) -> Effect {
        let node = self.intern_node(node);
        Effect { node, sends: Box::default(), observed: Box::default(), no_op: false }
    }

    fn on_restart(&self, node: &NodeOf<A>) -> Effect {
        let mut out = Out::new();
        let actor = &self.setup.actors[usize::from(node.id)];
        let state = actor.on_start(node.id, &node.disk.durable, &mut out);
        self.commit(node, (state, BTreeSet::new(), BTreeMap::new()), out)
    }
}

type AfterHandler<A> = (
    <A as stateright::actor::Actor>::State,
    BTreeSet<<A as stateright::actor::Actor>::Timer>,
    BTreeMap<String, Vec<<A as stateright::actor::Actor>::Random>>,
);

type ProcessOf<'a, A> = (
    &'a <A as stateright::actor::Actor>::State,
    &'a BTreeSet<<A as stateright::actor::Actor>::Timer>,
    &'a BTreeMap<String, Vec<<A as stateright::actor::Actor>::Random>>,
);

fn borrowed<M>(envelope: &Envelope<M>) -> Envelope<&M> {
    Envelope { src: envelope.src, dst: envelope.dst, msg: &envelope.msg }
}

fn sorted(items: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut items: Vec<u32> = items.into_iter().collect();
    items.sort_unstable();
    items
}
