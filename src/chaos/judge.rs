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
mod tests;
