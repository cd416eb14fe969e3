//! What a user asks of a log of records, and its answers.

use super::Bytes;
use serde::{Deserialize, Serialize};

/// When a record is acknowledged to its producer.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Acks {
    /// When every in-sync replica has it, and they are at least the minimum: `acks=all`.
    #[default]
    All,
    /// When the leader has it: `acks=1`.
    Leader,
    /// Never: its producer sends it once, and does not wait: `acks=0`.
    None,
}

/// What a user asks of a log of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogAsk {
    /// To append messages as one batch: all of them, one after the other, or none.
    Produce {
        /// The client's number of the batch, from 1 without a gap. The same number is appended once.
        sequence: u64,
        /// The messages; at least one.
        messages: Vec<Bytes>,
        /// When it is acknowledged.
        acks: Acks,
    },
    /// To read the records from this offset on.
    Consume {
        /// The offset.
        from: u64,
    },
    /// Where the log begins and ends.
    Offsets,
}

/// The answer of a log of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogAnswer {
    /// The messages were appended.
    Produced {
        /// The offset of the first; the others follow.
        offset: u64,
    },
    /// The records, or as many of them as one answer holds.
    Records {
        /// The offset of the first: as asked for, or where the log begins now.
        from: u64,
        /// The records: of a batch, its messages.
        records: Vec<LogRecord>,
    },
    /// The ends of the log.
    Offsets {
        /// The offset of the first record that is kept.
        start: u64,
        /// The offset after the last record that consumers may read.
        committed: u64,
        /// The offset after the last record.
        end: u64,
    },
}

/// A record as a consumer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// Its offset.
    pub offset: u64,
    /// `message`, or the operation on the map that it is.
    pub kind: &'static str,
    /// The key that it is about.
    pub key: Option<Bytes>,
    /// The message, or the new value of the key.
    pub value: Option<Bytes>,
}
