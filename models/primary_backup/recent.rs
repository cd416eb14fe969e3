//! Operations that may be asked for again, by number.

use crate::kv::transfer::encoded_bytes;
use crate::shared_map::SharedMap;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

/// How many of its last operations a replica keeps beside its state, on disk too. A backup is never
/// further behind its primary, so whichever of them comes back or takes over, the other need not
/// copy the state.
pub const MAX_RECENT: usize = 256;

/// A request as it is replicated and stored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Entry<O> {
    /// The client.
    pub client: Id,
    /// The client's sequence number.
    pub seq: u64,
    /// What it asked for.
    pub request: O,
}

/// Operations with the numbers that they have, without gaps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(deserialize = "O: Clone + Deserialize<'de>"))]
pub struct Recent<O>(SharedMap<u64, Entry<O>>);

impl<O> Default for Recent<O> {
    fn default() -> Self {
        Self(SharedMap::new())
    }
}

impl<O: Clone> Recent<O> {
    /// Adds the next operation.
    pub fn push(&mut self, op: u64, entry: Entry<O>) {
        self.0.insert(op, entry);
    }

    /// Keeps the newest [`MAX_RECENT`].
    pub(super) fn cap(&mut self) {
        while self.0.len() > MAX_RECENT {
            self.0.pop_first();
        }
    }

    /// Gives away the operations up to this one.
    pub(super) fn split_upto(&mut self, op: u64) -> impl Iterator<Item = Entry<O>> {
        std::iter::from_fn(move || {
            let (first, _) = self.0.first_key_value()?;
            if *first <= op { self.0.pop_first().map(|(_, entry)| entry) } else { None }
        })
    }

    /// The operations from one number to another, in order.
    pub fn between(&self, from: u64, upto: u64) -> impl Iterator<Item = (u64, &Entry<O>)> {
        self.since(from).take_while(move |(op, _)| *op <= upto)
    }

    /// The operations from this one on, in order.
    pub fn since(&self, from: u64) -> impl Iterator<Item = (u64, &Entry<O>)> {
        self.0.range(from..).map(|(op, entry)| (*op, entry))
    }

    /// At most `many` operations from this one on, as messages carry them: as many in one as have
    /// `batch_bytes` together, and each time the number of the first.
    pub(super) fn batches(
        &self,
        from: u64,
        many: usize,
        batch_bytes: usize,
    ) -> impl Iterator<Item = (u64, Vec<Entry<O>>)>
    where
        O: Serialize,
    {
        let mut left = self.since(from).take(many).peekable();
        std::iter::from_fn(move || {
            let (first, entry) = left.next()?;
            let (mut entries, mut bytes) = (vec![entry.clone()], encoded_bytes(entry));
            while let Some((_, entry)) = left.peek() {
                bytes = bytes.saturating_add(encoded_bytes(entry));
                if bytes > batch_bytes {
                    break;
                }
                entries.extend(left.next().map(|(_, entry)| entry.clone()));
            }
            Some((first, entries))
        })
    }

    /// Whether it has this operation, and so all since.
    pub fn reaches(&self, op: u64) -> bool {
        self.0.first_key_value().is_some_and(|(first, _)| *first <= op)
    }
}
