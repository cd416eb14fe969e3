//! Saturation: all that the nodes of a state can send while nothing else changes.
//!
//! On the set network whether a step is possible depends on its node, on what is left of the faults,
//! and on a message that is in flight, never on one that is not. So steps that only send, such as a
//! timer that is armed again, or the answer to a duplicate, can be taken all at once: what they send
//! takes no step away. The order does not matter, since each of them stays possible.
//!
//! A state is then its *core* (the nodes, what is left of the faults, and the history) and its
//! messages, and of two states with one core the one with more messages can do all that the other can.
//!
//! Messages whose absence decides a property, such as votes, are counted
//! ([`Property::counting`](super::Property::counting)): they are of the core. A step that sends one
//! that is not in flight changes the core, and of two states with one core both have the same of them.

use super::cluster::{Cluster, Inner};
use super::interner::{Fingerprint, short};
use super::observer::Observer;
use super::parts::Checkable;
use super::setup::NetworkKind;
use super::step::{Expander, Move, Step};
use super::successor::Removed;

/// A step, told by what it is of rather than by where that is in a state: the same in every state in
/// which it is possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A message is delivered.
    Deliver {
        /// The message, as the world knows it.
        envelope: u32,
    },
    /// Something happens at a node alone.
    Local {
        /// Which node.
        node: u32,
        /// Which of the things that can happen there.
        at: u32,
    },
}

/// The core of a state, and its messages.
#[derive(Clone, Copy, Debug)]
pub struct Split<'s> {
    /// The share of the core in the fingerprint.
    pub core: Fingerprint,
    /// The messages in flight, in the order of their numbers.
    pub messages: &'s [u32],
}

impl<A: Checkable, H: Observer<A::Msg>> Cluster<A, H> {
    /// Whether of two states with one core the one with more messages can do all that the other can:
    /// on the set network, if none is lost for good.
    pub fn is_monotone(&self) -> bool {
        self.0.setup.network == NetworkKind::Set && !self.0.setup.lossy
    }

    /// A packed state as its core and its messages.
    pub fn split<'s>(&self, state: &'s [u32]) -> Split<'s> {
        let messages = &state[self.0.items_at()..];
        let core = self.0.core_hash(state);
        if !self.0.is_counting {
            return Split { core, messages };
        }
        let counted = messages.iter().filter(|item| self.0.is_counted(**item));
        let core = counted.fold(core, |core, item| core.wrapping_add(self.0.item_hash(*item)));
        Split { core, messages }
    }

    /// The hash of a message, if no property counts it: the same in every run.
    pub fn uncounted(&self, message: u32) -> Option<u64> {
        (!self.0.is_counted(message)).then(|| short(self.0.item_hash(message)))
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
    /// Whether a property counts a message.
    fn is_counted(&self, envelope: u32) -> bool {
        self.is_counting && self.tables.envelopes.head(envelope).extra.is_counted
    }

    /// Whether a step from `state` sends a message that is counted and was not in flight.
    fn sends_counted(&self, state: &[u32], step: &Step<'_>) -> bool {
        let messages = &state[self.items_at()..];
        let mut counted = step.added.iter().filter(|item| self.is_counted(**item));
        counted.any(|item| messages.binary_search(item).is_err())
    }
}

impl<'c, A: Checkable, H: Observer<A::Msg>> Expander<'c, A, H> {
    /// Whether a step from `state` changes nothing but what is in flight and not counted, and takes
    /// nothing away.
    pub fn only_sends(&self, state: &[u32], step: &Step<'_>) -> bool {
        step.changed_node.is_none()
            && !step.changed_history
            && step.budget == state[self.inner.budget_at()]
            && matches!(step.removed, Removed::Nothing)
            && !self.inner.sends_counted(state, step)
    }

    /// A step as an event.
    pub fn event(&self, state: &[u32], what: Move) -> Option<Event> {
        match what {
            Move::Deliver(item) => {
                let envelope = state[self.inner.items_at() + item as usize];
                Some(Event::Deliver { envelope })
            }
            Move::Local { node, at } => Some(Event::Local { node, at }),
            Move::Drop(_) => None,
        }
    }

    /// Where an event is in a state, if its message is in flight.
    pub fn find(&self, state: &[u32], event: Event) -> Option<Move> {
        match event {
            Event::Deliver { envelope } => {
                let messages = &state[self.inner.items_at()..];
                messages.binary_search(&envelope).ok().map(|at| Move::Deliver(at as u32))
            }
            Event::Local { node, at } => {
                let locals = self.inner.locals(state[node as usize]).len();
                ((at as usize) < locals).then_some(Move::Local { node, at })
            }
        }
    }

    /// Adds to a state all that can be sent while its core stays as it is; the fingerprint of what it
    /// becomes. `last` is the step that led here from a state that was saturated already; `None` if
    /// there is none. Each event that added something is shown to `note`, in an order in which they
    /// are possible.
    pub fn saturate(
        &mut self,
        state: &mut Vec<u32>,
        mut fingerprint: Fingerprint,
        last: Option<&Step<'c>>,
        mut note: impl FnMut(Event),
    ) -> Fingerprint {
        let inner = self.inner;
        let (nodes, first) = (inner.setup.actors.len(), inner.items_at());
        if self.is_over(state) {
            return fingerprint;
        }
        // What could be sent before was sent; so only what changed can send more. Anything can if
        // the history changed, or something counted was sent: that may have hidden that a step only
        // sends.
        let is_open = |step: &Step<'_>| {
            step.changed_history || step.added.iter().any(|item| inner.is_counted(*item))
        };
        let all = last.is_none_or(is_open);
        let is_new = |node: u32| all || last.is_some_and(|step| step.changed_node == Some(node));
        let mut open = std::mem::take(&mut self.open);
        let known = &self.receivers;
        let receiver =
            |item: u32| known.get(item as usize).copied().unwrap_or_else(|| inner.receiver(item));
        open.extend(state[first..].iter().copied().filter(|item| is_new(receiver(*item))));
        open.extend(last.iter().flat_map(|step| step.added.iter().copied()));
        for node in (0..nodes as u32).filter(|node| is_new(*node)) {
            for at in 0..inner.locals(state[node as usize]).len() as u32 {
                let event = Event::Local { node, at };
                if self.send_only(state, &mut fingerprint, event, &mut open) {
                    note(event);
                }
            }
        }
        while let Some(envelope) = open.pop() {
            let event = Event::Deliver { envelope };
            if self.send_only(state, &mut fingerprint, event, &mut open) {
                note(event);
            }
        }
        self.open = open;
        fingerprint
    }

    /// Whether what happens leaves its node as it is, and sends: most does not, and need neither be
    /// found nor weighed.
    fn may_only_send(&mut self, state: &[u32], event: Event) -> bool {
        let found = match event {
            Event::Deliver { envelope } => self.effect_of_envelope(state, envelope),
            Event::Local { node, at } => {
                let local = &self.inner.locals(state[node as usize])[at as usize];
                Some((node, &self.inner.tables.effects[local.effect as usize]))
            }
        };
        found.is_some_and(|(node, effect)| {
            effect.node == state[node as usize] && !effect.sends.is_empty()
        })
    }

    /// Takes a step if it only sends; whether it sent anything new, which is then open too.
    fn send_only(
        &mut self,
        state: &mut Vec<u32>,
        fingerprint: &mut Fingerprint,
        event: Event,
        open: &mut Vec<u32>,
    ) -> bool {
        if !self.may_only_send(state, event) {
            return false;
        }
        let Some(what) = self.find(state, event) else { return false };
        let Some(step) = self.step(state, *fingerprint, what) else { return false };
        if step.fingerprint == *fingerprint || !self.only_sends(state, &step) {
            return false;
        }
        let first = self.inner.items_at();
        for item in step.added.iter().filter(|item| !self.inner.keeps_off(step.budget, **item)) {
            if let Err(place) = state[first..].binary_search(item) {
                state.insert(first + place, *item);
                open.push(*item);
            }
        }
        *fingerprint = step.fingerprint;
        true
    }
}
