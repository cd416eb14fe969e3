//! What a node keeps across a crash.

use super::message::Update;
use super::version::{Stamp, Version};
use crate::clock;
use crate::kv::{Bytes, SessionLimits, Sessions};
use crate::membership::View;
use crate::shared_map::SharedMap;
use crate::{Replay, durable};
use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::ops::Bound;

/// What a node saves.
pub type Saved = durable::Saved<Stable>;

/// The state that a node must never forget.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stable {
    /// The versions of the keys that it holds.
    pub rows: SharedMap<Bytes, Row>,
    /// Its clock: at least every timestamp that it gave, and with a hybrid clock all that it saw.
    pub clock: clock::Stamp,
    /// The timestamp that the last write of each client got here, so that the same request gets no
    /// other.
    pub sessions: Sessions<Stamp>,
    /// What it promised, accepted and committed of serial requests.
    pub serial: SharedMap<Bytes, Serial>,
    /// The versions that it keeps for other nodes, one for each node and key.
    pub hints: SharedMap<(Id, Bytes), Version>,
    /// At least the timestamps of all tombstones that went, and larger after each: of values that are
    /// not newer, only what a replica holds after that is taken.
    pub horizon: Stamp,
    /// Which nodes are on the ring.
    pub view: View,
}

/// What a replica holds under a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Row {
    /// The version.
    pub version: Version,
    /// Whether all replicas are known to have it.
    pub is_repaired: bool,
}

/// What an acceptor remembers of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Serial {
    /// It accepts nothing of a smaller ballot.
    pub promised: Stamp,
    /// The last proposal that it accepted, unless that was committed.
    pub accepted: Option<(Stamp, Update)>,
    /// The most recent commit.
    pub committed: Option<Version>,
}

impl Serial {
    /// Whether what was committed is at least as new.
    pub fn covers(&self, ballot: Stamp) -> bool {
        self.committed.as_ref().is_some_and(|version| version.stamp >= ballot)
    }
}

impl Stable {
    /// Of a node that holds nothing.
    pub fn new(sessions: SessionLimits) -> Self {
        Self { sessions: Sessions::new(sessions), ..Self::default() }
    }

    fn serially(&mut self, key: Bytes, change: impl FnOnce(&mut Serial)) {
        let mut serial = self.serial.get(&key).cloned().unwrap_or_default();
        change(&mut serial);
        self.serial.insert(key, serial);
    }

    /// The keys after this one of which it has anything, in order; all, if there is none.
    pub fn keys_after(&self, after: Option<&Bytes>) -> impl Iterator<Item = &Bytes> {
        let keys = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let mut rows = self.rows.range(keys).map(|(key, _)| key).peekable();
        let mut serial = self.serial.range(keys).map(|(key, _)| key).peekable();
        std::iter::from_fn(move || match (rows.peek(), serial.peek()) {
            (Some(row), Some(key)) if row == key => {
                serial.next();
                rows.next()
            }
            (Some(row), Some(key)) if row > key => serial.next(),
            (None, _) => serial.next(),
            (Some(_), _) => rows.next(),
        })
    }

    /// The version of a key.
    pub fn version(&self, key: &Bytes) -> Option<&Version> {
        self.rows.get(key).map(|row| &row.version)
    }
}

/// A change of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Record {
    /// A key has this version, and the clock shows this.
    Row(Bytes, Version, clock::Stamp),
    /// The clock shows this.
    Clock(clock::Stamp),
    /// The write with this number of a client got this timestamp.
    Taken(Id, u64, Stamp),
    /// A version is kept for a node.
    Hint(Id, Bytes, Version),
    /// The node has it, or never will: it is kept no longer.
    Handed(Id, Bytes),
    /// This ballot is promised.
    Promised(Bytes, Stamp),
    /// This is accepted.
    Accepted(Bytes, Stamp, Update),
    /// This is committed.
    Committed(Bytes, Version),
    /// What was promised, accepted and committed of a key is forgotten.
    Expired(Bytes),
    /// All replicas have the version of a key.
    Repaired(Bytes),
    /// The tombstone of a key went.
    Purged(Bytes),
    /// What another replica promised, accepted and committed of a key is known here too.
    Serial(Bytes, Serial),
    /// This view of the ring is adopted.
    View(View),
    /// The node is no replica of a key any more.
    Dropped(Bytes),
}

impl Replay for Stable {
    type Record = Record;

    fn replay(&mut self, record: Record) {
        match record {
            Record::Row(key, version, clock) => {
                self.rows.insert(key, Row { version, is_repaired: false });
                self.clock = clock;
            }
            Record::Clock(clock) => self.clock = clock,
            Record::Taken(client, seq, stamp) => self.sessions.record(client, seq, stamp),
            Record::Hint(target, key, version) => {
                self.hints.insert((target, key), version);
            }
            Record::Handed(target, key) => {
                self.hints.remove(&(target, key));
            }
            Record::Promised(key, ballot) => self.serially(key, |serial| serial.promised = ballot),
            Record::Accepted(key, ballot, update) => self.serially(key, |serial| {
                serial.promised = serial.promised.max(ballot);
                serial.accepted = Some((ballot, update));
            }),
            Record::Committed(key, version) => self.serially(key, |serial| {
                let is_over = |(ballot, _): &(Stamp, Update)| *ballot <= version.stamp;
                if serial.accepted.as_ref().is_some_and(is_over) {
                    serial.accepted = None;
                }
                serial.committed = Some(version);
            }),
            Record::Expired(key) => {
                self.serial.remove(&key);
            }
            Record::Serial(key, merged) => self.serially(key, |serial| *serial = merged),
            Record::View(view) => self.view = view,
            Record::Dropped(key) => {
                self.rows.remove(&key);
                self.serial.remove(&key);
            }
            Record::Repaired(key) => {
                if let Some(row) = self.rows.get(&key).cloned() {
                    self.rows.insert(key, Row { is_repaired: true, ..row });
                }
            }
            Record::Purged(key) => {
                if let Some(row) = self.rows.remove(&key) {
                    self.horizon = self.horizon.past(row.version.stamp);
                }
            }
        }
    }
}

impl From<Record> for Saved {
    fn from(record: Record) -> Self {
        Self::record(record)
    }
}
