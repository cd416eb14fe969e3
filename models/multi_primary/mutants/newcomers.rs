//! The bugs by which a node that lost its disk does harm, or does not come back. What would happen if
//! it fetched from one node before another has heard of it takes three nodes and 20 steps (7.6 million
//! states): `tests/newcomer.rs` goes them.

use super::super::Rule::{LastWriterWins, MultiValue};
use super::super::instances::newcomers::{replaced, returning};
use super::super::instances::{Bounds, delete, put};
use super::super::properties as claims;
use super::{Bug, Mutant, Seeded, seeded};
use crate::world::CHECKPOINT;

/// All of them.
pub(super) fn mutants() -> Vec<Seeded> {
    vec![
        mutant!(
            StartAsFirst,
            "start-anew",
            "a node that lost its disk starts as if it had never been there",
            claims::UNIQUE_DOTS,
            replaced(LastWriterWins, vec![(0, vec![put("a"), put("b")])])
        ),
        mutant!(
            ServeUnrestored,
            "serve-unrestored",
            "a node that lost its disk serves as soon as the others have heard of that",
            claims::NO_LOSS,
            replaced(LastWriterWins, vec![(0, vec![put("a")])])
        ),
        mutant!(
            RestoreFromOne,
            "restore-from-one",
            "a node that lost its disk serves as soon as it has all that one other has",
            claims::COVERED,
            Bounds { nodes: 3, ..replaced(MultiValue, vec![(0, vec![put("a")])]) }
        ),
        mutant!(
            HearFormerLife,
            "hear-former-life",
            "what a node said before it lost its disk is heard",
            claims::CONVERGED,
            replaced(MultiValue, vec![(0, vec![put("a")])])
        ),
        mutant!(
            TakeUnasked,
            "take-unasked",
            "a node that lost its disk takes what was sent to its former life",
            claims::NO_RESURRECTION,
            Bounds {
                gossips: Some(1),
                ..replaced(MultiValue, vec![(1, vec![put("a"), delete()])])
            }
        ),
        mutant!(
            ForgetReturn,
            "forget-return",
            "that another node lost its disk is not saved",
            CHECKPOINT,
            replaced(MultiValue, vec![(0, vec![put("a")])])
        ),
        mutant!(
            ReturnOnce,
            "return-once",
            "a node that lost its disk says so once",
            claims::RETURNS,
            returning()
        ),
        mutant!(
            ClockNotRestored,
            "clock-not-restored",
            "a node that lost its disk does not take over the others' clock",
            claims::HAPPENED_BEFORE,
            Bounds {
                gossips: Some(1),
                ..replaced(LastWriterWins, vec![(0, vec![put("b")]), (1, vec![delete()])])
            }
        ),
    ]
}
