//! Histories of real runs, and the judge that says whether they are linearizable.
//!
//! The checker judges every history within small bounds. A cluster that runs is not bounded so, but
//! its promise can still be checked on the history of its clients: record each request, its answer
//! and the times of both ([`Recorder`]), and let [`judge`] look for an order that explains it. The
//! specification is the one that the checked instances are judged by (`kv::Map`,
//! `kv::Transactional`, or any other [`SequentialSpec`](stateright::semantics::SequentialSpec));
//! the search is built for hundreds of operations where stateright's tester, made for a handful,
//! would not end.
//!
//! Linearizability is compositional (Herlihy and Wing 1990, theorem 1): a history of operations on
//! single keys is linearizable exactly if it is so for each key, so split it with [`by_key`] first,
//! which makes the search much shorter. A range reads several keys at one point in time, so the keys
//! that ranges read together are judged together. Transactions are judged as a whole; their histories, if
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
//!     assert!(matches!(history::judge(&Map::default(), &history, 1 << 20),
//!   Linearizability::Violated(_)));
//! }
//! ```

pub mod convergence;
mod line;
mod linearizability;
mod operation;
mod recorder;
pub mod registers;
mod search;
#[cfg(test)]
mod tests;

pub use linearizability::{Linearizability, Stuck};
pub use operation::{HistoryOf, Operation, by_key};
pub use recorder::Recorder;
pub use search::{judge, judge_in_sessions};
