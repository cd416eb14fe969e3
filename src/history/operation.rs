//! What is recorded of a run: operations, each with its times.

use quorate_models::kv::{Bytes, Op, Reply};
use stateright::semantics::SequentialSpec;
use std::collections::BTreeMap;
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

/// Splits a history of the map by key: it is linearizable exactly if each part is.
pub fn by_key(
    history: impl IntoIterator<Item = Operation<Op, Reply>>,
) -> BTreeMap<Bytes, Vec<Operation<Op, Reply>>> {
    let mut parts = BTreeMap::<_, Vec<_>>::new();
    for operation in history {
        parts.entry(operation.op.key().clone()).or_default().push(operation);
    }
    parts
}

/// The history of a specification.
pub type HistoryOf<S> = [Operation<<S as SequentialSpec>::Op, <S as SequentialSpec>::Ret>];
