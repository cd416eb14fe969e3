//! The bugs of transfers in pieces.

use super::super::bounds::{
    Bounds, blind, get, half_key, mv, put, put_to, resolve, seeded as cluster,
};
use super::super::bugs::Bug;
use super::super::config::ScriptedOp;
use super::super::history::History;
use super::super::properties::{self as claims, Actor};
use crate::seeded::mutants;

mutants! {
    Actor, History, Bug, cluster;
    UptoRenewed: "a transfer promises the writes that the sender has now, not those that it had at the first piece",
        "upto-renewed" by claims::COVERED in piecewise(vec![put_to("w", "a"), put("b"), put_to("w", "c")]);
    UptoEarly: "the first piece of a transfer counts as the whole",
        "upto-early" by claims::COVERED in piecewise(vec![put_to("w", "a"), put("b")]);
    MergeHalfKeys: "versions of a key are merged before all of them arrived",
        "merge-half-keys" by claims::TRUE_CONTEXT in half_key(vec![get(), resolve("c")]);
    TakeAnyPiece: "a piece is accepted whichever piece the receiver needs, also after a crash",
        "take-any-piece" by claims::COVERED in Bounds { crashes: 1, ..piecewise(vec![blind("a"), blind("b")]) };
    ChangedIsSent: "the transfer of a key that changed meanwhile is continued, not restarted",
        "changed-is-sent" by claims::COVERED in Bounds { piece_bytes: 1, ..mv(3, vec![(1, vec![blind("a"), blind("b")]), (0, vec![put("c")])]) };
}

/// One node is written, and the other fetches it version by version.
fn piecewise(script: Vec<ScriptedOp>) -> Bounds {
    Bounds { piece_bytes: 1, gossips: Some(1), ..mv(2, vec![(0, script)]) }
}
