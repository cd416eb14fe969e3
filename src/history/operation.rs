//! What is recorded of a run: operations, each with its times.

use quorate_models::kv::{Bytes, Op, Reply};
use stateright::semantics::SequentialSpec;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::time::Duration;

/// An operation of a client, and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<O, R> {
    /// The client that asked. For the reader alone: the order of a client's operations is that of
    /// their times.
    pub client: usize,
    /// What it asked for.
    pub op: O,
    /// When it asked, since the run began: not after the request was first sent.
    pub begin: Duration,
    /// When it was answered (not before the answer came), and the answer. `None` if it
    /// gave up: the operation may have happened at any time since, or may yet, or never.
    pub answer: Option<(Duration, R)>,
}

impl<O: Debug, R: Debug> Operation<O, R> {
    /// It in one line.
    pub fn line(&self) -> String {
        let Self { client, op, begin, answer } = self;
        match answer {
            Some((end, answer)) => {
                format!("{begin:?} to {end:?}, client {client}: {op:?} → {answer:?}")
            }
            None => format!("{begin:?} to ?, client {client}: {op:?} → no answer"),
        }
    }
}

/// Splits a history of the map by key: it is linearizable exactly if each part is. Keys that a range
/// reads together are one part, named by its lowest key.
pub fn by_key(
    history: impl IntoIterator<Item = Operation<Op, Reply>>,
) -> BTreeMap<Bytes, Vec<Operation<Op, Reply>>> {
    let history: Vec<_> = history.into_iter().collect();
    let names = Names::of(history.iter().map(|operation| &operation.op));
    let mut parts = BTreeMap::<_, Vec<_>>::new();
    for operation in history {
        parts.entry(names.part(&operation.op).clone()).or_default().push(operation);
    }
    parts
}

/// For each key that an operation names, the lowest key of its part.
struct Names(BTreeMap<Bytes, Bytes>);

impl Names {
    fn of<'a>(ops: impl Iterator<Item = &'a Op> + Clone) -> Self {
        let single = |op: &'a Op| if let Op::Range(_) = op { None } else { Some(op.key()) };
        let keys: BTreeSet<&Bytes> = ops.clone().filter_map(single).collect();
        // A range has all keys from its first to its last one: each belongs with the one before.
        let mut joined: BTreeSet<&Bytes> = BTreeSet::new();
        for op in ops {
            if let Op::Range(range) = op {
                joined.extend(keys.iter().copied().filter(|key| range.contains(key)).skip(1));
            }
        }
        let mut names = BTreeMap::new();
        let mut lowest = None;
        for key in keys {
            let lowest =
                if joined.contains(key) { lowest.get_or_insert(key) } else { lowest.insert(key) };
            names.insert(key.clone(), (*lowest).clone());
        }
        Self(names)
    }

    /// A range of keys that nobody writes is a part by itself: it must be empty.
    fn part<'a>(&'a self, op: &'a Op) -> &'a Bytes {
        let first = match op {
            Op::Range(range) => self.0.iter().find(|(key, _)| range.contains(key)),
            _ => self.0.get_key_value(op.key()),
        };
        first.map_or(op.key(), |(_, lowest)| lowest)
    }
}

/// The history of a specification.
pub type HistoryOf<S> = [Operation<<S as SequentialSpec>::Op, <S as SequentialSpec>::Ret>];
