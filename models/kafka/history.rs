//! What producers and consumers were told.

use super::message::{Msg, Reply};
use crate::kv::Service;
use crate::world::Observer;
use stateright::actor::{Envelope, Id};
use std::collections::{BTreeMap, BTreeSet};

/// What producers and consumers were told, as far as properties ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LogHistory {
    /// The records that were acknowledged: producer and number. A producer of an instance asks for
    /// nothing else, so its requests have its records' numbers.
    pub acknowledged: BTreeSet<(Id, u64)>,
    /// What consumers read: offset to record.
    pub read: BTreeMap<u64, (Id, u64)>,
    /// Whether a consumer read another record where one was read before.
    pub reread: bool,
}

impl LogHistory {
    /// A consumer read a record.
    fn read(&mut self, offset: u64, record: (Id, u64)) {
        let known = *self.read.entry(offset).or_insert(record);
        self.reread |= known != record;
    }
}

impl Observer<Msg> for LogHistory {
    fn observes(envelope: Envelope<&Msg>) -> bool {
        matches!(envelope.msg, Service::Reply { .. })
    }

    fn on_deliver(&self, envelope: Envelope<&Msg>) -> Option<Self> {
        let Service::Reply { seq, reply } = envelope.msg else { return None };
        let mut next = self.clone();
        match reply {
            Reply::Produced { .. } => drop(next.acknowledged.insert((envelope.dst, *seq))),
            Reply::Consumed { from, records } => {
                for (offset, record) in (*from..).zip(records) {
                    next.read(offset, (record.producer, record.sequence));
                }
            }
            Reply::OutOfOrder => {}
        }
        (next != *self).then_some(next)
    }
}
