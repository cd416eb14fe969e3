//! What a client carries from its answers to its next requests.

use super::tree::TreeEvent;

/// What a client knows from its answers, and tells the next server that it asks: with it, a server
/// that is behind does not take the client back in time.
pub trait Carried<Q, A>: Clone + Default + Send {
    /// An answer to a request came.
    fn learn(&mut self, _request: &Q, _answer: &A) {}

    /// A server said something that answers no request.
    fn hear(&mut self, _said: &A) {}

    /// Adds what is known to a request.
    fn stamp(&self, _request: &mut Q) {}

    /// The events of watches that came since this was asked last.
    fn events(&mut self) -> Vec<TreeEvent> {
        Vec::new()
    }

    /// It as a text, for a client that goes on later as another process; `None` if there is nothing
    /// to carry.
    fn token(&self) -> Option<String> {
        None
    }

    /// It from such a text; `None` if it is not one.
    fn resume(_token: &str) -> Option<Self> {
        None
    }
}

/// Nothing is carried.
impl<Q, A> Carried<Q, A> for () {}
