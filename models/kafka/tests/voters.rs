//! A controller that is one of several: it decides when it leads, and tells what is chosen.

use crate::kafka::{Config, Kafka, Msg, Peer, Registry, State, Storage, Timer, Timing};
use crate::kv::Service;
use crate::paxos::{self, Ballot, Command, Quorums};
use crate::testing::{self, Did};

type Node = testing::Node<Kafka>;

/// Controllers 0 to 2, brokers 3 and 4, both to commit.
fn config() -> Config {
    let majorities = Quorums::majorities(3);
    let mut quorum = paxos::Config::new(3, majorities, paxos::Timing::model()).unwrap();
    quorum.pre_vote = false;
    let quorum = Some(quorum);
    Config { quorum, ..Config::new(2, 2, Timing::model()) }
}

fn voter(id: usize) -> (Node, Vec<Did<Kafka>>) {
    Node::start(config().server(id.into()), id, None)
}

fn known(node: &Node) -> &Registry {
    match &node.state {
        State::Voter(voter) => &voter.stable.image.machine,
        other => panic!("not a controller of several: {other:?}"),
    }
}

fn quorum(msg: paxos::Peer<Registry>) -> Msg {
    Service::Peer(Peer::Quorum(msg))
}

fn accepted(ballot: Ballot, slot: u64) -> Msg {
    quorum(paxos::Peer::Accepted { ballot, slot })
}

/// The registries that brokers were told, and whom.
fn told(did: &[Did<Kafka>]) -> Vec<(usize, Registry)> {
    let told = did.iter().filter_map(|did| match did {
        Did::Send(to, Service::Peer(Peer::Metadata(registry))) => Some((*to, registry.clone())),
        _ => None,
    });
    told.collect()
}

/// The decisions that were proposed to another controller.
fn proposed(did: &[Did<Kafka>], to: usize) -> Vec<Registry> {
    let proposed = did.iter().filter_map(|did| match did {
        Did::Send(dst, Service::Peer(Peer::Quorum(paxos::Peer::Accept { command, .. })))
            if *dst == to =>
        {
            let Command::Request { op, .. } = command else { return None };
            Some(op.clone())
        }
        _ => None,
    });
    proposed.collect()
}

#[test]
fn a_decision_is_told_when_it_is_chosen() {
    let (mut leader, did) = voter(0);
    assert!(did.contains(&Did::Set(Timer::Suspect(3.into()))));
    let did = leader.on_timeout(&Timer::Suspect(3.into()));
    assert_eq!(told(&did), []);
    let decided = proposed(&did, 1);
    assert_eq!(decided[0].partition.leader, Some(4.into()));
    assert_eq!(known(&leader).version, 1);
    let did = leader.on_msg(1, accepted(Ballot::default(), 1));
    assert_eq!(told(&did), [(3, decided[0].clone()), (4, decided[0].clone())]);
    assert_eq!(known(&leader), &decided[0]);
}

#[test]
fn nothing_is_decided_while_a_decision_is_open() {
    let (mut leader, _) = voter(0);
    leader.on_timeout(&Timer::Suspect(3.into()));
    let did = leader.on_timeout(&Timer::Suspect(4.into()));
    assert_eq!(did, [Did::Set(Timer::Suspect(4.into()))], "it looks again");
    leader.on_msg(1, accepted(Ballot::default(), 1));
    assert_eq!(proposed(&leader.on_timeout(&Timer::Suspect(4.into())), 1).len(), 1);
}

#[test]
fn a_controller_that_does_not_lead_says_nothing() {
    let (mut follower, did) = voter(1);
    assert!(!did.contains(&Did::Set(Timer::Suspect(3.into()))));
    let heartbeat = Service::Peer(Peer::Heartbeat { epoch: 1, version: 0 });
    assert_eq!(follower.on_msg(3, heartbeat.clone()), []);
    let (mut leader, _) = voter(0);
    assert_eq!(told(&leader.on_msg(3, heartbeat.clone())).len(), 1, "the broker is behind");
    let ballot = Ballot { round: 1, leader: 1.into() };
    let did = leader.on_msg(1, quorum(paxos::Peer::Prepare { ballot, from: 1 }));
    assert!(did.contains(&Did::Cancel(Timer::Suspect(3.into()))));
    assert_eq!(leader.on_msg(3, heartbeat), [], "it was deposed");
}

#[test]
fn a_new_leader_goes_on_with_what_may_be_chosen_and_tells_what_is() {
    let (mut leader, _) = voter(0);
    let did = leader.on_timeout(&Timer::Suspect(3.into()));
    let decided = proposed(&did, 1).remove(0);
    let (mut next, _) = voter(1);
    for sent in did {
        if let Did::Send(1, msg) = sent {
            next.on_msg(0, msg);
        }
    }
    next.on_timeout(&Timer::Quorum(paxos::Timer::Election));
    let ballot = Ballot { round: 1, leader: 1.into() };
    let promise =
        paxos::Peer::Promise { ballot, from: 1, until: None, chosen: 0, accepted: Vec::new() };
    let did = next.on_msg(2, quorum(promise));
    assert!(did.contains(&Did::Set(Timer::Suspect(4.into()))));
    assert_eq!(proposed(&did, 2), std::slice::from_ref(&decided));
    let did = next.on_msg(2, accepted(ballot, 1));
    assert_eq!(told(&did), [(3, decided.clone()), (4, decided.clone())]);
    next.restart();
    assert_eq!(known(&next), &decided, "it is on disk");
    assert!(matches!(next.disk, Some(Storage::Voter(_))));
}
