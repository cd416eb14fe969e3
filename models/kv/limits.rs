//! Limits on the size of a request. Clients and servers check the same limits.

use super::map::{MAX_KEY_BYTES, MAX_OPERATION_BYTES, MAX_VALUE_BYTES};
use super::txn::TxnError;
use super::{Bytes, Op};
use thiserror::Error;

/// A request is larger than it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LimitError {
    /// A key is too long.
    #[error("the key has {len} bytes, more than the limit of {MAX_KEY_BYTES}")]
    KeyTooLong {
        /// Its length.
        len: usize,
    },
    /// A value is too long.
    #[error("the value has {len} bytes, more than the limit of {MAX_VALUE_BYTES}")]
    ValueTooLong {
        /// Its length.
        len: usize,
    },
    /// A value is too long for this protocol, whose messages carry several.
    #[error("the value has {len} bytes, more than the {limit} that this protocol takes")]
    ValueTooLongHere {
        /// Its length.
        len: usize,
        /// The limit.
        limit: usize,
    },
    /// A compare-and-swap of two long values.
    #[error(
        "the key and the values have {len} bytes together, more than the limit of \
         {MAX_OPERATION_BYTES}"
    )]
    OperationTooLong {
        /// Their length.
        len: usize,
    },
    /// A range of which no pair is wanted.
    #[error("a range of at most 0 pairs has nothing to tell; ask for at least one")]
    NoPairs,
    /// The context of a write is longer than a cluster of any size has.
    #[error("the context has {len} bytes, more than the limit of {limit}")]
    ContextTooLong {
        /// Its length.
        len: usize,
        /// The limit.
        limit: usize,
    },
    /// A batch of no messages, or of too many.
    #[error("a batch has 1 to {most} messages, not {count}")]
    BatchCount {
        /// How many it has.
        count: usize,
        /// The limit.
        most: usize,
    },
    /// The messages of a batch are too long together.
    #[error(
        "the messages of the batch count {len} bytes together (each 8 more than it has), more than the \
         limit of {limit}"
    )]
    BatchTooLong {
        /// What they count.
        len: usize,
        /// The limit.
        limit: usize,
    },
    /// A transaction does not keep the limits.
    #[error(transparent)]
    Transaction(#[from] TxnError),
}

/// Whether an operation on the map keeps the limits.
pub fn check(op: &Op) -> Result<(), LimitError> {
    let key = op.key().len();
    let end = match op {
        Op::Range(range) if range.limit == 0 => return Err(LimitError::NoPairs),
        Op::Range(range) => range.to.as_ref().map_or(0, Bytes::len),
        _ => 0,
    };
    if key.max(end) > MAX_KEY_BYTES {
        return Err(LimitError::KeyTooLong { len: key.max(end) });
    }
    let values: [Option<&Bytes>; 2] = match op {
        Op::Get { .. } | Op::Delete { .. } | Op::Range(_) => [None, None],
        Op::Put { value, .. } => [Some(value), None],
        Op::Cas { expected, new, .. } => [expected.as_ref(), new.as_ref()],
    };
    let lengths = values.into_iter().flatten().map(Bytes::len);
    if let Some(len) = lengths.clone().find(|len| *len > MAX_VALUE_BYTES) {
        return Err(LimitError::ValueTooLong { len });
    }
    match key + lengths.sum::<usize>() {
        len if len > MAX_OPERATION_BYTES => Err(LimitError::OperationTooLong { len }),
        _ => Ok(()),
    }
}
