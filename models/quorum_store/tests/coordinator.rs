//! A coordinator and requests that come again.

use super::super::config::{Config, QuorumStore, Timing, WriteMode};
use super::super::message::{Answer, Call, Cause, InEpoch, Level, Msg, Peer, Request};
use super::super::state::Timer;
use super::super::version::{Mark, Stamp, Version};
use crate::kv::{Op, Service};
use crate::membership::Epoch;
use crate::testing::{Did, Node};

const CLIENT: usize = 100;

fn node(config: &Config) -> Node<QuorumStore> {
    Node::start(config.server(), 0, None).0
}

fn querying() -> Config {
    Config { write: WriteMode::Query, ..Config::new(3, 3, Timing::model()) }
}

fn ask(node: &mut Node<QuorumStore>, seq: u64, op: Op, level: Level) -> Vec<Did<QuorumStore>> {
    node.on_msg(CLIENT, Service::Request { seq, op: Request::Key { op, level, context: None } })
}

/// The versions that are sent to replicas.
fn written(did: &[Did<QuorumStore>]) -> Vec<Version> {
    let version = |did: &Did<QuorumStore>| match did {
        Did::Send(_, Service::Peer(InEpoch { msg: Peer::Write { version, .. }, .. })) => {
            Some(version.clone())
        }
        _ => None,
    };
    did.iter().filter_map(version).collect()
}

fn answers(did: &[Did<QuorumStore>]) -> Vec<Answer> {
    let answer = |did: &Did<QuorumStore>| match did {
        Did::Send(CLIENT, Service::Reply { reply, .. }) => Some(reply.clone()),
        _ => None,
    };
    did.iter().filter_map(answer).collect()
}

/// The answer of replica 1 that it has nothing.
fn nothing(node: &mut Node<QuorumStore>, seq: u64) -> Vec<Did<QuorumStore>> {
    let call = Call { client: CLIENT.into(), seq };
    let msg = Peer::Digest { call, digest: None, round: (0, Stamp::default()) };
    node.on_msg(1, Msg::Peer(InEpoch { epoch: Epoch::default(), msg }))
}

#[test]
fn a_write_that_comes_again_keeps_its_timestamp_through_a_restart() {
    let mut node = node(&querying());
    assert!(written(&ask(&mut node, 1, Op::put("k", "v"), Level::Quorum)).is_empty(), "it asks");
    let first = written(&nothing(&mut node, 1));
    assert_eq!(first.len(), 2);
    assert!(ask(&mut node, 1, Op::put("k", "v"), Level::Quorum).is_empty(), "it is under way");
    node.restart();
    let again = ask(&mut node, 1, Op::put("k", "v"), Level::Quorum);
    assert_eq!(written(&again), first, "without asking");
    let next = ask(&mut node, 2, Op::put("k", "w"), Level::One);
    assert!(written(&next).iter().all(|version| version.stamp > first[0].stamp));
}

#[test]
fn a_write_that_had_no_timestamp_before_a_restart_gets_one() {
    let mut node = node(&querying());
    ask(&mut node, 1, Op::put("k", "v"), Level::Quorum);
    node.restart();
    assert!(written(&ask(&mut node, 1, Op::put("k", "v"), Level::Quorum)).is_empty());
    assert_eq!(written(&nothing(&mut node, 1)).len(), 2);
}

/// Whether it took place, its coordinator does not know after a restart; it must not begin it again.
#[test]
fn a_serial_write_that_comes_again_after_a_restart_has_an_unknown_fate() {
    let mut node = node(&querying());
    let cas = || Op::Cas { key: "k".into(), expected: None, new: Some("v".into()) };
    assert!(answers(&ask(&mut node, 1, cas(), Level::Serial)).is_empty());
    node.restart();
    let again = ask(&mut node, 1, cas(), Level::Serial);
    assert_eq!(answers(&again), [Answer::TimedOut]);
    assert_eq!(again.len(), 1, "nothing is proposed: {again:?}");
    // A read proposes nothing that could take place twice.
    assert!(ask(&mut node, 2, Op::get("k"), Level::Serial).len() > 1);
}

#[test]
fn a_request_that_too_few_replicas_answer_times_out_and_is_not_taken_back() {
    let mut node = node(&Config::new(3, 3, Timing::model()));
    let sent = written(&ask(&mut node, 1, Op::put("k", "v"), Level::Quorum));
    let call = Call { client: CLIENT.into(), seq: 1 };
    let late = node.on_timeout(&Timer::Deadline(call));
    assert_eq!(answers(&late), [Answer::TimedOut]);
    let (cause, stamp) = (Cause::Call(call), sent[0].stamp);
    let msg = Peer::Wrote { cause, key: "k".into(), mark: Mark::Stamp(stamp) };
    let wrote = Msg::Peer(InEpoch { epoch: Epoch::default(), msg });
    assert!(answers(&node.on_msg(1, wrote)).is_empty(), "it was answered");
    let read = ask(&mut node, 2, Op::get("k"), Level::One);
    assert_eq!(answers(&read), [Answer::Value { value: Some("v".into()), stamp }]);
}
