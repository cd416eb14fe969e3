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

/// A class that was met.
struct Class<M> {
    number: u16,
    message: Option<Envelope<M>>,
}

/// No class: nothing is promised of the step.
pub(super) const UNFAIR: u16 = u16::MAX;

/// The classes that threads have met so far, numbered.
pub(crate) trait Classes: Sync {
    /// The strength of each class, by number.
    fn strengths(&self) -> Vec<Strength>;

    /// By number, which place a class has among all: the numbers depend on which thread met a
    /// class first, the places do not.
    fn places(&self) -> Vec<u16>;

    /// Whether there were more classes than numbers.
    fn overflowed(&self) -> bool;

    /// One for each thread.
    fn classifier(&self) -> Box<dyn Classifier + '_>;
}

/// Finds the classes of steps, for one thread.
pub(crate) trait Classifier: Send {
    /// The class of a step.
    fn class(&mut self, state: &[u32], what: Move) -> u16;
}

/// All steps are one class: something happens again and again while something can.
pub(crate) struct OneClass;

impl Classes for OneClass {
    fn strengths(&self) -> Vec<Strength> {
        vec![Strength::Weak]
    }

    fn places(&self) -> Vec<u16> {
        vec![0]
    }

    fn overflowed(&self) -> bool {
        false
    }

    fn classifier(&self) -> Box<dyn Classifier + '_> {
        Box::new(Self)
    }
}

impl Classifier for OneClass {
    fn class(&mut self, _: &[u32], _: Move) -> u16 {
        0
    }
}

/// Those of a cluster.
pub(crate) struct ClassesOf<'c, A: Checkable, H> {
    cluster: &'c Cluster<A, H>,
    fairness: Fairness,
    known: Mutex<Known<A::Msg, A::Timer>>,
}

type Known<M, T> = BTreeMap<Key<T>, Class<M>>;

impl<A: Checkable, H: Observer<A::Msg>> Classes for ClassesOf<'_, A, H> {
    fn strengths(&self) -> Vec<Strength> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut strengths = vec![Strength::None; known.len()];
        for (key, class) in &*known {
            strengths[usize::from(class.number)] = self.strength(key);
        }
        strengths
    }

    fn places(&self) -> Vec<u16> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // By content, so that it is the same in every run.
        let mut order: Vec<_> = (known.iter())
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

    fn overflowed(&self) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).len() >= usize::from(UNFAIR)
    }

    fn classifier(&self) -> Box<dyn Classifier + '_> {
        Box::new(ClassifierOf { classes: self, deliveries: Vec::new(), locals: HashMap::new() })
    }
}

impl<'c, A: Checkable, H: Observer<A::Msg>> ClassesOf<'c, A, H> {
    pub(crate) fn new(cluster: &'c Cluster<A, H>, fairness: Fairness) -> Self {
        Self { cluster, fairness, known: Mutex::new(BTreeMap::new()) }
    }

    fn strength(&self, key: &Key<A::Timer>) -> Strength {
        match key {
            Key::Link(..) | Key::Message(_) => self.fairness.deliveries,
            Key::Timer(..) => self.fairness.timers,
            Key::Restart(_) => self.fairness.restarts,
            Key::Flush(_) => self.fairness.flushes,
            Key::Choice(..) => self.fairness.choices,
        }
    }

    fn number(&self, key: Key<A::Timer>, message: Option<Envelope<A::Msg>>) -> u16 {
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
struct ClassifierOf<'c, A: Checkable, H> {
    classes: &'c ClassesOf<'c, A, H>,
    /// By envelope.
    deliveries: Vec<Option<u16>>,
    /// By node and what happens there.
    locals: HashMap<(u32, u32), u16>,
}

impl<A: Checkable, H: Observer<A::Msg>> Classifier for ClassifierOf<'_, A, H> {
    fn class(&mut self, state: &[u32], what: Move) -> u16 {
        let (node, input) = match what {
            Move::Drop(_) => return UNFAIR,
            Move::Deliver(_) | Move::Local { .. } => self.classes.cluster.occasion(state, what),
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
}

impl<A: Checkable, H: Observer<A::Msg>> ClassifierOf<'_, A, H> {
    fn first(&self, state: &[u32], what: Move) -> u16 {
        let mut message = None;
        let cluster = self.classes.cluster;
        let key = match cluster.action(state, what) {
            Action::Deliver(e) if self.classes.fairness.per_message => {
                message = Some(e);
                Key::Message(cluster.occasion(state, what).1 >> 1)
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
