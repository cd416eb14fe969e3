//! The bugs of transfers in pieces.

use super::super::Step;
use super::super::instances::{Bounds, blind, put, put_to};
use super::super::properties as claims;
use super::{Bug, Mutant, Seeded, mv, seeded};

/// All of them.
pub(super) fn mutants() -> Vec<Seeded> {
    vec![
        mutant!(
            UptoRenewed,
            "upto-renewed",
            "a transfer promises what the sender has by now, not what it had at the first piece",
            claims::COVERED,
            piecewise(vec![put_to("w", "a"), put("b"), put_to("w", "c")])
        ),
        mutant!(
            UptoEarly,
            "upto-early",
            "the first piece of a transfer counts as all of it",
            claims::COVERED,
            piecewise(vec![put_to("w", "a"), put("b")])
        ),
        mutant!(
            ChangedIsSent,
            "changed-is-sent",
            "a key that changed since a part of it was sent goes on after that part",
            claims::COVERED,
            Bounds {
                piece_bytes: 1,
                ..mv(3, vec![(1, vec![blind("a"), blind("b")]), (0, vec![put("c")])])
            }
        ),
    ]
}

/// One node is written, and the other fetches it version by version.
fn piecewise(script: Vec<Step>) -> Bounds {
    Bounds { piece_bytes: 1, gossips: Some(1), ..mv(2, vec![(0, script)]) }
}
