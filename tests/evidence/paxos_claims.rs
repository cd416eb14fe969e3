//! One test per claim that the Paxos protocols cite of a paper and state as a property: it holds
//! in a bounded instance, and it notices that a guard is gone. The claims of the papers about
//! single steps are tested where the steps are, in `models/paxos/tests` and `models/paxos/synod`;
//! those tests are named in the same way.

use quorate::catalogue::{self, Protocol};
use quorate::check::{Findings, Options};
use quorate::models::paxos::properties as log;
use quorate::models::paxos::synod::properties as synod;
use quorate::models::world::Statement;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

fn protocol(name: &str) -> Protocol {
    catalogue::protocols().into_iter().find(|protocol| protocol.name == name).unwrap()
}

/// Checks an instance once, for all tests together.
fn found<T>(protocol: &'static str, instance: &'static str, of: impl Fn(&Findings) -> T) -> T {
    static KNOWN: Mutex<BTreeMap<(&str, &str), Findings>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let findings = known.entry((protocol, instance)).or_insert_with(|| {
        let cases = self::protocol(protocol).cases;
        let case = cases.iter().find(|case| case.name() == instance).unwrap();
        case.check(&Options::default(), &|_| {}).unwrap()
    });
    of(findings)
}

/// The property is decided in the instance, and not violated; and each mutant violates it.
fn is_upheld(
    protocol: &'static str,
    instance: &'static str,
    property: Statement,
    mutants: &[&'static str],
) {
    let decided = found(protocol, instance, |found| {
        found.shortfall.is_none()
            && found.discoveries.contains_key(property.name)
            && found.trace(property.name).is_none()
    });
    assert!(decided, "{property} in {instance}");
    let seeded = self::protocol(protocol).mutants;
    for name in mutants {
        let mutant = seeded.iter().find(|mutant| mutant.name() == *name).unwrap();
        let options = Options { until_violated: Some(property.name), ..Options::default() };
        let found = mutant.check(&options, &|_| {}).unwrap();
        assert!(found.trace(property.name).is_some(), "{name} survives {property}");
    }
}

fn is_reached(protocol: &'static str, instance: &'static str, property: Statement) {
    let reached = found(protocol, instance, |found| found.trace(property.name).is_some());
    assert!(reached, "{property} in {instance}");
}

macro_rules! claims {
    ($($name:ident: $protocol:literal, $instance:literal, $property:expr, [$($mutant:literal),+];)+) => {
        $(#[test]
        fn $name() {
            is_upheld($protocol, $instance, $property, &[$($mutant),+]);
        })+
    };
}

// Section 2.1, the problem.
claims! {
    lamport_2001_only_a_single_value_is_chosen:
        "synod", "synod-rivalry", synod::AGREEMENT,
        ["synod-ignore-accepted", "synod-forget-accepted"];
    lamport_2001_only_a_single_value_is_chosen_in_a_slot:
        "paxos", "succession", log::AGREEMENT, ["ignore-accepted", "truncate-silently"];
    lamport_2001_only_a_value_that_was_proposed_is_chosen:
        "synod", "synod-rivalry", synod::VALIDITY, ["synod-propose-nothing"];
    lamport_2001_only_a_command_that_a_client_asked_for_is_chosen:
        "paxos", "gaps", log::VALIDITY, ["invent-request"];
    lamport_2001_a_learner_never_learns_what_is_not_chosen:
        "synod", "synod-rivalry", synod::LEARNED,
        ["synod-count-votes-across", "synod-small-accept-quorum"];
    lamport_2001_a_replica_never_learns_what_is_not_chosen:
        "paxos", "succession", log::CHOSEN, ["count-votes-across", "small-accept-quorum"];
}

// Section 2.2, choosing a value; section 2.5, what is in stable storage.
claims! {
    lamport_2001_different_proposals_have_different_numbers:
        "synod", "synod-rivalry", synod::ONE_PROPOSAL, ["synod-reuse-ballot"];
    lamport_2001_a_leader_proposes_one_command_in_a_ballot_and_slot:
        "paxos", "rivalry", log::ONE_PROPOSAL, ["reuse-ballot"];
    lamport_2001_p1a_a_promise_is_kept:
        "synod", "synod-rivalry", synod::PROMISE,
        ["synod-break-promise", "synod-forget-promise"];
    lamport_2001_p1a_a_promise_is_kept_in_all_slots:
        "paxos", "succession", log::PROMISE, ["break-promise"];
    chandra_2007_a_disk_that_forgets_breaks_promises:
        "paxos", "rivalry", log::PROMISE, ["forget-promise", "forget-accepted"];
    lamport_2001_p2b_a_replica_promised_the_ballot_of_what_it_knows_chosen:
        "paxos", "succession", log::KNOWN, ["learn-without-ballot"];
    lamport_2001_p2c_a_proposal_follows_from_the_promises_of_a_quorum:
        "synod", "synod-rivalry", synod::P2C,
        ["synod-small-prepare-quorum", "synod-count-promises-across"];
    lamport_2001_p2c_a_command_follows_from_the_promises_of_a_quorum:
        "paxos", "succession", log::P2C, ["small-prepare-quorum", "count-across-ballots"];
    howard_2016_p2c_holds_with_one_vote_when_all_promise:
        "paxos", "quorums-3-1", log::P2C, ["small-prepare-quorum"];
    howard_2016_agreement_needs_no_more_than_quorums_that_meet_across_phases:
        "paxos", "quorums-1-3", log::AGREEMENT, ["ignore-accepted"];
}

// Section 2.4, progress.
claims! {
    lamport_2001_an_acceptor_must_be_allowed_to_accept_more_than_one_proposal:
        "synod", "synod-minority-down", synod::DECIDES, ["synod-accept-once"];
    lamport_2001_a_leader_that_talks_to_a_quorum_makes_progress:
        "paxos", "takeover", log::ANSWERED, ["no-snapshot"];
    lamport_2001_what_is_lost_is_sent_again:
        "paxos", "lossy", log::ANSWERED, ["no-resend"];
}

#[test]
fn lamport_2001_two_proposers_preempt_each_other() {
    is_reached("synod", "synod-rivalry", synod::PREEMPTED);
}

#[test]
fn lamport_2001_a_majority_that_is_down_answers_nobody() {
    is_reached("paxos", "majority-down", log::ANSWERED);
}

// The replicated log.
claims! {
    van_renesse_2015_replicas_perform_the_same_commands_in_the_same_order:
        "paxos", "succession", log::PREFIX, ["truncate-silently"];
    van_renesse_2015_a_command_is_performed_once_even_if_decided_twice:
        "paxos", "gaps", log::EXACTLY_ONCE, ["no-dedupe"];
    chandra_2007_a_snapshot_and_the_log_it_replaces_agree:
        "paxos", "snapshot", log::SNAPSHOT, ["snapshot-without-sessions"];
    chandra_2007_a_snapshot_carries_the_client_sessions:
        "paxos", "snapshot", log::EXACTLY_ONCE, ["snapshot-without-sessions-takes-over"];
    herlihy_wing_1990_every_history_is_linearizable:
        "paxos", "succession", log::LINEARIZABLE, ["answer-locally"];
}
