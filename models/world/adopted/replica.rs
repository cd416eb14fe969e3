//! States as stateright's properties see them.
//!
//! A property of stateright is given a whole `ActorModelState`. One is kept, and for each state
//! that is looked at what differs from the one before is put into it: mostly a node and a message.

use super::actor::{Adopted, Whole};
use super::adoption::{Adoptable, Auxiliary};
use super::recording::{Last, Recording};
use crate::world::cluster::Inner;
use crate::world::derived::Derived;
use crate::world::parts::{NodeOf, Process};
use crate::world::reads::Reads;
use crate::world::setup::NetworkKind;
use crate::world::state::View;
use stateright::actor::{ActorModelState, Network, RandomChoices, Timers};
use std::collections::VecDeque;
use std::sync::Arc;

/// In the place of an id: of nothing.
const NOTHING: u32 = u32::MAX;

/// A state of an adopted model, of which only some parts are those of the state that is looked at;
/// the others are those of the initial state.
pub(super) struct Replica<A: Adoptable, H: Auxiliary> {
    pub(super) parts: Reads,
    pub(super) state: ActorModelState<A, H>,
    /// The states of the actors at the start.
    first: Vec<Arc<A::State>>,
    nodes: Vec<u32>,
    history: u32,
    items: Vec<u32>,
}

type InnerOf<A, C, H> = Inner<Adopted<A, C, H>, Recording<A, C, H>>;

impl<A: Adoptable, H: Auxiliary> Replica<A, H> {
    /// The initial state; `None` if a node has no state there, because it panicked.
    pub(super) fn new<C: Send + Sync + 'static>(
        inner: &InnerOf<A, C, H>,
        initial: &[u32],
        parts: Reads,
    ) -> Option<Self> {
        let nodes = &initial[..inner.budget_at()];
        let first =
            nodes.iter().map(|id| Some(Arc::clone(inner.tables.nodes.value(*id).state()?.arc())));
        let first: Vec<_> = first.collect::<Option<_>>()?;
        let network = match inner.setup.network {
            NetworkKind::Set | NetworkKind::Single => Network::new_unordered_duplicating([]),
            NetworkKind::Multiset => Network::new_unordered_nonduplicating([]),
            NetworkKind::Ordered => Network::new_ordered([]),
        };
        let recording = inner.tables.histories.value(initial[inner.history_at()]);
        let count = first.len();
        let state = ActorModelState {
            actor_states: first.clone(),
            network,
            timers_set: vec![Timers::new(); count],
            random_choices: vec![RandomChoices::default(); count],
            crashed: vec![false; count],
            history: recording.history().clone(),
            actor_storages: vec![None; count],
        };
        let (nodes, history) = (vec![NOTHING; count], NOTHING);
        let mut replica =
            Self { parts: Reads::ALL, state, first, nodes, history, items: Vec::new() };
        replica.follow(inner, initial);
        Some(Self { parts, ..replica })
    }

    /// Becomes the state that is given, in its parts.
    pub(super) fn follow<C: Send + Sync + 'static>(
        &mut self,
        inner: &InnerOf<A, C, H>,
        ids: &[u32],
    ) {
        if self.parts.contains(Reads::NODES) {
            for (at, id) in ids[..inner.budget_at()].iter().enumerate() {
                if self.nodes[at] != *id {
                    self.nodes[at] = *id;
                    self.set_node::<C>(at, inner.tables.nodes.value(*id));
                }
            }
        }
        if self.parts.contains(Reads::HISTORY) {
            let id = ids[inner.history_at()];
            if self.history != id {
                self.history = id;
                self.set_history(inner.tables.histories.value(id));
            }
        }
        if self.parts.contains(Reads::MESSAGES) {
            self.set_items(inner, &ids[inner.items_at()..]);
        }
    }

    fn set_node<C: Send + Sync + 'static>(&mut self, at: usize, node: &NodeOf<Adopted<A, C, H>>) {
        let state = &mut self.state;
        state.timers_set[at] = Timers::new();
        state.random_choices[at] = RandomChoices::default();
        state.crashed[at] = node.state().is_none();
        match &node.process {
            Process::Up { state: now, timers, choices } => {
                state.actor_states[at] = Arc::clone(now.arc());
                for timer in timers {
                    state.timers_set[at].set(timer.clone());
                }
                for (key, options) in choices {
                    state.random_choices[at].insert(key.clone(), options.clone());
                }
            }
            // Only under stateright's rules does a node that is down have a state.
            Process::Down { ghost } => {
                let known = ghost.as_ref().map_or(&self.first[at], |ghost| ghost.arc());
                state.actor_states[at] = Arc::clone(known);
            }
            // Nothing is asked about such a state.
            Process::Panicked { .. } => {}
        }
        let saved = node.disk.durable.as_ref().map(|Whole(saved)| saved);
        if state.actor_storages[at].as_ref() != saved {
            state.actor_storages[at] = saved.cloned();
        }
    }

    fn set_history<C>(&mut self, recording: &Recording<A, C, H>) {
        self.state.history = recording.history().clone();
        if let (Network::UnorderedDuplicating(_, last), Last::Kept(now)) =
            (&mut self.state.network, &recording.last)
        {
            last.clone_from(now);
        }
    }

    /// Puts other messages in flight: takes away those that are gone, then adds those that are new.
    fn set_items<C: Send + Sync + 'static>(&mut self, inner: &InnerOf<A, C, H>, items: &[u32]) {
        if self.items == items {
            return;
        }
        let tables = &inner.tables;
        let gone = missing(&self.items, items);
        let come = missing(items, &self.items);
        let envelope = |id: &u32| tables.envelopes.value(*id);
        match &mut self.state.network {
            Network::UnorderedDuplicating(sent, _) => {
                for id in &gone {
                    sent.remove(envelope(id));
                }
                sent.extend(come.iter().map(|id| envelope(id).clone()));
            }
            Network::UnorderedNonDuplicating(sent) => {
                for id in &gone {
                    match sent.get_mut(envelope(id)) {
                        Some(count) if *count > 1 => *count -= 1,
                        _ => drop(sent.remove(envelope(id))),
                    }
                }
                for id in &come {
                    *sent.entry(envelope(id).clone()).or_insert(0) += 1;
                }
            }
            Network::Ordered(links) => {
                for id in &gone {
                    let channel = tables.channels.value(*id);
                    links.remove(&(channel.src, channel.dst));
                }
                for id in &come {
                    let channel = tables.channels.value(*id);
                    let queue: VecDeque<_> =
                        channel.queue.iter().map(|id| envelope(id).msg.clone()).collect();
                    links.insert((channel.src, channel.dst), queue);
                }
            }
        }
        self.items.clear();
        self.items.extend_from_slice(items);
    }
}

/// What is in `all` and not in `other`, counting repetitions; both are in order.
fn missing(all: &[u32], other: &[u32]) -> Vec<u32> {
    let mut rest = other.iter().peekable();
    let mut missing = Vec::new();
    for id in all {
        while rest.next_if(|other| *other < id).is_some() {}
        if rest.next_if_eq(&id).is_none() {
            missing.push(*id);
        }
    }
    missing
}

/// The replicas of one thread.
pub(super) type Replicas<A, H> = Vec<Replica<A, H>>;

/// What `ask` says of a state of which it sees these parts.
pub(super) fn asked<A, C, H>(
    view: &View<'_, Adopted<A, C, H>, Recording<A, C, H>>,
    parts: Reads,
    ask: &dyn Fn(&ActorModelState<A, H>) -> bool,
) -> bool
where
    A: Adoptable,
    C: Send + Sync + 'static,
    H: Auxiliary,
{
    let scratch = view.derived.and_then(Derived::take_scratch);
    let mut replicas: Box<Replicas<A, H>> = scratch.unwrap_or_default();
    let at = replicas.iter().position(|replica| replica.parts == parts).or_else(|| {
        let initial = view.inner.initial.get().map_or(view.ids, |initial| initial);
        replicas.push(Replica::new(view.inner, initial, parts)?);
        Some(replicas.len() - 1)
    });
    // A cluster that panics as it starts has no other state, and nothing is asked about that one.
    let Some(at) = at else { return true };
    replicas[at].follow(view.inner, view.ids);
    let answer = ask(&replicas[at].state);
    if let Some(derived) = view.derived {
        derived.put_scratch(replicas);
    }
    answer
}
