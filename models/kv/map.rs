//! The map of byte strings: its operations, its replies, and their sequential meaning.

use super::bytes::Bytes;
use super::machine::{Cursor, FRAGMENT_BYTES, StateMachine};
use super::range::{Page, Range};
use crate::shared_map::SharedMap;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use stateright::semantics::SequentialSpec;
use std::iter::Peekable;
use std::ops::Bound::{Excluded, Unbounded};

/// The longest key, in bytes.
pub const MAX_KEY_BYTES: usize = 1024;
/// The longest value, in bytes: one value, its key and the protocol's fields fit one datagram.
pub const MAX_VALUE_BYTES: usize = 32 * 1024;
/// The most bytes of keys and values in one operation. A protocol puts an operation that it
/// accepted into messages of its own: were there no room left for their fields, the servers could
/// not pass it on to each other, and would never get beyond it.
pub const MAX_OPERATION_BYTES: usize = 56 * 1024;

/// An operation on the map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Op {
    /// Reads the value of a key.
    Get {
        /// The key.
        key: Bytes,
    },
    /// Sets the value of a key.
    Put {
        /// The key.
        key: Bytes,
        /// Its new value.
        value: Bytes,
    },
    /// Removes a key.
    Delete {
        /// The key.
        key: Bytes,
    },
    /// Compare-and-swap: sets the value of a key if its value is the expected one.
    Cas {
        /// The key.
        key: Bytes,
        /// The value it must have now; `None` if it must be absent.
        expected: Option<Bytes>,
        /// Its new value; `None` to remove the key.
        new: Option<Bytes>,
    },
    /// Reads the keys of a range, in order, with their values.
    Range(Range),
}

impl Op {
    /// `get key`.
    pub fn get(key: &str) -> Self {
        Self::Get { key: key.into() }
    }

    /// `put key value`.
    pub fn put(key: &str, value: &str) -> Self {
        Self::Put { key: key.into(), value: value.into() }
    }

    /// The key it is about; of a range, the key where it begins.
    pub fn key(&self) -> &Bytes {
        match self {
            Self::Get { key }
            | Self::Put { key, .. }
            | Self::Delete { key }
            | Self::Cas { key, .. } => key,
            Self::Range(range) => &range.from,
        }
    }
}

/// The reply to an [`Op`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Reply {
    /// To a get: the value, or `None` where the key is absent.
    Value(Option<Bytes>),
    /// To a put or a delete: it was done.
    Done,
    /// To a compare-and-swap: whether it swapped, and the value found.
    Swapped {
        /// Whether the value was the expected one, and so was replaced.
        swapped: bool,
        /// The value before the operation.
        found: Option<Bytes>,
    },
    /// To a range: its first page.
    Page(Page),
}

/// The map itself; also its sequential specification, against which histories are judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Map(pub SharedMap<Bytes, Bytes>);

impl Map {
    fn set(&mut self, key: &Bytes, value: Option<&Bytes>) {
        match value {
            Some(value) => self.0.insert(key.clone(), value.clone()),
            None => self.0.remove(key),
        };
    }
}

impl SequentialSpec for Map {
    type Op = Op;
    type Ret = Reply;

    fn invoke(&mut self, op: &Op) -> Reply {
        match op {
            Op::Get { key } => Reply::Value(self.0.get(key).cloned()),
            Op::Put { key, value } => {
                self.set(key, Some(value));
                Reply::Done
            }
            Op::Delete { key } => {
                self.set(key, None);
                Reply::Done
            }
            Op::Cas { key, expected, new } => {
                let found = self.0.get(key).cloned();
                let swapped = found == *expected;
                if swapped {
                    self.set(key, new.as_ref());
                }
                Reply::Swapped { swapped, found }
            }
            Op::Range(range) => Reply::Page(range.read(&self.0)),
        }
    }
}

impl StateMachine for Map {
    type Op = Op;
    type Reply = Reply;
    type Fragment = Vec<(Bytes, Bytes)>;

    fn apply(&mut self, _client: Id, _seq: u64, op: &Op) -> Reply {
        self.invoke(op)
    }

    fn query(&self, op: &Op) -> Option<Reply> {
        match op {
            Op::Get { key } => Some(Reply::Value(self.0.get(key).cloned())),
            Op::Range(range) => Some(Reply::Page(range.read(&self.0))),
            Op::Put { .. } | Op::Delete { .. } | Op::Cas { .. } => None,
        }
    }

    fn is_query(&self, op: &Op) -> bool {
        matches!(op, Op::Get { .. } | Op::Range(_))
    }

    fn fragments(&self) -> Vec<Self::Fragment> {
        self.fragments_after(None).map(|(_, fragment)| fragment).collect()
    }

    /// A cursor is the last key before it.
    fn fragments_after(
        &self,
        cursor: Option<&Cursor>,
    ) -> impl Iterator<Item = (Cursor, Self::Fragment)> {
        let from = cursor.map_or(Unbounded, |last| Excluded(last.clone()));
        let mut entries = self.0.range((from, Unbounded)).peekable();
        let empty = self.0.is_empty() && cursor.is_none();
        let empty = empty.then(|| (Cursor::default(), Vec::new()));
        empty.into_iter().chain(std::iter::from_fn(move || fragment(&mut entries)))
    }

    fn restore(&mut self, fragment: Self::Fragment) {
        self.0.extend(fragment);
    }
}

/// As many of the next entries as have [`FRAGMENT_BYTES`] together, at least one, and the last key.
fn fragment<'a>(
    entries: &mut Peekable<impl Iterator<Item = (&'a Bytes, &'a Bytes)>>,
) -> Option<(Cursor, Vec<(Bytes, Bytes)>)> {
    let (mut fragment, mut size) = (Vec::new(), 0);
    let bytes = |(key, value): (&Bytes, &Bytes)| key.len() + value.len();
    while let Some((key, value)) =
        entries.next_if(|entry| fragment.is_empty() || size + bytes(*entry) <= FRAGMENT_BYTES)
    {
        size += bytes((key, value));
        fragment.push((key.clone(), value.clone()));
    }
    let (last, _) = fragment.last()?;
    Some((last.clone(), fragment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_a_query_if_it_has_a_reply_without_being_applied() {
        let mut map = Map::default();
        map.apply(Id::from(9), 1, &Op::put("a", "x"));
        let (from, to) = ("a".into(), None);
        for op in [
            Op::get("a"),
            Op::put("a", "y"),
            Op::Delete { key: "a".into() },
            Op::Cas { key: "a".into(), expected: None, new: None },
            Op::Range(Range { from, to, limit: 1 }),
        ] {
            let reply = map.query(&op);
            assert_eq!(map.is_query(&op), reply.is_some(), "{op:?}");
            let (before, applied) = (map.clone(), map.apply(Id::from(9), 2, &op));
            assert!(reply.is_none_or(|reply| reply == applied && map == before), "{op:?}");
            map = before;
        }
    }
}
