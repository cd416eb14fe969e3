//! The members of a fleet, and the requests in their slots.

use crate::node::caller::Session;
use crate::node::client::Driven;
use quorate_models::kv::ClientState;
use quorate_models::kv::machine::Value;
use quorate_models::kv::sessions::slots;
use stateright::actor::Id;
use std::collections::BTreeSet;
use std::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Alarm {
    /// The first member that has no id asks for one again.
    Join,
    /// The request in this slot is asked again.
    Retry(Place),
}

/// A slot of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) member: usize,
    pub(super) slot: u8,
}

/// A client of the fleet.
pub(super) struct Member<O, R, P> {
    pub(super) session: Session,
    /// Whether the session has expired; it is renewed when nothing that was asked in it is awaited.
    pub(super) is_expired: bool,
    /// The server that it asks first, and how new the knowledge is that this one leads.
    pub(super) target: Id,
    pub(super) epoch: u64,
    pub(super) slots: Vec<Slot<O, R, P>>,
}

pub(super) struct Slot<O, R, P> {
    /// The number of the next request in it.
    pub(super) next: u64,
    pub(super) open: Option<Open<O, R, P>>,
}

impl<O, R, P> Member<O, R, P> {
    /// Whether it can ask.
    pub(super) fn is_ready(&self) -> bool {
        self.session.id().is_some() && !self.is_expired
    }

    /// Whether it asked for something and awaits the answer.
    pub(super) fn is_asking(&self) -> bool {
        let mut open = self.slots.iter().filter_map(|slot| slot.open.as_ref());
        open.any(|open| open.state.is_some())
    }

    pub(super) fn open(&mut self, slot: u8) -> Option<&mut Open<O, R, P>> {
        self.slots.get_mut(usize::from(slot))?.open.as_mut()
    }
}

impl<O: Value, R: Value, P: Value> Member<O, R, P> {
    /// Begins a session without an id, with numbers from 1. The requests that wait are of it.
    pub(super) fn renew(&mut self) {
        self.session.renew();
        self.is_expired = false;
        for (slot, Slot { next, open }) in (0..).zip(&mut self.slots) {
            *next = 1;
            if let Some(open) = open {
                open.actor.renumber(slots::seq(slot, 1));
                *next = 2;
            }
        }
    }
}

/// A request under way. Without a state it waits for its client's id.
pub(super) struct Open<O, R, P> {
    pub(super) actor: Driven<O, R, P>,
    pub(super) state: Option<ClientState<R>>,
    /// Whether it is sent to one server only.
    pub(super) stays: bool,
    /// When it was sent first, and how often it was sent.
    pub(super) begun: Instant,
    pub(super) attempts: u32,
    /// The servers that were asked, for this request or for its client's id.
    pub(super) asked: BTreeSet<Id>,
    /// Whether the last that was heard of it is that a server is busy.
    pub(super) busy: bool,
}
