//! The parts of a global state.

use crate::durable::Durable;
use stateright::actor::{Actor, Id};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug};

/// An actor that can be checked: its types can be compared, hashed, and shared between threads.
/// Implemented for every actor for which it holds.
pub trait Checkable:
    Actor<
        Msg: Ord + Send + Sync,
        Timer: Ord + Send + Sync,
        State: Send + Sync,
        Storage: Durable + Send + Sync,
        Random: Send + Sync,
    > + Send
    + Sync
    + 'static
{
}

impl<A> Checkable for A
where
    A: Actor + Send + Sync + 'static,
    A::Msg: Ord + Send + Sync,
    A::Timer: Ord + Send + Sync,
    A::State: Send + Sync,
    A::Storage: Durable + Send + Sync,
    A::Random: Send + Sync,
{
}

/// A node: what runs on it and what is on its disk.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Node<S, T, R, D, M> {
    /// Which node this is.
    pub id: Id,
    /// How many disks it lost before this one.
    pub life: u64,
    /// What runs on it.
    pub process: Process<S, T, R>,
    /// What is on its disk.
    pub disk: Disk<D>,
    /// The messages that leave once the pending saves are durable, with their receivers, in the
    /// order in which they were sent: only on an asynchronous disk.
    pub held: Vec<(Id, M)>,
}

/// Without the layers that say nothing to a reader.
#[allow(clippy::missing_fields_in_debug, reason = "the id is shown beside it")]
impl<S: Debug, T: Debug, R: Debug, D: Debug, M: Debug> Debug for Node<S, T, R, D, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = match &self.process {
            Process::Up { state, timers, choices } => {
                let mut out = f.debug_struct("Up");
                out.field("state", state).field("timers", timers);
                if !choices.is_empty() {
                    out.field("choices", choices);
                }
                out
            }
            Process::Down { .. } => f.debug_struct("Down"),
            Process::Panicked { message } => {
                let mut out = f.debug_struct("Panicked");
                out.field("message", message);
                out
            }
        };
        if self.life > 0 {
            out.field("life", &self.life);
        }
        out.field("disk", &self.disk.durable);
        if !self.disk.pending.is_empty() {
            out.field("not yet on disk", &self.disk.pending);
        }
        if !self.held.is_empty() {
            out.field("waits for the disk", &self.held);
        }
        out.finish()
    }
}

/// A node of a cluster of `A`.
pub type NodeOf<A> = Node<
    <A as Actor>::State,
    <A as Actor>::Timer,
    <A as Actor>::Random,
    <A as Actor>::Storage,
    <A as Actor>::Msg,
>;

/// The volatile part of a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Process<S, T, R> {
    /// It runs.
    Up {
        /// The actor's state.
        state: S,
        /// The timers that are set.
        timers: BTreeSet<T>,
        /// The random choices that are open.
        choices: BTreeMap<String, Vec<R>>,
    },
    /// It is down.
    Down {
        /// The state it crashed in, kept only under stateright's rules.
        ghost: Option<S>,
    },
    /// Its actor panicked, or what observes it did: nothing more happens in the cluster.
    Panicked {
        /// What the panic said.
        message: String,
    },
}

/// The durable part of a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Disk<D> {
    /// What survives a crash; `None` if nothing was ever saved.
    pub durable: Option<D>,
    /// Saves that are not durable yet, oldest first: always empty on a synchronous disk, and folded
    /// into one on an asynchronous disk.
    pub pending: Vec<D>,
    /// Whether messages wait for the pending saves: only on an asynchronous disk.
    pub blocks: bool,
}

impl<D: Durable + Clone> Disk<D> {
    /// What would be durable once the pending saves were written.
    pub fn folded(&self) -> Option<D> {
        let mut image = self.durable.clone();
        for delta in &self.pending {
            D::fold(&mut image, delta.clone());
        }
        image
    }
}

impl<S, T, R, D, M> Node<S, T, R, D, M> {
    /// The actor's state, unless the node is down (or panicked).
    pub fn state(&self) -> Option<&S> {
        match &self.process {
            Process::Up { state, .. } => Some(state),
            Process::Down { .. } | Process::Panicked { .. } => None,
        }
    }
}

/// How many faults and timeouts are left.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Crashes left; `None` where crashes are not bounded in total.
    pub crashes: Option<u8>,
    /// Restarts left; `None` where unbounded.
    pub restarts: Option<u8>,
    /// Firings left of each bounded kind of timer, in the order of the setup.
    pub timers: Vec<u8>,
    /// Cuts of links left.
    pub cuts: u8,
    /// The links that are cut, a bit each, in the order of the setup.
    pub cut: u64,
    /// Disks that may be lost yet; `None` where none may.
    pub disks: Option<u8>,
}

/// Without links where none may be cut, and without disks where none may be lost.
impl Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Budget");
        out.field("crashes", &self.crashes).field("restarts", &self.restarts);
        out.field("timers", &self.timers);
        if (self.cuts, self.cut) != (0, 0) {
            out.field("cuts", &self.cuts).field("cut", &self.cut);
        }
        if let Some(disks) = self.disks {
            out.field("disks", &disks);
        }
        out.finish()
    }
}

/// What a step takes from the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spend {
    Nothing,
    Crash,
    Restart,
    Timer(u8),
    Cut(u8),
    Disk,
}

impl Budget {
    pub(super) fn after(&self, spend: Spend) -> Option<Self> {
        let mut next = self.clone();
        let left = match spend {
            Spend::Nothing => return Some(next),
            Spend::Crash => next.crashes.as_mut(),
            Spend::Restart => next.restarts.as_mut(),
            Spend::Timer(kind) => next.timers.get_mut(usize::from(kind)),
            Spend::Disk => next.disks.as_mut(),
            Spend::Cut(link) if next.cut >> link & 1 == 1 => return None,
            Spend::Cut(link) => {
                next.cut |= 1 << link;
                Some(&mut next.cuts)
            }
        };
        match left {
            None => Some(next),
            Some(0) => None,
            Some(left) => {
                *left -= 1;
                Some(next)
            }
        }
    }
}
