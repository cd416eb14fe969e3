//! A log of records, and where its epochs end (KIP-101).
//!
//! The epochs of a log grow with its offsets. So where an epoch ends follows from the records, and
//! there is no second table that could disagree with them.
//!
//! A [`Record`] of the log may be a batch of several messages, as Kafka's record batch is (KIP-98): it has
//! one producer's number, and an offset for each message. Offsets that nodes tell each other are ends of
//! records, but for two. A consumer may ask for the middle of a batch, and gets all of it. And where logs
//! part, the leader may tell an offset that is in the middle of a follower's batch: that batch is not in
//! the leader's log, since a batch was appended there whole or not at all.

use super::topic::{Applied, Entry, Topic};
use crate::kv::Image;
use crate::kv::service::Refusal;
use crate::kv::sessions::RequestStatus;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::borrow::Cow;
use std::cmp::max;

/// A record of the log: the unit that is appended, replicated, acknowledged and numbered by its producer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Record {
    /// The leader epoch in which it was appended (KIP-101).
    pub epoch: u64,
    /// Who produced it (KIP-98).
    pub producer: Id,
    /// The producer's number of it, from 1.
    pub sequence: u64,
    /// What it says.
    pub entry: Entry,
}

/// The size of a record beside its keys and values, at most.
const RECORD_BYTES: usize = 64;

impl Record {
    /// How many offsets it has: one, or one for each message of a batch.
    pub fn count(&self) -> u64 {
        self.entry.count()
    }

    /// How much it counts in the bounds of a log and of an answer.
    pub fn bytes(&self) -> usize {
        self.entry.bytes() + RECORD_BYTES
    }

    /// The record that brokers may have at the start.
    pub(super) fn first() -> Self {
        let entry = Entry::Message("first".into());
        Self { epoch: 1, producer: Id::from(0), sequence: 1, entry }
    }
}

/// What the records before an offset come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Base {
    /// The epoch of the last of them; 0 if there is none.
    pub epoch: u64,
    /// The map that they make, and the last reply to each producer; its slot is the offset.
    pub image: Image<Topic>,
}

impl Base {
    /// The next record follows; the reply to its producer.
    pub(super) fn apply(&mut self, record: &Record) -> Result<Applied, Refusal> {
        let offset = self.image.slot;
        self.epoch = record.epoch;
        self.image.slot += record.count();
        self.image.machine.next = offset;
        let Record { producer, sequence, entry, .. } = record;
        let answer = self.image.apply_once(*producer, *sequence, entry);
        // A record may be there twice where producers are not idempotent.
        answer.map_or(Ok(Applied::At(offset)), |answer| answer.result)
    }

    /// Whether it has a producer's record.
    pub(super) fn has(&self, producer: Id, sequence: u64) -> bool {
        let status = self.image.sessions.status(producer, sequence);
        matches!(status, RequestStatus::Repeated(_) | RequestStatus::Old)
    }
}

/// A log of records; the first ever has offset 0. Of those before its start it has what they come
/// to.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Kept")]
pub struct Log {
    base: Base,
    records: Vec<Record>,
    /// The offset after each record. Follows from the rest, and is not saved.
    #[serde(skip_serializing)]
    ends: Vec<u64>,
    /// How much the records count together.
    bytes: usize,
    /// The highest producer's id of all that the log knows of. Follows from the rest.
    newest_producer: Option<Id>,
}

/// What is saved of a log.
#[derive(Deserialize)]
struct Kept {
    base: Base,
    records: Vec<Record>,
    bytes: usize,
    newest_producer: Option<Id>,
}

impl From<Kept> for Log {
    fn from(kept: Kept) -> Self {
        let Kept { base, records, bytes, newest_producer } = kept;
        let mut log = Self { base, records, ends: Vec::new(), bytes, newest_producer };
        log.count_again();
        log
    }
}

impl FromIterator<Record> for Log {
    fn from_iter<I: IntoIterator<Item = Record>>(records: I) -> Self {
        let mut log = Self::default();
        log.extend(records);
        log
    }
}

impl Log {
    /// The offset of the first record that is kept.
    pub fn start(&self) -> u64 {
        self.base.image.slot
    }

    /// The offset after the last record.
    pub fn end(&self) -> u64 {
        self.end_after(self.records.len())
    }

    /// The offset after so many of the records that are kept.
    fn end_after(&self, count: usize) -> u64 {
        count.checked_sub(1).map_or(self.start(), |last| self.ends[last])
    }

    /// How many of the records that are kept end by this offset.
    fn ended_by(&self, offset: u64) -> usize {
        self.ends.partition_point(|end| *end <= offset)
    }

    /// The offset of the first of the records [from](Self::between) an offset on.
    pub fn start_of(&self, offset: u64) -> u64 {
        self.end_after(self.ended_by(offset))
    }

    /// The records that are kept.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// What those before them come to.
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// How much the records that are kept count together.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The highest producer's id of all that the log knows of.
    pub fn newest_producer(&self) -> Option<Id> {
        self.newest_producer
    }

    /// The epoch of the last record; 0 if there is none.
    pub fn last_epoch(&self) -> u64 {
        self.epoch_before(self.end())
    }

    /// The epoch of the last record before an offset; 0 if there is none.
    pub fn epoch_before(&self, offset: u64) -> u64 {
        self.between(0, offset).last().map_or(self.base.epoch, |record| record.epoch)
    }

    /// The largest epoch that is no larger than `epoch`, 0 if there is none, and the offset after
    /// its last record. Of epochs before that of the start nothing is known.
    pub fn end_of(&self, epoch: u64) -> (u64, u64) {
        if epoch < self.base.epoch {
            return (0, 0);
        }
        let count = self.records.partition_point(|record| record.epoch <= epoch);
        let end = self.end_after(count);
        (self.epoch_before(end), end)
    }

    /// The records from the one that has the offset `from` to the last one that ends by `to`, as far as
    /// there are such.
    pub fn between(&self, from: u64, to: u64) -> &[Record] {
        let to = self.ended_by(to);
        let from = self.ended_by(from).min(to);
        &self.records[from..to]
    }

    /// The same, but not more than one answer holds: so many bytes, or a single record.
    pub fn read(&self, from: u64, to: u64, bytes: usize) -> &[Record] {
        let records = self.between(from, to);
        let mut size = 0;
        let fits = |record: &&Record| {
            size += record.bytes();
            size <= bytes
        };
        let count = records.iter().take_while(fits).count();
        &records[..max(count, 1).min(records.len())]
    }

    /// The offset of the first of the last records that count so much together at least.
    pub fn start_of_last(&self, bytes: usize) -> u64 {
        let mut size = 0;
        let enough = |record: &&Record| {
            let goes_on = size < bytes;
            size += record.bytes();
            goes_on
        };
        let count = self.records.iter().rev().take_while(enough).count();
        self.end_after(self.records.len() - count)
    }

    /// Appends records.
    pub fn extend(&mut self, records: impl IntoIterator<Item = Record>) {
        for record in records {
            self.newest_producer = max(self.newest_producer, Some(record.producer));
            self.bytes += record.bytes();
            self.ends.push(self.end() + record.count());
            self.records.push(record);
        }
    }

    /// Cuts off all from `end` on. Of a batch that `end` is in the middle of nothing is left.
    pub fn truncate(&mut self, end: u64) {
        if end < self.start() {
            *self = Self::default();
        }
        self.records.truncate(self.ended_by(end));
        self.count_again();
    }

    /// Keeps no records before `start`, but what they come to.
    pub fn trim(&mut self, start: u64) {
        let count = self.between(0, start).len();
        for record in self.records.drain(..count) {
            // Its producer had the reply when it was committed.
            drop(self.base.apply(&record));
        }
        self.count_again();
    }

    /// A log of which the records up to an offset are known by what they come to.
    pub fn beginning_with(base: Base) -> Self {
        let mut log = Self { base, ..Self::default() };
        log.count_again();
        log
    }

    /// The log up to an offset.
    #[must_use]
    pub fn before(&self, end: u64) -> Self {
        let mut log = Self { base: self.base.clone(), ..Self::default() };
        log.records = self.between(0, end).to_vec();
        log.count_again();
        log
    }

    fn count_again(&mut self) {
        let mut end = self.start();
        self.ends.clear();
        self.ends.extend(self.records.iter().map(|record| {
            end += record.count();
            end
        }));
        self.bytes = self.records.iter().map(Record::bytes).sum();
        let kept = self.records.iter().map(|record| record.producer).max();
        self.newest_producer = max(kept, self.base.image.sessions.newest_client());
    }

    /// Whether it has a producer's record.
    pub fn has(&self, producer: Id, sequence: u64) -> bool {
        let is_it = |record: &Record| (record.producer, record.sequence) == (producer, sequence);
        self.records.iter().any(is_it) || self.base.has(producer, sequence)
    }

    /// Whether it has the same records as another before an offset, as far as can be told: where
    /// one has only what they come to, that is compared.
    pub fn agrees_with(&self, other: &Self, before: u64) -> bool {
        let start = max(self.start(), other.start());
        if start > before {
            // What is not kept any more was committed, and there is no more to compare.
            return true;
        }
        self.base_at(start) == other.base_at(start)
            && self.between(start, before) == other.between(start, before)
    }

    /// What the records before an offset come to.
    fn base_at(&self, offset: u64) -> Cow<'_, Base> {
        let mut base = Cow::Borrowed(&self.base);
        for record in self.between(0, offset) {
            drop(base.to_mut().apply(record));
        }
        base
    }

    /// Whether it has all that another has before an offset.
    pub fn has_all_of(&self, other: &Self, before: u64) -> bool {
        let before = before.min(other.end());
        self.end() >= before && self.agrees_with(other, before)
    }
}
