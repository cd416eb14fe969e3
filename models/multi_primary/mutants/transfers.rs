//! The bugs of transfers in pieces.

use super::super::ScriptedOp;
use super::super::instances::pieces::half_key;
use super::super::instances::{Bounds, blind, get, put, put_to, resolve};
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
            MergeHalfKeys,
            "merge-half-keys",
            "the versions of a key are taken over before the key is whole",
            claims::TRUE_CONTEXT,
            half_key(vec![get(), resolve("c")])
        ),
        mutant!(
            TakeAnyPiece,
            "take-any-piece",
            "a piece is taken wherever the receiver is, also after a crash",
            claims::COVERED,
            Bounds { crashes: 1, ..piecewise(vec![blind("a"), blind("b")]) }
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
fn piecewise(script: Vec<ScriptedOp>) -> Bounds {
    Bounds { piece_bytes: 1, gossips: Some(1), ..mv(2, vec![(0, script)]) }
}
