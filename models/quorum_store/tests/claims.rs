//! What the papers claim, each where an instance shows it.

use super::super::instances::instances;
use super::super::mutants::{mutants, seeded};
use super::super::properties as claims;
use crate::instance::asking::{fails, holds, is_to_blame, needs};
use crate::seeded::Seeded;

#[test]
fn attiya_1995_only_with_write_back_is_a_register_of_quorums_atomic() {
    fails(instances(), "no-repair", claims::LINEARIZABLE);
    needs(mutants(), "repair-one-fewer", claims::MONOTONIC);
}

#[test]
fn lamport_1986_without_write_back_it_is_regular() {
    holds(instances(), "no-repair", claims::REGULAR);
    fails(instances(), "no-repair", claims::MONOTONIC);
    fails(instances(), "one-one", claims::REGULAR);
}

#[test]
fn lynch_1997_writers_that_ask_first_agree_with_real_time_whatever_their_clocks() {
    holds(instances(), "query-in-turn", claims::NOT_OUTLIVED);
    fails(instances(), "skew", claims::NOT_OUTLIVED);
    holds(instances(), "skew", claims::MONOTONIC);
}

#[test]
fn decandia_2007_a_sloppy_quorum_is_not_even_regular() {
    fails(instances(), "sloppy", claims::REGULAR);
    holds(instances(), "strict", claims::REGULAR);
}

#[test]
fn cassandra_6434_a_deleted_value_stays_deleted_and_what_was_missed_is_not_lost() {
    holds(instances(), "gc-after-repair", claims::DELETED);
    needs(mutants(), "late-hint", claims::DELETED);
}

/// Where the same bounds are a recorded instance, or liveness is at stake, the check of that says so.
const ELSEWHERE: &[&str] =
    &["serial-read-without-proposal", "failed-cas-without-proposal", "skip-unfinished"];

#[test]
fn each_seeded_bug_is_to_blame() {
    for Seeded { mutant, sound, .. } in seeded() {
        let (name, property) = (mutant.name, mutant.killed_by);
        let lively = ["converges", "hints-arrive", "answered", "moves-end"];
        let is_liveness = lively.contains(&property.name);
        if !is_liveness && !ELSEWHERE.contains(&name) {
            is_to_blame((mutant.cluster)(), sound(), name, property);
        }
    }
}
