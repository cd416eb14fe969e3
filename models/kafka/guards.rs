//! The guards of the proposals as data: what each is, which mutant is without it, and what users saw.
//!
//! The table in the documentation of [kafka](super) is made of them.

use super::properties::{
    CANDIDATES_COMPLETE, CONSISTENT_READ, IN_ORDER, LEADER_COMPLETE, LOG_MATCHING, METADATA,
    NO_FENCED, NO_LOSS, ONCE, PROGRESS, QUORUM_SUPERSET, STRONG_ISR,
};
use crate::guard::{Guard, Guards};

/// The guards, in the order of what they are about.
pub const GUARDS: Guards = Guards { source: "proposal", note: "what users saw", guards: ALL };

const ALL: &[Guard] = &[
    Guard {
        source: "KIP-101",
        says: "a follower truncates where the logs part, not at its own watermark",
        mutant: "truncate-to-watermark",
        property: LEADER_COMPLETE,
        steps: 12,
        note: "an acknowledged record was gone after two failovers",
    },
    Guard {
        source: "KIP-101",
        says: "a fetch names the epoch of the last record, and the leader compares it",
        mutant: "trust-offsets",
        property: LOG_MATCHING,
        steps: 10,
        note: "after a power failure replicas had different records at one offset, and nobody noticed",
    },
    Guard {
        source: "KIP-279",
        says: "the leader's end of an epoch is that of an epoch which it has",
        mutant: "end-of-next-epoch",
        property: LOG_MATCHING,
        steps: 14,
        note: "replicas differed for ever, silently, after fast failovers",
    },
    Guard {
        source: "KIP-320",
        says: "fetches and answers count only in their own leader epoch",
        mutant: "fetch-without-epoch",
        property: STRONG_ISR,
        steps: 12,
        note: "a record that consumers had read was gone",
    },
    Guard {
        source: "KIP-320",
        says: "a broker that joins has all that was there when the leader epoch began",
        mutant: "expand-at-watermark",
        property: CANDIDATES_COMPLETE,
        steps: 9,
        note: "an acknowledged record was gone after a failover",
    },
    Guard {
        source: "KIP-320",
        says: "a leader forgets what it heard in another leader epoch",
        mutant: "expand-on-hearsay",
        property: PROGRESS,
        steps: 10,
        note: "an acknowledged record was gone after a failover",
    },
    Guard {
        source: "KIP-497",
        says: "a broker that the leader asks to let join counts from the request on",
        mutant: "count-committed-isr",
        property: CANDIDATES_COMPLETE,
        steps: 6,
        note: "an acknowledged record was gone after a failover",
    },
    Guard {
        source: "KIP-497",
        says: "a change of the in-sync replicas is a compare-and-set on the partition epoch",
        mutant: "no-partition-epoch",
        property: QUORUM_SUPERSET,
        steps: 10,
        note: "the leader's in-sync replicas were not the controller's",
    },
    Guard {
        source: "KIP-595",
        says: "of several controllers, the leader tells what it decided when that is chosen",
        mutant: "tell-unchosen",
        property: LEADER_COMPLETE,
        steps: 4,
        note: "nothing: Kafka has this guard from the start",
    },
    Guard {
        source: "KIP-595",
        says: "of several controllers, only the leader decides",
        mutant: "decide-unelected",
        property: METADATA,
        steps: 8,
        note: "nothing: Kafka has this guard from the start",
    },
    Guard {
        source: "KIP-841",
        says: "a fenced broker may not join",
        mutant: "admit-fenced",
        property: NO_FENCED,
        steps: 3,
        note: "a broker that was down counted, and writes stopped",
    },
    Guard {
        source: "KIP-903",
        says: "a broker may not join by what it fetched before it restarted",
        mutant: "admit-former-life",
        property: CANDIDATES_COMPLETE,
        steps: 13,
        note: "a broker with an empty disk was elected",
    },
    Guard {
        source: "KIP-966",
        says: "a broker that lost its page cache is struck off, and others stay eligible",
        mutant: "last-replica-standing",
        property: NO_LOSS,
        steps: 15,
        note: "the last replica standing crashed, and all truncated to what it had left",
    },
    Guard {
        source: "KIP-966",
        says: "nothing is committed below the minimum",
        mutant: "commit-below-min",
        property: CANDIDATES_COMPLETE,
        steps: 3,
        note: "an acknowledged record was gone after a failover",
    },
    Guard {
        source: "KIP-966",
        says: "a start without a clean stop is not eligible",
        mutant: "unclean-stays-eligible",
        property: CANDIDATES_COMPLETE,
        steps: 7,
        note: "an acknowledged record was gone after a power failure",
    },
    Guard {
        source: "KIP-966",
        says: "the mark of a clean stop counts once",
        mutant: "keep-clean-mark",
        property: CANDIDATES_COMPLETE,
        steps: 12,
        note: "nothing: Kafka has this guard from the start",
    },
    Guard {
        source: "KIP-98",
        says: "a new leader knows what producers sent before",
        mutant: "no-dedupe-after-failover",
        property: ONCE,
        steps: 7,
        note: "a record was there twice after a retry",
    },
    Guard {
        source: "KIP-98",
        says: "a producer's numbers do not jump",
        mutant: "accept-gap",
        property: IN_ORDER,
        steps: 8,
        note: "a record was missing among others",
    },
    Guard {
        source: "–",
        says: "an answer is to a fetch at this offset after this epoch",
        mutant: "answer-by-offset",
        property: CANDIDATES_COMPLETE,
        steps: 19,
        note: "nothing: Kafka's connections do not repeat messages",
    },
    Guard {
        source: "–",
        says: "a consumer reads what is committed, and nothing else",
        mutant: "serve-to-end",
        property: CONSISTENT_READ,
        steps: 8,
        note: "nothing: Kafka has this guard from the start",
    },
];

#[cfg(test)]
mod tests {
    use super::GUARDS;
    use crate::guard::asking;
    use crate::kafka::mutants::mutants;

    #[test]
    fn the_table_in_the_documentation_is_the_guards() {
        asking::are_documented(&GUARDS, include_str!("mod.rs"));
    }

    #[test]
    fn each_guard_has_a_mutant_that_its_property_kills() {
        let proposals = ["98", "101", "279", "320", "497", "595", "841", "903", "966"];
        let proposals = proposals.map(|number| format!("KIP-{number}"));
        asking::have_mutants(&GUARDS, &mutants(), &proposals.each_ref().map(String::as_str));
    }
}
