//! The context of a handler: one event at one node.
//!
//! A protocol's handlers are methods of a [`Turn`], so that their signatures say only what the
//! message says: `fn on_prepare(&mut self, ballot: Ballot, from: Slot)`. A turn has the cluster's
//! configuration, the node's state, and what the node sends and saves.
//!
//! **Reading is free, changing is explicit.** The checker lends a state that it must not see
//! changed and copies it at the first `state.to_mut()`; a turn that never says `to_mut` leaves the
//! state as it was, for the checker too ([`lend`](crate::lend)).
//!
//! **One place saves and one place sends.** There a seeded bug leaves out a save or alters a
//! message ([`Seeded`]), so that such bugs are not in the text of the protocol. A bug that takes
//! away a guard stays where the guard is, as [`Turn::has`].

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Did, did};

    /// Saves and sends numbers.
    #[derive(Clone)]
    struct Node;

    impl Actor for Node {
        type Msg = u8;
        type Timer = ();
        type State = u8;
        type Storage = u8;
        type Random = ();

        fn on_start(&self, _: Id, _: &Option<u8>, _: &mut Out<Self>) -> u8 {
            0
        }
    }

    /// Three servers.
    struct Config(Option<Bug>);

    #[derive(Clone, Copy, PartialEq)]
    enum Bug {
        Forget(u8),
        Double,
        Keep(u8),
    }

    impl Setting for Config {
        type Bug = Bug;

        fn bug(&self) -> Option<Bug> {
            self.0
        }

        fn server_ids(&self) -> impl Iterator<Item = Id> {
            (0..3).map(Id::from)
        }
    }

    impl Seeded<u8, u8> for Bug {
        fn forgets(self, id: Id, saved: &u8) -> bool {
            self == Self::Forget(*saved) && id == Id::from(1)
        }

        fn alters(self, _id: Id, msg: u8) -> Option<u8> {
            match self {
                Self::Double => Some(2 * msg),
                Self::Keep(kept) => (kept != msg).then_some(msg),
                Self::Forget(_) => Some(msg),
            }
        }
    }

    /// A node that saves 1 and 2, sends 3 to the sender and 4 to all.
    fn commands(bug: Option<Bug>) -> Vec<Did<Node>> {
        let (config, before) = (Config(bug), 0);
        let (mut state, mut out) = (Cow::Borrowed(&before), Out::new());
        let mut turn = Turn::on_message(&config, 1.into(), 7.into(), &mut state, &mut out);
        turn.save(1);
        turn.save(2);
        turn.answer(3);
        turn.broadcast(4);
        assert!(matches!(turn.state, Cow::Borrowed(0)), "it read its state at most");
        did(out)
    }

    #[test]
    fn without_a_bug_all_is_saved_and_sent_in_order() {
        let sends = [Did::Send(7, 3), Did::Send(0, 4), Did::Send(2, 4)];
        let expected = [[Did::Save(1), Did::Save(2)].as_slice(), &sends].concat();
        assert_eq!(commands(None), expected);
    }

    #[test]
    fn a_bug_leaves_out_a_save_and_alters_a_message_and_nothing_else() {
        let sends = [Did::Send(7, 3), Did::Send(0, 4), Did::Send(2, 4)];
        let saves = [Did::Save(1), Did::Save(2)];
        assert_eq!(commands(Some(Bug::Forget(2))), [&saves[..1], &sends].concat());
        assert_eq!(commands(Some(Bug::Keep(4))), [saves.as_slice(), &sends[..1]].concat());
        let doubled = [Did::Send(7, 6), Did::Send(0, 8), Did::Send(2, 8)];
        assert_eq!(commands(Some(Bug::Double)), [saves.as_slice(), &doubled].concat());
    }
}
