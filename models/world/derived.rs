//! What conditions derive from a state, made once for all of them.
//!
//! Several conditions of a protocol look at a state through one table, such as all votes by ballot.
//! [`View::derive`](super::View::derive) makes it once, and remembers it by the parts of the state from which it was made
//! ([`Reads`]): so also for the next states that have them in common.

use super::reads::{Reads, Shares};
use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// How many values of one kind are remembered.
const ROOM: usize = 64;

/// The values that were derived, for one thread.
#[derive(Default)]
pub struct Derived {
    /// Those of the state that is looked at, once they are asked for.
    shares: Cell<Option<Shares>>,
    kinds: RefCell<Vec<Kind>>,
    /// Room to work in, for conditions that keep something from one state to the next.
    scratch: Cell<Option<Box<dyn Any + Send>>>,
}

/// The values that one function made.
struct Kind {
    made_by: TypeId,
    /// The parts that it looked at when it last made one.
    reads: Reads,
    /// By the shares of these parts.
    values: Vec<(u64, Option<Arc<dyn Any + Send + Sync>>)>,
}

impl Derived {
    /// From now on another state is looked at.
    pub fn begin(&self) {
        self.shares.set(None);
    }

    /// The shares of the state that is looked at, which are made by `make` if they are not known.
    pub fn shares(&self, make: impl FnOnce() -> Shares) -> Shares {
        let shares = self.shares.get().unwrap_or_else(make);
        self.shares.set(Some(shares));
        shares
    }

    /// What a condition kept here, if it is of this type. It is to be put back.
    pub(super) fn take_scratch<T: Any + Send>(&self) -> Option<Box<T>> {
        self.scratch.take()?.downcast().ok()
    }

    pub(super) fn put_scratch<T: Any + Send>(&self, kept: Box<T>) {
        self.scratch.set(Some(kept));
    }

    pub(super) fn find(
        &self,
        made_by: TypeId,
        shares: &Shares,
    ) -> Option<(Arc<dyn Any + Send + Sync>, Reads)> {
        let kinds = self.kinds.borrow();
        let kind = kinds.iter().find(|kind| kind.made_by == made_by)?;
        let key = shares.of(kind.reads);
        let (known, value) = &kind.values[key as usize % ROOM];
        Some((Arc::clone(value.as_ref().filter(|_| *known == key)?), kind.reads))
    }

    pub(super) fn remember(
        &self,
        made_by: TypeId,
        shares: &Shares,
        reads: Reads,
        value: Arc<dyn Any + Send + Sync>,
    ) {
        let mut kinds = self.kinds.borrow_mut();
        let at = kinds.iter().position(|kind| kind.made_by == made_by).unwrap_or_else(|| {
            kinds.push(Kind { made_by, reads, values: vec![(0, None); ROOM] });
            kinds.len() - 1
        });
        let key = shares.of(reads);
        kinds[at].reads = reads;
        kinds[at].values[key as usize % ROOM] = (key, Some(value));
    }
}
