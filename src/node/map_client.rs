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
use quorate_models::kv::{Bytes, Op, Reply, limits};
use std::time::Duration;

/// An operation and a protocol's own fields fit a datagram.
const _: () = assert!(MAX_OPERATION_BYTES + 4 * 1024 <= MAX_DATAGRAM);

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
        match self.checked(Op::Get { key }, deadline)? {
            Reply::Value(value) => Ok(value),
            _ => Err(self.nonsense()),
        }
    }

    /// Sets the value of `key`.
    pub fn put(&mut self, key: Bytes, value: Bytes, deadline: Duration) -> Result<(), ClientError> {
        self.done(Op::Put { key, value }, deadline)
    }

    /// Removes `key`.
    pub fn delete(&mut self, key: Bytes, deadline: Duration) -> Result<(), ClientError> {
        self.done(Op::Delete { key }, deadline)
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
        match self.checked(Op::Cas { key, expected, new }, deadline)? {
            Reply::Swapped { swapped, found } => Ok(Swapped { swapped, found }),
            _ => Err(self.nonsense()),
        }
    }

    fn done(&mut self, op: Op, deadline: Duration) -> Result<(), ClientError> {
        match self.checked(op, deadline)? {
            Reply::Done => Ok(()),
            _ => Err(self.nonsense()),
        }
    }

    fn checked(&mut self, op: Op, deadline: Duration) -> Result<Reply, ClientError> {
        limits::check(&op)?;
        self.call(op, deadline)
    }

    fn nonsense(&self) -> ClientError {
        ClientError::Nonsense(self.last_server())
    }
}
