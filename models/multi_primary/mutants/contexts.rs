//! The bugs of contexts.

use super::super::bounds::{forger, mistaken, seeded as cluster};
use super::super::bugs::Bug;
use super::super::history::History;
use super::super::properties::{self as claims, Actor};
use crate::seeded::mutants;

mutants! {
    Actor, History, Bug, cluster;
    AcceptForged: "a context that no node issued is accepted",
        "accept-forged" by claims::COVERED in forger();
    ContextOfAnyKey: "a context of one key is accepted for another",
        "context-of-any-key" by claims::COVERED in mistaken();
}
