//! The faults that ZooKeeper had, and others that its protocol guards against, as data: the guard,
//! the mutant without it, and how long the shortest run to the violation is.
//!
//! The table in the documentation of [zab](super) is made of them.

use super::properties::{
    ACCEPTED, ACKED, CAUGHT_UP, DURABLE, LEADER_COMPLETE, LINEARIZABLE, LOCAL_ORDER, OBSERVED,
    ONE_LEADER, PREFIX, PRIMARY_INTEGRITY, PROCESS, READS_SERVED, SESSION, SNAPSHOT, STEADY,
};
use crate::guard::{Guard, Guards};

/// The guards: the tickets first.
pub const GUARDS: Guards = Guards { source: "ticket", note: "published", guards: ALL };

/// A note is how many steps the published trace has, if there is one. Its steps are coarser, and it
/// begins elsewhere.
const ALL: &[Guard] = &[
    Guard {
        source: "ZOOKEEPER-1154",
        says: "a follower that is ahead truncates before it takes a DIFF",
        mutant: "diff-without-trunc",
        property: PREFIX,
        steps: 8,
        note: "–",
    },
    Guard {
        source: "ZOOKEEPER-2845",
        says: "only what the leader says is committed is delivered",
        mutant: "keep-memory",
        property: DURABLE,
        steps: 5,
        note: "10",
    },
    Guard {
        source: "ZOOKEEPER-3642",
        says: "a snapshot counts when all of it came",
        mutant: "partial-snap-kept",
        property: SNAPSHOT,
        steps: 6,
        note: "–",
    },
    Guard {
        source: "ZOOKEEPER-3911",
        says: "the history of NEWLEADER is durable before ACK-LD, not after UPTODATE",
        mutant: "history-after-uptodate",
        property: LEADER_COMPLETE,
        steps: 13,
        note: "14",
    },
    Guard {
        source: "ZOOKEEPER-4394",
        says: "a COMMIT between ACK-LD and UPTODATE counts",
        mutant: "drop-commit-in-sync",
        property: CAUGHT_UP,
        steps: 14,
        note: "17",
    },
    Guard {
        source: "ZOOKEEPER-4643",
        says: "the history is durable before the current epoch",
        mutant: "epoch-before-history",
        property: LEADER_COMPLETE,
        steps: 13,
        note: "20",
    },
    Guard {
        source: "ZOOKEEPER-4646",
        says: "the history is durable before it is acknowledged",
        mutant: "ack-before-history",
        property: LEADER_COMPLETE,
        steps: 13,
        note: "23",
    },
    Guard {
        source: "ZOOKEEPER-4685",
        says: "an acknowledgment of a follower that is not synchronised is ignored",
        mutant: "ack-proposal-first",
        property: STEADY,
        steps: 9,
        note: "12",
    },
    Guard {
        source: "ZOOKEEPER-4712",
        says: "a proposal counts in its own epoch only",
        mutant: "late-log-write",
        property: PROCESS,
        steps: 8,
        note: "11",
    },
    Guard {
        source: "ZOOKEEPER-4925",
        says: "a DIFF has no hole",
        mutant: "hole-in-diff",
        property: PREFIX,
        steps: 8,
        note: "–",
    },
    Guard {
        source: "FLE",
        says: "the most recent history of a quorum becomes the initial history",
        mutant: "own-history",
        property: LEADER_COMPLETE,
        steps: 11,
        note: "–",
    },
    Guard {
        source: "FLE",
        says: "the current epoch decides before the transaction identifier",
        mutant: "most-entries-wins",
        property: LEADER_COMPLETE,
        steps: 14,
        note: "–",
    },
    Guard {
        source: "Zab 1.0",
        says: "a leader broadcasts when a quorum has its initial history",
        mutant: "commit-old-by-count",
        property: PRIMARY_INTEGRITY,
        steps: 10,
        note: "–",
    },
    Guard {
        source: "DSN 2011",
        says: "an accepted epoch is durable before it is acknowledged",
        mutant: "forget-accepted-epoch",
        property: ACCEPTED,
        steps: 4,
        note: "–",
    },
    Guard {
        source: "DSN 2011",
        says: "an epoch is accepted of one leader only",
        mutant: "accept-equal-epoch",
        property: ONE_LEADER,
        steps: 14,
        note: "–",
    },
    Guard {
        source: "TLA+ issue 1",
        says: "a follower gets what was proposed while it synchronised",
        mutant: "propose-to-synced-only",
        property: CAUGHT_UP,
        steps: 21,
        note: "–",
    },
    Guard {
        source: "TLA+ issue 3",
        says: "UPTODATE carries what is committed now",
        mutant: "uptodate-with-ackld-zxid",
        property: CAUGHT_UP,
        steps: 23,
        note: "–",
    },
    Guard {
        source: "links",
        says: "a proposal is appended after its predecessor only",
        mutant: "accept-gap",
        property: LOCAL_ORDER,
        steps: 10,
        note: "–",
    },
    Guard {
        source: "links",
        says: "a NEWLEADER that comes again truncates nothing",
        mutant: "reinstall-newleader",
        property: DURABLE,
        steps: 12,
        note: "–",
    },
    Guard {
        source: "links",
        says: "a snapshot never replaces a history that has all of it",
        mutant: "install-older",
        property: ACKED,
        steps: 15,
        note: "–",
    },
    Guard {
        source: "sessions",
        says: "a server that is behind a client does not serve it",
        mutant: "ignore-last-zxid",
        property: SESSION,
        steps: 9,
        note: "–",
    },
    Guard {
        source: "sessions",
        says: "a sync is ordered by a quorum",
        mutant: "sync-locally",
        property: LINEARIZABLE,
        steps: 13,
        note: "–",
    },
    Guard {
        source: "sessions",
        says: "a read that waits is answered when its server has caught up",
        mutant: "forget-waiting",
        property: READS_SERVED,
        steps: 9,
        note: "–",
    },
    Guard {
        source: "disks",
        says: "a leader counts its own history when that is durable",
        mutant: "count-early",
        property: DURABLE,
        steps: 6,
        note: "–",
    },
    Guard {
        source: "disks",
        says: "a history is durable at the leader before NEWLEADER leaves",
        mutant: "lead-early",
        property: DURABLE,
        steps: 12,
        note: "–",
    },
    Guard {
        source: "observers",
        says: "an observer has no part in choosing a leader",
        mutant: "observer-elects",
        property: DURABLE,
        steps: 13,
        note: "–",
    },
    Guard {
        source: "observers",
        says: "an observer makes no quorum",
        mutant: "count-observer",
        property: PRIMARY_INTEGRITY,
        steps: 14,
        note: "–",
    },
    Guard {
        source: "observers",
        says: "an observer is told of what is committed only",
        mutant: "inform-early",
        property: OBSERVED,
        steps: 2,
        note: "–",
    },
];

#[cfg(test)]
mod tests {
    use super::GUARDS;
    use crate::guard::asking;
    use crate::zab::mutants::mutants;

    #[test]
    fn the_table_in_the_documentation_is_the_guards() {
        asking::are_documented(&GUARDS, include_str!("mod.rs"));
    }

    #[test]
    fn each_guard_has_a_mutant_that_its_property_kills() {
        let tickets =
            ["1154", "2845", "3642", "3911", "4394", "4643", "4646", "4685", "4712", "4925"];
        let tickets = tickets.map(|number| format!("ZOOKEEPER-{number}"));
        asking::have_mutants(&GUARDS, &mutants(), &tickets.each_ref().map(String::as_str));
    }
}
