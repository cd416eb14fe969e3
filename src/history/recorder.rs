//! Records a history while clients run.

use super::operation::Operation;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Records the operations and answers of clients on several threads, by one clock.
#[derive(Debug)]
pub struct Recorder<O, R> {
    start: Instant,
    operations: Mutex<Vec<Operation<O, R>>>,
}

impl<O, R> Default for Recorder<O, R> {
    fn default() -> Self {
        Self { start: Instant::now(), operations: Mutex::default() }
    }
}

impl<O, R> Recorder<O, R> {
    /// Begins an empty history.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for `op` with `ask`, and records that `client` did. `ask` gives the answer, or `None`
    /// if none came, so that the operation may or may not have happened. An operation that
    /// certainly did *not* happen has an answer that says so, or is not recorded at all.
    pub fn record(&self, client: usize, op: O, ask: impl FnOnce(&O) -> Option<R>) -> Option<R>
    where
        R: Clone,
    {
        let begin = self.start.elapsed();
        let answer = ask(&op);
        let end = self.start.elapsed();
        let recorded = answer.clone().map(|answer| (end, answer));
        let operation = Operation { client, op, begin, answer: recorded };
        self.operations.lock().unwrap_or_else(PoisonError::into_inner).push(operation);
        answer
    }

    /// What was recorded.
    pub fn operations(self) -> Vec<Operation<O, R>> {
        self.operations.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
