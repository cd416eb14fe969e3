//! What the records of a topic come to: a map, and the last reply to each producer.
//!
//! A record is a message, or several in a batch, which consumers read and which change nothing, or an
//! operation on the map. Whether a compare-and-swap succeeds is decided by the records before it, so all brokers
//! agree on it. The map is the topic's compacted view: the last value of each key.

use crate::kv::machine::Cursor;
use crate::kv::map::MAX_OPERATION_BYTES;
use crate::kv::transfer::Piece;
use crate::kv::{self, Bytes, Map, StateMachine};
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Entry {
    /// A message.
    Message(Bytes),
    /// An operation on the map.
    Map(kv::Op),
    /// Several messages, one after the other.
    Batch(Vec<Bytes>),
}

/// The most messages of a batch.
pub const MAX_BATCH: usize = 4096;
/// The most bytes that the messages of a batch [count](batch_bytes): what an operation on the map may
/// have, so that a batch fits into a datagram as a request, and alone in the answer to a fetch.
pub const MAX_BATCH_BYTES: usize = MAX_OPERATION_BYTES;
/// What a message of a batch counts beside its bytes.
const MESSAGE_BYTES: usize = 8;

/// How much messages count in the bounds of a batch.
pub fn batch_bytes(lengths: impl IntoIterator<Item = usize>) -> usize {
    lengths.into_iter().map(|len| len + MESSAGE_BYTES).sum()
}

impl Entry {
    /// These messages, of which there is at least one. One alone is no batch.
    pub fn of(mut messages: Vec<Bytes>) -> Self {
        match (messages.pop(), messages.is_empty()) {
            (Some(only), true) => Self::Message(only),
            (last, _) => {
                messages.extend(last);
                Self::Batch(messages)
            }
        }
    }

    /// How many offsets it has.
    pub fn count(&self) -> u64 {
        match self {
            Self::Message(_) | Self::Map(_) => 1,
            Self::Batch(messages) => messages.len() as u64,
        }
    }

    /// How many bytes of keys and values it has.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Message(value) => value.len(),
            Self::Batch(messages) => batch_bytes(messages.iter().map(Bytes::len)),
            Self::Map(op) => match op {
                kv::Op::Get { key } | kv::Op::Delete { key } => key.len(),
                kv::Op::Put { key, value } => key.len() + value.len(),
                kv::Op::Cas { key, expected, new } => {
                    let values = [expected, new].into_iter().flatten();
                    key.len() + values.map(Bytes::len).sum::<usize>()
                }
                kv::Op::Range(range) => range.from.len() + range.to.as_ref().map_or(0, Bytes::len),
            },
        }
    }
}

/// What a record comes to, once it is committed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Applied {
    /// A message is at this offset, or the first one of a batch.
    At(u64),
    /// An operation on the map has this reply.
    Map(kv::Reply),
}

/// A piece of what the first records of a topic come to.
pub type TopicPiece = Piece<Topic>;

/// The map that the records of a topic make, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Topic {
    /// The offset of the next record.
    pub next: u64,
    /// The map.
    pub map: Map,
}

impl StateMachine for Topic {
    type Op = Entry;
    type Reply = Applied;
    type Fragment = (u64, <Map as StateMachine>::Fragment);

    fn apply(&mut self, client: Id, seq: u64, entry: &Entry) -> Applied {
        let offset = self.next;
        self.next += entry.count();
        match entry {
            Entry::Message(_) | Entry::Batch(_) => Applied::At(offset),
            Entry::Map(op) => Applied::Map(self.map.apply(client, seq, op)),
        }
    }

    fn fragments(&self) -> Vec<Self::Fragment> {
        self.fragments_after(None).map(|(_, fragment)| fragment).collect()
    }

    fn fragments_after(
        &self,
        cursor: Option<&Cursor>,
    ) -> impl Iterator<Item = (Cursor, Self::Fragment)> {
        let fragments = self.map.fragments_after(cursor);
        fragments.map(|(end, fragment)| (end, (self.next, fragment)))
    }

    fn restore(&mut self, (next, fragment): Self::Fragment) {
        self.next = next;
        self.map.restore(fragment);
    }
}
