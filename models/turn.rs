//! The context of a handler: one event at one node.
//!
//! A protocol's handlers are methods of a [`Turn`], so that their signatures say only what the
//! message says: `fn on_prepare(&mut self, ballot: Ballot, from: Slot)`. A turn has the cluster's
//! configuration, the node's state, and what the node sends and saves.
//!
//! **Reading is free, changing is explicit.** The checker lends a state that it must not see changed
//! and copies it at the first `state.to_mut()`; a turn that never says `to_mut` leaves the state as
//! it was, for the checker too ([`lend`](crate::lend)).
//!
//! **One place saves and one place sends.** There a seeded bug leaves out a save or alters a
//! message ([`Seeded`]), so that such bugs are not in the text of the protocol. A bug that takes away
//! a guard stays where the guard is, as [`Turn::has`].

use crate::Replay;
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

/// What a turn needs to know of a cluster's configuration.
pub(crate) trait Setting {
    /// The bugs that the checker can put into the protocol.
    type Bug: Copy + PartialEq;

    /// The seeded bug, if this cluster has one.
    fn bug(&self) -> Option<Self::Bug>;

    /// The servers, by id.
    fn server_ids(&self) -> impl Iterator<Item = Id>;
}

/// A bug of which some kinds leave out a save or alter a message of node `id`.
pub(crate) trait Seeded<Msg, Storage>: Copy {
    /// Whether this is not saved.
    fn forgets(self, _id: Id, _saved: &Storage) -> bool {
        false
    }

    /// What is sent instead of this message; `None` if nothing is.
    fn alters(self, _id: Id, msg: Msg) -> Option<Msg> {
        Some(msg)
    }
}

/// A role's state of which a part is durable.
pub(crate) trait Persistent: Clone {
    /// That part.
    type Durable: Replay;

    /// That part, to be changed.
    fn durable(&mut self) -> &mut Self::Durable;
}

/// The commands that a node gives: messages, saves and timers.
pub(crate) struct Outbox<'a, C, A: Actor> {
    config: &'a C,
    id: Id,
    out: &'a mut Out<A>,
}

impl<C, A: Actor> Outbox<'_, C, A>
where
    C: Setting,
    C::Bug: Seeded<A::Msg, A::Storage>,
{
    /// Sends to one node.
    pub(crate) fn send(&mut self, to: Id, msg: impl Into<A::Msg>) {
        let msg = msg.into();
        let sent = match self.config.bug() {
            None => Some(msg),
            Some(bug) => bug.alters(self.id, msg),
        };
        if let Some(msg) = sent {
            self.out.send(to, msg);
        }
    }

    /// Saves a change. It is durable before anything that is sent leaves the node.
    fn save(&mut self, delta: A::Storage) {
        let id = self.id;
        if !self.config.bug().is_some_and(|bug| bug.forgets(id, &delta)) {
            self.out.save(delta);
        }
    }
}

/// One event at one node of a cluster with configuration `C`: a handler's part `S` of the node's
/// state, and the commands that it gives.
pub(crate) struct Turn<'a, 's, C, S: Clone, A: Actor> {
    /// The cluster.
    pub(crate) config: &'a C,
    /// This node.
    pub(crate) id: Id,
    /// The sender of the message; the node itself where there is none.
    pub(crate) src: Id,
    /// The state.
    pub(crate) state: &'a mut Cow<'s, S>,
    /// For a handler that sends while it reads the state; otherwise [`Turn::send`] is shorter.
    pub(crate) out: Outbox<'a, C, A>,
}

impl<'a, 's, C, S: Clone, A: Actor> Turn<'a, 's, C, S, A> {
    /// A message from `src`.
    pub(crate) fn on_message(
        config: &'a C,
        id: Id,
        src: Id,
        state: &'a mut Cow<'s, S>,
        out: &'a mut Out<A>,
    ) -> Self {
        Self { config, id, src, state, out: Outbox { config, id, out } }
    }

    /// A timer, or the start of the node.
    pub(crate) fn of_its_own(
        config: &'a C,
        id: Id,
        state: &'a mut Cow<'s, S>,
        out: &'a mut Out<A>,
    ) -> Self {
        Self::on_message(config, id, id, state, out)
    }

    /// The state of a node that starts.
    pub(crate) fn start(
        config: &C,
        id: Id,
        out: &mut Out<A>,
        handler: impl FnOnce(Turn<'_, '_, C, S, A>),
    ) -> S
    where
        S: Default,
    {
        let mut state = Cow::Owned(S::default());
        handler(Turn::of_its_own(config, id, &mut state, out));
        state.into_owned()
    }

    /// Sets a timer, again if it is set already.
    pub(crate) fn set_timer(&mut self, timer: A::Timer, after: &Range<Duration>) {
        self.out.out.set_timer(timer, after.clone());
    }

    /// Cancels a timer.
    pub(crate) fn cancel_timer(&mut self, timer: A::Timer) {
        self.out.out.cancel_timer(timer);
    }
}

impl<'a, C, S: Clone, A: Actor> Turn<'a, '_, C, S, A>
where
    C: Setting,
    C::Bug: Seeded<A::Msg, A::Storage>,
{
    /// Whether the cluster has this bug.
    pub(crate) fn has(&self, bug: C::Bug) -> bool {
        self.config.bug() == Some(bug)
    }

    /// Saves a change. It is durable before anything that is sent leaves the node.
    pub(crate) fn save(&mut self, delta: impl Into<A::Storage>) {
        self.out.save(delta.into());
    }

    /// Changes the durable state, and saves the change.
    pub(crate) fn change(&mut self, record: <S::Durable as Replay>::Record)
    where
        S: Persistent,
        <S::Durable as Replay>::Record: Into<A::Storage>,
    {
        self.save(record.clone());
        self.state.to_mut().durable().replay(record);
    }

    /// Sends to one node.
    pub(crate) fn send(&mut self, to: Id, msg: impl Into<A::Msg>) {
        self.out.send(to, msg);
    }

    /// Sends to the sender of the message that is handled.
    pub(crate) fn answer(&mut self, msg: impl Into<A::Msg>) {
        self.send(self.src, msg);
    }

    /// All other servers.
    pub(crate) fn peers(&self) -> impl Iterator<Item = Id> + use<'a, C, S, A> {
        let (config, id) = (self.config, self.id);
        config.server_ids().filter(move |peer| *peer != id)
    }

    /// Sends to all other servers.
    pub(crate) fn broadcast(&mut self, msg: impl Into<A::Msg>) {
        let msg = msg.into();
        for peer in self.peers() {
            self.send(peer, msg.clone());
        }
    }
}
