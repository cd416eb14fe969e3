//! Histories that keep a promise, and that do not.

use super::super::event::Asked;
use super::*;

/// An event of one client, which lasts a millisecond.
fn event(at: u64, server: Option<usize>, ops: Vec<Op>, answered: Answered) -> Event {
    let (begin, end) = (Duration::from_millis(at), Duration::from_millis(at + 1));
    let is_transaction = matches!(answered, Answered::Committed(_));
    let asked = Asked { is_transaction, ..Asked::of(server, ops) };
    Event { client: 0, asked, begin, answer: Some((end, Answer::Done(answered))) }
}

fn value(text: &str) -> Reply {
    Reply::Value(Some(text.into()))
}

fn is_violated(promise: Promise, events: &[Event]) -> bool {
    match judged(promise, events, Duration::ZERO) {
        Judgement::Holds => false,
        Judgement::Violated(_) => true,
        Judgement::Undecided(why) => panic!("{why}"),
    }
}

#[test]
fn a_history_that_was_tampered_with_is_not_linearizable() {
    let put = event(0, None, vec![Op::put("0.a", "1")], Answered::Reply(Reply::Done));
    let get = |text| event(5, None, vec![Op::get("0.a")], Answered::Reply(value(text)));
    assert!(!is_violated(Promise::Linearizable, &[put.clone(), get("1")]));
    assert!(is_violated(Promise::Linearizable, &[put.clone(), get("2")]));
    let absent = event(5, None, vec![Op::get("0.a")], Answered::Reply(Reply::Value(None)));
    assert!(is_violated(Promise::Linearizable, &[put.clone(), absent.clone()]), "lost");
    // Unless it was never acknowledged.
    let unknown = Event { answer: None, ..put };
    assert!(!is_violated(Promise::Linearizable, &[unknown, absent]));
}

#[test]
fn a_local_read_may_be_old_but_takes_no_client_back() {
    let promise = Promise::LocalReads;
    let put =
        |at, text| event(at, Some(0), vec![Op::put("0.a", text)], Answered::Reply(Reply::Done));
    let get = |at, text| {
        let mut event = event(at, Some(1), vec![Op::get("0.a")], Answered::Reply(value(text)));
        event.asked.is_local = true;
        event
    };
    let of = |server, mut event: Event| {
        event.asked.server = Some(server);
        event
    };
    let both = [put(0, "1"), put(5, "2")];
    let with = |more: &[Event]| [&both, more].concat();
    assert!(!is_violated(promise, &with(&[get(10, "1"), get(15, "2")])), "old");
    assert!(is_violated(promise, &with(&[get(10, "2"), get(15, "1")])), "back in time");
    assert!(!is_violated(promise, &with(&[get(10, "2"), of(2, get(15, "1"))])), "another");
    assert!(is_violated(promise, &with(&[of(0, get(10, "1"))])), "its own write");
    let mut ordered = get(10, "1");
    ordered.asked.is_local = false;
    assert!(is_violated(promise, &with(&[ordered])), "not a local read");
    assert!(is_violated(promise, &with(&[get(10, "3")])), "never written");
}

#[test]
fn a_transaction_that_is_seen_by_half_is_not_serializable() {
    let both = vec![Op::put("0.a", "1"), Op::put("0.b", "1")];
    let done = Answered::Committed(vec![Reply::Done, Reply::Done]);
    let txn = event(0, None, both, done);
    let gets = |a: Reply, b: Reply| {
        let ops = vec![Op::get("0.a"), Op::get("0.b")];
        event(5, None, ops, Answered::Committed(vec![a, b]))
    };
    let promise = Promise::StrictlySerializable;
    assert!(!is_violated(promise, &[txn.clone(), gets(value("1"), value("1"))]));
    assert!(is_violated(promise, &[txn, gets(value("1"), Reply::Value(None))]));
}

#[test]
fn servers_that_disagree_or_lose_a_write_do_not_converge() {
    let promise = Promise::Converges { siblings: false };
    let put = event(0, Some(0), vec![Op::put("0.a", "1")], Answered::Reply(Reply::Done));
    let get =
        |server, reply: Reply| event(5, Some(server), vec![Op::get("0.a")], Answered::Reply(reply));
    let one = |reply: Reply| get(1, reply);
    assert!(!is_violated(promise, &[put.clone(), get(0, value("1")), one(value("1"))]));
    let apart = [put.clone(), get(0, value("1")), one(Reply::Value(None))];
    assert!(is_violated(promise, &apart), "they do not agree");
    let lost = [put, get(0, Reply::Value(None)), one(Reply::Value(None))];
    assert!(is_violated(promise, &lost), "it is lost");
}

#[test]
fn siblings_stay_until_a_write_that_knew_them() {
    use super::super::event::Seen;
    let put = |at, server, text, seen: &[&str]| {
        let values = seen.iter().map(|value| (*value).into()).collect();
        let seen = Some(Seen { values, context: Some("00".into()) });
        let done = Answered::Reply(Reply::Done);
        let mut event = event(at, Some(server), vec![Op::put("0.a", text)], done);
        event.asked.seen = seen;
        event
    };
    let get = |at, server, values: &[&str]| {
        let values = values.iter().map(|value| (*value).into()).collect();
        let found = Answered::Siblings { values, context: String::new(), more: false };
        event(at, Some(server), vec![Op::get("0.a")], found)
    };
    let broken = |met, events: &[Event]| is_violated(Promise::Siblings { met }, events);
    let apart = [put(0, 0, "1", &[]), put(5, 1, "2", &[])];
    let seen = |values: &[&str]| [&apart[..], &[get(20, 0, values), get(20, 1, values)]].concat();
    assert!(!broken(true, &seen(&["1", "2"])));
    assert!(broken(true, &seen(&["2"])) && broken(false, &seen(&["2"])), "one is lost");
    let resolved = [&apart[..], &[put(15, 2, "3", &["1", "2"])]].concat();
    let left =
        |values: &[&str]| [&resolved[..], &[get(20, 0, values), get(20, 1, values)]].concat();
    assert!(!broken(true, &left(&["3"])));
    assert!(broken(true, &left(&["1", "3"])), "it was replaced");
    // A read that a write of another server is not in: only where quorums meet is that wrong.
    let stale = [&apart[..1], &[get(5, 1, &[]), get(20, 0, &["1"]), get(20, 1, &["1"])]].concat();
    assert!(broken(true, &stale) && !broken(false, &stale));
}

#[test]
fn a_register_is_judged_by_what_its_level_promises() {
    use Register::{Atomic, Eventual, Monotonic, Regular};
    let put =
        |at, text| event(at, Some(0), vec![Op::put("0.a", text)], Answered::Reply(Reply::Done));
    let get = |at, server, text| {
        event(at, Some(server), vec![Op::get("0.a")], Answered::Reply(value(text)))
    };
    let begun = Event { answer: None, ..put(0, "1") };
    let cases: [(&str, Vec<Event>, &[Register]); 5] = [
        ("in order", vec![put(0, "1"), get(5, 0, "1"), get(5, 1, "1")], &[]),
        (
            "stale",
            vec![put(0, "1"), put(5, "2"), get(9, 0, "1"), get(20, 0, "2")],
            &[Atomic, Regular],
        ),
        (
            "back in time while a write is under way",
            vec![put(0, "0"), Event { begin: Duration::from_millis(3), ..begun.clone() }]
                .into_iter()
                .chain([get(5, 0, "1"), get(9, 0, "0"), get(20, 0, "1")])
                .collect(),
            &[Atomic, Monotonic],
        ),
        (
            "never written",
            vec![put(0, "1"), get(5, 0, "2")],
            &[Atomic, Regular, Monotonic, Eventual],
        ),
        (
            "no agreement",
            vec![put(0, "1"), put(5, "2"), get(20, 0, "1"), get(20, 1, "2")],
            &[Atomic, Regular, Monotonic, Eventual],
        ),
    ];
    for (name, events, broken) in cases {
        for register in [Atomic, Regular, Monotonic, Eventual] {
            let is_broken = is_violated(Promise::Register(register), &events);
            assert_eq!(is_broken, broken.contains(&register), "{name}: {register:?}");
        }
    }
}

#[test]
fn nonsense_is_violated_and_no_promise_is_undecided() {
    let mut event = event(0, None, vec![Op::get("0.a")], Answered::Reply(value("1")));
    let nothing =
        judged(Promise::Nothing("it is a test"), std::slice::from_ref(&event), Duration::ZERO);
    assert!(matches!(nothing, Judgement::Undecided(_)));
    event.answer = Some((Duration::from_secs(1), Answer::Nonsense));
    assert!(is_violated(Promise::Linearizable, &[event]));
}
