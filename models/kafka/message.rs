//! What the nodes say to each other, and what clients ask for.
//!
//! Every message between brokers carries the leader epoch and the offset that it is about, since
//! links lose, repeat and reorder: there is no connection that would say which answer is to which
//! fetch.

use super::config::Acks;
use super::log::Record;
use super::registry::Registry;
use super::topic::{Applied, TopicPiece};
use crate::kv::transfer::{Cut, Held};
use crate::kv::{self, Bytes, Service};
use crate::paxos;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::collections::BTreeMap;

/// A message of the replicated log.
pub type Msg = Service<Op, Reply, Peer>;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Op {
    /// Append a record: a message, or a batch of several, which is appended, acknowledged and known by
    /// its number as a whole.
    Produce {
        /// The producer's number of the record, from 1: the same when it asks again.
        sequence: u64,
        /// The messages; at least one.
        messages: Vec<Bytes>,
        /// When it is acknowledged.
        acks: Acks,
    },
    /// Read the committed records from this offset on.
    Consume {
        /// The offset, from 0.
        from: u64,
    },
    /// Do this on the map that the records make. It is a record itself, a read too: so its place in
    /// the log is its place among all operations, whoever leads.
    Map(kv::Op),
    /// Where the log begins, and where it ends.
    Offsets,
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Reply {
    /// The record is appended, and has this offset.
    Produced {
        /// Its offset, from 0; of a batch, that of its first message.
        offset: u64,
    },
    /// The record is not appended: the producer's last one before it is not there.
    OutOfOrder,
    /// The committed records, or as many of them as one answer holds.
    Consumed {
        /// The offset of the first: as asked for, or where the log begins, if that is later; or where
        /// the batch begins that has the offset.
        from: u64,
        /// The records.
        records: Vec<Record>,
    },
    /// What the operation on the map comes to.
    Map(kv::Reply),
    /// The ends of the log.
    Offsets {
        /// The offset of the first record that is kept.
        start: u64,
        /// The high watermark: consumers read up to there.
        committed: u64,
        /// The offset after the last record.
        end: u64,
    },
}

impl From<Applied> for Reply {
    fn from(applied: Applied) -> Self {
        match applied {
            Applied::At(offset) => Self::Produced { offset },
            Applied::Map(reply) => Self::Map(reply),
        }
    }
}

/// The protocol's own vocabulary.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Peer {
    /// Broker to controller: I started.
    Register {
        /// The start's number: the broker's epoch.
        epoch: u64,
        /// The epoch in which it stopped with everything flushed, if that is how it stopped.
        clean: Option<u64>,
    },
    /// Broker to controller: I am alive.
    Heartbeat {
        /// The broker's epoch.
        epoch: u64,
        /// How much of the metadata it knows.
        version: u64,
    },
    /// Controller to broker: the metadata.
    Metadata(Registry),
    /// Leader to controller: let these be the in-sync replicas (KIP-497).
    AlterPartition {
        /// The leader's epoch.
        leader_epoch: u64,
        /// The partition epoch that it changes.
        partition_epoch: u64,
        /// The members, each with the broker epoch in which the leader knows it (KIP-903).
        isr: BTreeMap<Id, u64>,
    },
    /// Follower to leader: send me what follows.
    Fetch(Fetch),
    /// Leader to follower: here it is.
    Fetched(Fetched),
    /// Controller to controller, where they are several: about the log of what they decide.
    Quorum(paxos::Peer<Registry>),
}

/// A fetch of a follower. It also says that the follower has all before its offset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fetch {
    /// The leader epoch in which it follows (KIP-320).
    pub leader_epoch: u64,
    /// The end of its log.
    pub offset: u64,
    /// The epoch of its last record; 0 if it has none.
    pub last_epoch: u64,
    /// The follower's broker epoch (KIP-903).
    pub broker_epoch: u64,
    /// The pieces that it has of a log whose first records the leader has forgotten, if it is on its
    /// way through them.
    pub held: Option<Held>,
}

/// The answer to a fetch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fetched {
    /// The leader's epoch.
    pub leader_epoch: u64,
    /// The offset that the follower asked for.
    pub offset: u64,
    /// The epoch of its last record then. Where links repeat what they carried, the offset alone
    /// does not say which fetch was meant: a follower may truncate, and be at that offset again
    /// with another record before it.
    pub last_epoch: u64,
    /// The leader's high watermark.
    pub hw: u64,
    /// What comes of it.
    pub content: Content,
}

/// What an answer to a fetch contains.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Content {
    /// The records from the offset on.
    Records(Vec<Record>),
    /// The follower's log is not a prefix of the leader's: the leader's largest epoch that is no
    /// larger than the follower's last, and where it ends.
    Diverging {
        /// The epoch; 0 if the leader has no such record.
        epoch: u64,
        /// The offset after its last record.
        end: u64,
    },
    /// The leader has no records before an offset any more: a piece of what they come to.
    Piece {
        /// The offset.
        slot: u64,
        /// The epoch of the last record before it.
        epoch: u64,
        /// How many pieces come before.
        index: u32,
        /// The piece.
        piece: TopicPiece,
        /// Where the next one begins; `None` if this is the last.
        next: Option<Cut>,
    },
}
