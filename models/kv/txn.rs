//! Transactions: several operations on the map, all or none of them, at one point in time.
//!
//! A transaction is sent whole and so has no state between its operations. An operation sees what
//! those before it in the same transaction did. A [`Op::Cas`] is a condition: if the value is not
//! the expected one, the whole transaction aborts.

use super::bytes::Bytes;
use super::map::{Map, Op, Reply};
use serde::{Deserialize, Serialize};
use stateright::semantics::SequentialSpec;
use std::collections::BTreeMap;
use std::fmt;

/// The most operations of a transaction.
pub const MAX_TXN_OPS: usize = 64;
/// The most bytes of keys and values in a transaction, counting [`OP_BYTES`] for each operation:
/// with the protocol's own fields it fits a datagram.
pub const MAX_TXN_BYTES: usize = 40 * 1024;
/// The most bytes of values that a transaction may find, counted alike: its outcome fits a
/// datagram too.
pub const MAX_OUTCOME_BYTES: usize = 40 * 1024;
/// What each operation and each reply is taken to cost beside its keys and values.
pub const OP_BYTES: usize = 32;

/// Operations that happen together or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Transaction {
    /// The operations, in order.
    pub ops: Vec<Op>,
}

/// A single operation is a transaction of one.
impl From<Op> for Transaction {
    fn from(op: Op) -> Self {
        Self { ops: vec![op] }
    }
}

impl<const N: usize> From<[Op; N]> for Transaction {
    fn from(ops: [Op; N]) -> Self {
        Self { ops: ops.into() }
    }
}

/// Why a transaction cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TxnError {
    /// It has more than [`MAX_TXN_OPS`] operations.
    TooManyOps {
        /// How many.
        count: usize,
    },
    /// Its keys and values are more than [`MAX_TXN_BYTES`].
    TooLarge {
        /// How many bytes they count for.
        bytes: usize,
    },
}

impl fmt::Display for TxnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyOps { count } => write!(
                f,
                "the transaction has {count} operations, more than the limit of {MAX_TXN_OPS}; \
                 split it"
            ),
            Self::TooLarge { bytes } => write!(
                f,
                "the transaction counts for {bytes} bytes, more than the limit of \
                 {MAX_TXN_BYTES}; split it or store smaller values"
            ),
        }
    }
}

impl std::error::Error for TxnError {}

impl Transaction {
    /// Whether it keeps the limits.
    pub fn check(&self) -> Result<(), TxnError> {
        let count = self.ops.len();
        if count > MAX_TXN_OPS {
            return Err(TxnError::TooManyOps { count });
        }
        let bytes = self.ops.iter().map(op_bytes).sum();
        if bytes > MAX_TXN_BYTES {
            return Err(TxnError::TooLarge { bytes });
        }
        Ok(())
    }
}

fn op_bytes(op: &Op) -> usize {
    let values = match op {
        Op::Get { .. } | Op::Delete { .. } => 0,
        Op::Put { value, .. } => value.len(),
        Op::Cas { expected, new, .. } => {
            optional_bytes(expected.as_ref()) + optional_bytes(new.as_ref())
        }
    };
    OP_BYTES + op.key().len() + values
}

/// The bytes that replies count for in [`MAX_OUTCOME_BYTES`].
pub fn reply_bytes<'a>(replies: impl IntoIterator<Item = &'a Reply>) -> usize {
    let size = |reply: &Reply| match reply {
        Reply::Done => OP_BYTES,
        Reply::Value(found) | Reply::Swapped { found, .. } => {
            OP_BYTES + optional_bytes(found.as_ref())
        }
    };
    replies.into_iter().map(size).sum()
}

fn optional_bytes(value: Option<&Bytes>) -> usize {
    value.map_or(0, Bytes::len)
}

/// What came of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// All of it was done: the replies to its operations, in order.
    Committed(Vec<Reply>),
    /// None of it was done, nor will be.
    Aborted(Abort),
}

/// Why a transaction was aborted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Abort {
    /// Another transaction held a lock. It is worth trying again.
    Conflict,
    /// A condition did not hold.
    Condition {
        /// Which operation.
        op: u32,
        /// The value it found.
        found: Option<Bytes>,
    },
    /// A participant could not be asked in time. It is worth trying again.
    Unavailable,
    /// A participant has forgotten the client to make room for others. Start again under a new
    /// client id.
    Forgotten,
    /// It, or what it would have answered, is larger than the limits.
    TooLarge,
    /// A participant was asked for a key that is not its own: nodes are configured differently.
    UnknownShard,
}

/// What operations do to a map, not done yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The reply to each operation, with the number it came with.
    pub replies: Vec<(u32, Reply)>,
    /// The keys that were named, with the values they have afterwards.
    pub values: BTreeMap<Bytes, Option<Bytes>>,
}

impl Execution {
    /// Runs numbered operations in order.
    ///
    /// # Errors
    /// [`Abort::Condition`] at the first condition that does not hold.
    pub fn run<'a>(map: &Map, ops: impl IntoIterator<Item = (u32, &'a Op)>) -> Result<Self, Abort> {
        let mut touched = Map::default();
        let mut values = BTreeMap::new();
        let mut replies = Vec::new();
        for (number, op) in ops {
            let key = op.key();
            if !values.contains_key(key) {
                let now = map.0.get(key).cloned();
                touched.0.extend(now.clone().map(|value| (key.clone(), value)));
                values.insert(key.clone(), now);
            }
            let reply = touched.invoke(op);
            if let Reply::Swapped { swapped: false, found } = reply {
                return Err(Abort::Condition { op: number, found });
            }
            replies.push((number, reply));
        }
        for (key, value) in &mut values {
            *value = touched.0.remove(key);
        }
        Ok(Self { replies, values })
    }

    /// Does it.
    pub fn apply_to(self, map: &mut Map) -> Vec<(u32, Reply)> {
        for (key, value) in self.values {
            match value {
                Some(value) => map.0.insert(key, value),
                None => map.0.remove(&key),
            };
        }
        self.replies
    }
}

/// The map as transactions see it: the sequential specification by which histories of
/// transactions are judged. A linearizable history of them is strictly serializable
/// (Herlihy and Wing 1990, section 3.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Transactional(pub Map);

impl Transactional {
    fn run(&self, txn: &Transaction) -> Result<Execution, Abort> {
        Execution::run(&self.0, (0..).zip(&txn.ops))
    }
}

impl SequentialSpec for Transactional {
    type Op = Transaction;
    type Ret = Outcome;

    fn invoke(&mut self, txn: &Transaction) -> Outcome {
        match self.run(txn) {
            Ok(execution) => {
                let replies = execution.apply_to(&mut self.0);
                Outcome::Committed(replies.into_iter().map(|(_, reply)| reply).collect())
            }
            Err(why) => Outcome::Aborted(why),
        }
    }

    /// A transaction may abort for reasons of the system's own, and then did nothing. But if it
    /// is said that a condition did not hold, it must not have held.
    ///
    /// When conditions at several participants do not hold, any of them may be named, so each is
    /// judged with only the operations before it on the same key.
    fn is_valid_step(&mut self, txn: &Transaction, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Committed(_) => self.invoke(txn) == *outcome,
            Outcome::Aborted(Abort::Condition { op, .. }) => {
                let Some(named) = txn.ops.get(*op as usize) else { return false };
                let ops = (0..).zip(&txn.ops).take(*op as usize + 1);
                let same_key = ops.filter(|(_, op)| op.key() == named.key());
                let found = Execution::run(&self.0, same_key).map(|_| ());
                found.map_err(Outcome::Aborted) == Err(outcome.clone())
            }
            Outcome::Aborted(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared_map::SharedMap;

    fn cas(key: &str, expected: Option<&str>, new: &str) -> Op {
        let expected = expected.map(Bytes::from);
        Op::Cas { key: key.into(), expected, new: Some(new.into()) }
    }

    #[test]
    fn operations_see_what_those_before_them_did() {
        let mut map = Transactional::default();
        let txn = Transaction::from([Op::put("x", "a"), Op::get("x"), cas("x", Some("a"), "b")]);
        let found = Some(Bytes::from("a"));
        let replies =
            vec![Reply::Done, Reply::Value(found.clone()), Reply::Swapped { swapped: true, found }];
        assert_eq!(map.invoke(&txn), Outcome::Committed(replies));
        assert_eq!(map.0.0, SharedMap::from([("x".into(), "b".into())]));
    }

    #[test]
    fn a_failed_condition_aborts_all_of_the_transaction() {
        let mut map = Transactional::default();
        let txn = Transaction::from([Op::put("x", "a"), cas("y", Some("b"), "c")]);
        let why = Abort::Condition { op: 1, found: None };
        assert_eq!(map.invoke(&txn), Outcome::Aborted(why));
        assert_eq!(map, Transactional::default());
    }

    #[test]
    fn the_specification_allows_any_abort_but_a_wrong_reason() {
        let mut map = Transactional::default();
        let txn = Transaction::from([cas("x", Some("b"), "c"), cas("y", None, "c")]);
        assert!(map.is_valid_step(&txn, &Outcome::Aborted(Abort::Conflict)));
        let condition = |op| Outcome::Aborted(Abort::Condition { op, found: None });
        assert!(map.is_valid_step(&txn, &condition(0)));
        assert!(!map.is_valid_step(&txn, &condition(1)), "this condition holds");
        assert!(!map.is_valid_step(&txn, &condition(2)), "there is no such operation");
        assert_eq!(map, Transactional::default());
    }

    #[test]
    fn a_transaction_over_the_limits_is_refused_with_advice() {
        let many = Transaction { ops: vec![Op::get("x"); MAX_TXN_OPS + 1] };
        let error = TxnError::TooManyOps { count: 65 };
        assert_eq!(many.check(), Err(error));
        assert!(error.to_string().contains("split it"));
        let large = Transaction::from(Op::put("x", &"v".repeat(MAX_TXN_BYTES)));
        assert_eq!(large.check(), Err(TxnError::TooLarge { bytes: MAX_TXN_BYTES + OP_BYTES + 1 }));
        assert_eq!(Transaction::from(Op::put("x", "a")).check(), Ok(()));
    }
}
