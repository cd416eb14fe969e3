//! Shared by the unit tests of all protocols: one node without a network, and the effect of one
//! event.

#![allow(dead_code, reason = "not every protocol's tests use all of it")]

use crate::{Durable, Newcomer, Recoverable};
use stateright::actor::{Actor, Command, Id, Out};
use std::borrow::Cow;
use std::fmt;

/// A command that a handler gave, without durations.
pub(crate) enum Did<A: Actor> {
    /// To this node.
    Send(usize, A::Msg),
    /// This change.
    Save(A::Storage),
    /// This timer, for some time.
    Set(A::Timer),
    /// This timer.
    Cancel(A::Timer),
}

impl<A: Actor> Clone for Did<A>
where
    A::Storage: Clone,
{
    fn clone(&self) -> Self {
        match self {
            Self::Send(to, msg) => Self::Send(*to, msg.clone()),
            Self::Save(saved) => Self::Save(saved.clone()),
            Self::Set(timer) => Self::Set(timer.clone()),
            Self::Cancel(timer) => Self::Cancel(timer.clone()),
        }
    }
}

impl<A: Actor> PartialEq for Did<A>
where
    A::Storage: PartialEq,
{
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Send(to, msg), Self::Send(other, same)) => to == other && msg == same,
            (Self::Save(saved), Self::Save(same)) => saved == same,
            (Self::Set(timer), Self::Set(same)) | (Self::Cancel(timer), Self::Cancel(same)) => {
                timer == same
            }
            _ => false,
        }
    }
}

impl<A: Actor> fmt::Debug for Did<A>
where
    A::Storage: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(to, msg) => write!(f, "Send({to}, {msg:?})"),
            Self::Save(saved) => write!(f, "Save({saved:?})"),
            Self::Set(timer) => write!(f, "Set({timer:?})"),
            Self::Cancel(timer) => write!(f, "Cancel({timer:?})"),
        }
    }
}

/// The commands, in order. No server draws random numbers.
pub(crate) fn did<A: Actor>(out: Out<A>) -> Vec<Did<A>> {
    (out.into_iter())
        .map(|command| match command {
            Command::Send(to, msg) => Did::Send(to.into(), msg),
            Command::Save(saved) => Did::Save(saved),
            Command::SetTimer(timer, _) => Did::Set(timer),
            Command::CancelTimer(timer) => Did::Cancel(timer),
            Command::ChooseRandom(..) => panic!("nothing is random here"),
        })
        .collect()
}

/// Runs a handler on a state that is lent, as the checker does, and on one that it owns, as the
/// runtime does: both must do the same.
pub(crate) fn handle<A: Actor>(
    state: &mut A::State,
    handler: impl Fn(&mut Cow<'_, A::State>, &mut Out<A>),
) -> Vec<Did<A>>
where
    A::Storage: PartialEq + fmt::Debug,
{
    let (mut out, mut other) = (Out::new(), Out::new());
    let mut owned = Cow::Owned(state.clone());
    handler(&mut owned, &mut out);
    let mut lent = Cow::Borrowed(&*state);
    handler(&mut lent, &mut other);
    assert_eq!(owned, lent, "an owned and a lent state");
    let (did, other) = (did(out), did(other));
    assert_eq!(did, other, "with an owned and a lent state");
    *state = owned.into_owned();
    did
}

/// A node, and its disk.
#[derive(Clone)]
pub(crate) struct Node<A: Actor> {
    pub(crate) id: Id,
    pub(crate) actor: A,
    pub(crate) state: A::State,
    pub(crate) disk: Option<A::Storage>,
}

impl<A: Recoverable> Node<A>
where
    A::Storage: Durable + Clone + PartialEq + fmt::Debug,
{
    /// Starts with this disk.
    pub(crate) fn start(actor: A, id: usize, disk: Option<A::Storage>) -> (Self, Vec<Did<A>>) {
        let (id, mut out) = (Id::from(id), Out::new());
        let state = actor.on_start(id, &disk, &mut out);
        let mut node = Self { id, actor, state, disk };
        let did = node.carry_out(did(out));
        (node, did)
    }

    /// Loses its disk, and starts again as a newcomer.
    pub(crate) fn replace(&mut self, life: u64) -> Vec<Did<A>>
    where
        A: Newcomer,
    {
        let mut out = Out::new();
        self.disk = None;
        self.state = self.actor.on_newcomer(self.id, life, &mut out);
        self.carry_out(did(out))
    }

    /// Crashes and starts again from its disk.
    pub(crate) fn restart(&mut self) -> Vec<Did<A>> {
        let mut out = Out::new();
        self.state = self.actor.on_start(self.id, &self.disk, &mut out);
        self.carry_out(did(out))
    }

    /// A message arrives.
    pub(crate) fn on_msg(&mut self, src: usize, msg: impl Into<A::Msg>) -> Vec<Did<A>> {
        let (actor, id, msg) = (&self.actor, self.id, msg.into());
        let did = handle(&mut self.state, |state, out| {
            actor.on_msg(id, state, src.into(), msg.clone(), out);
        });
        self.carry_out(did)
    }

    /// A timer fires.
    pub(crate) fn on_timeout(&mut self, timer: &A::Timer) -> Vec<Did<A>> {
        let (actor, id) = (&self.actor, self.id);
        let did = handle(&mut self.state, |state, out| actor.on_timeout(id, state, timer, out));
        self.carry_out(did)
    }

    /// Saves. Then the disk must hold what the state says, and what the node sent to itself
    /// arrives.
    fn carry_out(&mut self, did: Vec<Did<A>>) -> Vec<Did<A>> {
        for did in &did {
            if let Did::Save(delta) = did {
                Durable::fold(&mut self.disk, delta.clone());
            }
        }
        assert_eq!(self.disk, self.actor.checkpoint(self.id, &self.state));
        let id = usize::from(self.id);
        let (own, mut did): (Vec<_>, Vec<_>) =
            did.into_iter().partition(|did| matches!(did, Did::Send(to, _) if *to == id));
        for sent in own {
            if let Did::Send(_, msg) = sent {
                did.extend(self.on_msg(id, msg));
            }
        }
        did
    }
}
