//! A broker by itself: its disk, and where logs part.

use crate::kafka::{
    Acks, Config, Content, Fetch, Fetched, Kafka, Msg, Op, Peer, Registry, Role, State, Timer,
    Timing,
};
use crate::kv::Service;
use crate::testing::{self, Did};
use stateright::actor::model_timeout;

type Node = testing::Node<Kafka>;

/// Two brokers, both to commit; they stop when their timer fires.
fn config() -> Config {
    let timing = Timing { stop: Some(model_timeout()), ..Timing::model() };
    Config::new(2, 2, timing)
}

fn broker(at: usize) -> Node {
    Node::start(config().server(at.into()), at, None).0
}

fn produce(sequence: u64) -> Msg {
    batch(sequence, 1)
}

/// A batch of so many messages.
fn batch(sequence: u64, count: usize) -> Msg {
    let messages = vec![sequence.to_string().as_str().into(); count];
    Service::Request { seq: sequence, op: Op::Produce { sequence, messages, acks: Acks::All } }
}

fn state(node: &Node) -> &crate::kafka::BrokerState {
    match &node.state {
        State::Broker(broker) => broker,
        other => panic!("not a broker: {other:?}"),
    }
}

fn registered(epoch: u64, clean: Option<u64>) -> Did<Kafka> {
    Did::Send(0, Service::Peer(Peer::Register { epoch, clean }))
}

/// What was sent to a node.
fn sent_to(node: usize, did: Vec<Did<Kafka>>) -> Vec<Msg> {
    let sent = did.into_iter().filter_map(|did| match did {
        Did::Send(to, msg) if to == node => Some(msg),
        _ => None,
    });
    sent.collect()
}

/// The metadata in which broker 2 leads the second leader epoch.
fn second_epoch(node: &Node) -> Registry {
    next_epoch(&state(node).metadata, 2)
}

/// The metadata in which this broker leads the next leader epoch.
fn next_epoch(before: &Registry, leader: usize) -> Registry {
    let mut registry = before.clone();
    registry.version += 1;
    registry.partition.leader = Some(leader.into());
    registry.partition.leader_epoch += 1;
    registry.partition.epoch += 1;
    registry
}

#[test]
fn a_crash_loses_exactly_what_was_not_flushed() {
    let mut leader = broker(1);
    leader.on_msg(3, produce(1));
    leader.on_timeout(&Timer::Flush);
    leader.on_msg(3, produce(2));
    assert_eq!(state(&leader).log.end(), 2);
    let did = leader.restart();
    assert_eq!(state(&leader).log.end(), 1);
    assert!(did.contains(&registered(2, None)));
}

#[test]
fn a_clean_stop_loses_nothing_and_its_mark_counts_once() {
    let mut leader = broker(1);
    leader.on_msg(3, produce(1));
    leader.on_timeout(&Timer::Stop);
    assert_eq!(leader.on_msg(3, produce(2)), [], "it has stopped");
    let did = leader.restart();
    assert_eq!(state(&leader).log.end(), 1);
    assert_eq!(state(&leader).role, Role::Starting(Some(1)));
    assert!(did.contains(&registered(2, Some(1))));
    assert!(leader.restart().contains(&registered(3, None)));
}

#[test]
fn a_broker_that_starts_again_answers_nobody_until_it_is_registered() {
    let mut leader = broker(1);
    leader.restart();
    assert_eq!(leader.on_msg(3, produce(1)), []);
    let fetch = Fetch { leader_epoch: 1, offset: 0, last_epoch: 0, broker_epoch: 1, held: None };
    assert_eq!(leader.on_msg(2, Service::Peer(Peer::Fetch(fetch))), []);
}

#[test]
fn a_leader_tells_where_the_logs_part_and_counts_nothing_then() {
    let mut leader = broker(1);
    leader.on_msg(3, produce(1));
    let ahead = Fetch { leader_epoch: 1, offset: 2, last_epoch: 1, broker_epoch: 1, held: None };
    let did = leader.on_msg(2, Service::Peer(Peer::Fetch(ahead)));
    let content = Content::Diverging { epoch: 1, end: 1 };
    let fetched = Fetched { leader_epoch: 1, offset: 2, last_epoch: 1, hw: 0, content };
    assert_eq!(did, [Did::Send(2, Service::Peer(Peer::Fetched(fetched)))]);
    assert!(state(&leader).leading().unwrap().followers.is_empty());
    let old = Fetch { leader_epoch: 0, offset: 1, last_epoch: 1, broker_epoch: 1, held: None };
    assert_eq!(leader.on_msg(2, Service::Peer(Peer::Fetch(old))), [], "KIP-320: it is fenced");
}

/// KIP-101, the second scenario: the follower has less, leads, and appends another record where the
/// old leader has one. The old leader truncates, and the logs are the same.
#[test]
fn kip_101_logs_that_parted_are_the_same_again() {
    let (mut old, mut new) = (broker(1), broker(2));
    let fetch = Fetch { leader_epoch: 1, offset: 0, last_epoch: 0, broker_epoch: 1, held: None };
    old.on_msg(3, produce(1));
    let did = old.on_msg(2, Service::Peer(Peer::Fetch(fetch)));
    old.on_msg(3, produce(2));
    for msg in sent_to(2, did) {
        new.on_msg(1, msg);
    }
    let registry = second_epoch(&new);
    new.on_msg(0, Service::Peer(Peer::Metadata(registry.clone())));
    new.on_msg(4, produce(1));
    assert_ne!(state(&old).log.records()[1], state(&new).log.records()[1]);
    follow(&mut old, &mut new, registry);
    assert_eq!(state(&old).log, state(&new).log);
    assert_eq!(state(&new).hw, 2, "both have it");
}

/// Broker 1 learns that broker 2 leads, and fetches what it lacks.
fn follow(old: &mut Node, new: &mut Node, registry: Registry) {
    let mut to_new = sent_to(2, old.on_msg(0, Service::Peer(Peer::Metadata(registry))));
    while let Some(msg) = to_new.pop() {
        for answer in sent_to(1, new.on_msg(1, msg)) {
            to_new.extend(sent_to(2, old.on_msg(2, answer)));
        }
    }
}

/// The first leader has a batch of three and a record of a later epoch; the second has a record of the
/// epoch between, which ends in the middle of that batch.
#[test]
fn a_batch_in_whose_middle_logs_part_is_cut_off_as_a_whole() {
    let (mut old, mut new) = (broker(1), broker(2));
    old.on_msg(3, batch(1, 3));
    old.on_timeout(&Timer::Flush);
    let second = second_epoch(&new);
    new.on_msg(0, Service::Peer(Peer::Metadata(second.clone())));
    new.on_msg(4, batch(1, 2));
    let third = next_epoch(&second, 1);
    old.on_msg(0, Service::Peer(Peer::Metadata(third.clone())));
    old.on_msg(3, batch(2, 1));
    assert_eq!((state(&old).log.end(), state(&new).log.end()), (4, 2));
    let fourth = next_epoch(&third, 2);
    new.on_msg(0, Service::Peer(Peer::Metadata(fourth.clone())));
    follow(&mut old, &mut new, fourth);
    assert_eq!(state(&old).log, state(&new).log);
    assert_eq!((state(&old).log.end(), state(&new).hw, state(&old).flushed), (2, 2, 0));
    old.restart();
    assert_eq!(state(&old).log.end(), 0, "on disk it was cut off, too");
}

#[test]
fn an_answer_to_another_fetch_is_ignored() {
    let mut follower = broker(2);
    let answer = |leader_epoch, offset, last_epoch| {
        let content = Content::Diverging { epoch: 0, end: 0 };
        Service::Peer(Peer::Fetched(Fetched { leader_epoch, offset, last_epoch, hw: 0, content }))
    };
    let before = follower.state.clone();
    for (epoch, offset, last) in [(0, 0, 0), (1, 1, 0), (1, 0, 1)] {
        assert_eq!(follower.on_msg(1, answer(epoch, offset, last)), []);
    }
    assert_eq!(follower.on_msg(2, answer(1, 0, 0)), [], "not from its leader");
    assert_eq!(follower.state, before);
    assert_eq!(sent_to(1, follower.on_msg(1, answer(1, 0, 0))).len(), 1, "it asks again");
}
