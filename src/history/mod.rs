//! Histories of real runs, and the judge that says whether they are linearizable.
//!
//! The checker judges every history within small bounds. A cluster that runs is not bounded so,
//! and what it promises can still be checked on what its clients saw: record what each asked and
//! was told and when ([`Recorder`]), and let [`judge`] look for an order that explains it. The
//! specification is the one that the checked instances are judged by (`kv::Map`,
//! `kv::Transactional`, or any other [`SequentialSpec`]); the search is built for hundreds of
//! operations where stateright's tester, made for a handful, would not end.
//!
//! Linearizability is compositional (Herlihy and Wing 1990, theorem 1): a history of operations on
//! single keys is linearizable exactly if it is so for each key, so split it with [`by_key`] first,
//! which makes the search much shorter. Transactions are judged as a whole; their histories, if
//! linearizable, are strictly serializable.
//!
//! ```
//! use quorate::history::{self, Recorder, Linearizability};
//! use quorate::models::kv::{Map, Op, Reply};
//!
//! let recorder = Recorder::new();
//! // In each client's thread; here the "service" always says that the key is absent.
//! recorder.record(0, Op::put("k", "v"), |_| Some(Reply::Done));
//! recorder.record(0, Op::get("k"), |_| Some(Reply::Value(None)));
//! for (_, history) in history::by_key(recorder.operations()) {
//!     assert!(matches!(history::judge(&Map::default(), &history, 1 << 20), Linearizability::Violated(_)));
//! }
//! ```

pub mod convergence;
mod line;
mod recorder;
mod search;
#[cfg(test)]
mod tests;

pub use recorder::Recorder;
pub use search::judge;

use quorate_models::kv::{Bytes, Op, Reply};
use stateright::semantics::SequentialSpec;
use std::collections::BTreeMap;
use std::fmt::{Debug, Write};
use std::time::Duration;

/// What a client asked for, and what it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<O, R> {
    /// Who asked. For the reader alone: the order of a client's operations is that of their times.
    pub client: usize,
    /// What it asked for.
    pub op: O,
    /// When it asked, since the run began: not after the request was first sent.
    pub begin: Duration,
    /// When it was answered (not before the answer came), and what it was told. `None` if it
    /// gave up: the operation may have happened at any time since, or may yet, or never.
    pub answer: Option<(Duration, R)>,
}

/// Whether a history is linearizable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Linearizability<S> {
    /// It is: the operations, by their place in the history, in an order that explains it. Those
    /// that had no answer are in it only if they must have happened.
    Linearizable(Vec<usize>),
    /// It is not.
    Violated(Stuck<S>),
    /// The search was given up: there was more to look at than the limit.
    Undecided {
        /// How many configurations were looked at.
        configurations: usize,
    },
}

/// How far the search came in a history that is not linearizable: its longest attempt at an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck<S> {
    /// The operations, by their place in the history, in that order.
    pub order: Vec<usize>,
    /// The state after them.
    pub state: S,
    /// The operations one of which had to be next, and whose answers do not fit this state.
    pub next: Vec<usize>,
}

impl<S: Debug> Stuck<S> {
    /// The end of the attempt in words, for whoever has to find out what went wrong.
    pub fn explain<O: Debug, R: Debug>(&self, history: &[Operation<O, R>]) -> String {
        /// Those before are seldom to blame.
        const SHOWN: usize = 12;
        let mut text = String::from("no order explains the history; the longest attempt ends in\n");
        let mut line = |mark: &str, at: &usize| {
            if let Some(operation) = history.get(*at) {
                let _ = writeln!(text, "  {mark}{}", operation.line());
            }
        };
        let skipped = self.order.len().saturating_sub(SHOWN);
        self.order.iter().skip(skipped).for_each(|at| line("", at));
        self.next.iter().for_each(|at| line("impossible next: ", at));
        let _ = write!(text, "where the state is {:?}", self.state);
        text
    }
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
