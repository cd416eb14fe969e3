//! What a client heeds of the offer that it is a client of.

use quorate_models::kv::offer::Offer;

/// What a client heeds beside the protocol of requests and answers.
pub struct Rules<O, R> {
    /// Whether a request is sent to one server only: see
    /// [`Offer::stays`](quorate_models::kv::offer::Offer::stays).
    pub stays: fn(&O) -> bool,
    /// Whether an answer to a request is taken: see
    /// [`Offer::takes`](quorate_models::kv::offer::Offer::takes).
    pub takes: fn(&O, &R) -> bool,
}

impl<O, R> Rules<O, R> {
    /// Those of an offer.
    pub fn of<F: Offer<Request = O, Answer = R>>() -> Self {
        Self { stays: F::stays, takes: F::takes }
    }
}

/// Any server may be asked, and any answer is taken.
impl<O, R> Default for Rules<O, R> {
    fn default() -> Self {
        Self { stays: |_| false, takes: |_, _| true }
    }
}

impl<O, R> Clone for Rules<O, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O, R> Copy for Rules<O, R> {}
