//! Each protocol end to end: processes that are killed with SIGKILL and started again, on a network
//! that drops, duplicates, delays and reorders datagrams and cuts nodes off. The requests of its
//! clients and the answers are recorded, and judged by what the protocol promises.
//!
//! One test binary, so that the storms, which mostly sleep, pass at the same time.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

mod convergence;
mod map;
mod network;
mod transactions;

use quorate::history::{Linearizability, Operation, judge};
use stateright::semantics::SequentialSpec;
use std::fmt::Debug;
use std::hash::Hash;

/// More configurations than a history that is in order needs, by far.
const LIMIT: usize = 1 << 20;

/// Fails unless a history is linearizable.
fn assert_linearizable<S>(what: &str, history: &[Operation<S::Op, S::Ret>])
where
    S: SequentialSpec<Op: Debug, Ret: Debug> + Clone + Default + Eq + Hash + Debug,
{
    let begin = std::time::Instant::now();
    let verdict = judge(&S::default(), history, LIMIT);
    eprintln!("{what}: {} operations judged in {:?}", history.len(), begin.elapsed());
    match verdict {
        Linearizability::Linearizable(_) => {}
        Linearizability::Violated(stuck) => {
            let lines: Vec<String> = history.iter().map(Operation::line).collect();
            panic!("{what}: {}\nthe whole history:\n{}", stuck.explain(history), lines.join("\n"));
        }
        Linearizability::Undecided { configurations } => {
            panic!("{what}: undecided after {configurations} configurations")
        }
    }
}

/// Prints how many operations were answered, and fails if hardly any.
fn assert_answered<O, R>(history: &[Operation<O, R>], enough: usize) {
    let answered = history.iter().filter(|operation| operation.answer.is_some()).count();
    eprintln!("{} operations, {answered} of them answered", history.len());
    assert!(answered >= enough, "hardly any operation was answered: {answered}");
}
