//! The outside oracle: the abstract model has the number of states that TLC reports, and the
//! protocol only makes its steps.

use super::super::abstract_model::{ALL_ABORT, ALL_COMMIT, CONSISTENT, TwoPhase};
use super::super::bugs::Bug;
use super::super::instances::{instances, recovering};
use super::super::properties::{Actor, History};
use super::super::refinement::{abstraction, allows, transactions};
use crate::world::Cluster;
use stateright::{Checker, HasDiscoveries, Model};
use std::collections::{BTreeSet, VecDeque};

/// Unique and generated states of the specification.
fn counts(resource_managers: usize) -> (usize, usize) {
    let never = HasDiscoveries::AllOf(["nothing has this name"].into());
    let checker = TwoPhase { resource_managers }.checker().finish_when(never).spawn_bfs().join();
    checker.assert_no_discovery(CONSISTENT.name);
    checker.assert_any_discovery(ALL_COMMIT.name);
    checker.assert_any_discovery(ALL_ABORT.name);
    (checker.unique_state_count(), checker.state_count())
}

#[test]
fn gray_lamport_2006_the_specification_has_the_states_that_tlc_reports() {
    assert_eq!(counts(3), (288, 1_146));
    assert_eq!(counts(6).0, 50_816);
}

/// How many steps of a cluster were compared with the specification, and the first that it does
/// not allow.
fn refine(cluster: &Cluster<Actor, History>) -> (usize, Option<String>) {
    let mut seen = BTreeSet::new();
    let mut queue = VecDeque::from(cluster.init_states());
    let mut compared = 0;
    while let Some(state) = queue.pop_front() {
        let mut actions = Vec::new();
        cluster.actions(&state, &mut actions);
        for action in actions {
            let Some(next) = cluster.next_state(&state, action.clone()) else { continue };
            let (before, after) = (state.view(), next.view());
            for (txn, participants) in transactions(&after) {
                let from = abstraction(&before, txn, &participants);
                let to = abstraction(&after, txn, &participants);
                compared += usize::from(from != to);
                if !allows(&from, &to) {
                    return (compared, Some(format!("{txn:?}: {action:?}: {from:?} to {to:?}")));
                }
            }
            if seen.insert(next.fingerprint()) {
                queue.push_back(next);
            }
        }
    }
    (compared, None)
}

#[test]
fn gray_lamport_2006_the_protocol_refines_the_specification() {
    for instance in instances() {
        if ["recovery", "helping", "rivalry", "condition"].contains(&instance.name) {
            let (compared, forbidden) = refine(&(instance.cluster)());
            assert_eq!(forbidden, None, "{}", instance.name);
            assert!(compared > 200, "{}: only {compared} steps", instance.name);
        }
    }
}

#[test]
fn the_refinement_notices_what_the_specification_forbids() {
    let bugs = [
        Bug::CommitEarly,
        Bug::ForgetDecision,
        Bug::ForgetVote,
        Bug::ForgetOutcome,
        Bug::AbortAlone,
        Bug::PresumeCommit,
        Bug::TakeOldPrepare,
        Bug::AnswerInDoubt,
    ];
    for bug in bugs {
        let (_, forbidden) = refine(&recovering(Some(bug)));
        assert!(forbidden.is_some(), "{bug:?}");
    }
}
