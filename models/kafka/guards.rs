//! The guards of the proposals as data: what each is, which mutant is without it, and what users saw.
//!
//! The table in the documentation of [kafka](super) is [`markdown`].

use super::properties::{
    CANDIDATES_COMPLETE, CONSISTENT_READ, IN_ORDER, LEADER_COMPLETE, LOG_MATCHING, NO_FENCED,
    NO_LOSS, ONCE, PROGRESS, QUORUM_SUPERSET, STRONG_ISR,
};
use crate::world::Statement;
use std::fmt::Write;

/// A guard, and what its absence leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The Kafka improvement proposal that added it; `–` if there is none.
    pub proposal: &'static str,
    /// What it is.
    pub says: &'static str,
    /// The mutant without it.
    pub mutant: &'static str,
    /// The property that the mutant violates.
    pub property: Statement,
    /// How many steps the shortest run of the mutant to the violation has.
    pub steps: usize,
    /// What users saw.
    pub seen: &'static str,
}

/// The guards, in the order of what they are about.
pub const GUARDS: &[Guard] = &[
    Guard {
        proposal: "KIP-101",
        says: "a follower truncates where the logs part, not at its own watermark",
        mutant: "truncate-to-watermark",
        property: LEADER_COMPLETE,
        steps: 12,
        seen: "an acknowledged record was gone after two failovers",
    },
    Guard {
        proposal: "KIP-101",
        says: "a fetch names the epoch of the last record, and the leader compares it",
        mutant: "trust-offsets",
        property: LOG_MATCHING,
        steps: 10,
        seen: "after a power failure replicas had different records at one offset, and nobody noticed",
    },
    Guard {
        proposal: "KIP-279",
        says: "the leader's end of an epoch is that of an epoch which it has",
        mutant: "end-of-next-epoch",
        property: LOG_MATCHING,
        steps: 14,
        seen: "replicas differed for ever, silently, after fast failovers",
    },
    Guard {
        proposal: "KIP-320",
        says: "fetches and answers count only in their own leader epoch",
        mutant: "fetch-without-epoch",
        property: STRONG_ISR,
        steps: 12,
        seen: "a record that consumers had read was gone",
    },
    Guard {
        proposal: "KIP-320",
        says: "a broker that joins has all that was there when the leader epoch began",
        mutant: "expand-at-watermark",
        property: CANDIDATES_COMPLETE,
        steps: 9,
        seen: "an acknowledged record was gone after a failover",
    },
    Guard {
        proposal: "KIP-320",
        says: "a leader forgets what it heard in another leader epoch",
        mutant: "expand-on-hearsay",
        property: PROGRESS,
        steps: 10,
        seen: "an acknowledged record was gone after a failover",
    },
    Guard {
        proposal: "KIP-497",
        says: "a broker that the leader asks to let join counts from the request on",
        mutant: "count-committed-isr",
        property: CANDIDATES_COMPLETE,
        steps: 6,
        seen: "an acknowledged record was gone after a failover",
    },
    Guard {
        proposal: "KIP-497",
        says: "a change of the in-sync replicas is a compare-and-set on the partition epoch",
        mutant: "no-partition-epoch",
        property: QUORUM_SUPERSET,
        steps: 10,
        seen: "the leader's in-sync replicas were not the controller's",
    },
    Guard {
        proposal: "KIP-841",
        says: "a fenced broker may not join",
        mutant: "admit-fenced",
        property: NO_FENCED,
        steps: 3,
        seen: "a broker that was down counted, and writes stopped",
    },
    Guard {
        proposal: "KIP-903",
        says: "a broker may not join by what it fetched before it restarted",
        mutant: "admit-former-life",
        property: CANDIDATES_COMPLETE,
        steps: 13,
        seen: "a broker with an empty disk was elected",
    },
    Guard {
        proposal: "KIP-966",
        says: "a broker that lost its page cache is struck off, and others stay eligible",
        mutant: "last-replica-standing",
        property: NO_LOSS,
        steps: 15,
        seen: "the last replica standing crashed, and all truncated to what it had left",
    },
    Guard {
        proposal: "KIP-966",
        says: "nothing is committed below the minimum",
        mutant: "commit-below-min",
        property: CANDIDATES_COMPLETE,
        steps: 3,
        seen: "an acknowledged record was gone after a failover",
    },
    Guard {
        proposal: "KIP-966",
        says: "a start without a clean stop is not eligible",
        mutant: "unclean-stays-eligible",
        property: CANDIDATES_COMPLETE,
        steps: 7,
        seen: "an acknowledged record was gone after a power failure",
    },
    Guard {
        proposal: "KIP-966",
        says: "the mark of a clean stop counts once",
        mutant: "keep-clean-mark",
        property: CANDIDATES_COMPLETE,
        steps: 12,
        seen: "nothing: Kafka has this guard from the start",
    },
    Guard {
        proposal: "KIP-98",
        says: "a new leader knows what producers sent before",
        mutant: "no-dedupe-after-failover",
        property: ONCE,
        steps: 7,
        seen: "a record was there twice after a retry",
    },
    Guard {
        proposal: "KIP-98",
        says: "a producer's numbers do not jump",
        mutant: "accept-gap",
        property: IN_ORDER,
        steps: 8,
        seen: "a record was missing among others",
    },
    Guard {
        proposal: "–",
        says: "an answer is to a fetch at this offset after this epoch",
        mutant: "answer-by-offset",
        property: CANDIDATES_COMPLETE,
        steps: 19,
        seen: "nothing: Kafka's connections do not repeat messages",
    },
    Guard {
        proposal: "–",
        says: "a consumer reads what is committed, and nothing else",
        mutant: "serve-to-end",
        property: CONSISTENT_READ,
        steps: 8,
        seen: "nothing: Kafka has this guard from the start",
    },
];

/// The guards as a table.
pub fn markdown() -> String {
    let mut text = String::from(
        "| proposal | guard | mutant | property | steps | what users saw |\n\
         |---|---|---|---|---:|---|\n",
    );
    for Guard { proposal, says, mutant, property, steps, seen } in GUARDS {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "| {proposal} | {says} | `{mutant}` | `{property}` | {steps} | {seen} |"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::mutants::mutants;

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
        assert!(shown == current, "the table of models/kafka/mod.rs is to be:\n{current}");
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
        let proposals = ["98", "101", "279", "320", "497", "841", "903", "966"];
        for number in proposals {
            let name = format!("KIP-{number}");
            assert!(GUARDS.iter().any(|guard| guard.proposal == name), "no guard of {name}");
        }
    }
}
