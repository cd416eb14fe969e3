//! The judge accepts what it must, rejects what it must, and agrees with stateright's tester.

use super::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use quorate_models::kv::{Abort, Bytes, Map, Op, Outcome, Reply, Transaction, Transactional};
use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::time::Duration;

const LIMIT: usize = 1 << 20;

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// An operation that was answered.
fn told<O, R>(begin: u64, end: u64, op: O, answer: R) -> Operation<O, R> {
    Operation { client: 0, op, begin: ms(begin), answer: Some((ms(end), answer)) }
}

/// One that was not.
fn pending<O, R>(begin: u64, op: O) -> Operation<O, R> {
    Operation { client: 0, op, begin: ms(begin), answer: None }
}

fn put(value: &str) -> Op {
    Op::put("k", value)
}

fn cas(expected: &str, new: &str) -> Op {
    Op::Cas { key: "k".into(), expected: Some(expected.into()), new: Some(new.into()) }
}

fn swapped(swapped: bool, found: &str) -> Reply {
    Reply::Swapped { swapped, found: Some(found.into()) }
}

/// A get of the key that found `value`.
fn got(begin: u64, end: u64, value: Option<&str>) -> Operation<Op, Reply> {
    told(begin, end, Op::get("k"), Reply::Value(value.map(Bytes::from)))
}

fn wrote(begin: u64, end: u64, value: &str) -> Operation<Op, Reply> {
    told(begin, end, put(value), Reply::Done)
}

/// Whether a history is linearizable; if so, the order that was found must show it.
fn is_linearizable<S>(history: &HistoryOf<S>) -> bool
where
    S: SequentialSpec<Op: Clone + Debug, Ret: Clone + Debug>,
    S: Clone + Default + Eq + Hash + Debug,
{
    match judge(&S::default(), history, LIMIT) {
        Linearizability::Linearizable(order) => {
            let mut state = S::default();
            for (place, at) in order.iter().enumerate() {
                let Operation { op, begin, answer, .. } = &history[*at];
                match answer {
                    Some((_, answer)) => assert!(state.is_valid_step(op, answer), "{order:?}"),
                    None => drop(state.invoke(op)),
                }
                let too_late = order[place + 1..].iter().any(|later| {
                    history[*later].answer.as_ref().is_some_and(|(end, _)| end < begin)
                });
                assert!(!too_late, "{order:?} is not the order of time");
            }
            let answered = history.iter().filter(|operation| operation.answer.is_some()).count();
            assert!(order.len() >= answered, "{order:?} leaves something out");
            true
        }
        Linearizability::Violated(stuck) => {
            assert!(!stuck.next.is_empty() && !stuck.explain(history).is_empty());
            false
        }
        Linearizability::Undecided { .. } => panic!("a small history is decided"),
    }
}

fn map(history: &[Operation<Op, Reply>]) -> bool {
    is_linearizable::<Map>(history)
}

#[test]
fn operations_at_the_same_time_may_have_any_order() {
    assert!(map(&[]));
    assert!(map(&[wrote(0, 9, "a"), got(1, 2, None), got(3, 4, Some("a"))]));
    assert!(map(&[wrote(0, 9, "a"), wrote(0, 9, "b"), got(10, 11, Some("a"))]));
    // An operation that ends in the same instant as another begins may have happened after it.
    assert!(map(&[wrote(0, 5, "a"), got(5, 6, None)]));
}

#[test]
fn a_stale_read_is_rejected() {
    assert!(!map(&[wrote(0, 1, "a"), wrote(2, 3, "b"), got(4, 5, Some("a"))]));
    assert!(!map(&[wrote(0, 1, "a"), got(2, 3, None)]));
    // It goes back behind what another read has seen, while the write is still under way.
    assert!(!map(&[wrote(0, 9, "a"), got(1, 2, Some("a")), got(3, 4, None)]));
}

#[test]
fn a_lost_update_is_rejected() {
    let swap = |begin, end, new| told(begin, end, cas("a", new), swapped(true, "a"));
    assert!(!map(&[wrote(0, 1, "a"), swap(2, 9, "b"), swap(2, 9, "c")]));
    assert!(!map(&[wrote(0, 1, "a"), told(2, 3, cas("a", "b"), swapped(false, "a"))]));
    let delete = told(2, 3, Op::Delete { key: "k".into() }, Reply::Done);
    assert!(!map(&[wrote(0, 1, "a"), delete, got(4, 5, Some("a"))]));
}

#[test]
fn a_read_of_what_was_never_written_is_rejected() {
    assert!(!map(&[wrote(0, 9, "a"), got(1, 2, Some("b"))]));
    assert!(!map(&[got(1, 2, Some("a")), wrote(3, 4, "a")]));
    assert!(!map(&[got(1, 2, Some("a")), pending(3, put("a"))]));
}

#[test]
fn an_operation_that_was_done_twice_is_rejected() {
    // The second time, after another write.
    let twice = [wrote(0, 1, "a"), wrote(2, 3, "b"), got(4, 5, Some("b")), got(6, 7, Some("a"))];
    assert!(!map(&twice));
    // A swap whose retry found what it had done itself.
    let retried = told(2, 3, cas("a", "b"), swapped(false, "b"));
    assert!(!map(&[wrote(0, 1, "a"), retried]));
    // Also without an answer it is done once at most.
    let pending_twice =
        [pending(0, put("a")), got(1, 2, Some("a")), wrote(3, 4, "b"), got(5, 6, Some("b"))];
    assert!(map(&pending_twice));
    assert!(!map(&[&pending_twice[..], &[got(7, 8, Some("a"))]].concat()));
}

#[test]
fn what_had_no_answer_may_have_happened_late_or_never() {
    let first = [pending(0, put("a")), wrote(1, 2, "b")];
    assert!(map(&[&first[..], &[got(3, 4, Some("b"))]].concat()));
    let late = [&first[..], &[got(3, 4, Some("b")), got(5, 6, Some("a"))]].concat();
    assert!(map(&late));
    assert!(!map(&[&late[..], &[got(7, 8, Some("b"))]].concat()));
    // One depends on the other: both happened.
    let chain = [wrote(0, 1, "a"), pending(2, cas("b", "c")), pending(2, cas("a", "b"))];
    assert!(map(&[&chain[..], &[got(9, 10, Some("c"))]].concat()));
    assert!(!map(&[&chain[..2], &[got(9, 10, Some("c"))]].concat()));
}

#[test]
fn keys_are_judged_apart() {
    let other = told(0, 1, Op::get("other"), Reply::Value(Some("never written".into())));
    let parts = by_key([wrote(0, 1, "a"), other, got(2, 3, Some("a"))]);
    let right: Vec<bool> = parts.values().map(|part| map(part)).collect();
    assert_eq!(right, [true, false], "k, then other");
}

fn both(value: &str) -> Transaction {
    [Op::put("x", value), Op::put("y", value)].into()
}

fn look(begin: u64, end: u64, x: &str, y: &str) -> Operation<Transaction, Outcome> {
    let value = |value: &str| Reply::Value(Some(value.into()));
    let outcome = Outcome::Committed(vec![value(x), value(y)]);
    told(begin, end, [Op::get("x"), Op::get("y")].into(), outcome)
}

#[test]
fn a_transaction_that_is_half_visible_is_rejected() {
    let done = || Outcome::Committed(vec![Reply::Done, Reply::Done]);
    let history = |last| [told(0, 1, both("a"), done()), told(2, 9, both("b"), done()), last];
    assert!(is_linearizable::<Transactional>(&history(look(3, 4, "a", "a"))));
    assert!(is_linearizable::<Transactional>(&history(look(3, 4, "b", "b"))));
    assert!(!is_linearizable::<Transactional>(&history(look(3, 4, "a", "b"))));
    let unknown = |last| [told(0, 1, both("a"), done()), pending(2, both("b")), last];
    assert!(is_linearizable::<Transactional>(&unknown(look(3, 4, "b", "b"))));
    assert!(!is_linearizable::<Transactional>(&unknown(look(3, 4, "b", "a"))));
    // A transaction that was aborted was not done.
    let aborted = told(2, 3, both("b"), Outcome::Aborted(Abort::Conflict));
    let first = told(0, 1, both("a"), done());
    assert!(!is_linearizable::<Transactional>(&[first, aborted, look(4, 5, "b", "b")]));
}

/// Wrong at the very end, with many writes that nobody saw: without memory and rules this would
/// take for ever.
#[test]
fn long_histories_are_decided() {
    let mut history = Vec::new();
    for n in 0..300 {
        let value = |n: u64| format!("{n}");
        history.push(wrote(10 * n, 10 * n + 25, &value(n)));
        if n % 6 == 0 {
            history.push(pending(10 * n, put(&format!("unseen {n}"))));
        }
    }
    assert!(map(&history));
    history.push(got(4000, 4001, Some("296")));
    assert!(!map(&history));
    let Linearizability::Undecided { configurations } = judge(&Map::default(), &history, 10) else {
        panic!("ten configurations are not enough");
    };
    assert_eq!(configurations, 10);
}

/// Looking for what may be next costs what is under way, not what is long over; a backtrack and a
/// read that is wrong at the end make no difference.
#[test]
fn long_histories_are_looked_at_once() {
    for count in [1000, 10_000] {
        let mut history = Vec::new();
        for n in 0..count {
            // The operation that ends first is tried first, and here that is wrong every time.
            let value = |n: u64| format!("{n}");
            history.push(wrote(30 * n, 30 * n + 10, &value(n)));
            history.push(wrote(30 * n, 30 * n + 20, "other"));
            history.push(got(30 * n + 25, 30 * n + 26, Some(&value(n))));
        }
        let mut search = super::search::Search::new(&history);
        let verdict = search.find(&Map::default(), usize::MAX);
        assert!(matches!(verdict, Linearizability::Linearizable(_)));
        assert!(search.looked < 60 * count as usize, "{} operations", search.looked);
        history.push(got(30 * count, 30 * count + 1, Some("other")));
        let mut search = super::search::Search::new(&history);
        let Linearizability::Violated(stuck) = search.find(&Map::default(), usize::MAX) else {
            panic!("the last read is stale");
        };
        assert_eq!(stuck.order.len() as u64, 3 * count);
        assert_eq!(stuck.next, [3 * count as usize]);
        assert!(search.looked < 60 * count as usize, "{} operations", search.looked);
    }
}

/// When something is asked for, how long it takes, and what it is.
type Plan<O> = Vec<(u64, Option<(u64, u64)>, O, bool)>;

fn plan<O: Clone + Debug + 'static>(
    op: impl Strategy<Value = O>,
) -> impl Strategy<Value = Plan<O>> {
    // An end, and when between begin and end it happened.
    let answer = proptest::option::weighted(0.8, (0..4_u64, 0..5_u64));
    proptest::collection::vec((0..8_u64, answer, op, any::<bool>()), 1..7)
}

/// A linearizable history in which one answer may be another's, and so may fit or not.
fn history<S>(plan: &Plan<S::Op>, wrong: Option<(usize, usize)>) -> Vec<Operation<S::Op, S::Ret>>
where
    S: SequentialSpec<Op: Clone, Ret: Clone> + Default,
{
    let point = |at: &usize| plan[*at].0 + plan[*at].1.map_or(3, |(_, point)| point);
    let mut order: Vec<usize> = (0..plan.len()).collect();
    order.sort_by_key(point);
    let mut state = S::default();
    let mut answers = BTreeMap::new();
    for at in order {
        let (_, answer, op, happens) = &plan[at];
        if answer.is_some() || *happens {
            answers.insert(at, state.invoke(op));
        }
    }
    if let Some((at, other)) = wrong
        && let Some(other) = answers.get(&(other % plan.len())).cloned()
    {
        answers.insert(at % plan.len(), other);
    }
    (plan.iter().enumerate())
        .map(|(at, (begin, answer, op, _))| {
            let end = answer.map(|(more, point)| begin + point + more);
            let answer = end.and_then(|end| Some((ms(end), answers.get(&at)?.clone())));
            Operation { client: at, op: op.clone(), begin: ms(*begin), answer }
        })
        .collect()
}

/// What stateright says. Each operation is a thread of its own, so that one without an answer
/// does not keep its client from going on.
fn oracle<S>(history: &HistoryOf<S>) -> bool
where
    S: SequentialSpec<Op: Clone + Debug, Ret: Clone + Debug> + Clone + Default,
{
    let mut tester = LinearizabilityTester::new(S::default());
    // Of two in the same instant, the one that begins is first.
    let mut events: Vec<(Duration, bool, usize)> = Vec::new();
    for (at, operation) in history.iter().enumerate() {
        events.push((operation.begin, false, at));
        events.extend(operation.answer.as_ref().map(|(end, _)| (*end, true, at)));
    }
    events.sort_unstable();
    for (_, is_end, at) in events {
        let Operation { op, answer, .. } = &history[at];
        match answer {
            Some((_, answer)) if is_end => drop(tester.on_return(at, answer.clone()).unwrap()),
            _ => drop(tester.on_invoke(at, op.clone()).unwrap()),
        }
    }
    tester.is_consistent()
}

fn agrees_with_stateright<S>(op: impl Strategy<Value = S::Op>)
where
    S: SequentialSpec<Op: Clone + Debug + 'static, Ret: Clone + Debug>,
    S: Clone + Default + Eq + Hash + Debug,
{
    let seen = [Cell::new(0), Cell::new(0)];
    let config = Config { cases: 3000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let wrong = proptest::option::of((0..7_usize, 0..7_usize));
    let checked = runner.run(&(plan(op), wrong), |(plan, wrong)| {
        let history = history::<S>(&plan, wrong);
        let verdict = is_linearizable::<S>(&history);
        prop_assert_eq!(verdict, oracle::<S>(&history), "{:?}", history);
        prop_assert!(verdict || wrong.is_some());
        seen[usize::from(verdict)].set(seen[usize::from(verdict)].get() + 1);
        Ok(())
    });
    checked.unwrap();
    assert!(seen.iter().all(|count| count.get() > 100), "one-sided: {seen:?}");
}

fn any_op() -> impl Strategy<Value = Op> {
    let key = prop_oneof![4 => Just("x"), 1 => Just("y")];
    let value = || proptest::option::of(proptest::sample::select(vec!["a", "b", "c"]));
    (key, 0..4, value(), value()).prop_map(|(key, kind, one, other)| {
        let key = Bytes::from(key);
        let bytes = |value: Option<&str>| value.map(Bytes::from);
        match (kind, bytes(one), bytes(other)) {
            (0, ..) => Op::Get { key },
            (1, Some(value), _) => Op::Put { key, value },
            (1, None, _) => Op::Delete { key },
            (_, expected, new) => Op::Cas { key, expected, new },
        }
    })
}

#[test]
fn the_map_is_judged_as_stateright_judges_it() {
    agrees_with_stateright::<Map>(any_op());
}

#[test]
fn transactions_are_judged_as_stateright_judges_them() {
    let txn = proptest::collection::vec(any_op(), 1..3);
    agrees_with_stateright::<Transactional>(txn.prop_map(|ops| Transaction { ops }));
}
