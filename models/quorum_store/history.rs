//! What clients saw, in real time.

use super::message::{Answer, Msg, Request};
use super::several_history::Several;
use super::version::Stamp;
use crate::causal::Rule;
use crate::kv::registers::{Outcome, Registers};
use crate::kv::{Bytes, Reply, Service};
use crate::world::Observer;
use stateright::actor::Envelope;

/// The requests and answers of a run; a request that timed out has failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct History {
    /// By the theory of registers, where the last writer is to win.
    pub registers: Registers<Stamp>,
    /// By what each write's client knew, where concurrent writes are judged.
    pub several: Option<Several>,
}

impl History {
    /// Of a run in which concurrent writes are judged.
    pub fn of_several(rule: Rule) -> Self {
        Self { several: Some(Several::new(rule)), ..Self::default() }
    }

    /// How many requests wait for their answers.
    pub fn open(&self) -> usize {
        self.registers.open() + self.several.as_ref().map_or(0, Several::open)
    }

    /// The writes that were acknowledged.
    pub fn acknowledged(&self) -> impl Iterator<Item = (&Bytes, Stamp)> {
        let several = self.several.iter().flat_map(Several::acknowledged);
        self.registers.acknowledged().map(|(key, stamp)| (key, *stamp)).chain(several)
    }
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
        Answer::Ring(_)
        | Answer::NotMoved(_)
        | Answer::Values { .. }
        | Answer::BadContext
        | Answer::Crowded => return None,
    })
}

impl Observer<Msg> for History {
    fn observes(envelope: Envelope<&Msg>) -> bool {
        matches!(envelope.msg, Service::Request { .. } | Service::Reply { .. })
    }

    fn on_send(&self, envelope: Envelope<&Msg>) -> Option<Self> {
        let Service::Request { seq, op: Request::Key { op, context, .. } } = envelope.msg else {
            return None;
        };
        if let Some(several) = &self.several {
            let several = several.invoke((envelope.src, *seq), op, context.as_ref())?;
            return Some(Self { several: Some(several), ..self.clone() });
        }
        let registers = self.registers.invoke(envelope.src, *seq, op)?;
        Some(Self { registers, several: None })
    }

    fn on_deliver(&self, envelope: Envelope<&Msg>) -> Option<Self> {
        let Service::Reply { seq, reply } = envelope.msg else { return None };
        if let Some(several) = &self.several {
            let several = several.reply((envelope.dst, *seq), reply)?;
            return Some(Self { several: Some(several), ..self.clone() });
        }
        let registers = self.registers.reply(envelope.dst, *seq, outcome(reply)?)?;
        Some(Self { registers, several: None })
    }
}
