//! The classes of steps to which fairness applies.

use crate::models::world::step::Move;
use crate::models::world::{Action, Checkable, Cluster, Fairness, Observer, Strength};
use stateright::actor::Envelope;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

/// The key of a class: two steps with one key are of one class.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key<T> {
    Link(usize, usize),
    /// The envelope, as the part that it is: an `Ord` may take two messages for one.
    Message(u32),
    Timer(usize, T),
    Restart(usize),
    Flush(usize),
    Choice(usize, String),
}

/// The place of a class in their order. It depends on content, so that it is the same in every run.
type Place<'a, M, T> = (Option<&'a Envelope<M>>, Option<&'a Key<T>>);

/// A class that was met.
struct Class<M> {
    number: u16,
    message: Option<Envelope<M>>,
}

/// No class: nothing is promised of the step.
pub(super) const UNFAIR: u16 = u16::MAX;

/// The classes that threads have met so far, numbered.
pub(crate) struct Classes<M, T> {
    fairness: Fairness,
    known: Mutex<BTreeMap<Key<T>, Class<M>>>,
}

impl<M: Ord, T: Ord> Classes<M, T> {
    pub(crate) fn new(fairness: Fairness) -> Self {
        Self { fairness, known: Mutex::new(BTreeMap::new()) }
    }

    /// The strength of each class, by number.
    pub(super) fn strengths(&self) -> Vec<Strength> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut strengths = vec![Strength::None; known.len()];
        for (key, class) in &*known {
            strengths[usize::from(class.number)] = self.strength(key);
        }
        strengths
    }

    /// By number, which place a class has among all: the numbers depend on which thread met a
    /// class first, the places do not.
    pub(super) fn places(&self) -> Vec<u16> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut order: Vec<(Place<'_, M, T>, u16)> = (known.iter())
            .map(|(key, Class { number, message })| match message {
                Some(message) => ((Some(message), None), *number),
                None => ((None, Some(key)), *number),
            })
            .collect();
        order.sort_unstable_by_key(|(place, _)| *place);
        let mut places = vec![0; order.len()];
        for (place, (_, class)) in (0..).zip(&order) {
            places[usize::from(*class)] = place;
        }
        places
    }

    /// Whether there were more classes than numbers.
    pub(super) fn overflowed(&self) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).len() >= usize::from(UNFAIR)
    }

    fn strength(&self, key: &Key<T>) -> Strength {
        match key {
            Key::Link(..) | Key::Message(_) => self.fairness.deliveries,
            Key::Timer(..) => self.fairness.timers,
            Key::Restart(_) => self.fairness.restarts,
            Key::Flush(_) => self.fairness.flushes,
            Key::Choice(..) => self.fairness.choices,
        }
    }

    fn number(&self, key: Key<T>, message: Option<Envelope<M>>) -> u16 {
        if self.strength(&key) == Strength::None {
            return UNFAIR;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let next = u16::try_from(known.len()).unwrap_or(UNFAIR);
        if next == UNFAIR {
            return known.get(&key).map_or(UNFAIR, |class| class.number);
        }
        known.entry(key).or_insert(Class { number: next, message }).number
    }
}

/// The classes of steps, as one thread remembers them.
pub(super) struct Classifier<'c, A: Checkable, H> {
    cluster: &'c Cluster<A, H>,
    classes: &'c Classes<A::Msg, A::Timer>,
    /// By envelope.
    deliveries: Vec<Option<u16>>,
    /// By node and what happens there.
    locals: HashMap<(u32, u32), u16>,
}

impl<'c, A: Checkable, H: Observer<A::Msg>> Classifier<'c, A, H> {
    pub(super) fn new(cluster: &'c Cluster<A, H>, classes: &'c Classes<A::Msg, A::Timer>) -> Self {
        Self { cluster, classes, deliveries: Vec::new(), locals: HashMap::new() }
    }

    /// The class of a step.
    pub(super) fn class(&mut self, state: &[u32], what: Move) -> u16 {
        let (node, input) = match what {
            Move::Drop(_) => return UNFAIR,
            Move::Deliver(_) | Move::Local { .. } => self.cluster.occasion(state, what),
        };
        if let Move::Deliver(_) = what {
            let envelope = input as usize >> 1;
            if envelope >= self.deliveries.len() {
                self.deliveries.resize(envelope + 1, None);
            }
            if let Some(known) = self.deliveries[envelope] {
                return known;
            }
            let class = self.first(state, what);
            self.deliveries[envelope] = Some(class);
            return class;
        }
        if let Some(known) = self.locals.get(&(node, input)) {
            return *known;
        }
        let class = self.first(state, what);
        self.locals.insert((node, input), class);
        class
    }

    fn first(&self, state: &[u32], what: Move) -> u16 {
        let mut message = None;
        let key = match self.cluster.action(state, what) {
            Action::Deliver(e) if self.classes.fairness.per_message => {
                message = Some(e);
                Key::Message(self.cluster.occasion(state, what).1 >> 1)
            }
            Action::Deliver(e) => Key::Link(e.src.into(), e.dst.into()),
            Action::Timeout(id, timer) => Key::Timer(id.into(), timer),
            Action::Choose(id, key, _) => Key::Choice(id.into(), key),
            Action::Restart(id) => Key::Restart(id.into()),
            Action::Flush(id) => Key::Flush(id.into()),
            Action::Drop(_) | Action::Crash(_) | Action::Replace(_) | Action::Cut(..) => {
                return UNFAIR;
            }
        };
        self.classes.number(key, message)
    }
}
