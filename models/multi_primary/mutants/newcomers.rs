//! The bugs by which a node that lost its disk does harm, or does not come back.

use super::super::bounds::{Bounds, delete, put, replaced, returning, seeded as cluster};
use super::super::bugs::Bug;
use super::super::history::History;
use super::super::properties::{self as claims, Actor};
use crate::causal::Rule::{LastWriterWins, MultiValue};
use crate::seeded::mutants;
use crate::world::CHECKPOINT;

mutants! {
    Actor, History, Bug, cluster;
    StartAsFirst: "a node that lost its disk starts as a new node",
        "start-anew" by claims::UNIQUE_DOTS in replaced(LastWriterWins, vec![(0, vec![put("a"), put("b")])]);
    ServeUnrestored: "a node that lost its disk serves as soon as the others have heard of the loss",
        "serve-unrestored" by claims::NO_LOSS in replaced(LastWriterWins, vec![(0, vec![put("a")])]);
    RestoreFromOne: "a node that lost its disk serves as soon as it has all writes of one other node",
        "restore-from-one" by claims::COVERED in Bounds { nodes: 3, ..replaced(MultiValue, vec![(0, vec![put("a")])]) };
    HearFormerLife: "messages of a node's former life are accepted",
        "hear-former-life" by claims::CONVERGED in replaced(MultiValue, vec![(0, vec![put("a")])]);
    TakeUnasked: "a node that lost its disk accepts transfers meant for its former life",
        "take-unasked" by claims::NO_RESURRECTION in Bounds { gossips: Some(1), ..replaced(MultiValue, vec![(1, vec![put("a"), delete()])]) };
    ForgetReturn: "a node does not save that another node lost its disk",
        "forget-return" by CHECKPOINT in replaced(MultiValue, vec![(0, vec![put("a")])]);
    ReturnOnce: "a node reports the loss of its disk once",
        "return-once" by claims::RETURNS in returning();
    ClockNotRestored: "a node that lost its disk does not adopt the others' clock",
        "clock-not-restored" by claims::HAPPENED_BEFORE in Bounds { gossips: Some(1), ..replaced(LastWriterWins, vec![(0, vec![put("b")]), (1, vec![delete()])]) };
}
