//! Panics of handlers, observers and properties: caught, and reported like any other violation.
//!
//! A node whose handler panicked is [`Process::Panicked`](super::Process::Panicked), and nothing
//! more happens in such a state. A state in which a property panics is an ordinary one. In both,
//! [`NO_PANIC`] does not hold, a property that every cluster has without being asked.

use crate::statements;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

statements! {
    /// Every cluster has this property without being asked.
    pub NO_PANIC = "no-panic", "no handler, observer or condition panics";
}

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

/// Whether a panic on this thread would be caught and reported, so that a panic hook may be silent.
pub fn is_guarded() -> bool {
    DEPTH.get() > 0
}

/// For a panic hook: where the panic is that is about to be caught, to be reported with it.
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
