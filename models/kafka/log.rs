//! A log of records, and where its epochs end (KIP-101).
//!
//! The epochs of a log grow with its offsets. So where an epoch ends follows from the records, and
//! there is no second table that could disagree with them.

use crate::kv::Bytes;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

/// A record of the log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Record {
    /// The leader epoch in which it was appended (KIP-101).
    pub epoch: u64,
    /// Who produced it (KIP-98).
    pub producer: Id,
    /// The producer's number of it, from 1.
    pub sequence: u64,
    /// Its value.
    pub value: Bytes,
}

impl Record {
    /// The record that brokers may have at the start.
    pub(super) fn first() -> Self {
        Self { epoch: 1, producer: Id::from(0), sequence: 1, value: "first".into() }
    }
}

/// A log of records; the first has offset 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Log(pub Vec<Record>);

impl Log {
    /// The offset after the last record.
    pub fn end(&self) -> u64 {
        self.0.len() as u64
    }

    /// The epoch of the last record; 0 if there is none.
    pub fn last_epoch(&self) -> u64 {
        self.0.last().map_or(0, |record| record.epoch)
    }

    /// The largest epoch that is no larger than `epoch`, 0 if there is none, and the offset after
    /// its last record.
    pub fn end_of(&self, epoch: u64) -> (u64, u64) {
        let end = self.0.partition_point(|record| record.epoch <= epoch);
        let found = self.0[..end].last().map_or(0, |record| record.epoch);
        (found, end as u64)
    }

    /// The records from `from` to before `to`, as far as there are such.
    pub fn between(&self, from: u64, to: u64) -> &[Record] {
        let to = usize::try_from(to).unwrap_or(usize::MAX).min(self.0.len());
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(to);
        &self.0[from..to]
    }

    /// Cuts off all from `end` on.
    pub fn truncate(&mut self, end: u64) {
        self.0.truncate(usize::try_from(end).unwrap_or(usize::MAX));
    }

    /// Where a producer's record is.
    pub fn find(&self, producer: Id, sequence: u64) -> Option<u64> {
        let is_it = |record: &Record| (record.producer, record.sequence) == (producer, sequence);
        self.0.iter().position(is_it).map(|at| at as u64)
    }

    /// The number of a producer's last record from `from` on; 0 if it has none.
    pub fn last_sequence(&self, producer: Id, from: u64) -> u64 {
        let mut records = self.between(from, u64::MAX).iter().rev();
        records.find(|record| record.producer == producer).map_or(0, |record| record.sequence)
    }
}
