//! The outside oracle: the specification has the states that TLC reports, and each rule before
//! KIP-320 violates what KIP-320 keeps.

use super::{KafkaReplication, STRONG_ISR, Truncation, WEAK_ISR};
use stateright::{Checker, HasDiscoveries, Model};

/// Three replicas.
fn spec(rule: Truncation, log_size: usize, records: u8, last_epoch: u8) -> KafkaReplication {
    KafkaReplication {
        replicas: 3,
        log_size,
        max_records: records,
        max_leader_epoch: last_epoch,
        rule,
    }
}

/// Distinct states, generated states, and the depth of the specification, in all of which its
/// properties hold.
fn counts(spec: KafkaReplication) -> (usize, usize, usize) {
    let never = HasDiscoveries::AllOf(["nothing has this name"].into());
    let checker = spec.checker().finish_when(never).spawn_bfs().join();
    checker.assert_properties();
    (checker.unique_state_count(), checker.state_count(), checker.max_depth())
}

#[test]
fn kip_320_holds_and_has_the_states_that_tlc_reports() {
    assert_eq!(counts(spec(Truncation::Kip320, 2, 2, 2)), (737_794, 1_967_560, 26));
}

#[test]
fn each_older_rule_violates_the_strong_and_the_weak_invariant() {
    let lengths = [
        (Truncation::HighWatermark, 8, 8),
        (Truncation::Kip101, 10, 10),
        (Truncation::Kip279, 10, 10),
        (Truncation::Kip320FirstTry, 12, 11),
    ];
    for (rule, strong, weak) in lengths {
        for (property, length) in [(STRONG_ISR.name, strong), (WEAK_ISR.name, weak)] {
            let wanted = HasDiscoveries::AllOf([property].into());
            let checker = spec(rule, 1, 1, 2).checker().finish_when(wanted).spawn_bfs().join();
            let found = checker.discovery(property).map(|trace| trace.into_actions().len());
            assert_eq!(found, Some(length), "{rule:?}: {property}");
        }
    }
}

/// With two leader epochs KIP-101 and KIP-279 violate the strong invariant alone: the leader is
/// right about the replicas in which it believes, and wrong about who they are.
#[test]
fn the_strong_invariant_is_stronger() {
    for rule in [Truncation::Kip101, Truncation::Kip279] {
        let never = HasDiscoveries::AllOf(["nothing has this name"].into());
        let checker = spec(rule, 1, 1, 1).checker().finish_when(never).spawn_bfs().join();
        assert!(checker.discovery(STRONG_ISR.name).is_some(), "{rule:?}");
        assert!(checker.discovery(WEAK_ISR.name).is_none(), "{rule:?}");
    }
}
