//! What each node keeps across a crash.
//!
//! The controller's registry is small and saved whole. A broker saves its log as records of what it
//! did, and not before it flushes: what it appended since is in the page cache, and a crash of the
//! machine loses it.

use super::log::{Log, Record};
use super::registry::Registry;
use super::state::BrokerState;
use crate::paxos;
use crate::{Durable, Replay, Saved};
use serde::{Deserialize, Serialize};

/// The durable state of a node, or a delta of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Storage {
    /// Of the controller.
    Controller(Registry),
    /// Of a broker.
    Broker(Saved<BrokerDisk>),
    /// Of a controller that is one of several.
    Voter(paxos::Saved<Registry>),
}

impl Durable for Storage {
    fn absorb(&mut self, delta: Self) {
        match (self, delta) {
            (Self::Broker(saved), Self::Broker(delta)) => saved.absorb(delta),
            (Self::Voter(saved), Self::Voter(delta)) => saved.absorb(delta),
            (saved, delta) => *saved = delta,
        }
    }
}

/// What a broker has on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BrokerDisk {
    /// The number of its last start.
    pub epoch: u64,
    /// The epoch in which it stopped with everything flushed.
    pub clean: Option<u64>,
    /// The log, as far as it is flushed.
    pub log: Log,
}

/// A record of what a broker did to its disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DiskRecord {
    /// It started, for the time with this number, and erased the mark of a clean stop.
    Started(u64),
    /// It flushed these records.
    Flushed(Vec<Record>),
    /// It cut off all from this offset on.
    Truncated(u64),
    /// It forgot all before this offset, but not what that comes to.
    Trimmed(u64),
    /// It stopped cleanly in this epoch.
    Stopped(u64),
}

impl Replay for BrokerDisk {
    type Record = DiskRecord;

    fn replay(&mut self, record: DiskRecord) {
        match record {
            DiskRecord::Started(epoch) => {
                self.epoch = epoch;
                self.clean = None;
            }
            DiskRecord::Flushed(records) => self.log.extend(records),
            DiskRecord::Truncated(end) => self.log.truncate(end),
            DiskRecord::Trimmed(start) => self.log.trim(start),
            DiskRecord::Stopped(epoch) => self.clean = Some(epoch),
        }
    }
}

impl From<DiskRecord> for Storage {
    fn from(record: DiskRecord) -> Self {
        Self::Broker(Saved::record(record))
    }
}

impl BrokerState {
    /// What must be on disk.
    pub(super) fn on_disk(&self) -> BrokerDisk {
        let log = self.log.before(self.flushed);
        BrokerDisk { epoch: self.epoch, clean: self.clean, log }
    }
}
