//! What a deployed cluster offers: the operations of its state machine, each a transaction.

use super::epoch::Zxid;
use super::message::{Ask, Reply};
use crate::kv::limits::LimitError;
use crate::kv::offer::{self, AskOutcome, Offer, OfferError};
use crate::topology::Topology;
use std::marker::PhantomData;

/// The offer `F` of a state machine. No client carries the last transaction that it saw: a read is a
/// transaction too, so it is at least as new.
pub struct Ordered<F>(PhantomData<F>);

impl<F: Offer> Offer for Ordered<F> {
    type Request = Ask<F::Request>;
    type Answer = Reply<F::Answer>;
    const COMMANDS: &'static [&'static str] = F::COMMANDS;

    fn request(topology: &Topology, ask: &offer::Ask) -> Result<Self::Request, OfferError> {
        Ok(Ask::Do { op: F::request(topology, ask)?, seen: Zxid::default() })
    }

    fn check(request: &Self::Request) -> Result<(), LimitError> {
        match request {
            Ask::Do { op, .. } => F::check(op),
            Ask::Sync => Ok(()),
        }
    }

    fn answer(topology: &Topology, ask: &offer::Ask, answer: Self::Answer) -> Option<AskOutcome> {
        F::answer(topology, ask, answer.reply?)
    }
}
