//! The messages of an actor that need not wait for an asynchronous disk, and the saves for which
//! none waits, as the actor says.

use stateright::actor::Actor;

/// The messages of an actor that need not wait for an asynchronous disk, and the saves for which
/// none waits.
pub(super) struct Waiting<A: Actor> {
    pub(super) waits: fn(&A, &A::Msg) -> bool,
    pub(super) is_lazy: fn(&A, &A::Storage) -> bool,
}

impl<A: Actor> Default for Waiting<A> {
    /// Everything waits for every save.
    fn default() -> Self {
        Self { waits: |_, _| true, is_lazy: |_, _| false }
    }
}
