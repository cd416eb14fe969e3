//! What Kafka's brokers serve: the records of a topic, and the map that they make.

use super::log::Record;
use super::message::{Op, Reply};
use super::topic::{Entry, MAX_BATCH, MAX_BATCH_BYTES, batch_bytes};
use crate::kv::limits::{self, LimitError};
use crate::kv::map::MAX_VALUE_BYTES;
use crate::kv::offer::{
    Answered, Ask, AskOutcome, LogAnswer, LogAsk, LogRecord, Offer, OfferError, is_reply_to,
    not_offered,
};
use crate::kv::{self, Bytes};
use crate::topology::Topology;

/// The operations on a topic.
pub struct TopicOffer;

impl Offer for TopicOffer {
    type Request = Op;
    type Answer = Reply;
    type Carried = ();
    const COMMANDS: &'static [&'static str] =
        &["get", "put", "delete", "cas", "range", "produce", "consume", "offsets"];

    fn request(_: &Topology, ask: &Ask) -> Result<Op, OfferError> {
        match ask {
            Ask::One { op, context: None } => Ok(Op::Map(op.clone())),
            Ask::One { .. } => Err(OfferError::NoContexts),
            Ask::Log(LogAsk::Produce { sequence, messages, acks }) => {
                Ok(Op::Produce { sequence: *sequence, messages: messages.clone(), acks: *acks })
            }
            Ask::Log(LogAsk::Consume { from }) => Ok(Op::Consume { from: *from }),
            Ask::Log(LogAsk::Offsets) => Ok(Op::Offsets),
            Ask::At { .. }
            | Ask::Local(_)
            | Ask::Sync
            | Ask::Together(_)
            | Ask::Tree(_)
            | Ask::Ring(_)
            | Ask::Words(_) => Err(not_offered::<Self>(ask)),
        }
    }

    fn check(request: &Op) -> Result<(), LimitError> {
        match request {
            Op::Map(op) => limits::check(op),
            Op::Produce { messages, .. } => check_batch(messages),
            Op::Consume { .. } | Op::Offsets => Ok(()),
        }
    }

    fn answer(_: &Topology, ask: &Ask, reply: Reply) -> Option<AskOutcome> {
        let answer = match (ask, reply) {
            (Ask::One { op, .. }, Reply::Map(reply)) => {
                return is_reply_to(op, &reply).then(|| reply.into());
            }
            (Ask::Log(LogAsk::Produce { .. }), Reply::Produced { offset }) => {
                LogAnswer::Produced { offset }
            }
            (Ask::Log(LogAsk::Produce { sequence, .. }), Reply::OutOfOrder) => {
                let why = format!(
                    "nothing was appended: the producer's record before its record {sequence} is not \
                     in the log"
                );
                return Some(AskOutcome::Failed(OfferError::Meaningless(why)));
            }
            (Ask::Log(LogAsk::Consume { from: asked }), Reply::Consumed { from, records }) => {
                let mut records: Vec<LogRecord> = shown(from, records);
                // Of a batch that it asked for the middle of, it has read what comes before.
                records.retain(|record| record.offset >= *asked);
                LogAnswer::Records { from: from.max(*asked), records }
            }
            (Ask::Log(LogAsk::Offsets), Reply::Offsets { start, committed, end }) => {
                LogAnswer::Offsets { start, committed, end }
            }
            _ => return None,
        };
        Some(AskOutcome::Done(Answered::Log(answer)))
    }
}

/// Whether messages may be appended as one record.
fn check_batch(messages: &[Bytes]) -> Result<(), LimitError> {
    let lengths = || messages.iter().map(Bytes::len);
    if let Some(len) = lengths().find(|len| *len > MAX_VALUE_BYTES) {
        return Err(LimitError::ValueTooLong { len });
    }
    let (count, bytes) = (messages.len(), batch_bytes(lengths()));
    if !(1..=MAX_BATCH).contains(&count) {
        return Err(LimitError::BatchCount { count, most: MAX_BATCH });
    }
    if bytes > MAX_BATCH_BYTES {
        return Err(LimitError::BatchTooLong { len: bytes, limit: MAX_BATCH_BYTES });
    }
    Ok(())
}

/// Records as a consumer sees them, the first of which has this offset: a line for each message of a
/// batch.
fn shown(from: u64, records: Vec<Record>) -> Vec<LogRecord> {
    let mut shown: Vec<LogRecord> = Vec::new();
    for record in records {
        let mut show = |kind, key: Option<Bytes>, value: Option<Bytes>| {
            let offset = from + shown.len() as u64;
            shown.push(LogRecord { offset, kind, key, value });
        };
        match record.entry {
            Entry::Message(value) => show("message", None, Some(value)),
            Entry::Batch(messages) => {
                messages.into_iter().for_each(|value| show("message", None, Some(value)));
            }
            Entry::Map(op) => match op {
                kv::Op::Put { key, value } => show("put", Some(key), Some(value)),
                kv::Op::Delete { key } => show("delete", Some(key), None),
                kv::Op::Cas { key, new, .. } => show("cas", Some(key), new),
                kv::Op::Get { key } => show("get", Some(key), None),
                kv::Op::Range(range) => show("range", Some(range.from), None),
            },
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::offer::{Acks, admits};
    use crate::kv::{Service, Transaction};

    fn answer(ask: &Ask, reply: Reply) -> Option<AskOutcome> {
        TopicOffer::answer(&Topology::plain(2), ask, reply)
    }

    #[test]
    fn a_command_gets_an_answer_of_its_own_kind() {
        let get = Ask::from(kv::Op::get("k"));
        let value = || Reply::Map(kv::Reply::Value(None));
        assert!(matches!(answer(&get, value()), Some(AskOutcome::Done(Answered::Reply(_)))));
        assert!(answer(&get, Reply::Map(kv::Reply::Done)).is_none());
        assert!(answer(&get, Reply::Produced { offset: 0 }).is_none());
        let messages = vec!["v".into()];
        let produce = Ask::Log(LogAsk::Produce { sequence: 2, messages, acks: Acks::All });
        assert!(answer(&produce, value()).is_none());
        let Some(AskOutcome::Failed(error)) = answer(&produce, Reply::OutOfOrder) else {
            panic!("a gap is no success");
        };
        assert!(error.to_string().contains("nothing was appended"), "{error}");
    }

    #[test]
    fn what_it_does_not_have_is_refused_and_so_is_what_is_too_large() {
        let together = Ask::Together(Transaction { ops: Vec::new() });
        for ask in [together, Ask::Words(Vec::new())] {
            assert!(TopicOffer::request(&Topology::plain(2), &ask).is_err(), "{ask:?}");
        }
        let produce = |count, bytes| {
            let messages = vec![vec![0; bytes].into(); count];
            let op = Op::Produce { sequence: 1, messages, acks: Acks::All };
            admits::<TopicOffer, ()>(&Service::Request { seq: 1, op })
        };
        assert!(produce(1, MAX_VALUE_BYTES) && !produce(1, MAX_VALUE_BYTES + 1));
        assert!(produce(MAX_BATCH, 1) && !produce(MAX_BATCH + 1, 1) && !produce(0, 1));
        assert!(produce(2, MAX_BATCH_BYTES / 2 - 8) && !produce(2, MAX_BATCH_BYTES / 2));
        let key = vec![0; 2000].into();
        let get = Op::Map(kv::Op::Get { key });
        assert!(!admits::<TopicOffer, ()>(&Service::Request { seq: 1, op: get }));
    }
}
