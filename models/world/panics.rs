//! Panics of handlers, observers and properties: caught, and told like any other violation.
//!
//! A node whose handler panicked is [`Process::Panicked`], and nothing more happens in such a
//! state. A state in which a property panics is an ordinary one. In both, [`NO_PANIC`] does not
//! hold, a property that every cluster has without being asked.

use super::cluster::Cluster;
use super::observer::Observer;
use super::parts::{Checkable, Process};
use super::property::{Condition, Kind};
use crate::statements;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

statements! {
    /// Every cluster has this property without being asked.
    pub NO_PANIC = "no-panic", "no handler, observer or condition panics";
}

/// Its position among the conditions: after all that a cluster may have.
pub const NO_PANIC_AT: usize = super::MAX_CONDITIONS;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `f`; if it panics, the message.
///
/// What `f` works on must be of no use once it panicked, or be whole at every moment.
pub fn guarded<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    DEPTH.set(DEPTH.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(f));
    DEPTH.set(DEPTH.get() - 1);
    result.map_err(|payload| message(payload.as_ref()))
}

/// Whether a panic on this thread would be caught and told, so that a panic hook may be silent.
pub fn is_guarded() -> bool {
    DEPTH.get() > 0
}

/// For a panic hook: where the panic is that is about to be caught, to be told with it.
pub fn note_place(place: String) {
    PLACE.set(Some(place));
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_string(),
        (_, Some(text)) => text.clone(),
        _ => "a panic without a message".to_string(),
    };
    match PLACE.take() {
        Some(place) => format!("{text} (at {place})"),
        None => text,
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Cluster<A, H> {
    /// Whether a node of this state panicked.
    pub(super) fn has_panicked(&self, state: &[u32]) -> bool {
        let inner = &*self.0;
        inner.tables.panicked.load(Ordering::Relaxed)
            && state[..inner.budget_at()]
                .iter()
                .any(|id| inner.tables.nodes.head(*id).extra.panicked)
    }

    /// What a condition is after a panic, where nothing is left to judge: nothing is violated
    /// but [`NO_PANIC`], and nothing is reached.
    pub(super) fn holds_after_panic(&self, at: usize) -> bool {
        let kind = self.setup().properties.get(at).map(|property| &property.kind);
        !matches!(kind, Some(Kind::Sometimes | Kind::LeadsTo(_)))
    }

    /// Which panic there is in this state, in words.
    pub fn panic_in(&self, state: &[u32]) -> Option<String> {
        let view = self.view(state);
        for node in view.nodes().iter() {
            if let Process::Panicked { message } = &node.process {
                return Some(format!("{}: {message}", self.0.name(node.id)));
            }
        }
        (self.0.conditions.iter().enumerate()).find_map(|(at, condition)| {
            let panic = guarded(|| match condition {
                // Every node is asked, whatever the others say.
                Condition::EachNode(f) | Condition::SomeNode(f) => {
                    view.nodes().iter().filter(|node| f(node)).count() > 0
                }
                Condition::Nodes(f) => f(&view.nodes()),
                Condition::History(f) => f(view.history()),
                Condition::World(f) => f(&view),
            });
            Some(format!("{}: {}", self.name_of(at), panic.err()?))
        })
    }

    /// What a condition belongs to, in words.
    fn name_of(&self, at: usize) -> String {
        let properties = &self.setup().properties;
        let owner = (0..properties.len())
            .find(|property| *property == at || self.target_of(*property) == Some(at));
        match owner {
            Some(owner) => format!("the property {:?}", properties[owner].name),
            None => "the boundary".to_string(),
        }
    }
}
