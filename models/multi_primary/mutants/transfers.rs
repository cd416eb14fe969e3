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
    UptoRenewed: "a transfer promises what the sender has by now, not what it had at the first piece",
        "upto-renewed" by claims::COVERED in piecewise(vec![put_to("w", "a"), put("b"), put_to("w", "c")]);
    UptoEarly: "the first piece of a transfer counts as all of it",
        "upto-early" by claims::COVERED in piecewise(vec![put_to("w", "a"), put("b")]);
    MergeHalfKeys: "the versions of a key are taken over before the key is whole",
        "merge-half-keys" by claims::TRUE_CONTEXT in half_key(vec![get(), resolve("c")]);
    TakeAnyPiece: "a piece is taken wherever the receiver is, also after a crash",
        "take-any-piece" by claims::COVERED in Bounds { crashes: 1, ..piecewise(vec![blind("a"), blind("b")]) };
    ChangedIsSent: "a key that changed since a part of it was sent goes on after that part",
        "changed-is-sent" by claims::COVERED in Bounds { piece_bytes: 1, ..mv(3, vec![(1, vec![blind("a"), blind("b")]), (0, vec![put("c")])]) };
}

/// One node is written, and the other fetches it version by version.
fn piecewise(script: Vec<ScriptedOp>) -> Bounds {
    Bounds { piece_bytes: 1, gossips: Some(1), ..mv(2, vec![(0, script)]) }
}
