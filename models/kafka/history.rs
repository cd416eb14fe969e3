//! What producers and consumers asked for, and the replies.

use super::config::Acks;
use super::log::Record;
use super::message::{Msg, Op, Reply};
use crate::kv::history::Linearizable;
use crate::kv::{self, Map, Service};
use crate::world::Observer;
use stateright::actor::{Envelope, Id};
use stateright::semantics::SequentialSpec;
use std::collections::{BTreeMap, BTreeSet};

/// The replies to producers and consumers, as far as properties ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LogHistory {
    /// The records that were acknowledged: producer and number. A producer of an instance asks for
    /// nothing else, so its requests have its records' numbers.
    pub acknowledged: BTreeSet<(Id, u64)>,
    /// What consumers read: offset to record, and to the place in it, if it is a batch.
    pub read: BTreeMap<u64, (Id, u64, u64)>,
    /// Whether a consumer read another record where one was read before.
    pub reread: bool,
    /// Requests and replies in real time, where an instance asks whether they are linearizable: it
    /// has more states for that.
    pub in_real_time: Option<Linearizable<AppendOnly>>,
}

impl LogHistory {
    /// The history of a run that is to be linearizable.
    pub fn in_real_time() -> Self {
        let history = Linearizable::linearizable(AppendOnly::default());
        Self { in_real_time: Some(history), ..Self::default() }
    }

    /// A consumer read these records, the first of which has this offset.
    fn read(&mut self, mut offset: u64, records: &[Record]) {
        for record in records {
            for place in 0..record.count() {
                let read = (record.producer, record.sequence, place);
                let known = *self.read.entry(offset).or_insert(read);
                self.reread |= known != read;
                offset += 1;
            }
        }
    }

    /// A client got a reply.
    fn on_reply(&mut self, client: Id, seq: u64, reply: &Reply) {
        match reply {
            Reply::Produced { .. } | Reply::Map(_) => {
                self.acknowledged.insert((client, seq));
            }
            Reply::Consumed { from, records } => {
                self.read(*from, records);
            }
            Reply::OutOfOrder | Reply::Offsets { .. } => {}
        }
        let history = self.in_real_time.as_ref();
        let answer = Answer::new(reply);
        if let Some(next) =
            history.zip(answer).and_then(|(it, answer)| it.reply(client, seq, &answer))
        {
            self.in_real_time = Some(next);
        }
    }
}

impl Observer<Msg> for LogHistory {
    fn observes(envelope: Envelope<&Msg>) -> bool {
        matches!(envelope.msg, Service::Request { .. } | Service::Reply { .. })
    }

    fn on_send(&self, envelope: Envelope<&Msg>) -> Option<Self> {
        let Service::Request { seq, op } = envelope.msg else { return None };
        if let Op::Produce { sequence, acks: Acks::None, .. } = op {
            // Its producer takes it for done.
            let mut next = self.clone();
            return next.acknowledged.insert((envelope.src, *sequence)).then_some(next);
        }
        let asked = Request::new(envelope.src, *seq, op)?;
        let next = self.in_real_time.as_ref()?.invoke(envelope.src, *seq, &asked)?;
        Some(Self { in_real_time: Some(next), ..self.clone() })
    }

    fn on_deliver(&self, envelope: Envelope<&Msg>) -> Option<Self> {
        let Service::Reply { seq, reply } = envelope.msg else { return None };
        let mut next = self.clone();
        next.on_reply(envelope.dst, *seq, reply);
        (next != *self).then_some(next)
    }
}

/// An append-only log by its sequential specification: the records, each a producer's number, and
/// the map that they make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AppendOnly {
    records: Vec<(Id, u64)>,
    map: Map,
}

/// What a client asks of an append-only log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// To append this record, once.
    Append((Id, u64)),
    /// To append this record, once, and to do this on the map.
    Map((Id, u64), kv::Op),
    /// To read all from this offset on.
    Read(u64),
}

/// What an append-only log answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The record is at this offset.
    At(u64),
    /// What the operation on the map comes to.
    Map(kv::Reply),
    /// The records from an offset on.
    Records(Vec<(Id, u64)>),
    /// It does not append it.
    Refused,
}

impl Request {
    fn new(client: Id, seq: u64, op: &Op) -> Option<Self> {
        match op {
            Op::Produce { sequence, .. } => Some(Self::Append((client, *sequence))),
            Op::Map(op) => Some(Self::Map((client, seq), op.clone())),
            Op::Consume { from } => Some(Self::Read(*from)),
            Op::Offsets => None,
        }
    }
}

impl Answer {
    fn new(reply: &Reply) -> Option<Self> {
        match reply {
            Reply::Produced { offset } => Some(Self::At(*offset)),
            Reply::Map(reply) => Some(Self::Map(reply.clone())),
            Reply::OutOfOrder => Some(Self::Refused),
            Reply::Consumed { records, .. } => {
                let records = records.iter().map(|it| (it.producer, it.sequence));
                Some(Self::Records(records.collect()))
            }
            Reply::Offsets { .. } => None,
        }
    }
}

impl AppendOnly {
    /// Where the record is; it is appended if it is not there.
    fn append(&mut self, record: (Id, u64)) -> usize {
        let known = self.records.iter().position(|known| *known == record);
        if known.is_none() {
            self.records.push(record);
        }
        known.unwrap_or(self.records.len() - 1)
    }
}

impl SequentialSpec for AppendOnly {
    type Op = Request;
    type Ret = Answer;

    fn invoke(&mut self, op: &Request) -> Answer {
        match op {
            Request::Append(record) => Answer::At(self.append(*record) as u64),
            Request::Map(record, op) => {
                self.append(*record);
                Answer::Map(self.map.invoke(op))
            }
            Request::Read(from) => {
                let from = usize::try_from(*from).unwrap_or(usize::MAX);
                Answer::Records(self.records.get(from..).unwrap_or_default().to_vec())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(producer: usize) -> Request {
        Request::Append((producer.into(), 1))
    }

    /// A history in which a producer is answered before a consumer asks.
    fn read_after_append(records: &[usize]) -> bool {
        let (producer, consumer) = (Id::from(3), Id::from(4));
        let history = Linearizable::linearizable(AppendOnly::default());
        let history = history.invoke(producer, 1, &append(3)).unwrap();
        let history = history.reply(producer, 1, &Answer::At(0)).unwrap();
        let history = history.invoke(consumer, 1, &Request::Read(0)).unwrap();
        let records = records.iter().map(|producer| ((*producer).into(), 1)).collect();
        history.reply(consumer, 1, &Answer::Records(records)).unwrap().is_consistent()
    }

    #[test]
    fn a_consumer_that_asks_later_reads_what_was_acknowledged_and_nothing_else() {
        assert!(read_after_append(&[3]));
        assert!(!read_after_append(&[]));
        assert!(!read_after_append(&[3, 3]));
        assert!(!read_after_append(&[5]));
    }

    #[test]
    fn the_log_has_a_record_once_and_reads_from_an_offset() {
        let mut log = AppendOnly::default();
        assert_eq!(log.invoke(&append(3)), Answer::At(0));
        assert_eq!(log.invoke(&append(4)), Answer::At(1));
        assert_eq!(log.invoke(&append(3)), Answer::At(0), "it has it");
        assert_eq!(log.invoke(&Request::Read(1)), Answer::Records(vec![(Id::from(4), 1)]));
        assert_eq!(log.invoke(&Request::Read(9)), Answer::Records(vec![]));
    }
}
