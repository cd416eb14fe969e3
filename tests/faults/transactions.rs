//! Two-phase commit: transactions are strictly serializable, so none is ever half seen; and
//! eventually no lock is left.

use super::support::storm::{Harm, PATIENCE, Storm, Worker};
use super::{assert_answered, assert_linearizable};
use quorate::history::Recorder;
use quorate::models::kv::offer::{Answered, Ask};
use quorate::models::kv::{Abort, Bytes, Op, Outcome, Reply, Transaction, Transactional};
use quorate::models::two_phase_commit::TransactionOffer;
use quorate::models::two_phase_commit::{Sharding, TwoPhaseCommit};
use quorate::node::deploy::{ClientOf, ask, open_client};
use quorate::node::{AskError, ClusterFile};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const CLIENTS: usize = 3;
const PARTICIPANTS: usize = 2;
const KEYS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

type Seen = BTreeMap<Bytes, Option<Bytes>>;

/// Asks; `None` if no answer came in time. A transaction that was given up after it had been
/// aborted was not done, which is an answer.
fn request(
    client: &mut ClientOf<TwoPhaseCommit>,
    file: &ClusterFile,
    txn: &Transaction,
    deadline: Duration,
) -> Option<Outcome> {
    let asked = Ask::Together(txn.clone());
    match ask::<TransactionOffer, _>(client, file, &asked, &mut (), deadline) {
        Ok(Answered::Committed(replies)) => Some(Outcome::Committed(replies)),
        Ok(Answered::ConditionFailed { op, found }) => {
            Some(Outcome::Aborted(Abort::Condition { op, found }))
        }
        Err(AskError::KeptAborting { why, .. }) => Some(Outcome::Aborted(why)),
        Err(AskError::Client(error)) if error.is_overdue() => None,
        other => panic!("{txn:?}: {other:?}"),
    }
}

/// Reads several keys, or writes the same value to several, on the condition that they are as last
/// seen or on none.
fn any_txn(random: &mut StdRng, value: &str, seen: &Seen) -> Transaction {
    let count = random.random_range(1..=3);
    let keys: Vec<Bytes> = KEYS.sample(random, count).map(|key| Bytes::from(*key)).collect();
    let kind = random.random_range(0..10);
    let op = |key: Bytes| match kind {
        0..4 => Op::Get { key },
        4..6 => Op::Put { key, value: value.into() },
        6 => Op::Delete { key },
        _ => {
            let expected = seen.get(&key).cloned().flatten();
            Op::Cas { key, expected, new: Some(value.into()) }
        }
    };
    let mut txn = Transaction { ops: keys.into_iter().map(op).collect() };
    // What it leaves of a key that it does not write, it reads.
    if kind >= 4 && random.random_bool(0.5) {
        txn.ops.push(Op::get(KEYS[random.random_range(0..KEYS.len())]));
    }
    txn
}

/// Notes what the outcome of a transaction says of the values of keys.
fn note(seen: &mut Seen, txn: &Transaction, outcome: &Outcome) {
    match outcome {
        Outcome::Committed(replies) => {
            for (op, reply) in txn.ops.iter().zip(replies) {
                let value = match (op, reply) {
                    (_, Reply::Value(found)) => found.clone(),
                    (Op::Put { value, .. }, _) => Some(value.clone()),
                    (Op::Cas { new, .. }, _) => new.clone(),
                    _ => None,
                };
                seen.insert(op.key().clone(), value);
            }
        }
        Outcome::Aborted(Abort::Condition { op, found }) => {
            seen.insert(txn.ops[*op as usize].key().clone(), found.clone());
        }
        Outcome::Aborted(_) => {}
    }
}

fn work(file: &ClusterFile, recorder: &Recorder<Transaction, Outcome>, mut worker: Worker<'_>) {
    let mut client = open_client::<TwoPhaseCommit>(file, None).unwrap();
    let mut seen = Seen::new();
    let mut count = 0;
    while worker.goes_on() {
        count += 1;
        let value = format!("{}.{count}", worker.number);
        let txn = any_txn(&mut worker.random, &value, &seen);
        let deadline = worker.deadline();
        let outcome = recorder
            .record(worker.number, txn.clone(), |txn| request(&mut client, file, txn, deadline));
        if let Some(outcome) = outcome {
            note(&mut seen, &txn, &outcome);
        }
    }
}

#[test]
fn two_phase_commit_is_strictly_serializable_and_leaves_no_lock() {
    let owners: BTreeSet<_> =
        KEYS.iter().map(|key| Sharding::Hash.owner(&Bytes::from(*key), PARTICIPANTS)).collect();
    assert_eq!(owners.len(), PARTICIPANTS, "the keys are to be everywhere");
    // A transaction needs the links between the coordinator and its participants; without those
    // between participants nobody in doubt learns from another.
    let harm = Harm { links: &[1, 2], disks: &[] };
    let mut storm = Storm::start("two-phase-commit", "", 1 + PARTICIPANTS, harm);
    let (recorder, file) = (Recorder::new(), storm.file.clone());
    storm.rage(CLIENTS, |worker| work(&file, &recorder, worker));
    storm.calm();
    // A lock that is left would make each of these abort until the deadline.
    let mut client = open_client::<TwoPhaseCommit>(&file, None).unwrap();
    let gets = Transaction { ops: KEYS.map(Op::get).into() };
    let puts = Transaction { ops: KEYS.map(|key| Op::put(key, "end")).into() };
    for txn in [gets, puts] {
        let outcome =
            recorder.record(CLIENTS, txn, |txn| request(&mut client, &file, txn, PATIENCE));
        assert!(matches!(outcome, Some(Outcome::Committed(_))), "at the end: {outcome:?}");
    }
    let history = recorder.operations();
    assert_answered(&history, 30);
    let committed = history.iter().filter(|operation| {
        matches!(operation.answer, Some((_, Outcome::Committed(_)))) && operation.op.ops.len() > 1
    });
    assert!(committed.count() >= 10, "hardly any transaction was committed");
    assert_linearizable::<Transactional>("transactions", &history);
}
