//! What clients saw, in real time.

use super::message::{Answer, Msg, Request};
use super::version::Stamp;
use crate::kv::registers::{Outcome, Registers};
use crate::kv::{Reply, Service};
use crate::world::Observer;
use stateright::actor::Envelope;

/// The requests and answers of a run; a request that timed out has failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct History {
    /// By the theory of registers.
    pub registers: Registers<Stamp>,
}

/// What a request for a key came to; `None` if the answer is of the ring.
fn outcome(answer: &Answer) -> Option<Outcome<Stamp>> {
    Some(match answer {
        Answer::Value { value, stamp } => Outcome::Replied(Reply::Value(value.clone()), *stamp),
        Answer::Done { stamp } => Outcome::Replied(Reply::Done, *stamp),
        Answer::Swapped { swapped, found, stamp } => {
            Outcome::Replied(Reply::Swapped { swapped: *swapped, found: found.clone() }, *stamp)
        }
        Answer::TimedOut => Outcome::Failed,
        Answer::Ring(_) | Answer::NotMoved(_) => return None,
    })
}

impl Observer<Msg> for History {
    fn observes(envelope: Envelope<&Msg>) -> bool {
        matches!(envelope.msg, Service::Request { .. } | Service::Reply { .. })
    }

    fn on_send(&self, envelope: Envelope<&Msg>) -> Option<Self> {
        let Service::Request { seq, op: Request::Key { op, .. } } = envelope.msg else {
            return None;
        };
        let registers = self.registers.invoke(envelope.src, *seq, op)?;
        Some(Self { registers })
    }

    fn on_deliver(&self, envelope: Envelope<&Msg>) -> Option<Self> {
        let Service::Reply { seq, reply } = envelope.msg else { return None };
        let registers = self.registers.reply(envelope.dst, *seq, outcome(reply)?)?;
        Some(Self { registers })
    }
}
