//! Effects: what one handler run does, computed once and remembered.

use super::cluster::Inner;
use super::interner::Fingerprint;
use super::local::{Effect, Local, LocalKind};
use super::observer::Observer;
use super::panics::guarded;
use super::parts::{Checkable, NodeOf, Process, Spend};
use super::setup::{NetworkKind, Rules};
use super::weight;
use stateright::actor::{Actor, Command, Envelope, Id, Out, is_no_op, is_no_op_with_timer};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
    pub(super) fn panicked(&self, node: &NodeOf<A>, message: String) -> Effect {
        let process = Process::Panicked { message };
        let (disk, held) = (node.disk.clone(), node.held.clone());
        self.quiet(NodeOf::<A> { id: node.id, life: node.life, process, disk, held })
    }

    /// The effect of what may panic.
    pub(super) fn effect_of(&self, node: &NodeOf<A>, run: impl FnOnce() -> Effect) -> Effect {
        guarded(run).unwrap_or_else(|message| self.panicked(node, message))
    }

    fn remember(&self, effect: Effect) -> u32 {
        let heap = size_of_val(&*effect.sends) + size_of_val(&*effect.observed);
        self.tables.effects_heap.fetch_add(heap as u64, Ordering::Relaxed);
        u32::try_from(self.tables.effects.push(effect)).expect("fewer than 2^32 handler runs")
    }

    pub(super) fn on_delivery(&self, node: u32, envelope: u32) -> u32 {
        let before = self.tables.nodes.value(node);
        let mut effect = self.effect_of(before, || self.deliver(before, envelope));
        self.weigh(node, &mut effect);
        if matches!(self.setup.network, NetworkKind::Multiset | NetworkKind::Single) {
            effect.difference = effect.difference.wrapping_sub(self.item_hash(envelope));
        }
        self.remember(effect)
    }

    fn deliver(&self, before: &NodeOf<A>, envelope: u32) -> Effect {
        let Process::Up { state, timers, choices } = &before.process else {
            unreachable!("messages are delivered to nodes that are up");
        };
        let delivered = self.tables.envelopes.value(envelope);
        let mut next = Cow::Borrowed(state);
        let mut out = Out::new();
        let actor = &self.setup.actors[usize::from(before.id)];
        actor.on_msg(before.id, &mut next, delivered.src, delivered.msg.clone(), &mut out);
        // Stateright records such a delivery on ordered links, where it is a step.
        let is_recorded =
            self.setup.rules == Rules::Stateright && self.setup.network == NetworkKind::Ordered;
        let no_op = is_no_op(&next, &out) && !is_recorded;
        let after = (next.into_owned(), timers.clone(), choices.clone());
        let mut effect = self.commit(before, after, out);
        effect.no_op = no_op;
        if self.is_watched && H::observes(borrowed(delivered)) {
            let observed = std::mem::take(&mut effect.observed).into_vec();
            effect.observed = [(true, envelope)].into_iter().chain(observed).collect();
        }
        effect
    }

    /// Notes what the effect does to a fingerprint, as far as it is the same in every state.
    fn weigh(&self, before: u32, effect: &mut Effect) {
        let hash = |node| self.tables.nodes.head(node).hash;
        effect.difference = hash(effect.node).wrapping_sub(hash(before));
        if self.setup.network == NetworkKind::Multiset {
            let sent = effect.sends.iter().map(|item| self.item_hash(*item));
            effect.difference = sent.fold(effect.difference, Fingerprint::wrapping_add);
        }
    }

    /// What a handler run leaves behind: its commands carried out, in order.
    pub(super) fn commit(&self, before: &NodeOf<A>, after: AfterHandler<A>, out: Out<A>) -> Effect {
        let (state, mut timers, mut choices) = after;
        let (mut disk, mut held) = (before.disk.clone(), before.held.clone());
        let mut sent = Vec::new();
        for command in out {
            match command {
                Command::Send(dst, msg) => sent.push((dst, msg)),
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
                Command::Save(delta) => self.save(before, &mut disk, delta),
            }
        }
        // All that a handler sends follows all that it saves.
        let sent = self.hold(before.id, &disk, &mut held, sent);
        let process = Process::Up { state, timers, choices };
        self.departing(NodeOf::<A> { id: before.id, life: before.life, process, disk, held }, sent)
    }

    /// A node that becomes this one, and what leaves it.
    pub(super) fn departing(&self, node: NodeOf<A>, sent: Vec<(Id, A::Msg)>) -> Effect {
        let mut sends = Vec::new();
        let mut observed = Vec::new();
        for (dst, msg) in sent {
            let envelope = Envelope { src: node.id, dst, msg };
            let is_observed = self.is_watched && H::observes(borrowed(&envelope));
            let envelope = self.intern_envelope(envelope);
            if is_observed {
                observed.push((false, envelope));
            }
            if !self.setup.network.keeps_one_copy() || !sends.contains(&envelope) {
                sends.push(envelope);
            }
        }
        Effect {
            node: self.intern_node(node),
            sends: sends.into_boxed_slice(),
            observed: observed.into_boxed_slice(),
            no_op: false,
            difference: 0,
        }
    }

    pub(super) fn locals(&self, node: u32) -> &[Local<A>] {
        let locals = &self.tables.nodes.head(node).extra.locals;
        locals.get_or_init(|| {
            let found = self.find_locals(node, self.tables.nodes.value(node));
            let heap = weight::heap_of(&found.len()) as usize + size_of_val(&*found);
            self.tables.effects_heap.fetch_add(heap as u64, Ordering::Relaxed);
            found
        })
    }

    fn find_locals(&self, id: u32, node: &NodeOf<A>) -> Box<[Local<A>]> {
        let mut locals = Vec::new();
        let mut add = |what, spend, mut effect: Effect| {
            self.weigh(id, &mut effect);
            locals.push(Local { what, spend, effect: self.remember(effect) });
        };
        match &node.process {
            Process::Down { .. } => {
                add(LocalKind::Restart, Spend::Restart, self.on_restart(node));
            }
            Process::Up { state, timers, choices } => {
                for timer in timers {
                    let mut spend = Spend::Nothing;
                    let effect = self.effect_of(node, || {
                        spend = self.timer_spend(timer);
                        self.on_timeout(node, (state, timers, choices), timer)
                    });
                    add(LocalKind::Timeout(timer.clone()), spend, effect);
                }
                for (key, options) in choices {
                    for (at, option) in options.iter().enumerate() {
                        // Stateright counts each repetition as a step.
                        let is_repeated = options[..at].contains(option);
                        if is_repeated && self.setup.rules == Rules::Quorate {
                            continue;
                        }
                        let process = (state, timers, choices);
                        let effect =
                            self.effect_of(node, || self.on_choice(node, process, key, option));
                        let what = LocalKind::Choose(key.clone(), option.clone());
                        add(what, Spend::Nothing, effect);
                    }
                }
                if self.may_crash(node.id) {
                    add(LocalKind::Crash, Spend::Crash, self.on_crash(node, state));
                }
            }
            Process::Panicked { .. } => return Box::default(),
        }
        if !node.disk.pending.is_empty() {
            add(LocalKind::Flush, Spend::Nothing, self.effect_of(node, || self.on_flush(node)));
        }
        if let Some(how) = self.replacement_of(node.id) {
            add(LocalKind::Replace, Spend::Disk, self.on_replacement(how, node));
        }
        for (at, (one, other)) in self.setup.cuts.links.iter().enumerate() {
            if *one == node.id {
                add(LocalKind::Cut(*other), Spend::Cut(at as u8), self.quiet(node.clone()));
            }
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
        (state, timers, choices): ProcessOf<'_, A>,
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
        let mut down = NodeOf::<A> { life: node.life, ..Self::blank_node(node.id) };
        down.disk.durable.clone_from(&node.disk.durable);
        if self.setup.rules == Rules::Stateright {
            down.process = Process::Down { ghost: Some(state.clone()) };
        }
        self.quiet(down)
    }

    fn quiet(&self, node: NodeOf<A>) -> Effect {
        let node = self.intern_node(node);
        let (sends, observed) = Default::default();
        Effect { node, sends, observed, no_op: false, difference: 0 }
    }

    pub(super) fn on_restart(&self, node: &NodeOf<A>) -> Effect {
        self.effect_of(node, || {
            let mut out = Out::new();
            let actor = &self.setup.actors[usize::from(node.id)];
            let state = actor.on_start(node.id, &node.disk.durable, &mut out);
            self.commit(node, (state, BTreeSet::new(), BTreeMap::new()), out)
        })
    }
}

type AfterHandler<A> = (
    <A as Actor>::State,
    BTreeSet<<A as Actor>::Timer>,
    BTreeMap<String, Vec<<A as Actor>::Random>>,
);

type ProcessOf<'a, A> = (
    &'a <A as Actor>::State,
    &'a BTreeSet<<A as Actor>::Timer>,
    &'a BTreeMap<String, Vec<<A as Actor>::Random>>,
);

pub(super) fn borrowed<M>(envelope: &Envelope<M>) -> Envelope<&M> {
    Envelope { src: envelope.src, dst: envelope.dst, msg: &envelope.msg }
}
