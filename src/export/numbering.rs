//! Numbers for the parts of an instance, in the order in which a breadth-first search meets them, so that
//! they are the same in every run.

use super::bound::Bound;
use super::parts::{Effect, Event, Message, Part};
use super::survey::{Seen, Survey};
use crate::models::world::Change;
use std::collections::HashMap;
use std::hash::Hash;

/// The numbers of things, in the order in which they were met.
pub(super) struct Numbers<T> {
    known: HashMap<T, usize>,
    pub(super) list: Vec<T>,
}

impl<T: Clone + Eq + Hash> Numbers<T> {
    pub(super) fn new() -> Self {
        Self { known: HashMap::new(), list: Vec::new() }
    }

    pub(super) fn of(&mut self, thing: &T) -> usize {
        if let Some(known) = self.known.get(thing) {
            return *known;
        }
        self.list.push(thing.clone());
        self.known.insert(thing.clone(), self.list.len());
        self.list.len()
    }
}

/// The numbers of all parts.
pub(super) struct Numbering {
    pub(super) parts: Numbers<u32>,
    /// The nodes of the parts that were met.
    owners: Vec<usize>,
    pub(super) messages: Numbers<u32>,
    pub(super) histories: Numbers<u32>,
    /// The messages, as far as they are described.
    pub(super) described: Vec<Message>,
    pub(super) links: Numbers<(usize, usize)>,
    pub(super) effects: Numbers<Effect>,
    pub(super) seen: Numbers<Seen>,
}

impl Numbering {
    /// Of the parts of the states that were met; others come after them.
    pub(super) fn of(survey: &Survey<'_>) -> Self {
        let mut numbering = Self {
            parts: Numbers::new(),
            owners: Vec::new(),
            messages: Numbers::new(),
            histories: Numbers::new(),
            described: Vec::new(),
            links: Numbers::new(),
            effects: Numbers::new(),
            seen: Numbers::new(),
        };
        for state in &survey.states {
            for (node, part) in (1..).zip(&state[..survey.budget_at()]) {
                if numbering.parts.of(part) > numbering.owners.len() {
                    numbering.owners.push(node);
                }
            }
            numbering.histories.of(&survey.history(state));
            for item in survey.items(state) {
                for message in survey.cluster.queue(*item) {
                    numbering.messages.of(&message);
                }
            }
        }
        numbering
    }

    /// The events, what they take from, and what happens to each part.
    pub(super) fn happenings(
        &mut self,
        survey: &Survey<'_>,
    ) -> (Vec<Event>, Vec<Bound>, Vec<Part>) {
        let (mut events, mut spent) = (Numbers::new(), Numbers::new());
        let mut parts = Vec::new();
        for (id, node) in self.parts.list.clone().into_iter().zip(self.owners.clone()) {
            let mut part = Part { is_down: !survey.cluster.takes_messages(id), ..Part::default() };
            for occurrence in &survey.occurrences[&id] {
                let Some(change) = &occurrence.change else { continue };
                let budget = Bound::of(occurrence.kind, occurrence.bounded);
                let spends = budget.map_or(0, |budget| spent.of(&budget));
                let identity = (node, occurrence.kind, occurrence.identity);
                let event = events.of(&(identity, occurrence.name.clone(), spends));
                part.local.insert((event, self.effect(change)));
            }
            let of_part = survey.deliveries.range((id, 0)..=(id, u32::MAX));
            for ((_, message), change) in of_part {
                let message = self.messages.of(message);
                match change {
                    Some(change) => drop(part.delivery.insert(message, self.effect(change))),
                    None => drop(part.ignored.insert(message)),
                }
            }
            parts.push(part);
        }
        let events = events.list.into_iter();
        let events = events
            .map(|((node, kind, _), name, spends)| Event { node, kind, name, spends })
            .collect();
        (events, spent.list, parts)
    }

    fn effect(&mut self, change: &Change) -> usize {
        let part = self.parts.of(&change.node);
        let sends = change.sends.iter().map(|message| self.messages.of(message)).collect();
        let seen = if change.seen.is_empty() { 0 } else { self.seen.of(&change.seen) };
        self.effects.of(&Effect { part, sends, seen })
    }

    /// Describes the messages that have numbers, and numbers the links that they travel on.
    pub(super) fn describe(&mut self, survey: &Survey<'_>) {
        for id in &self.messages.list[self.described.len()..] {
            let (from, to, text) = survey.cluster.message(*id);
            let (from, to) = (from + 1, to + 1);
            let link = self.links.of(&(from, to));
            self.described.push(Message { from, to, link, text });
        }
    }
}
