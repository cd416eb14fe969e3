//! The faults that ZooKeeper had, and others that its protocol guards against, as data: the guard,
//! the mutant without it, and how long the shortest run to the violation is.
//!
//! The table in the documentation of [zab](super) is [`markdown`].

use super::properties::ACCEPTED;
use super::properties::{
    ACKED, CAUGHT_UP, DURABLE, LEADER_COMPLETE, LINEARIZABLE, LOCAL_ORDER, ONE_LEADER, PREFIX,
    PRIMARY_INTEGRITY, PROCESS, SESSION, SNAPSHOT, STEADY,
};
use crate::world::Statement;
use std::fmt::Write;

/// A guard, and what its absence leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The ticket of the fault, or where else the guard is from.
    pub ticket: &'static str,
    /// What it is.
    pub says: &'static str,
    /// The mutant without it.
    pub mutant: &'static str,
    /// The property that the mutant violates.
    pub property: Statement,
    /// How many steps the shortest run of the mutant to the violation has.
    pub steps: usize,
    /// How many the published trace has, if there is one. Its steps are coarser, and it begins
    /// elsewhere.
    pub published: Option<usize>,
}

const fn guard(
    ticket: &'static str,
    says: &'static str,
    mutant: &'static str,
    property: Statement,
    steps: usize,
    published: Option<usize>,
) -> Guard {
    Guard { ticket, says, mutant, property, steps, published }
}

/// The guards: the tickets first.
pub const GUARDS: &[Guard] = &[
    guard(
        "ZOOKEEPER-1154",
        "a follower that is ahead truncates before it takes a DIFF",
        "diff-without-trunc",
        PREFIX,
        8,
        None,
    ),
    guard(
        "ZOOKEEPER-2845",
        "only what the leader says is committed is delivered",
        "keep-memory",
        DURABLE,
        5,
        Some(10),
    ),
    guard(
        "ZOOKEEPER-3642",
        "a snapshot counts when all of it came",
        "partial-snap-kept",
        SNAPSHOT,
        6,
        None,
    ),
    guard(
        "ZOOKEEPER-3911",
        "the history of NEWLEADER is durable before ACK-LD, not after UPTODATE",
        "history-after-uptodate",
        LEADER_COMPLETE,
        13,
        Some(14),
    ),
    guard(
        "ZOOKEEPER-4394",
        "a COMMIT between ACK-LD and UPTODATE counts",
        "drop-commit-in-sync",
        CAUGHT_UP,
        13,
        Some(17),
    ),
    guard(
        "ZOOKEEPER-4643",
        "the history is durable before the current epoch",
        "epoch-before-history",
        LEADER_COMPLETE,
        13,
        Some(20),
    ),
    guard(
        "ZOOKEEPER-4646",
        "the history is durable before it is acknowledged",
        "ack-before-history",
        LEADER_COMPLETE,
        13,
        Some(23),
    ),
    guard(
        "ZOOKEEPER-4685",
        "an acknowledgment of a follower that is not synchronised is ignored",
        "ack-proposal-first",
        STEADY,
        9,
        Some(12),
    ),
    guard(
        "ZOOKEEPER-4712",
        "a proposal counts in its own epoch only",
        "late-log-write",
        PROCESS,
        8,
        Some(11),
    ),
    guard("ZOOKEEPER-4925", "a DIFF has no hole", "hole-in-diff", PREFIX, 8, None),
    guard(
        "FLE",
        "the most recent history of a quorum becomes the initial history",
        "own-history",
        LEADER_COMPLETE,
        10,
        None,
    ),
    guard(
        "FLE",
        "the current epoch decides before the transaction identifier",
        "most-entries-wins",
        LEADER_COMPLETE,
        14,
        None,
    ),
    guard(
        "Zab 1.0",
        "a leader broadcasts when a quorum has its initial history",
        "commit-old-by-count",
        PRIMARY_INTEGRITY,
        10,
        None,
    ),
    guard(
        "DSN 2011",
        "an accepted epoch is durable before it is acknowledged",
        "forget-accepted-epoch",
        ACCEPTED,
        4,
        None,
    ),
    guard(
        "DSN 2011",
        "an epoch is accepted of one leader only",
        "accept-equal-epoch",
        ONE_LEADER,
        14,
        None,
    ),
    guard(
        "TLA+ issue 1",
        "a follower gets what was proposed while it synchronised",
        "propose-to-synced-only",
        CAUGHT_UP,
        20,
        None,
    ),
    guard(
        "TLA+ issue 3",
        "UPTODATE carries what is committed now",
        "uptodate-with-ackld-zxid",
        CAUGHT_UP,
        22,
        None,
    ),
    guard(
        "links",
        "a proposal is appended after its predecessor only",
        "accept-gap",
        LOCAL_ORDER,
        8,
        None,
    ),
    guard(
        "links",
        "a NEWLEADER that comes again truncates nothing",
        "reinstall-newleader",
        DURABLE,
        11,
        None,
    ),
    guard(
        "links",
        "a snapshot never replaces a history that has all of it",
        "install-older",
        ACKED,
        15,
        None,
    ),
    guard(
        "sessions",
        "a server that is behind a client does not serve it",
        "ignore-last-zxid",
        SESSION,
        8,
        None,
    ),
    guard("sessions", "a sync is ordered by a quorum", "sync-locally", LINEARIZABLE, 12, None),
];

/// The guards as a table.
pub fn markdown() -> String {
    let mut text = String::from(
        "| ticket | guard | mutant | property | steps | published |\n\
         |---|---|---|---|---:|---:|\n",
    );
    for Guard { ticket, says, mutant, property, steps, published } in GUARDS {
        let published = published.map_or("–".to_owned(), |steps| steps.to_string());
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "| {ticket} | {says} | `{mutant}` | `{property}` | {steps} | {published} |"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zab::mutants::mutants;

    /// The text between the two marks around the table.
    fn shown(docs: &str) -> String {
        let lines = docs.lines().filter_map(|line| line.strip_prefix("//! "));
        let inside = lines
            .skip_while(|line| !line.contains("<!-- guards -->"))
            .skip(1)
            .take_while(|line| !line.contains("<!-- end of guards -->"));
        inside.flat_map(|line| [line, "\n"]).collect()
    }

    #[test]
    fn the_table_in_the_documentation_is_the_guards() {
        let (shown, current) = (shown(include_str!("mod.rs")), markdown());
        assert!(shown == current, "the table of models/zab/mod.rs is to be:\n{current}");
    }

    /// The lengths are compared with what a check finds where mutants are checked.
    #[test]
    fn each_guard_has_a_mutant_that_its_property_kills() {
        let mutants = mutants();
        for Guard { mutant, property, .. } in GUARDS {
            let found = mutants.iter().find(|known| known.name == *mutant);
            let killed_by = found.map(|mutant| mutant.killed_by);
            assert_eq!(killed_by, Some(*property), "{mutant}");
        }
        for number in ["1154", "2845", "3642", "3911", "4394", "4643", "4646", "4685", "4712"] {
            let name = format!("ZOOKEEPER-{number}");
            assert!(GUARDS.iter().any(|guard| guard.ticket == name), "no guard of {name}");
        }
    }
}
