//! The bugs of writes, merges and anti-entropy.

use super::super::bounds::{
    Bounds, blind, converging, delete, deleter, get, late_delete, lww, mv, one_node, put,
    seeded as cluster, writer,
};
use super::super::bugs::Bug;
use super::super::history::History;
use super::super::properties::{self as claims, Actor};
use crate::seeded::mutants;
use crate::world::CHECKPOINT;

mutants! {
    Actor, History, Bug, cluster;
    TieWithoutNode: "between equal timestamps the order of arrival decides",
        "tie-without-node" by claims::CONVERGED in lww(vec![(0, vec![put("a")]), (1, vec![put("b")])]);
    ClockNotAdvanced: "a node's clock does not move past the timestamps that it receives",
        "clock-not-advanced" by claims::READ_YOUR_WRITES in lww(vec![(0, vec![put("a"), put("b")]), (1, vec![put("c"), get()])]);
    ClockNotDurable: "the clock starts again from zero after a restart",
        "clock-not-durable" by claims::HAPPENED_BEFORE in Bounds { crashes: 1, ..lww(writer()) };
    DeleteNothing: "a delete of a key that its node does not hold does nothing, so that an earlier write that arrives later stays",
        "delete-nothing" by claims::WRITTEN in lww(deleter());
    SkipGap: "a write that arrives before an earlier write of the same node counts as both",
        "skip-gap" by claims::NO_LOSS in lww(writer());
    ForgetWrite: "the version that a write makes is not saved",
        "forget-write" by claims::LINEARIZABLE in one_node();
    DeleteWithoutContext: "a delete carries no context",
        "delete-without-context" by claims::CONVERGED in mv(2, deleter());
    CollectEarly: "a tombstone is discarded before every node has it and the writes that it covers",
        "collect-early" by claims::NO_RESURRECTION in mv(3, deleter());
    PlainVersionVector: "a write replaces all earlier ones of its node: a version vector without a dot",
        "plain-version-vector" by claims::COVERED in mv(2, vec![(0, vec![blind("a"), blind("b")])]);
    OneSibling: "a get returns one of several siblings, with the context of all",
        "one-sibling" by claims::TRUE_CONTEXT in mv(2, vec![(0, vec![blind("a"), blind("b"), get()])]);
    NoAntiEntropy: "nodes send no digests and fetch nothing",
        "no-anti-entropy" by claims::CONVERGES in converging();
    GossipOnce: "each node sends one digest",
        "gossip-once" by claims::CONVERGES in converging();
    ForgetNothing: "a delete that finds nothing is not remembered, so that a late copy of it deletes",
        "forget-nothing" by claims::LINEARIZABLE in late_delete();
    KeepTombstones: "tombstones are never discarded",
        "keep-tombstones" by claims::TOMBSTONES_GO in converging();
    DotReused: "after a restart a node numbers its writes from 1 again",
        "dot-reused" by claims::UNIQUE_DOTS in Bounds { crashes: 1, ..mv(2, writer()) };
    ApplyTwice: "a repeated request is a new write",
        "apply-twice" by claims::TAKEN_ONCE in mv(2, writer());
    ApplyOld: "a request older than the client's newest is a new write",
        "apply-old" by claims::TAKEN_ONCE in mv(2, writer());
    MergeUnchecked: "a version that was replaced is merged again",
        "merge-unchecked" by claims::NO_RESURRECTION in Bounds { gossips: Some(2), ..mv(2, vec![(0, vec![blind("a"), blind("b")]), (1, vec![delete()])]) };
    ForgetRequest: "a node does not save which request it took",
        "forget-request" by CHECKPOINT in mv(2, writer());
}
