//! The map's operations on a [`Client`], with the map's limits.
//!
//! There are two ways to ask a cluster. These methods are for programs that know that they talk to
//! a replicated map: each takes and returns what its operation takes and returns, and is one
//! request. [`deploy::ask`](fn@super::deploy::ask) is for programs that take any protocol, such as
//! the command line: its operation and its answer are values, and it repeats transactions that were
//! aborted for a reason that passes.

use super::client::{Client, ClientError};
use super::frame::MAX_DATAGRAM;
use quorate_models::kv::machine::Value;
use quorate_models::kv::map::MAX_OPERATION_BYTES;
use quorate_models::kv::range::MAX_PAGE_BYTES;
use quorate_models::kv::{Bytes, Op, Page, Range, Reply, limits};
use std::time::Duration;

/// An operation and a protocol's own fields fit a datagram.
const _: () = assert!(MAX_OPERATION_BYTES + 4 * 1024 <= MAX_DATAGRAM);
/// So do a page, the key of the next pair, and those fields.
const _: () = assert!(MAX_PAGE_BYTES + 8 * 1024 <= MAX_DATAGRAM);

/// What came of a compare-and-swap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swapped {
    /// Whether the value was the expected one, and so was replaced.
    pub swapped: bool,
    /// The value before the operation; `None` if the key was absent.
    pub found: Option<Bytes>,
}

impl<P: Value> Client<Op, Reply, P> {
    /// The value of `key`; `None` if it is absent.
    pub fn get(&mut self, key: Bytes, deadline: Duration) -> Result<Option<Bytes>, ClientError> {
        self.checked(Op::Get { key }, deadline, value)
    }

    /// Sets the value of `key`.
    pub fn put(&mut self, key: Bytes, value: Bytes, deadline: Duration) -> Result<(), ClientError> {
        self.checked(Op::Put { key, value }, deadline, done)
    }

    /// Removes `key`.
    pub fn delete(&mut self, key: Bytes, deadline: Duration) -> Result<(), ClientError> {
        self.checked(Op::Delete { key }, deadline, done)
    }

    /// Sets `key` to `new` (removes it, if that is `None`) if its value is `expected` (if it is
    /// absent, where that is `None`).
    pub fn cas(
        &mut self,
        key: Bytes,
        expected: Option<Bytes>,
        new: Option<Bytes>,
        deadline: Duration,
    ) -> Result<Swapped, ClientError> {
        self.checked(Op::Cas { key, expected, new }, deadline, swapped)
    }

    /// The first page of a range of keys, at one point in time: a page has at most as many pairs as
    /// are wanted, and at most [`MAX_PAGE_BYTES`]. Where the page has [more](Page::more), its
    /// [rest](Range::rest) is another read, at a later point in time.
    pub fn range(&mut self, range: Range, deadline: Duration) -> Result<Page, ClientError> {
        self.checked(Op::Range(range), deadline, page)
    }

    /// The first page of all keys that begin with `prefix`, at most `limit` pairs.
    pub fn prefix(
        &mut self,
        prefix: Bytes,
        limit: u32,
        deadline: Duration,
    ) -> Result<Page, ClientError> {
        self.range(Range::prefix(prefix, limit), deadline)
    }

    fn checked<T>(
        &mut self,
        op: Op,
        deadline: Duration,
        meant: fn(Reply) -> Result<T, Reply>,
    ) -> Result<T, ClientError> {
        limits::check(&op)?;
        let reply = self.call(op, deadline)?;
        meant(reply).map_err(|_| ClientError::Nonsense(self.last_server()))
    }
}

// What a reply says, or the reply where it is of another kind than the operation has.

pub(super) fn value(reply: Reply) -> Result<Option<Bytes>, Reply> {
    if let Reply::Value(value) = reply { Ok(value) } else { Err(reply) }
}

pub(super) fn done(reply: Reply) -> Result<(), Reply> {
    if reply == Reply::Done { Ok(()) } else { Err(reply) }
}

pub(super) fn swapped(reply: Reply) -> Result<Swapped, Reply> {
    match reply {
        Reply::Swapped { swapped, found } => Ok(Swapped { swapped, found }),
        _ => Err(reply),
    }
}

pub(super) fn page(reply: Reply) -> Result<Page, Reply> {
    if let Reply::Page(page) = reply { Ok(page) } else { Err(reply) }
}
