//! The rows of the table of guarantees: each instance is in one, each word of them follows from a
//! property, and what the papers say of crashes and costs is in them.

use quorate::catalogue::{self, guarantees};

#[test]
fn every_protocol_and_instance_is_in_a_row() {
    for protocol in catalogue::protocols() {
        for case in &protocol.cases {
            let rows = protocol.guarantees.iter();
            let covering = rows.filter(|row| (row.covers)(case.name())).count();
            assert_eq!(covering, 1, "{} {}", protocol.name, case.name());
        }
    }
}

/// A reading of a property that does not exist would silently say nothing.
#[test]
fn every_reading_is_of_a_property_that_some_instance_has() {
    for protocol in catalogue::protocols() {
        for row in &protocol.guarantees {
            for reading in row.consistency.iter().chain(&row.durable) {
                let name = reading.property.name;
                let has = protocol.properties().iter().any(|property| property.name == name);
                assert!(has, "{} has no {name}", protocol.name);
            }
        }
    }
}

#[test]
fn what_the_papers_say_of_crashes_and_costs() {
    let table = guarantees::markdown(&catalogue::protocols());
    let cells = |row: &str| -> Vec<String> {
        let found = table.lines().find(|line| line.starts_with(&format!("| {row}:")));
        found.unwrap().split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let paxos = cells("paxos, majorities");
    assert_eq!(paxos[3], "any 1 of 3");
    assert_eq!(cells("two-phase-commit, presumed abort")[3], "none");
    // Lamport 2001 under a stable leader: request, accept, accepted, reply.
    assert!(paxos[6].ends_with(", 4"), "{paxos:?}");
}
