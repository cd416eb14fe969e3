//! The map's operations on a [`Client`], with the map's limits.

use super::client::{Client, ClientError};
use super::frame::MAX_DATAGRAM;
use quorate_models::kv::machine::Value;
pub use quorate_models::kv::map::MAX_OPERATION_BYTES;
use quorate_models::kv::map::{MAX_KEY_BYTES, MAX_VALUE_BYTES};
use quorate_models::kv::{Bytes, Op, Reply};
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
        check(&op)?;
        self.call(op, deadline)
    }

    fn nonsense(&self) -> ClientError {
        ClientError::Nonsense(self.last_server())
    }
}

/// Whether an operation keeps the limits.
pub fn check(op: &Op) -> Result<(), ClientError> {
    let key = op.key().len();
    if key > MAX_KEY_BYTES {
        return Err(ClientError::KeyTooLong { len: key });
    }
    let values: [Option<&Bytes>; 2] = match op {
        Op::Get { .. } | Op::Delete { .. } => [None, None],
        Op::Put { value, .. } => [Some(value), None],
        Op::Cas { expected, new, .. } => [expected.as_ref(), new.as_ref()],
    };
    let lengths = values.into_iter().flatten().map(Bytes::len);
    if let Some(len) = lengths.clone().find(|len| *len > MAX_VALUE_BYTES) {
        return Err(ClientError::ValueTooLong { len });
    }
    match key + lengths.sum::<usize>() {
        len if len > MAX_OPERATION_BYTES => Err(ClientError::OperationTooLong { len }),
        _ => Ok(()),
    }
}
