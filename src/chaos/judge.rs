//! Judges what the clients of a storm saw by what the protocol promises.

use super::ask::group;
use super::event::{Answer, Event};
use super::sessions::lives;
use crate::history::convergence::{KeyHistory, Read, Replaces, Rule, Write};
use crate::history::registers::RegisterHistory;
use crate::history::{HistoryOf, Linearizability, Operation, by_key, judge, judge_in_sessions};
use crate::models::kv::offer::Answered;
use crate::models::kv::{Bytes, Map, Op, Outcome, Reply, Transaction, Transactional};
use crate::models::protocol::{Promise, Register};
use stateright::semantics::SequentialSpec;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::time::Duration;

/// More configurations than a history that is in order needs, by far.
const LIMIT: usize = 1 << 20;
/// Writes this far apart are told apart by clocks that do not differ.
const CLOCK: Duration = Duration::from_millis(500);

/// Whether a history keeps a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It does.
    Holds,
    /// It does not: why.
    Violated(String),
    /// It cannot be known: why.
    Undecided(String),
}

/// Judges the history of a run of servers whose clocks differ by `skew` at most; its last events are
/// gets of all keys after all harm has ended.
pub fn judged(promise: Promise, events: &[Event], skew: Duration) -> Judgement {
    let clock = CLOCK + skew;
    let nonsense = events.iter().find(|event| matches!(&event.answer, Some((_, Answer::Nonsense))));
    if let Some(event) = nonsense {
        return Judgement::Violated(format!("an answer does not fit its request:\n{event}"));
    }
    match promise {
        Promise::Linearizable | Promise::Register(Register::Atomic) => linearizable(events),
        Promise::LocalReads => in_sessions(events, Vec::new()),
        Promise::Sessions => match lives(events) {
            Ok(lives) => in_sessions(events, lives),
            Err(why) => Judgement::Violated(why),
        },
        Promise::StrictlySerializable => serializable(events),
        Promise::Converges { siblings: true } => {
            converges(events, Rule::MultiValue, |_, node| node)
        }
        Promise::Converges { siblings: false } => {
            converges(events, Rule::LastWriterWins(clock), |_, node| node)
        }
        // As if there were one node that has all that was acknowledged, or each request had its own.
        Promise::Siblings { met: true } => converges(events, Rule::MultiValue, |_, _| 0),
        Promise::Siblings { met: false } => converges(events, Rule::MultiValue, |event, _| event),
        Promise::Register(register) => registers(events, register, clock),
        Promise::Nothing(why) => Judgement::Undecided(format!("not judged: {why}")),
    }
}

/// The worst of the judgements of parts.
fn all(parts: impl IntoIterator<Item = Judgement>) -> Judgement {
    let mut worst = Judgement::Holds;
    for part in parts {
        match part {
            Judgement::Violated(_) => return part,
            Judgement::Undecided(_) => worst = part,
            Judgement::Holds => {}
        }
    }
    worst
}

fn explained<S>(
    what: &str,
    history: &[Operation<S::Op, S::Ret>],
    found: Linearizability<S>,
) -> Judgement
where
    S: SequentialSpec<Op: Debug, Ret: Debug> + Debug,
{
    match found {
        Linearizability::Linearizable(_) => Judgement::Holds,
        Linearizability::Violated(stuck) => {
            Judgement::Violated(format!("{what}: {}", stuck.explain(history)))
        }
        Linearizability::Undecided { configurations } => {
            Judgement::Undecided(format!("{what}: undecided after {configurations} configurations"))
        }
    }
}

fn linearizable(events: &[Event]) -> Judgement {
    judged_by_key(events, Vec::new(), |event| event.client, |_, begin| begin, judge)
}

/// All but local reads is linearizable; and there is one order of all in which each client's
/// requests are in its own order, and a local read may be earlier than it began, but not earlier
/// than what its client was told before. A client of each server is one by itself, as it carries
/// nothing from one to the other. `more` happened beside the events.
fn in_sessions(events: &[Event], more: Vec<Operation<Op, Reply>>) -> Judgement {
    let session = |event: &Event| (event.client << 16) + event.asked.server.unwrap_or_default();
    // The beginning of the last request of each that was ordered: its point in time was later.
    let mut earliest: BTreeMap<usize, Duration> = BTreeMap::new();
    let begin = move |event: &Event, begin: Duration| {
        if event.asked.is_local {
            return earliest.get(&session(event)).copied().unwrap_or_default();
        }
        if event.answer.is_some() {
            earliest.insert(session(event), begin);
        }
        begin
    };
    judged_by_key(events, more, session, begin, judge_in_sessions)
}

/// Judges each key, with the client of each event and the earliest time that it may have happened.
fn judged_by_key(
    events: &[Event],
    mut history: Vec<Operation<Op, Reply>>,
    client: impl Fn(&Event) -> usize,
    mut begin: impl FnMut(&Event, Duration) -> Duration,
    judge: fn(&Map, &HistoryOf<Map>, usize) -> Linearizability<Map>,
) -> Judgement {
    for event in events {
        let [op] = event.asked.ops.as_slice() else { continue };
        let answer = match &event.answer {
            None => None,
            // It was certainly not done.
            Some((_, Answer::Aborted(_) | Answer::Unfit(_) | Answer::Nonsense)) => continue,
            Some((end, Answer::Done(Answered::Reply(reply)))) => Some((*end, reply.clone())),
            Some((end, Answer::Done(Answered::Siblings { values, .. }))) if values.len() < 2 => {
                Some((*end, Reply::Value(values.first().cloned())))
            }
            Some((_, Answer::Done(_))) => {
                let text = format!("this is no answer of a map with one value per key:\n{event}");
                return Judgement::Violated(text);
            }
        };
        let begin = begin(event, event.begin);
        history.push(Operation { client: client(event), op: op.clone(), begin, answer });
    }
    let decide = |(key, part): (&Bytes, &Vec<_>)| {
        explained(&format!("key {key}"), part, judge(&Map::default(), part, LIMIT))
    };
    all(by_key(history).iter().map(decide))
}

/// Groups of keys are judged apart from each other, as no transaction is of two: the group is the
/// object that is linearizable (Herlihy and Wing 1990, theorem 1).
fn serializable(events: &[Event]) -> Judgement {
    let mut groups: BTreeMap<String, Vec<Operation<Transaction, Outcome>>> = BTreeMap::new();
    for event in events {
        let txn = Transaction { ops: event.asked.ops.clone() };
        let answer = event.answer.as_ref().and_then(|(end, answer)| Some((*end, outcome(answer)?)));
        let (client, begin) = (event.client, event.begin);
        groups.entry(group(&txn)).or_default().push(Operation { client, op: txn, begin, answer });
    }
    let of = |(name, part): (&String, &Vec<_>)| {
        let found = judge(&Transactional::default(), part, LIMIT);
        explained(&format!("transactions of the keys {name}.*"), part, found)
    };
    all(groups.iter().map(of))
}

fn outcome(answer: &Answer) -> Option<Outcome> {
    use crate::models::kv::Abort;
    match answer {
        Answer::Done(Answered::Committed(replies)) => Some(Outcome::Committed(replies.clone())),
        Answer::Done(Answered::ConditionFailed { op, found }) => {
            Some(Outcome::Aborted(Abort::Condition { op: *op, found: found.clone() }))
        }
        Answer::Aborted(why) => Some(Outcome::Aborted(why.clone())),
        Answer::Done(_) | Answer::Unfit(_) | Answer::Nonsense => None,
    }
}

/// The values that a get showed.
pub(super) fn values(answer: &Answer) -> Option<BTreeSet<Bytes>> {
    match answer {
        Answer::Done(Answered::Siblings { values, more: false, .. }) => {
            Some(values.iter().cloned().collect())
        }
        Answer::Done(Answered::Reply(Reply::Value(value))) => Some(value.iter().cloned().collect()),
        _ => None,
    }
}

/// Judges each key by which write replaced which. `at` says at which node a request was, by its place among the
/// events and the server that was asked.
fn converges(events: &[Event], rule: Rule, at: impl Fn(usize, usize) -> usize) -> Judgement {
    let mut keys: BTreeMap<&Bytes, KeyHistory> = BTreeMap::new();
    // What each node showed last.
    let mut last: BTreeMap<&Bytes, BTreeMap<usize, (Duration, BTreeSet<Bytes>)>> = BTreeMap::new();
    for (place, event) in events.iter().enumerate() {
        let ([op], Some(server)) = (event.asked.ops.as_slice(), event.asked.server) else {
            continue;
        };
        let node = at(place, server);
        let history = keys.entry(op.key()).or_default();
        let Event { begin, answer, .. } = event;
        let value = match op {
            Op::Get { .. } => {
                let Some((end, answer)) = answer else { continue };
                let Some(values) = values(answer) else { continue };
                let seen = last.entry(op.key()).or_default();
                if seen.get(&server).is_none_or(|(before, _)| before < begin) {
                    seen.insert(server, (*begin, values.clone()));
                }
                history.reads.push(Read { node, values, begin: *begin, end: *end });
                continue;
            }
            Op::Put { value, .. } => Some(value.clone()),
            _ => None,
        };
        let replaces = match &event.asked.seen {
            Some(seen) => Replaces::Seen(seen.values.iter().cloned().collect()),
            None => Replaces::Held,
        };
        let end = answer.as_ref().map(|(end, _)| *end);
        history.writes.push(Write { node, value, replaces, begin: *begin, end, may_repeat: false });
    }
    all(keys.iter().map(|(key, history)| {
        let seen = last.remove(key).unwrap_or_default();
        let mut found = seen.into_values().map(|(_, values)| values);
        let first = found.next().unwrap_or_default();
        if let Some(other) = found.find(|values| *values != first) {
            return Judgement::Violated(format!(
                "key {key}: servers do not agree after the storm: {first:?} and {other:?}"
            ));
        }
        match history.reads_flaw(rule).or_else(|| history.final_flaw(rule, &first)) {
            Some(flaw) => Judgement::Violated(format!("key {key}: {flaw}")),
            None => Judgement::Holds,
        }
    }))
}

/// Judges each key as a register.
fn registers(events: &[Event], promised: Register, clock: Duration) -> Judgement {
    let mut keys: BTreeMap<&Bytes, RegisterHistory> = BTreeMap::new();
    for Event { asked, begin, answer, .. } in events {
        let ([op], Some(node)) = (asked.ops.as_slice(), asked.server) else { continue };
        let history = keys.entry(op.key()).or_default();
        let end = answer.as_ref().map(|(end, _)| *end);
        let value = match (op, answer) {
            (Op::Put { value, .. }, _) => Some(value.clone()),
            (Op::Delete { .. }, _) => None,
            (Op::Get { .. }, Some((end, Answer::Done(Answered::Reply(Reply::Value(value)))))) => {
                history.read(node, value.clone(), *begin, *end);
                continue;
            }
            _ => continue,
        };
        history.write(value, *begin, end);
    }
    all(keys.iter().map(|(key, history)| {
        let flaw = match promised {
            Register::Atomic | Register::Regular => history.irregular(),
            Register::Monotonic => history.unwritten().or_else(|| history.back_in_time()),
            Register::Eventual => history.unwritten(),
        };
        match flaw.or_else(|| history.disagreement(clock)) {
            Some(flaw) => Judgement::Violated(format!("key {key}: {flaw}")),
            None => Judgement::Holds,
        }
    }))
}

#[cfg(test)]
mod tests {
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
        let get = |server, reply: Reply| {
            event(5, Some(server), vec![Op::get("0.a")], Answered::Reply(reply))
        };
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
        let seen =
            |values: &[&str]| [&apart[..], &[get(20, 0, values), get(20, 1, values)]].concat();
        assert!(!broken(true, &seen(&["1", "2"])));
        assert!(broken(true, &seen(&["2"])) && broken(false, &seen(&["2"])), "one is lost");
        let resolved = [&apart[..], &[put(15, 2, "3", &["1", "2"])]].concat();
        let left =
            |values: &[&str]| [&resolved[..], &[get(20, 0, values), get(20, 1, values)]].concat();
        assert!(!broken(true, &left(&["3"])));
        assert!(broken(true, &left(&["1", "3"])), "it was replaced");
        // A read that a write of another server is not in: only where quorums meet is that wrong.
        let stale =
            [&apart[..1], &[get(5, 1, &[]), get(20, 0, &["1"]), get(20, 1, &["1"])]].concat();
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
}
