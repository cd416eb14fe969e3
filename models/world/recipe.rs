//! Recipes: from what the parts of a cluster came about, so that another run can make them again.
//!
//! A part's number depends on when it was first met, and its content on nothing but the protocol. What
//! is written down is therefore not the parts but which handlers ran on which parts, and each part's
//! hash. Another run repeats the handlers, knows the parts by their hashes, and gives states that were
//! written down the numbers that their parts have now.

use super::cluster::{Cluster, Inner};
use super::interner::{Fingerprint, Interner};
use super::observer::Observer;
use super::parts::Checkable;
use super::setup::NetworkKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was computed from which parts, and the hashes of all parts, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    nodes: Vec<Fingerprint>,
    budgets: Vec<Fingerprint>,
    histories: Vec<Fingerprint>,
    envelopes: Vec<Fingerprint>,
    channels: Vec<Fingerprint>,
    done: Vec<Done>,
}

/// Something that was computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Done {
    /// What can happen at a node alone.
    Locals(u32),
    /// The delivery of an envelope to a node.
    Delivery(u32, u32),
    /// What a history becomes by an envelope: the envelope twice, and one more if it is delivered.
    Observation(u32, u32),
    /// A channel with this envelope alone.
    Alone(u32),
    /// A channel with one envelope more.
    Appended(u32, u32),
    /// A channel without its first envelope.
    Rest(u32),
    /// What is left of a budget after spending of a kind.
    Spent(u32, u32),
}

/// The parts of a recipe, by number: the number that each has now, unless it was not met again.
pub struct Renamed {
    nodes: Known,
    budgets: Known,
    histories: Known,
    envelopes: Known,
    channels: Known,
}

struct Known {
    by_hash: BTreeMap<Fingerprint, u32>,
    now: Vec<Option<u32>>,
    /// How many parts there were when it was last looked.
    seen: usize,
}

impl Known {
    fn new(hashes: &[Fingerprint]) -> Self {
        let by_hash = hashes.iter().copied().zip(0..).collect();
        Self { by_hash, now: vec![None; hashes.len()], seen: 0 }
    }

    fn learn<T, X>(&mut self, table: &Interner<T, X>) {
        while self.seen < table.len() {
            let id = self.seen as u32;
            if let Some(before) = self.by_hash.get(&table.head(id).hash) {
                self.now[*before as usize] = Some(id);
            }
            self.seen += 1;
        }
    }

    fn of(&self, id: u32) -> Option<u32> {
        *self.now.get(id as usize)?
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Cluster<A, H> {
    /// From what the parts that are known so far came about. Nobody may be stepping meanwhile.
    pub fn recipe(&self) -> Recipe {
        fn hashes<T, X>(table: &Interner<T, X>) -> Vec<Fingerprint> {
            (0..table.len() as u32).map(|id| table.head(id).hash).collect()
        }
        let tables = &self.0.tables;
        let mut done = Vec::new();
        let nodes = 0..tables.nodes.len() as u32;
        let has_locals = |id: &u32| tables.nodes.head(*id).extra.locals.get().is_some();
        done.extend(nodes.filter(has_locals).map(Done::Locals));
        let channels = 0..tables.channels.len() as u32;
        let has_rest = |id: &u32| tables.channels.head(*id).extra.rest.get().is_some();
        done.extend(channels.clone().filter(has_rest).map(Done::Rest));
        for id in channels {
            if let [envelope] = tables.channels.value(id).queue[..] {
                done.push(Done::Alone(envelope));
            }
        }
        for id in 0..tables.budgets.len() as u32 {
            let kinds = tables.budgets.head(id).extra.iter().zip(0..);
            let spent = kinds.filter(|(after, _)| after.get().is_some());
            done.extend(spent.map(|(_, kind)| Done::Spent(id, kind)));
        }
        done.extend(tables.deliveries.keys().into_iter().map(|(a, b)| Done::Delivery(a, b)));
        done.extend(tables.observations.keys().into_iter().map(|(a, b)| Done::Observation(a, b)));
        done.extend(tables.appended.keys().into_iter().map(|(a, b)| Done::Appended(a, b)));
        // What came about early first, so that little must wait for what it is made from.
        done.sort_by_key(|done| match *done {
            Done::Locals(id) | Done::Alone(id) | Done::Rest(id) | Done::Spent(id, _) => id,
            Done::Delivery(id, other) | Done::Appended(id, other) => id.max(other),
            Done::Observation(id, other) => id.max(other >> 1),
        });
        Recipe {
            nodes: hashes(&tables.nodes),
            budgets: hashes(&tables.budgets),
            histories: hashes(&tables.histories),
            envelopes: hashes(&tables.envelopes),
            channels: hashes(&tables.channels),
            done,
        }
    }

    /// Makes the parts of a recipe again. Those that cannot be made, because the protocol is another one
    /// now, have no number.
    pub fn remake(&self, recipe: &Recipe) -> Renamed {
        self.initial();
        let mut renamed = Renamed {
            nodes: Known::new(&recipe.nodes),
            budgets: Known::new(&recipe.budgets),
            histories: Known::new(&recipe.histories),
            envelopes: Known::new(&recipe.envelopes),
            channels: Known::new(&recipe.channels),
        };
        let mut open = recipe.done.clone();
        loop {
            let before = open.len();
            open.retain(|done| {
                renamed.learn(&self.0);
                let now = renamed.done(*done);
                if let Some(now) = now {
                    self.0.repeat(now);
                }
                now.is_none()
            });
            renamed.learn(&self.0);
            if open.len() == before {
                return renamed;
            }
        }
    }

    /// Gives the parts of a packed state the numbers that they have now; false if one has none.
    pub fn rename(&self, renamed: &Renamed, state: &mut [u32]) -> bool {
        let inner = &*self.0;
        let (budget, history, items) = (inner.budget_at(), inner.history_at(), inner.items_at());
        if state.len() < items {
            return false;
        }
        for (at, id) in state.iter_mut().enumerate() {
            let known = match at {
                at if at == budget => &renamed.budgets,
                at if at == history => &renamed.histories,
                at if at < budget => &renamed.nodes,
                _ if inner.setup.network == NetworkKind::Ordered => &renamed.channels,
                _ => &renamed.envelopes,
            };
            let Some(now) = known.of(*id) else { return false };
            *id = now;
        }
        state[items..].sort_unstable();
        true
    }
}

impl Renamed {
    fn learn<A: Checkable, H>(&mut self, inner: &Inner<A, H>) {
        let tables = &inner.tables;
        self.nodes.learn(&tables.nodes);
        self.budgets.learn(&tables.budgets);
        self.histories.learn(&tables.histories);
        self.envelopes.learn(&tables.envelopes);
        self.channels.learn(&tables.channels);
    }

    /// The same of the parts as they are numbered now, if all are there.
    fn done(&self, done: Done) -> Option<Done> {
        Some(match done {
            Done::Locals(node) => Done::Locals(self.nodes.of(node)?),
            Done::Delivery(node, envelope) => {
                Done::Delivery(self.nodes.of(node)?, self.envelopes.of(envelope)?)
            }
            Done::Observation(history, observed) => {
                let envelope = self.envelopes.of(observed >> 1)?;
                Done::Observation(self.histories.of(history)?, envelope << 1 | observed & 1)
            }
            Done::Alone(envelope) => Done::Alone(self.envelopes.of(envelope)?),
            Done::Appended(channel, envelope) => {
                Done::Appended(self.channels.of(channel)?, self.envelopes.of(envelope)?)
            }
            Done::Rest(channel) => Done::Rest(self.channels.of(channel)?),
            Done::Spent(budget, kind) => Done::Spent(self.budgets.of(budget)?, kind),
        })
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
    fn repeat(&self, done: Done) {
        let tables = &self.tables;
        match done {
            Done::Locals(node) => drop(self.locals(node)),
            Done::Delivery(node, envelope) => {
                // A recipe that was tampered with may have it otherwise.
                if tables.nodes.head(node).extra.up {
                    self.delivery(node, envelope);
                }
            }
            Done::Observation(history, observed) => {
                let observe = || self.on_observation(history, observed >> 1, observed & 1 == 1);
                tables.observations.recall((history, observed), observe);
            }
            Done::Appended(channel, envelope) => {
                tables.appended.recall((channel, envelope), || self.append(channel, envelope));
            }
            Done::Alone(envelope) => {
                self.channel_of(envelope);
            }
            Done::Rest(channel) => {
                self.rest_of(channel);
            }
            Done::Spent(budget, kind) => {
                self.spend(budget, self.spending(kind));
            }
        }
    }
}
