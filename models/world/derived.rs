//! What conditions derive from a state, made once for all of them.
//!
//! Several conditions of a protocol look at a state through one table, such as all votes by ballot.
//! [`View::derive`](super::View::derive) makes it once, and remembers it by the parts of the state from which it was made
//! ([`Reads`]): so also for the next states that have them in common.

use super::aspects::{Aspects, ShareOf};
use super::reads::{EACH, PARTS, Reads, WHOLE};
use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// How many values of one kind are remembered.
const ROOM: usize = 256;

/// The values that were derived, for one thread.
#[derive(Default)]
pub struct Derived {
    /// By part, its share in the state that is looked at, once it is asked for; and which were.
    shares: [Cell<u64>; PARTS],
    known: Cell<u32>,
    /// Of the nodes, and of the messages.
    aspects: RefCell<[Aspects; 2]>,
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
        self.known.set(0);
    }

    /// The share of a part in the state that is looked at: as `whole` says if that is known and whole;
    /// else of these nodes and items of a cluster.
    pub(super) fn share(
        &self,
        part: usize,
        whole: impl FnOnce() -> u64,
        parts: [&[u32]; 2],
        cluster: &dyn Any,
    ) -> u64 {
        if self.known.get() >> part & 1 == 0 {
            match part.checked_sub(WHOLE).map(|aspect| aspect / EACH) {
                None => self.know(part, [whole()]),
                Some(kind) => {
                    let shares = self.aspects.borrow_mut()[kind].shares_of(parts[kind], cluster);
                    self.know(WHOLE + kind * EACH, shares);
                }
            }
        }
        self.shares[part].get()
    }

    /// Notes the shares of parts, from this one on.
    fn know<const N: usize>(&self, first: usize, shares: [u64; N]) {
        for (at, share) in (first..).zip(shares) {
            self.shares[at].set(share);
            self.known.set(self.known.get() | 1 << at);
        }
    }

    /// The aspect that is taken by this function; the first time it is made. `None` if there are too
    /// many.
    pub(super) fn aspect(
        &self,
        taken_by: TypeId,
        of_messages: bool,
        share: impl FnOnce() -> ShareOf,
    ) -> Option<Reads> {
        let aspects = &mut self.aspects.borrow_mut()[usize::from(of_messages)];
        if aspects.find(taken_by).is_none() && aspects.add(taken_by, share()) {
            // The shares of this state were made without it.
            self.known.set(0);
        }
        Some(Reads::aspect(aspects.find(taken_by)?, of_messages))
    }

    /// The memory that aspects take.
    pub fn bytes(&self) -> u64 {
        self.aspects.borrow().iter().map(Aspects::bytes).sum()
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
        key: impl FnOnce(Reads) -> u64,
    ) -> Option<(Arc<dyn Any + Send + Sync>, Reads)> {
        let kinds = self.kinds.borrow();
        let kind = kinds.iter().find(|kind| kind.made_by == made_by)?;
        let key = key(kind.reads);
        let (known, value) = &kind.values[key as usize % ROOM];
        Some((Arc::clone(value.as_ref().filter(|_| *known == key)?), kind.reads))
    }

    pub(super) fn remember(
        &self,
        (made_by, key): (TypeId, u64),
        reads: Reads,
        value: Arc<dyn Any + Send + Sync>,
    ) {
        let mut kinds = self.kinds.borrow_mut();
        let at = kinds.iter().position(|kind| kind.made_by == made_by).unwrap_or_else(|| {
            kinds.push(Kind { made_by, reads, values: vec![(0, None); ROOM] });
            kinds.len() - 1
        });
        kinds[at].reads = reads;
        kinds[at].values[key as usize % ROOM] = (key, Some(value));
    }
}
