//! What conditions derive from a state, made once for all of them.
//!
//! Several conditions of a protocol look at a state through one table, such as all votes by ballot.
//! [`View::derive`] makes it once, and remembers it by the parts of the state from which it was made
//! ([`Reads`]): so also for the next states that have them in common.

use super::observer::Observer;
use super::parts::Checkable;
use super::reads::{Reads, Shares, Tracker};
use super::state::View;
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

    fn find(
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

    fn remember(
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

impl<A: Checkable, H: Observer<A::Msg>> View<'_, A, H> {
    /// What `make` makes of this state: a function of the state alone, known by its type, so that
    /// two closures are two functions. Where states are checked one after the other it is made once for
    /// all conditions.
    pub fn derive<T, F>(&self, make: F) -> Arc<T>
    where
        T: Any + Send + Sync,
        F: for<'v> Fn(&View<'v, A, H>) -> T + 'static,
    {
        let Some(derived) = self.derived else { return Arc::new(make(self)) };
        let (made_by, shares) = (TypeId::of::<F>(), derived.shares(|| self.shares()));
        if let Some((value, reads)) = derived.find(made_by, &shares)
            && let Ok(value) = value.downcast()
        {
            self.note(reads);
            return value;
        }
        let tracker = Tracker::default();
        let value = Arc::new(make(&View { tracker: Some(&tracker), ..*self }));
        derived.remember(made_by, &shares, tracker.reads(), Arc::<T>::clone(&value));
        self.note(tracker.reads());
        value
    }
}
