//! The verdict on a history.

use super::operation::Operation;
use std::fmt::{Debug, Write};

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
    /// The end of the attempt in words, for a person that looks for the cause.
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
