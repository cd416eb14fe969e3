//! The incidents that the proposals describe: each is reached without its guard, and with the guard
//! it is not, within as many steps.

use crate::instance::asking::{fails, is_to_blame};
use crate::kafka::instances::instances;
use crate::kafka::mutants::seeded;
use crate::kafka::properties as claims;
use crate::world::Statement;

/// Without the guard of this mutant the property is violated; with it, it is not so soon.
fn needs_its_guard(name: &str, property: Statement) {
    let found = seeded().into_iter().find(|seeded| seeded.mutant.name == name).unwrap();
    assert_eq!(found.mutant.killed_by, property);
    is_to_blame((found.mutant.cluster)(), (found.sound)(), name, property);
}

/// A follower that has an acknowledged record, and does not know that it is committed, cuts it off
/// when the leader changes, and is elected next.
#[test]
fn kip_101_a_follower_that_truncates_to_its_watermark_loses_a_record() {
    needs_its_guard("truncate-to-watermark", claims::LEADER_COMPLETE);
}

/// A leader that has less appends another record at the same offset, and the old leader, which comes
/// back, fetches what follows: the logs differ below the watermark, and nobody notices.
#[test]
fn kip_101_a_fetch_by_offset_alone_leaves_logs_that_differ() {
    needs_its_guard("trust-offsets", claims::LOG_MATCHING);
}

/// A leader that never saw the epoch between tells where its own next one begins: the follower keeps
/// its record of that epoch where the leader has another.
#[test]
fn kip_279_after_fast_failovers_logs_differ() {
    needs_its_guard("end-of-next-epoch", claims::LOG_MATCHING);
}

/// A fetch of an older epoch counts, although the follower has truncated since.
#[test]
fn kip_320_a_fetch_of_an_older_epoch_moves_the_watermark() {
    needs_its_guard("fetch-without-epoch", claims::STRONG_ISR);
}

/// A broker is let in by what it had before it lost its log.
#[test]
fn kip_903_a_broker_is_let_in_by_its_former_life() {
    needs_its_guard("admit-former-life", claims::CANDIDATES_COMPLETE);
}

/// The last replica in sync loses its page cache, comes back and leads; the other, which has all,
/// truncates.
#[test]
fn kip_966_the_last_replica_standing_loses_what_all_had() {
    needs_its_guard("last-replica-standing", claims::NO_LOSS);
}

/// The leader commits with those that were in sync, while the controller lets in another, and may
/// elect it.
#[test]
fn kip_497_who_joins_counts_from_the_request_on() {
    needs_its_guard("count-committed-isr", claims::CANDIDATES_COMPLETE);
}

/// An answer that says where the logs part is repeated, after the follower has fetched up to the same
/// offset again.
#[test]
fn an_answer_that_is_repeated_cuts_off_what_was_fetched_since() {
    needs_its_guard("answer-by-offset", claims::CANDIDATES_COMPLETE);
}

/// A deposed leader, which has not heard of its successor, answers with what was committed before.
#[test]
fn a_zombie_read_is_consistent_and_not_linearizable() {
    fails(instances(), "zombie-read", claims::LINEARIZABLE);
}
