//! What the papers claim, each where an instance shows it.

use super::super::instances::instances;
use super::super::mutants::{mutants, seeded};
use super::super::properties as claims;
use crate::instance::asking::{fails, holds, is_to_blame, needs};

#[test]
fn attiya_1995_with_write_back_a_register_of_quorums_is_atomic() {
    holds(instances(), "abd", claims::LINEARIZABLE);
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
    holds(instances(), "query-two-writers", claims::NOT_OUTLIVED);
    fails(instances(), "skew", claims::NOT_OUTLIVED);
    holds(instances(), "skew", claims::MONOTONIC);
}

#[test]
fn decandia_2007_a_sloppy_quorum_is_not_even_regular() {
    fails(instances(), "sloppy", claims::REGULAR);
    holds(instances(), "strict", claims::REGULAR);
}

#[test]
fn each_seeded_bug_is_to_blame() {
    for mutant in seeded() {
        let is_safety =
            !["converges", "hints-arrive", "answered"].contains(&mutant.mutant.killed_by.name);
        if is_safety {
            let (name, property) = (mutant.mutant.name, mutant.mutant.killed_by);
            is_to_blame((mutant.mutant.cluster)(), (mutant.sound)(), name, property);
        }
    }
}
