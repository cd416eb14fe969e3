//! All states of a small instance, and which handler runs led there.

use super::error::ExportError;
use crate::models::world::step::Move;
use crate::models::world::{Budget, Change, Occurrence, Rules, Setting, Tabular};
use std::collections::{BTreeMap, BTreeSet};

/// What was met in the states of an instance, in the numbers that the cluster gives to parts.
pub(super) struct Survey<'c> {
    pub(super) cluster: &'c dyn Tabular,
    pub(super) setting: Setting,
    /// The states within the bounds, in the order of a breadth-first search.
    pub(super) states: Vec<Vec<u32>>,
    /// The states beyond, to which a step leads.
    pub(super) beyond: BTreeSet<Vec<u32>>,
    /// What can happen at each node.
    pub(super) occurrences: BTreeMap<u32, Vec<Occurrence>>,
    /// What each delivery does.
    pub(super) deliveries: BTreeMap<(u32, u32), Option<Change>>,
    /// What a history becomes by what it sees.
    pub(super) observed: BTreeMap<(u32, Seen), u32>,
    endpoints: BTreeMap<u32, (usize, usize)>,
}

/// The messages that a history sees in one step: whether it is a delivery, and the message.
pub(super) type Seen = Vec<(bool, u32)>;

impl<'c> Survey<'c> {
    /// Of all states, of which there may be `limit`.
    pub(super) fn new(cluster: &'c dyn Tabular, limit: usize) -> Result<Self, ExportError> {
        let (setting, start) = (cluster.setting(), cluster.start());
        if setting.rules != Rules::Quorate {
            return Err(ExportError::OtherRules);
        }
        let mut survey = Self {
            cluster,
            setting,
            states: vec![start.clone()],
            beyond: BTreeSet::new(),
            occurrences: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            observed: BTreeMap::new(),
            endpoints: BTreeMap::new(),
        };
        if !survey.is_within(&start) {
            return Err(ExportError::Nothing);
        }
        survey.search(limit)?;
        if cluster.panicked() { Err(ExportError::Panics) } else { Ok(survey) }
    }

    fn search(&mut self, limit: usize) -> Result<(), ExportError> {
        let mut known: BTreeSet<Vec<u32>> = self.states.iter().cloned().collect();
        let mut at = 0;
        while let Some(state) = self.states.get(at).cloned() {
            at += 1;
            self.note_parts(&state);
            for (what, next) in self.cluster.steps(&state) {
                self.note_step(&state, what, &next)?;
                if known.contains(&next) || self.beyond.contains(&next) {
                    continue;
                }
                if !self.is_within(&next) {
                    self.beyond.insert(next);
                    continue;
                }
                if known.len() == limit {
                    return Err(ExportError::TooManyStates(limit));
                }
                known.insert(next.clone());
                self.states.push(next);
            }
        }
        Ok(())
    }

    fn is_within(&self, state: &[u32]) -> bool {
        self.setting.boundary.is_none_or(|at| self.cluster.judged(at, state).0 != Some(false))
    }

    /// Where in a packed state the budget is; before it are the nodes.
    pub(super) fn budget_at(&self) -> usize {
        self.setting.nodes.len()
    }

    /// What is left in a state.
    pub(super) fn budget(&self, state: &[u32]) -> Budget {
        self.cluster.budget(state[self.budget_at()])
    }

    /// The history of a state.
    pub(super) fn history(&self, state: &[u32]) -> u32 {
        state[self.budget_at() + 1]
    }

    /// What is in flight in a state.
    pub(super) fn items<'s>(&self, state: &'s [u32]) -> &'s [u32] {
        &state[self.budget_at() + 2..]
    }

    /// The sender and the receiver of a message.
    pub(super) fn endpoints(&mut self, message: u32) -> (usize, usize) {
        let cluster = self.cluster;
        *self.endpoints.entry(message).or_insert_with(|| {
            let (from, to, _) = cluster.message(message);
            (from, to)
        })
    }

    /// Notes what can happen to the parts of a state.
    fn note_parts(&mut self, state: &[u32]) {
        let cluster = self.cluster;
        for node in &state[..self.budget_at()] {
            self.occurrences.entry(*node).or_insert_with(|| cluster.occurrences(*node));
        }
        let cut = self.budget(state).cut;
        for item in self.items(state) {
            let message = cluster.queue(*item)[0];
            let (from, to) = self.endpoints(message);
            let Some(node) = state[..self.budget_at()].get(to).copied() else { continue };
            if cluster.takes_messages(node) && !is_cut(&self.setting.links, cut, (from, to)) {
                let key = (node, message);
                self.deliveries.entry(key).or_insert_with(|| cluster.delivered(node, message));
            }
        }
    }

    /// Notes what a step does to the history.
    fn note_step(&mut self, state: &[u32], what: Move, next: &[u32]) -> Result<(), ExportError> {
        let change = match what {
            Move::Drop(_) => None,
            Move::Deliver(item) => {
                let message = self.cluster.queue(self.items(state)[item as usize])[0];
                let (_, to) = self.endpoints(message);
                self.deliveries.get(&(state[to], message)).and_then(Option::as_ref)
            }
            Move::Local { node, at } => {
                self.occurrences[&state[node as usize]][at as usize].change.as_ref()
            }
        };
        let (before, after) = (self.history(state), self.history(next));
        let seen = change.map(|change| change.seen.clone()).unwrap_or_default();
        let is_blind = seen.is_empty();
        let known =
            if is_blind { before } else { *self.observed.entry((before, seen)).or_insert(after) };
        let is_function = known == after;
        is_function.then_some(()).ok_or_else(|| ExportError::NoFunction("the history".into()))
    }
}

fn is_cut(links: &[(usize, usize)], cut: u64, (from, to): (usize, usize)) -> bool {
    let is_link = |link: &(usize, usize)| *link == (from, to) || *link == (to, from);
    links.iter().enumerate().any(|(at, link)| cut >> at & 1 == 1 && is_link(link))
}
