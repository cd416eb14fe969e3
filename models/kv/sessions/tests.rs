//! The table alone: against its definition, and one test for each thing that clients rely on.

use super::checked::Reference;
use super::session::request_bytes;
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

type Table = Sessions<Vec<u8>>;
/// A request that is recorded: its client, its number, and how long its reply is.
type Recorded = (usize, u64, usize);

fn reply(len: usize) -> Vec<u8> {
    vec![7; len]
}

fn table(clients: usize, bytes: usize) -> Table {
    Table::new(SessionLimits { clients, bytes, bug: None })
}

fn record(table: &mut Table, (client, seq, len): Recorded) {
    table.record(client.into(), seq, reply(len));
}

fn recorded(limits: SessionLimits, log: &[Recorded]) -> Table {
    let mut table = Table::new(limits);
    log.iter().for_each(|request| record(&mut table, *request));
    table
}

fn clients(table: &Table) -> Vec<usize> {
    table.iter().map(|(client, _, _)| client.into()).collect()
}

const EXPIRED: RequestStatus<'static, Vec<u8>> = RequestStatus::Refused(Refusal::SessionExpired);

#[test]
fn the_session_used_the_longest_ago_goes_whatever_its_id() {
    let mut table = table(2, 100);
    for client in [9, 3, 9, 5] {
        record(&mut table, (client, 1, 0));
    }
    assert_eq!((clients(&table), table.floor()), (vec![9, 5], Some(3.into())));
    assert_eq!(table.status(3.into(), 1), EXPIRED);
    assert_eq!(table.status(4.into(), 1), RequestStatus::New, "above the floor");
    assert_eq!(table.status(2.into(), 1), EXPIRED, "below the floor");
    record(&mut table, (6, 1, 0));
    assert_eq!(table.status(5.into(), 2), RequestStatus::New, "below the floor, with a session");
    assert_eq!(table.floor(), Some(9.into()));
}

#[test]
fn the_table_tells_new_from_repeated_from_old() {
    let mut table = table(2, 100);
    record(&mut table, (1, 5, 3));
    assert_eq!(table.status(1.into(), 4), RequestStatus::Old);
    assert_eq!(table.status(1.into(), 5), RequestStatus::Repeated(&reply(3)));
    assert_eq!(table.status(1.into(), 6), RequestStatus::New);
}

#[test]
fn each_slot_has_a_request_of_its_own() {
    let mut table = table(2, 100);
    let second = |number| slots::seq(1, number);
    record(&mut table, (1, 5, 3));
    assert_eq!(table.status(1.into(), second(1)), RequestStatus::New);
    record(&mut table, (1, second(2), 4));
    assert_eq!(table.status(1.into(), second(1)), RequestStatus::Old);
    assert_eq!(table.status(1.into(), second(2)), RequestStatus::Repeated(&reply(4)));
    assert_eq!(table.status(1.into(), 5), RequestStatus::Repeated(&reply(3)));
    assert_eq!(table.status(1.into(), 6), RequestStatus::New);
}

#[test]
fn a_session_has_so_many_slots_and_no_more() {
    let table = table(2, 100);
    let status = |slot| table.status(1.into(), slots::seq(slot, 1));
    assert_eq!(status(slots::MAX_SLOTS - 1), RequestStatus::New);
    assert_eq!(status(slots::MAX_SLOTS), RequestStatus::Refused(Refusal::NotOffered));
}

#[test]
fn a_session_is_evicted_with_all_its_slots() {
    let mut table = table(1, 100);
    record(&mut table, (1, 1, 0));
    record(&mut table, (1, slots::seq(1, 1), 0));
    record(&mut table, (2, 1, 0));
    for slot in 0..3 {
        assert_eq!(table.status(1.into(), slots::seq(slot, 2)), EXPIRED, "slot {slot}");
    }
}

#[test]
fn a_session_over_the_byte_bound_is_not_kept_and_no_other_goes_for_it() {
    let mut table = table(9, 20);
    record(&mut table, (1, 1, 4));
    record(&mut table, (2, 1, 4));
    record(&mut table, (2, 2, 30));
    assert_eq!((clients(&table), table.floor()), (vec![1], Some(2.into())));
    assert_eq!(table.status(2.into(), 2), EXPIRED, "it was applied");
}

#[test]
fn large_replies_evict_by_bytes() {
    let mut table = table(9, 20);
    for client in 1..=4 {
        record(&mut table, (client, 1, 4));
    }
    // Each session has its client, its number, its reply's length and its reply: 7 bytes.
    assert_eq!((clients(&table), table.bytes), (vec![3, 4], 14));
    record(&mut table, (3, 2, 17));
    assert_eq!((clients(&table), table.floor()), (vec![3], Some(4.into())));
}

/// As many clients as the table has room for, with ids a year ahead, ask in a loop: a client with
/// an ordinary id that takes part comes in and stays.
#[test]
fn clients_with_high_ids_lock_nobody_out() {
    let mut table = Table::default();
    let ahead = 1 << 60;
    for round in 1..=3 {
        for client in 0..MAX_SESSIONS - 1 {
            record(&mut table, (ahead + client, round, 8));
        }
        assert_eq!(table.status(7.into(), round), RequestStatus::New, "round {round}");
        record(&mut table, (7, round, 8));
    }
    assert_eq!((table.by_use.len(), table.floor()), (MAX_SESSIONS, None));
}

#[test]
fn a_client_that_stays_active_outlives_any_number_of_newer_ones() {
    let mut table = table(8, 1 << 10);
    record(&mut table, (1, 1, 8));
    let mut next = 2;
    for seq in 2..500 {
        for _ in 0..7 {
            assert_eq!(table.status(next.into(), 1), RequestStatus::New, "its id is the newest");
            record(&mut table, (next, 1, 8));
            next += 1;
        }
        assert_eq!(table.status(1.into(), seq), RequestStatus::New);
        record(&mut table, (1, seq, 8));
    }
}

#[test]
fn the_default_byte_bound_is_many_times_the_largest_reply() {
    use crate::kv::map::MAX_VALUE_BYTES;
    use crate::kv::txn::MAX_OUTCOME_BYTES;
    assert!(MAX_SESSION_BYTES >= 64 * MAX_OUTCOME_BYTES.max(MAX_VALUE_BYTES));
}

/// Few clients, so that they come again, with two slots each.
fn log() -> impl Strategy<Value = Vec<Recorded>> {
    let recorded = (0..12_usize, 0..2_u8, 1..300_u64, 0..40_usize);
    vec(
        recorded.prop_map(|(client, slot, number, len)| (client, slots::seq(slot, number), len)),
        0..80,
    )
}

/// Few clients with one slot each.
fn log_of_one_slot() -> impl Strategy<Value = Vec<Recorded>> {
    vec((0..12_usize, 1..300_u64, 0..40_usize), 0..80)
}

fn limits() -> impl Strategy<Value = SessionLimits> {
    (1..8_usize, 1..200_usize).prop_map(|(clients, bytes)| SessionLimits {
        clients,
        bytes,
        bug: None,
    })
}

/// Whether the clients that asked after the last request of `client`, and itself, are within both
/// bounds, at every point since.
fn is_active(limits: SessionLimits, log: &[Recorded], client: usize) -> bool {
    let Some(last) = log.iter().rposition(|request| request.0 == client) else { return false };
    let bytes = |request: &Recorded| request_bytes(request.0.into(), request.1, &reply(request.2));
    let mut since: Vec<Recorded> = Vec::new();
    let (mut most, mut clients) = (0, 0);
    for request in &log[last..] {
        since.retain(|other| other.0 != request.0);
        since.push(*request);
        // Also one whose session is too large to be kept.
        clients = clients.max(since.len());
        since.retain(|other| bytes(other) <= limits.bytes);
        most = most.max(since.iter().map(bytes).sum());
    }
    since.iter().any(|other| other.0 == client) && clients <= limits.clients && most <= limits.bytes
}

proptest! {
    #[test]
    fn the_table_is_as_defined_and_keeps_its_bounds(limits in limits(), log in log()) {
        let (mut table, mut reference) = (Table::new(limits), Reference::new(limits));
        for request in log {
            let floor = table.floor();
            record(&mut table, request);
            let (client, seq, len) = request;
            reference.record(client.into(), seq, reply(len));
            prop_assert!(reference.is_like(&table), "{:?}, not {:?}", table, reference);
            prop_assert_eq!(table.bytes, reference.bytes());
            prop_assert!(table.by_use.len() <= limits.clients && table.bytes <= limits.bytes);
            for client in 0..12 {
                let is_new = table.status(client.into(), seq) == RequestStatus::New;
                prop_assert_eq!(is_new, reference.is_new(client.into(), seq));
            }
            prop_assert!(floor <= table.floor(), "the floor fell");
            let status = table.status(request.0.into(), request.1);
            prop_assert!(status != RequestStatus::New, "{request:?} would be applied again");
        }
    }

    #[test]
    fn an_active_client_has_its_session(limits in limits(), log in log_of_one_slot()) {
        let table = recorded(limits, &log);
        for client in 0..12 {
            let has = table.iter().any(|(other, _, _)| usize::from(other) == client);
            prop_assert!(has || !is_active(limits, &log, client), "client {client}");
        }
    }

    /// Whatever is left of what a client asked: repeated, old or refused, and not new.
    #[test]
    fn no_request_that_was_applied_is_ever_new(limits in limits(), log in log()) {
        let mut last: BTreeMap<(usize, u8), u64> = BTreeMap::new();
        let mut table = Table::new(limits);
        for (client, seq, len) in log {
            let slot = slots::of(seq);
            let number = last.entry((client, slot)).or_default();
            let seq = slots::seq(slot, *number + 1);
            if table.status(client.into(), seq) == RequestStatus::New {
                record(&mut table, (client, seq, len));
                *number += 1;
            }
            for ((client, slot), last) in &last {
                for seq in (1..=*last).map(|number| slots::seq(*slot, number)) {
                    prop_assert!(table.status((*client).into(), seq) != RequestStatus::New);
                }
            }
        }
    }

    #[test]
    fn a_restored_table_is_the_same_and_goes_on_alike(limits in limits(), log in log(), more in log()) {
        let mut table = recorded(limits, &log);
        let mut copy = Table::default();
        copy.restore(table.outline(), table.iter().map(|(id, seq, reply)| (id, seq, reply.clone())));
        prop_assert_eq!(&copy, &table);
        for request in more {
            record(&mut table, request);
            record(&mut copy, request);
        }
        prop_assert_eq!(&copy, &table);
    }

    #[test]
    fn a_table_is_stored_whole(limits in limits(), log in log()) {
        let table = recorded(limits, &log);
        let bytes = postcard::to_allocvec(&table).unwrap();
        prop_assert_eq!(postcard::from_bytes::<Table>(&bytes).unwrap(), table);
    }
}
