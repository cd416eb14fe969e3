//! Histories that are known to be good, and some that are known to be bad.

use super::{Outcome, Registers};
use crate::kv::{Bytes, Op, Reply};
use proptest::prelude::*;
use stateright::actor::Id;

/// What happens to a client: it begins a call, or is told of its version.
#[derive(Clone, Copy, Debug)]
enum Event {
    Put(&'static str),
    Delete,
    Get,
    /// The put or delete was done, with this version.
    Done(u32),
    /// The get returned this version.
    Got(&'static str, u32),
    GotNone(u32),
    Fails,
}
use Event::{Delete, Done, Fails, Get, Got, GotNone, Put};

fn history(events: &[(usize, Event)]) -> Registers<u32> {
    let mut history = Registers::default();
    let mut seqs = [0_u64; 10];
    for (client, event) in events {
        let (id, seq) = (Id::from(*client), &mut seqs[*client]);
        let value = |value: &str| Reply::Value(Some(value.into()));
        let outcome = match *event {
            Put(value) => Err(Op::put("x", value)),
            Delete => Err(Op::Delete { key: "x".into() }),
            Get => Err(Op::get("x")),
            Done(version) => Ok(Outcome::Replied(Reply::Done, version)),
            Got(read, version) => Ok(Outcome::Replied(value(read), version)),
            GotNone(version) => Ok(Outcome::Replied(Reply::Value(None), version)),
            Fails => Ok(Outcome::Failed),
        };
        let next = match outcome {
            Err(op) => {
                *seq += 1;
                history.invoke(id, *seq, &op)
            }
            Ok(outcome) => history.reply(id, *seq, outcome),
        };
        history = next.unwrap_or_else(|| panic!("{event:?} of {client} is out of order"));
    }
    history
}

/// Atomic, regular, monotonic, written.
fn judged(events: &[(usize, Event)]) -> [bool; 4] {
    let history = history(events);
    [history.is_atomic(), history.is_regular(), history.is_monotonic(), history.is_written()]
}

#[test]
fn a_read_after_a_write_returns_it() {
    assert_eq!(judged(&[(1, Put("a")), (1, Done(1)), (2, Get), (2, Got("a", 1))]), [true; 4]);
}

#[test]
fn a_stale_read_is_eventual_at_most() {
    let stale = [(1, Put("a")), (1, Done(1)), (2, Get), (2, GotNone(0))];
    assert_eq!(judged(&stale), [false, false, true, true]);
}

/// Lamport 1986: a new-old inversion is what tells a regular register from an atomic one.
#[test]
fn two_reads_during_a_write_may_go_back_in_a_regular_register() {
    let inversion =
        [(1, Put("a")), (2, Get), (2, Got("a", 1)), (2, Get), (2, GotNone(0)), (1, Done(1))];
    assert_eq!(judged(&inversion), [false, true, false, true]);
}

#[test]
fn a_failed_write_may_appear_late_but_not_vanish_again() {
    let late = [(1, Put("a")), (1, Fails), (1, Get), (1, GotNone(0)), (2, Get), (2, Got("a", 1))];
    assert_eq!(judged(&late), [true; 4]);
    assert!(!history(&late).is_failure_without_effect());
    assert!(!history(&late).is_settled(), "a read had told that it did not take place");
    let soon = [(1, Put("a")), (1, Fails), (2, Get), (2, Got("a", 1)), (1, Get), (1, Got("a", 1))];
    assert!(history(&soon).is_settled());
    let never = [(1, Put("a")), (1, Fails), (2, Get), (2, GotNone(0)), (1, Get), (1, GotNone(0))];
    assert!(history(&never).is_settled());
    let again = [late.as_slice(), &[(1, Get), (1, GotNone(0))]].concat();
    assert_eq!(judged(&again), [false, true, false, true]);
}

#[test]
fn a_value_from_nowhere_or_from_the_future_is_not_even_eventual() {
    let nowhere = [(1, Put("a")), (1, Done(1)), (2, Get), (2, Got("b", 1))];
    assert_eq!(judged(&nowhere), [false, false, true, false]);
    let future = [(2, Get), (2, Got("a", 1)), (1, Put("a")), (1, Done(1))];
    assert_eq!(judged(&future), [false, false, true, false]);
}

#[test]
fn a_write_that_vanishes_behind_an_older_one_is_outlived() {
    let begun = [(1, Put("a")), (1, Done(9)), (2, Put("b")), (2, Done(5))];
    assert!(!history(&begun).is_never_outlived());
    let read = [begun.as_slice(), &[(3, Get), (3, Got("a", 9))]].concat();
    assert_eq!(judged(&read), [false, false, true, true]);
    let concurrent = [(1, Put("a")), (2, Put("b")), (1, Done(9)), (2, Done(5))];
    assert!(history(&concurrent).is_never_outlived());
}

#[test]
fn a_client_that_was_shown_a_version_writes_above_it() {
    let read = [(1, Put("a")), (1, Done(9)), (2, Get), (2, Got("a", 9)), (2, Put("b"))];
    assert!(!history(&[read.as_slice(), &[(2, Done(5))]].concat()).is_causal());
    assert!(history(&[read.as_slice(), &[(2, Done(10))]].concat()).is_causal());
    assert!(
        history(&[read.as_slice(), &[(2, Fails), (3, Put("c")), (3, Done(5))]].concat())
            .is_causal()
    );
}

#[test]
fn what_was_deleted_does_not_come_back_until_it_is_written_again() {
    let deleted = [(1, Put("a")), (1, Done(1)), (1, Delete), (1, Done(2))];
    let back = [deleted.as_slice(), &[(2, Get), (2, Got("a", 1))]].concat();
    assert!(!history(&back).stays_deleted());
    let gone = [deleted.as_slice(), &[(2, Get), (2, GotNone(2))]].concat();
    assert_eq!(judged(&gone), [true; 4]);
    assert!(history(&gone).stays_deleted());
    let again = [deleted.as_slice(), &[(1, Put("b")), (1, Done(3)), (2, Get), (2, Got("b", 3))]];
    assert!(history(&again.concat()).stays_deleted());
}

#[test]
fn what_is_sent_again_is_no_call_of_its_own() {
    let begun = history(&[(1, Put("a"))]);
    assert_eq!(begun.invoke(Id::from(1), 1, &Op::put("x", "a")), None);
    let ended = history(&[(1, Put("a")), (1, Done(1))]);
    let done = || Outcome::Replied(Reply::Done, 1);
    assert_eq!(ended.reply(Id::from(1), 1, done()), None);
    assert_eq!((begun.open(), ended.open()), (1, 0));
}

/// A register that is one place: each call takes effect when it ends, or, if it fails, at that time or
/// never. Clients 0 to 2.
fn one_place(steps: &[(usize, u8)]) -> Registers<u32> {
    let (mut history, mut now) = (Registers::default(), (None::<Bytes>, 0_u32));
    let mut open: [Option<Op>; 3] = [None, None, None];
    let mut seqs = [0_u64; 3];
    for (at, (client, choice)) in steps.iter().enumerate() {
        let id = Id::from(*client);
        let next = match open[*client].take() {
            None => {
                let op = match choice % 3 {
                    0 => Op::get("x"),
                    _ => Op::put("x", &at.to_string()),
                };
                seqs[*client] += 1;
                open[*client] = Some(op.clone());
                history.invoke(id, seqs[*client], &op)
            }
            Some(op) => {
                let fails = choice % 5 == 0;
                if let Op::Put { value, .. } = &op
                    && (!fails || choice % 2 == 0)
                {
                    now = (Some(value.clone()), now.1 + 1);
                }
                let reply = match &op {
                    Op::Get { .. } => Reply::Value(now.0.clone()),
                    _ => Reply::Done,
                };
                let outcome = if fails { Outcome::Failed } else { Outcome::Replied(reply, now.1) };
                history.reply(id, seqs[*client], outcome)
            }
        };
        history = next.unwrap();
    }
    history
}

proptest! {
    #[test]
    fn one_place_is_a_register_of_every_kind(
        steps in proptest::collection::vec((0..3_usize, 0..30_u8), 0..18)
    ) {
        let history = one_place(&steps);
        prop_assert!(history.is_atomic());
        prop_assert!(history.is_regular() && history.is_monotonic() && history.is_written());
        prop_assert!(history.is_never_outlived() && history.is_causal());
    }
}
