//! Primary-backup, Multi-Paxos, Zab, and Kafka's topics as a map: linearizable.

use super::support::storm::{Harm, PATIENCE, Storm, Worker};
use super::{assert_answered, assert_linearizable};
use quorate::history::{Recorder, by_key};
use quorate::models::Deploy;
use quorate::models::kafka::Kafka;
use quorate::models::kv::offer::Answered;
use quorate::models::kv::{Bytes, Map, Op, Range, Reply};
use quorate::models::paxos::Paxos;
use quorate::models::primary_backup::PrimaryBackup;
use quorate::models::zab::Zab;
use quorate::node::deploy::{ClientOf, ask, open_client};
use quorate::node::{AskError, ClusterFile};
use rand::RngExt;
use rand::rngs::StdRng;
use std::collections::BTreeMap;
use std::time::Duration;

const CLIENTS: usize = 4;
/// The last two are read by ranges too, so they are judged together; each of the others alone.
const KEYS: [&str; 5] = ["a", "b", "c", "d", "e"];
const RANGE: [&str; 2] = ["d", "f"];

/// Asks; `None` if no answer came in time.
fn request<D: Deploy>(
    client: &mut ClientOf<D>,
    file: &ClusterFile,
    op: &Op,
    deadline: Duration,
) -> Option<Reply> {
    match ask::<D::Offer, D::Peer>(
        client,
        file,
        &op.clone().into(),
        &mut Default::default(),
        deadline,
    ) {
        Ok(Answered::Reply(reply)) => Some(reply),
        Err(AskError::Client(error)) if error.is_overdue() => None,
        other => panic!("{op:?}: {other:?}"),
    }
}

/// Something to do. Values are written once, so that each read shows which write it saw, and swaps
/// expect what was last seen, so that some succeed.
fn any_op(random: &mut StdRng, value: &str, seen: &BTreeMap<Bytes, Option<Bytes>>) -> Op {
    let key = Bytes::from(KEYS[random.random_range(0..KEYS.len())]);
    match random.random_range(0..10) {
        0..4 if key.as_ref() >= RANGE[0].as_bytes() => {
            let [from, to] = RANGE.map(Bytes::from);
            Op::Range(Range { from, to: Some(to), limit: random.random_range(1..=2) })
        }
        0..4 => Op::Get { key },
        4..6 => Op::Put { key, value: value.into() },
        6 => Op::Delete { key },
        _ => {
            let expected = seen.get(&key).cloned().flatten();
            Op::Cas { key, expected, new: Some(value.into()) }
        }
    }
}

/// The value that a key has after an operation, as far as its client knows.
fn value_after(op: &Op, reply: &Reply) -> Option<Bytes> {
    match (op, reply) {
        (_, Reply::Value(found) | Reply::Swapped { swapped: false, found }) => found.clone(),
        (Op::Put { value, .. }, _) => Some(value.clone()),
        (Op::Cas { new, .. }, _) => new.clone(),
        _ => None,
    }
}

fn work<D: Deploy>(file: &ClusterFile, recorder: &Recorder<Op, Reply>, mut worker: Worker<'_>) {
    let mut client = open_client::<D>(file, None).unwrap();
    let mut seen = BTreeMap::new();
    let mut count = 0;
    while worker.goes_on() {
        count += 1;
        let value = format!("{}.{count}", worker.number);
        let op = any_op(&mut worker.random, &value, &seen);
        let deadline = worker.deadline();
        let reply = recorder
            .record(worker.number, op.clone(), |op| request::<D>(&mut client, file, op, deadline));
        if let Some(reply) = reply.filter(|reply| !matches!(reply, Reply::Page(_))) {
            seen.insert(op.key().clone(), value_after(&op, &reply));
        }
    }
}

fn is_linearizable<D: Deploy>(servers: usize, harm: Harm) {
    let mut storm = Storm::start(D::NAME, "", servers, harm);
    let (recorder, file) = (Recorder::new(), storm.file.clone());
    storm.rage(CLIENTS, |worker| work::<D>(&file, &recorder, worker));
    storm.calm();
    // Whatever was acknowledged is to be found now.
    let mut client = open_client::<D>(&file, None).unwrap();
    for key in KEYS {
        let get = |op: &Op| request::<D>(&mut client, &file, op, PATIENCE);
        assert!(recorder.record(CLIENTS, Op::get(key), get).is_some(), "no answer at the end");
    }
    let history = recorder.operations();
    assert_answered(&history, 50);
    for (key, history) in by_key(history) {
        assert_linearizable::<Map>(&format!("key {key}"), &history);
    }
}

#[test]
fn primary_backup_is_linearizable() {
    // Of the links to the view service (server 0) any may be cut as well.
    let harm = Harm { links: &[0, 1, 2, 3], disks: &[1, 2, 3] };
    is_linearizable::<PrimaryBackup<Map>>(4, harm);
}

#[test]
fn paxos_is_linearizable() {
    is_linearizable::<Paxos<Map>>(3, Harm { links: &[0, 1, 2], disks: &[] });
}

/// Of the links to the controller (server 0) any may be cut as well.
#[test]
fn kafka_is_linearizable() {
    is_linearizable::<Kafka>(4, Harm { links: &[0, 1, 2, 3], disks: &[] });
}

#[test]
fn zab_is_linearizable() {
    is_linearizable::<Zab<Map>>(3, Harm { links: &[0, 1, 2], disks: &[] });
}
