//! The lock table of a participant: shared locks for reads, exclusive ones for the rest.
//!
//! A transaction asks for all its locks at a participant at once and gets all or none.

use super::message::{Part, TxnId};
use crate::kv::{Bytes, Op};
use std::collections::{BTreeMap, BTreeSet};

/// The locks that transactions hold, by key.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Locks(BTreeMap<Bytes, Lock>);

/// A lock.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lock {
    /// Held for reading, by any number of transactions, at least one.
    Shared(BTreeSet<TxnId>),
    /// Held for writing, by one.
    Exclusive(TxnId),
}

impl Locks {
    /// Whether `txn` could have all the locks for its part.
    pub fn are_free(&self, txn: TxnId, part: &Part) -> bool {
        part.iter().all(|(_, op)| match self.0.get(op.key()) {
            None => true,
            Some(Lock::Shared(holders)) => is_read(op) || holders.iter().all(|by| *by == txn),
            Some(Lock::Exclusive(holder)) => *holder == txn,
        })
    }

    /// Takes the locks for a part.
    pub fn take(&mut self, txn: TxnId, part: &Part) {
        for (_, op) in part {
            let held = self.0.remove(op.key());
            let lock = match (held, is_read(op)) {
                (Some(Lock::Shared(mut holders)), true) => {
                    holders.insert(txn);
                    Lock::Shared(holders)
                }
                (Some(exclusive @ Lock::Exclusive(_)), true) => exclusive,
                (None, true) => Lock::Shared(BTreeSet::from([txn])),
                (_, false) => Lock::Exclusive(txn),
            };
            self.0.insert(op.key().clone(), lock);
        }
    }

    /// Whether `txn` holds the locks for its part.
    pub fn are_held(&self, txn: TxnId, part: &Part) -> bool {
        part.iter().all(|(_, op)| match self.0.get(op.key()) {
            None => false,
            Some(Lock::Shared(holders)) => is_read(op) && holders.contains(&txn),
            Some(Lock::Exclusive(holder)) => *holder == txn,
        })
    }

    /// Gives back what `txn` holds of the locks for its part.
    pub fn release(&mut self, txn: TxnId, part: &Part) {
        for (_, op) in part {
            let empty = match self.0.get_mut(op.key()) {
                Some(Lock::Shared(holders)) => {
                    holders.remove(&txn);
                    holders.is_empty()
                }
                Some(Lock::Exclusive(holder)) => *holder == txn,
                None => false,
            };
            if empty {
                self.0.remove(op.key());
            }
        }
    }

    /// The holder of each lock.
    pub fn holders(&self) -> impl Iterator<Item = TxnId> {
        self.0.values().flat_map(|lock| match lock {
            Lock::Shared(holders) => holders.iter().copied().collect::<Vec<_>>(),
            Lock::Exclusive(holder) => vec![*holder],
        })
    }

    /// Whether nothing is locked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn is_read(op: &Op) -> bool {
    matches!(op, Op::Get { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use stateright::actor::Id;

    fn txn(client: usize) -> TxnId {
        TxnId { client: Id::from(client), seq: 1, epoch: 0 }
    }

    fn part(ops: impl IntoIterator<Item = Op>) -> Part {
        (0..).zip(ops).collect()
    }

    #[test]
    fn reads_share_and_writes_exclude() {
        let mut locks = Locks::default();
        let (read, write) = (part([Op::get("x")]), part([Op::put("x", "a")]));
        locks.take(txn(1), &read);
        assert!(locks.are_held(txn(1), &read) && !locks.are_held(txn(1), &write));
        assert!(!locks.are_held(txn(2), &read));
        assert!(locks.are_free(txn(2), &read));
        assert!(!locks.are_free(txn(2), &write));
        locks.take(txn(2), &read);
        locks.release(txn(1), &read);
        assert_eq!(locks.holders().collect::<Vec<_>>(), [txn(2)]);
        locks.release(txn(2), &read);
        locks.take(txn(1), &write);
        assert!(!locks.are_free(txn(2), &read));
        assert!(!locks.are_free(txn(2), &write));
        assert!(locks.are_free(txn(2), &part([Op::get("y")])));
    }

    #[test]
    fn a_transaction_that_reads_and_writes_a_key_holds_it_exclusively() {
        for ops in [[Op::get("x"), Op::put("x", "a")], [Op::put("x", "a"), Op::get("x")]] {
            let (mut locks, part) = (Locks::default(), part(ops));
            assert!(locks.are_free(txn(1), &part));
            locks.take(txn(1), &part);
            assert!(!locks.are_free(txn(2), &vec![(0, Op::get("x"))]));
            assert!(locks.are_held(txn(1), &part));
            locks.release(txn(1), &part);
            assert!(locks.is_empty());
        }
    }

    #[test]
    fn releasing_what_another_holds_does_nothing() {
        let mut locks = Locks::default();
        locks.take(txn(1), &part([Op::put("x", "a")]));
        let before = locks.clone();
        locks.release(txn(2), &part([Op::put("x", "a"), Op::get("y")]));
        assert_eq!(locks, before);
    }
}
