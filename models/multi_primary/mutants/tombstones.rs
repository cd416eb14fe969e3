//! The bugs of the collection of tombstones.

use super::super::bounds::{Bounds, delete, deleter, get, lww, mv, put, seeded as cluster};
use super::super::bugs::Bug;
use super::super::config::ScriptedOp;
use super::super::history::History;
use super::super::properties::{self as claims, Actor};
use crate::kv::Op;
use crate::seeded::mutants;

mutants! {
    Actor, History, Bug, cluster;
    CollectUncut: "a tombstone that is newer than the cut is discarded with it",
        "collect-uncut" by claims::NO_RESURRECTION in Bounds { gossips: Some(3), ..mv(2, two_deletes()) };
    CollectUnclocked: "a tombstone is discarded although a node may still write with a lower timestamp",
        "collect-unclocked" by claims::NO_RESURRECTION in Bounds { gossips: Some(2), ..lww(concurrent()) };
    CollectUnknown: "a tombstone is discarded although the cut does not count all writes that it covers",
        "collect-unknown" by claims::NO_RESURRECTION in Bounds { gossips: Some(2), retries: 1, ..mv(2, wanderer()) };
    CollectUnreached: "a tombstone is discarded although this node has not reached the cut",
        "collect-unreached" by claims::NO_RESURRECTION in Bounds { gossips: Some(1), retries: 1, ..mv(2, wanderer()) };
    CollectUnshared: "a tombstone is discarded although other nodes have not reached the cut",
        "collect-unshared" by claims::NO_RESURRECTION in Bounds { gossips: Some(2), ..mv(2, deleter()) };
    CutUncounted: "a cut does not count the writes of other nodes",
        "cut-uncounted" by claims::NO_RESURRECTION in Bounds { gossips: Some(1), ..lww(concurrent()) };
    CutByOwnClock: "a cut assumes that this node's clock is the lowest",
        "cut-by-own-clock" by claims::NO_RESURRECTION in Bounds { gossips: Some(2), ..lww(concurrent()) };
    CutEarly: "a cut is made before every node has been heard",
        "cut-early" by claims::NO_RESURRECTION in Bounds { gossips: Some(2), ..mv(3, deleter()) };
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
