//! Writes that stay side by side.

use super::super::config::{Config, Handoff, QuorumStore, Timing};
use super::super::message::{Answer, Call, Cause, InEpoch, Level, Peer, Request};
use super::super::siblings::Siblings;
use super::super::state::Timer;
use super::super::version::{Content, Stamp, Version};
use super::cluster::{Cluster, cluster, deliver, hear, sent, stable};
use crate::causal::{Authenticator, Context, Dot, Rule, VersionVector};
use crate::clock;
use crate::kv::service::Refusal;
use crate::kv::{Bytes, Op, Service};
use crate::testing::Did;
use proptest::prelude::*;
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

const CLIENT: usize = 100;

/// What happens to one of three rows.
#[derive(Clone, Debug)]
enum RowStep {
    /// A write there, of a client that read another row; `false` deletes.
    Write(usize, usize, bool),
    /// It is joined with another one.
    Join(usize, usize),
}

fn step() -> impl Strategy<Value = RowStep> {
    let write = (0..3_usize, 0..3_usize, any::<bool>());
    let write = write.prop_map(|(at, from, puts)| RowStep::Write(at, from, puts));
    prop_oneof![write, (0..3_usize, 0..3_usize).prop_map(|(at, from)| RowStep::Join(at, from))]
}

/// The rows after these steps, and which writes each write replaced.
fn after(steps: &[RowStep]) -> (Vec<Siblings>, BTreeMap<Dot, VersionVector>) {
    let mut rows = vec![Siblings::default(); 3];
    let mut replaced = BTreeMap::new();
    for (count, step) in steps.iter().enumerate() {
        match *step {
            RowStep::Write(at, from, puts) => {
                // As if the clock of the node counted other keys' writes too.
                let dot = Dot::new(Id::from(at), count as u64 + 1);
                let knew = rows[from].known.clone();
                rows[at].write(dot, puts.then(|| count.to_string().as_str().into()), &knew);
                replaced.insert(dot, knew);
            }
            RowStep::Join(at, from) => rows[at] = rows[at].clone().join(rows[from].clone()),
        }
    }
    (rows, replaced)
}

proptest! {
    /// A row shows exactly the puts that it knows and of which it knows none that replaced them.
    #[test]
    fn a_row_is_what_nobody_replaced(steps in proptest::collection::vec(step(), 0..24)) {
        let (rows, replaced) = after(&steps);
        for row in &rows {
            let known: Vec<&Dot> = replaced.keys().filter(|dot| row.known.covers(**dot)).collect();
            let is_left = |dot: &&&Dot| !known.iter().any(|later| replaced[*later].covers(***dot));
            let left: BTreeSet<Dot> = known.iter().filter(is_left).map(|dot| **dot).collect();
            let deletes = |dot: &Dot| matches!(steps[dot.counter as usize - 1], RowStep::Write(_, _, false));
            let shown: BTreeSet<Dot> = row.values.keys().copied().collect();
            prop_assert_eq!(shown, left.into_iter().filter(|dot| !deletes(dot)).collect());
        }
    }

    /// So replicas converge in whatever order rows come, and a row that covers another one is their join.
    #[test]
    fn the_order_of_joins_does_not_matter(steps in proptest::collection::vec(step(), 0..24)) {
        let (rows, _) = after(&steps);
        let [a, b, c] = &rows[..] else { unreachable!() };
        let join = |one: &Siblings, other: &Siblings| one.clone().join(other.clone());
        prop_assert_eq!(join(a, a), a.clone());
        prop_assert_eq!(join(a, b), join(b, a));
        prop_assert_eq!(join(&join(a, b), c), join(a, &join(b, c)));
        let (one, other) = (Version::from(a.clone()), Version::from(b.clone()));
        prop_assert_eq!(one.covers(&other), join(a, b) == *a);
        prop_assert_eq!(one.mark().covers(&other.mark()), one.covers(&other));
        prop_assert_eq!(one == other, one.digest() == other.digest());
    }

    /// A node's clock counts, and names each write by another dot.
    #[test]
    fn each_tick_is_a_dot_of_its_own(physical in 0..3_u64, logical in any::<u32>()) {
        let time = clock::Stamp { physical, logical };
        let dot = |time| Stamp { time, node: Id::from(1) }.dot();
        prop_assert!(dot(time) < dot(time.tick(0)));
    }
}

fn several(nodes: usize, replicas: usize) -> Config {
    Config { conflicts: Rule::MultiValue, ..Config::new(nodes, replicas, Timing::model()) }
}

fn write(
    nodes: &mut Cluster,
    at: usize,
    seq: u64,
    op: Op,
    context: Option<Context>,
) -> Vec<Did<QuorumStore>> {
    let op = Request::Key { op, level: Level::One, context };
    nodes[at].on_msg(CLIENT, Service::Request { seq, op })
}

fn answers(did: &[Did<QuorumStore>]) -> Vec<Answer> {
    let answer = |did: &Did<QuorumStore>| match did {
        Did::Send(CLIENT, Service::Reply { reply, .. }) => Some(reply.clone()),
        _ => None,
    };
    did.iter().filter_map(answer).collect()
}

fn values(nodes: &Cluster, at: usize) -> Vec<Bytes> {
    match stable(&nodes[at]).version(&"k".into()).map(|version| &version.content) {
        Some(Content::Siblings(row)) => row.values.values().cloned().collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_write_without_a_context_replaces_what_its_coordinator_holds() {
    let mut nodes = cluster(&several(2, 2));
    write(&mut nodes, 0, 1, Op::put("k", "a"), None);
    write(&mut nodes, 0, 2, Op::put("k", "b"), Some(Context::default()));
    assert_eq!(values(&nodes, 0).len(), 2, "an empty context replaces nothing");
    write(&mut nodes, 0, 3, Op::put("k", "c"), None);
    assert_eq!(values(&nodes, 0), ["c".into()]);
    write(&mut nodes, 0, 4, Op::Delete { key: "k".into() }, None);
    assert!(values(&nodes, 0).is_empty());
}

#[test]
fn a_context_that_no_node_gave_for_the_key_is_refused() {
    let contexts = Authenticator::new(|bytes| [bytes.len() as u8; 16]);
    let mut nodes = cluster(&Config { contexts: contexts.clone(), ..several(2, 2) });
    let known: VersionVector = [Dot::new(Id::from(0), 9)].into_iter().collect();
    let forged = Context::from(known.clone());
    let did = write(&mut nodes, 0, 1, Op::put("k", "a"), Some(forged));
    assert_eq!(answers(&did), [Answer::BadContext]);
    assert!(stable(&nodes[0]).version(&"k".into()).is_none());
    let other = contexts.context(&"another key".into(), known.clone());
    let did = write(&mut nodes, 0, 2, Op::put("k", "a"), Some(other));
    assert_eq!(answers(&did), [Answer::BadContext]);
    let given = contexts.context(&"k".into(), known);
    let did = write(&mut nodes, 0, 3, Op::put("k", "a"), Some(given));
    assert!(matches!(answers(&did)[..], [Answer::Done { .. }]), "{did:?}");
}

#[test]
fn a_node_that_is_no_replica_hands_a_write_to_one_and_always_to_the_same() {
    let mut nodes = cluster(&several(4, 2));
    let mut asked = |seq| sent(3, write(&mut nodes, 3, seq, Op::put("k", "a"), None));
    let (first, again, next) = (asked(1), asked(1), asked(2));
    assert_eq!(first, again);
    let [(3, to, InEpoch { msg: Peer::Coordinate(_), .. })] = &first[..] else {
        panic!("{first:?}")
    };
    assert!(*to < 2 && next[0].1 < 2 && next[0].1 != *to, "another request asks another one");
    let msg = Service::Peer(first[0].2.clone());
    let did = nodes[*to].on_msg(3, msg.clone());
    assert!(matches!(answers(&did)[..], [Answer::Done { .. }]), "it answers the client");
    assert_eq!(answers(&nodes[*to].on_msg(3, msg)), answers(&did), "once more, and writes nothing");
    assert!(stable(&nodes[3]).version(&"k".into()).is_none());
}

#[test]
fn a_write_that_comes_again_keeps_its_dot_through_a_restart() {
    let mut nodes = cluster(&several(2, 2));
    let first = answers(&write(&mut nodes, 0, 1, Op::put("k", "a"), None));
    nodes[0].restart();
    let again = write(&mut nodes, 0, 1, Op::put("k", "a"), None);
    assert_eq!(answers(&again), first);
    assert_eq!(values(&nodes, 0), ["a".into()]);
    assert!(sent(0, again).iter().any(|it| matches!(it.2.msg, Peer::Write { .. })));
}

#[test]
fn a_key_has_no_more_siblings_than_fit_a_message() {
    let config = several(3, 3);
    assert_eq!(config.row_bytes(), 14 * 1024);
    let mut nodes = cluster(&config);
    let long = "v".repeat(5 * 1024);
    let mut blind = |seq| {
        let op = Op::put("k", long.as_str());
        answers(&write(&mut nodes, 0, seq, op, Some(Context::default())))
    };
    assert!(matches!(blind(1)[..], [Answer::Done { .. }]));
    assert!(matches!(blind(2)[..], [Answer::Done { .. }]));
    assert_eq!(blind(3), [Answer::Crowded]);
    let did = write(&mut nodes, 0, 4, Op::put("k", "short"), None);
    assert!(matches!(answers(&did)[..], [Answer::Done { .. }]), "it replaces them");
}

#[test]
fn nothing_is_serial() {
    let mut nodes = cluster(&several(2, 2));
    let refused = |did: Vec<Did<QuorumStore>>| {
        matches!(did[..], [Did::Send(CLIENT, Service::Refused { why: Refusal::NotOffered, .. })])
    };
    let cas = Op::Cas { key: "k".into(), expected: None, new: Some("v".into()) };
    assert!(refused(write(&mut nodes, 0, 1, cas, None)));
    let op = Request::Key { op: Op::get("k"), level: Level::Serial, context: None };
    assert!(refused(nodes[0].on_msg(CLIENT, Service::Request { seq: 2, op })));
}

/// The hint for a node has all that it missed, and stays until the node has all of that.
#[test]
fn hints_of_one_key_are_joined() {
    let mut nodes = cluster(&Config { handoff: Handoff::Strict, ..several(2, 2) });
    for seq in [1, 2] {
        let value = seq.to_string();
        write(&mut nodes, 0, seq, Op::put("k", value.as_str()), Some(Context::default()));
        nodes[0].on_timeout(&Timer::Deadline(Call { client: CLIENT.into(), seq }));
    }
    let hints = sent(0, nodes[0].on_timeout(&Timer::Hint));
    let [(0, 1, InEpoch { msg: Peer::Write { cause: Cause::Hint, version, .. }, .. })] = &hints[..]
    else {
        panic!("{hints:?}");
    };
    assert!(matches!(&version.content, Content::Siblings(row) if row.values.len() == 2));
    let answer = hear(&mut nodes, hints[0].clone());
    write(&mut nodes, 0, 3, Op::put("k", "3"), Some(Context::default()));
    nodes[0].on_timeout(&Timer::Deadline(Call { client: CLIENT.into(), seq: 3 }));
    deliver(&mut nodes, answer, None);
    assert_eq!(stable(&nodes[0]).hints.len(), 1, "that was less");
    let hints = sent(0, nodes[0].on_timeout(&Timer::Hint));
    deliver(&mut nodes, hints, None);
    assert!(stable(&nodes[0]).hints.is_empty());
    assert_eq!(values(&nodes, 1).len(), 3);
}
