//! The bugs of the collection of tombstones.

use super::super::ScriptedOp;
use super::super::instances::{Bounds, delete, deleter, get, put};
use super::super::properties as claims;
use super::{Bug, Mutant, Seeded, lww, mv, seeded};
use crate::kv::Op;

/// All of them.
pub(super) fn mutants() -> Vec<Seeded> {
    vec![
        mutant!(
            CollectUncut,
            "collect-uncut",
            "a tombstone that is newer than the cut goes with it",
            claims::NO_RESURRECTION,
            Bounds { gossips: Some(3), ..mv(2, two_deletes()) }
        ),
        mutant!(
            CollectUnclocked,
            "collect-unclocked",
            "a tombstone goes although a node may still write with a lower timestamp",
            claims::NO_RESURRECTION,
            Bounds { gossips: Some(2), ..lww(concurrent()) }
        ),
        mutant!(
            CollectUnknown,
            "collect-unknown",
            "a tombstone goes although the cut does not count all that it covers",
            claims::NO_RESURRECTION,
            Bounds { gossips: Some(2), retries: 1, ..mv(2, wanderer()) }
        ),
        mutant!(
            CollectUnreached,
            "collect-unreached",
            "a tombstone goes although this node has not reached the cut",
            claims::NO_RESURRECTION,
            Bounds { gossips: Some(1), retries: 1, ..mv(2, wanderer()) }
        ),
        mutant!(
            CollectUnshared,
            "collect-unshared",
            "a tombstone goes although others have not reached the cut",
            claims::NO_RESURRECTION,
            Bounds { gossips: Some(2), ..mv(2, deleter()) }
        ),
        mutant!(
            CutUncounted,
            "cut-uncounted",
            "a cut does not count what the others wrote",
            claims::NO_RESURRECTION,
            Bounds { gossips: Some(1), ..lww(concurrent()) }
        ),
        mutant!(
            CutByOwnClock,
            "cut-by-own-clock",
            "a cut takes this node's clock for the lowest",
            claims::NO_RESURRECTION,
            Bounds { gossips: Some(2), ..lww(concurrent()) }
        ),
        mutant!(
            CutEarly,
            "cut-early",
            "a cut is made before every node is heard of",
            claims::NO_RESURRECTION,
            Bounds { gossips: Some(2), ..mv(3, deleter()) }
        ),
    ]
}

/// One node deletes an absent key, and then what comes from the other.
fn two_deletes() -> Vec<(usize, Vec<ScriptedOp>)> {
    let blind_delete = ScriptedOp::Blind(Op::Delete { key: "w".into() });
    vec![(0, vec![put("a")]), (1, vec![blind_delete, delete()])]
}

/// One node writes and deletes, the other writes.
fn concurrent() -> Vec<(usize, Vec<ScriptedOp>)> {
    vec![(0, vec![put("b")]), (1, vec![put("a"), delete()])]
}

/// A client that deletes at one node what it has read at another.
fn wanderer() -> Vec<(usize, Vec<ScriptedOp>)> {
    let informed = ScriptedOp::Informed(Op::Delete { key: "x".into() });
    vec![(1, vec![put("a"), get(), informed])]
}
