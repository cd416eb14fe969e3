//! Steps by name: what the Explorer lists and traces record.

use super::cluster::{Cluster, Inner};
use super::local::LocalKind;
use super::observer::Observer;
use super::parts::Checkable;
use super::step::Move;
use stateright::actor::{Envelope, Id};
use std::fmt;

/// A step that can be taken. Ordered as listed to the user.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action<M, T, R> {
    /// A message is delivered.
    Deliver(Envelope<M>),
    /// A message is lost.
    Drop(Envelope<M>),
    /// A timer fires.
    Timeout(Id, T),
    /// A random choice is taken.
    Choose(Id, String, R),
    /// A node crashes: what was not durable is gone.
    Crash(Id),
    /// A node starts again from what was durable.
    Restart(Id),
    /// A node's disk writes: its oldest pending save, or on an asynchronous disk all of them.
    Flush(Id),
    /// A node lost its disk, and starts as a newcomer.
    Replace(Id),
    /// The link between two nodes is cut for good.
    Cut(Id, Id),
}

impl<M: fmt::Debug, T: fmt::Debug, R: fmt::Debug> fmt::Debug for Action<M, T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let index = |id: &Id| usize::from(*id);
        match self {
            Self::Deliver(e) => {
                write!(f, "{} → {}: {:?}", index(&e.src), index(&e.dst), e.msg)
            }
            Self::Drop(e) => {
                write!(f, "lost: {} → {}: {:?}", index(&e.src), index(&e.dst), e.msg)
            }
            Self::Timeout(id, timer) => write!(f, "timer at {}: {timer:?}", index(id)),
            Self::Choose(id, key, choice) => {
                write!(f, "choice at {}: {key} = {choice:?}", index(id))
            }
            Self::Crash(id) => write!(f, "crash of {}", index(id)),
            Self::Restart(id) => write!(f, "restart of {}", index(id)),
            Self::Flush(id) => write!(f, "disk write at {}", index(id)),
            Self::Replace(id) => write!(f, "disk replaced: {}", index(id)),
            Self::Cut(one, other) => write!(f, "cut: {} and {}", index(one), index(other)),
        }
    }
}

/// An action of a cluster of `A`.
pub type ActionOf<A> = Action<
    <A as stateright::actor::Actor>::Msg,
    <A as stateright::actor::Actor>::Timer,
    <A as stateright::actor::Actor>::Random,
>;

impl<A: Checkable, H: Observer<A::Msg>> Cluster<A, H> {
    /// A move by name.
    pub fn action(&self, state: &[u32], what: Move) -> ActionOf<A> {
        let inner = &*self.0;
        let envelope = |item: u32| {
            let item = state[inner.items_at() + item as usize];
            inner.tables.envelopes.value(inner.next_of(item)).clone()
        };
        match what {
            Move::Deliver(item) => Action::Deliver(envelope(item)),
            Move::Drop(item) => Action::Drop(envelope(item)),
            Move::Local { node, at } => {
                let id = Id::from(node as usize);
                match &inner.locals(state[node as usize])[at as usize].what {
                    LocalKind::Timeout(timer) => Action::Timeout(id, timer.clone()),
                    LocalKind::Choose(key, choice) => {
                        Action::Choose(id, key.clone(), choice.clone())
                    }
                    LocalKind::Crash => Action::Crash(id),
                    LocalKind::Restart => Action::Restart(id),
                    LocalKind::Flush => Action::Flush(id),
                    LocalKind::Replace => Action::Replace(id),
                    LocalKind::Cut(other) => Action::Cut(id, *other),
                }
            }
        }
    }

    /// The occasion of a move, which beside the history decides its effect: the node it is at, as
    /// the part that it is, and the event there.
    pub fn occasion(&self, state: &[u32], what: Move) -> (u32, u32) {
        let inner = &*self.0;
        match what {
            Move::Deliver(item) => {
                let envelope = inner.next_of(state[inner.items_at() + item as usize]);
                let dst = inner.tables.envelopes.head(envelope).extra.receiver as usize;
                (state[..inner.budget_at()].get(dst).copied().unwrap_or(u32::MAX), envelope << 1)
            }
            Move::Drop(item) => (u32::MAX, state[inner.items_at() + item as usize] << 1),
            Move::Local { node, at } => (state[node as usize], at << 1 | 1),
        }
    }

    /// The move that an action names, if it can be taken in this state.
    pub fn find_move(&self, state: &[u32], action: &ActionOf<A>) -> Option<Move> {
        let inner = &*self.0;
        match action {
            Action::Deliver(envelope) => inner.find_item(state, envelope).map(Move::Deliver),
            Action::Drop(envelope) => inner.find_item(state, envelope).map(Move::Drop),
            Action::Timeout(id, _)
            | Action::Choose(id, ..)
            | Action::Crash(id)
            | Action::Restart(id)
            | Action::Flush(id)
            | Action::Replace(id)
            | Action::Cut(id, _) => {
                let node = usize::from(*id) as u32;
                let locals = inner.locals(*state.get(usize::from(*id))?).len();
                (0..locals as u32)
                    .map(|at| Move::Local { node, at })
                    .find(|what| self.action(state, *what) == *action)
            }
        }
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
    fn find_item(&self, state: &[u32], envelope: &Envelope<A::Msg>) -> Option<u32> {
        let envelope = self.find_envelope(envelope)?;
        let items = &state[self.items_at()..];
        items.iter().position(|item| self.next_of(*item) == envelope).map(|at| at as u32)
    }
}
