//! Observers: auxiliary state that watches a run, such as a history.

use stateright::actor::Envelope;
use std::fmt::Debug;
use std::hash::Hash;

/// Auxiliary state that watches messages and never influences them (a history variable in the
/// sense of Abadi and Lamport 1991).
pub trait Observer<M>: Clone + Debug + PartialEq + Hash + Send + Sync + 'static {
    /// Whether such a message can matter to it at all. Saying no where it is so spares the checker
    /// from asking again in every state.
    fn observes(envelope: Envelope<&M>) -> bool {
        let _ = envelope;
        true
    }

    /// Whether it watches anything at all; asked once, of the history at the start of a cluster.
    fn watches(&self) -> bool {
        true
    }

    /// What it becomes when a message is sent; `None` if it stays the same.
    fn on_send(&self, envelope: Envelope<&M>) -> Option<Self> {
        let _ = envelope;
        None
    }

    /// What it becomes when a message is delivered and has an effect; `None` if it stays the same.
    fn on_deliver(&self, envelope: Envelope<&M>) -> Option<Self> {
        let _ = envelope;
        None
    }
}

/// No history.
impl<M> Observer<M> for () {
    fn observes(_: Envelope<&M>) -> bool {
        false
    }
}
