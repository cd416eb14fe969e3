//! Claims about random systems, to be asked of both explorers' states.

use super::systems::{Log, MESSAGES, STATES, Table};
use quorate::models::world::{Condition, Property, View};
use rand::RngExt as _;
use rand::rngs::StdRng;
use stateright::actor::{Envelope, Id};

pub(crate) const NAMES: [&str; 4] = ["0", "1", "2", "3"];

/// A condition, to be asked of both explorers' states.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Claim {
    NoneIn(u8),
    SomeIn(u8),
    AllIn(u8),
    InFlight(u8),
    Counted(u8),
    NoneInFlight(u8),
    /// No such message is in flight to a node in this state.
    NoneTo(u8, u8),
}

/// What is claimed of which conditions.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Claimed {
    Always(Claim),
    Sometimes(Claim),
    Eventually(Claim),
    LeadsTo(Claim, Claim),
}

/// How a claim is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As a condition about the parts that it is about.
    Whole,
    /// As one about each message, or some message, by itself, where it is one.
    Single,
    /// As one about what is taken from each part.
    Taken,
}

impl Claim {
    pub(super) fn written(self, form: Form) -> Condition<Table, Log> {
        match form {
            Form::Whole => self.condition(),
            Form::Single => self.single(),
            Form::Taken => self.taken(),
        }
    }

    fn single(self) -> Condition<Table, Log> {
        match self {
            Self::InFlight(message) => Condition::some_message(move |e, _| e.msg == message),
            Self::NoneInFlight(message) => Condition::each_message(move |e, _| e.msg != message),
            Self::NoneTo(message, state) => Condition::each_message(move |e, around| {
                e.msg != message || around.nodes().state(e.dst) != Some(&state)
            }),
            Self::NoneIn(_) | Self::SomeIn(_) | Self::AllIn(_) | Self::Counted(_) => {
                self.condition()
            }
        }
    }

    fn taken(self) -> Condition<Table, Log> {
        match self {
            Self::NoneIn(bad) => Condition::world(move |view| !states(view).contains(&Some(bad))),
            Self::SomeIn(good) => Condition::world(move |view| states(view).contains(&Some(good))),
            Self::AllIn(good) => {
                Condition::world(move |view| states(view).iter().all(|state| *state == Some(good)))
            }
            Self::InFlight(message) => {
                Condition::world(move |view| !receivers(view, message).is_empty())
            }
            Self::NoneInFlight(message) => {
                Condition::world(move |view| receivers(view, message).is_empty())
            }
            Self::NoneTo(message, state) => Condition::world(move |view| {
                let told = receivers(view, message);
                let nodes =
                    view.gather_nodes(|node, all| all.push((node.id, node.state().copied())));
                !nodes.iter().any(|(id, is)| *is == Some(state) && told.contains(id))
            }),
            Self::Counted(_) => self.condition(),
        }
    }

    pub(super) fn condition(self) -> Condition<Table, Log> {
        match self {
            Self::NoneIn(bad) => Condition::each_node(move |node| node.state() != Some(&bad)),
            Self::SomeIn(good) => Condition::some_node(move |node| node.state() == Some(&good)),
            Self::AllIn(good) => {
                Condition::nodes(move |nodes| nodes.iter().all(|node| node.state() == Some(&good)))
            }
            Self::InFlight(message) => {
                Condition::world(move |view| view.envelopes().any(|e| e.msg == message))
            }
            Self::Counted(count) => Condition::history(move |log: &Log| log.count == count),
            Self::NoneInFlight(message) => {
                Condition::world(move |view| view.envelopes().all(|e| e.msg != message))
            }
            Self::NoneTo(message, state) => Condition::world(move |view| {
                let nodes = view.nodes();
                let is_told = |to| nodes.state(to) == Some(&state);
                !view.envelopes().any(|e| e.msg == message && is_told(e.dst))
            }),
        }
    }
}

/// The states of the nodes.
fn states(view: &View<'_, Table, Log>) -> Vec<Option<u8>> {
    view.gather_nodes(|node, all| all.push(node.state().copied()))
}

/// To whom such a message is in flight.
fn receivers(view: &View<'_, Table, Log>, message: u8) -> Vec<Id> {
    match message {
        0 => view.gather_messages(receiver::<0>),
        1 => view.gather_messages(receiver::<1>),
        _ => unreachable!("there are {MESSAGES} messages"),
    }
}

fn receiver<const MESSAGE: u8>(envelope: &Envelope<u8>, all: &mut Vec<Id>) {
    if envelope.msg == MESSAGE {
        all.push(envelope.dst);
    }
}

impl Claimed {
    pub(super) fn property(self, name: &'static str, form: Form) -> Property<Table, Log> {
        let condition = |claim: Claim| claim.written(form);
        match self {
            Self::Always(claim) => Property::always(name, condition(claim)),
            Self::Sometimes(claim) => Property::sometimes(name, condition(claim)),
            Self::Eventually(claim) => Property::eventually(name, condition(claim)),
            Self::LeadsTo(from, to) => Property::leads_to(name, condition(from), condition(to)),
        }
    }

    /// The message whose absence decides it, if there is one.
    pub(crate) fn counted(self) -> Option<u8> {
        match self {
            Self::Always(Claim::InFlight(message))
            | Self::Sometimes(Claim::NoneInFlight(message) | Claim::NoneTo(message, _)) => {
                Some(message)
            }
            Self::Always(_) | Self::Sometimes(_) | Self::Eventually(_) | Self::LeadsTo(..) => None,
        }
    }

    /// Whether more messages never hide what decides it.
    pub(crate) fn is_monotone(self) -> bool {
        match self {
            Self::Always(_) | Self::Sometimes(_) => self.counted().is_none(),
            Self::Eventually(_) | Self::LeadsTo(..) => false,
        }
    }
}

pub(super) fn claim(random: &mut StdRng) -> Claim {
    let state = random.random_range(0..STATES);
    match random.random_range(0..6) {
        0 => Claim::NoneIn(state),
        1 | 2 => Claim::SomeIn(state),
        3 => Claim::AllIn(state),
        4 => Claim::InFlight(random.random_range(0..MESSAGES)),
        _ => Claim::Counted(random.random_range(0..3)),
    }
}

/// Claims about single states, many of them about messages.
pub(super) fn safety_claims(random: &mut StdRng) -> [Claimed; 4] {
    let mut claim = || match random.random_range(0..9) {
        0 | 1 => Claim::NoneInFlight(random.random_range(0..MESSAGES)),
        2 | 3 => Claim::NoneTo(random.random_range(0..MESSAGES), random.random_range(0..STATES)),
        _ => claim(random),
    };
    let (always, sometimes) = (Claimed::Always, Claimed::Sometimes);
    [always(claim()), sometimes(claim()), always(claim()), sometimes(claim())]
}
