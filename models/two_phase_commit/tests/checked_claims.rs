//! The claims of the sources that are about whole runs, each checked in every state of an instance
//! and seen to need what the protocol does for it. Those about what happens eventually are in the
//! root crate's `tests/evidence/claims.rs`.

use super::super::instances::instances;
use super::super::mutants::mutants;
use super::super::properties as claims;
use crate::instance::asking;
use crate::world::Statement;

fn holds(instance: &str, property: Statement) {
    asking::holds(instances(), instance, property);
}

fn needs(mutant: &str, property: Statement) {
    asking::needs(mutants(), mutant, property);
}

#[test]
fn gray_1978_the_log_makes_a_crash_of_anyone_anywhere_harmless() {
    for property in [claims::AC1, claims::AC2, claims::SERIALIZABLE] {
        holds("recovery", property);
    }
    needs("forget-decision", claims::AC1);
    needs("forget-vote", claims::AC1);
    needs("forget-refusal", claims::AC2);
    needs("forget-outcome", claims::AC2);
}

/// "Write ahead": on a disk that does not wait, a decision or a vote may be lost after it was sent.
#[test]
fn gray_1978_a_record_is_on_the_disk_before_its_message_leaves() {
    needs("decision-before-durable", claims::AC1);
    needs("vote-before-durable", claims::AC1);
}

#[test]
fn bernstein_1987_ac1_all_that_decide_reach_the_same_decision() {
    holds("recovery", claims::AC1);
    needs("abort-alone", claims::AC1);
    needs("answer-in-doubt", claims::AC1);
}

#[test]
fn bernstein_1987_ac2_a_decision_is_not_reversed() {
    holds("recovery", claims::AC2);
    needs("take-old-prepare", claims::AC2);
}

#[test]
fn bernstein_1987_ac3_commit_only_if_all_voted_yes() {
    holds("contention", claims::AC3);
    needs("commit-early", claims::AC3);
}

#[test]
fn bernstein_1987_ac4_without_failures_and_with_all_yes_commit() {
    holds("rivalry", claims::AC4);
    needs("abort-anyway", claims::AC4);
}

#[test]
fn bernstein_1987_strict_two_phase_locking_makes_transactions_serializable() {
    for property in [claims::LOCKS, claims::STRICT, claims::SERIALIZABLE] {
        holds("rivalry", property);
    }
    needs("drop-locks", claims::SERIALIZABLE);
    needs("drop-locks", claims::STRICT);
    needs("no-read-locks", claims::SERIALIZABLE);
    needs("keep-locks", claims::LOCKS);
    needs("forget-locks", claims::STRICT);
}

#[test]
fn bernstein_1987_cooperative_termination_does_not_contradict_the_coordinator() {
    for property in [claims::AC1, claims::AC2, claims::AC3] {
        holds("helping", property);
    }
    needs("abort-unrecorded", claims::AC1);
}

#[test]
fn mohan_1986_both_sides_presume_abort() {
    holds("recovery", claims::AC3);
    needs("presume-commit", claims::AC3);
}

#[test]
fn mohan_1986_a_commit_is_remembered_while_a_participant_is_in_doubt() {
    holds("condition", claims::REMEMBERED);
    needs("end-early", claims::REMEMBERED);
}

#[test]
fn herlihy_wing_1990_transactions_happen_one_at_a_time_between_request_and_reply() {
    for instance in ["rivalry", "condition", "participants"] {
        holds(instance, claims::SERIALIZABLE);
    }
}

#[test]
fn ongaro_2014_a_request_that_comes_again_is_not_done_again() {
    holds("recovery", claims::EXACTLY_ONCE);
    needs("forget-sessions", claims::EXACTLY_ONCE);
}
