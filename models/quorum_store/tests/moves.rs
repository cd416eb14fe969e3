//! Nodes join, leave and are replaced, with many keys, which no instance has.

use super::super::config::{Config, Timing};
use super::super::message::{InEpoch, Level, Peer, Request};
use super::super::state::Timer;
use super::super::version::{Stamp, Version};
use super::cluster::{Cluster, Sent, ask, cluster, deliver, fire, hear, round, stable};
use crate::kv::{Bytes, Op};
use crate::membership::{Change, Epoch, Move};
use crate::ring::Ring;
use stateright::actor::Id;
use std::collections::BTreeSet;

fn ids(ids: &[usize]) -> BTreeSet<Id> {
    ids.iter().copied().map(Id::from).collect()
}

/// The replicas of a key among these nodes, with one token each.
fn among(members: &[usize], key: &str, count: usize) -> BTreeSet<Id> {
    Ring::new(ids(members), 1).replicas(&key.into(), count).into_iter().collect()
}

#[test]
fn the_keys_of_the_instances_move_as_these_say() {
    assert_eq!((among(&[0], "n", 1), among(&[0, 1], "n", 1)), (ids(&[0]), ids(&[1])));
    assert_eq!((among(&[0, 1], "b", 2), among(&[0, 1, 2], "b", 2)), (ids(&[0, 1]), ids(&[0, 2])));
    assert_eq!((among(&[0, 1, 2], "x", 2), among(&[0, 2], "x", 2)), (ids(&[0, 1]), ids(&[0, 2])));
    let three = (among(&[0, 1, 2], "a", 3), among(&[0, 1, 2, 3], "a", 3));
    assert_eq!(three, (ids(&[0, 1, 2]), ids(&[0, 1, 3])));
}

fn keys() -> impl Iterator<Item = Bytes> {
    (0..60).map(|number| format!("key {number}").as_str().into())
}

/// Nodes that hold 60 keys, each at two of these members.
fn filled(members: usize, change: Change, mover: usize) -> (Cluster, Config) {
    let ring = Ring::new((0..members).map(Id::from), 4);
    let plan = Some(Move { change, mover: Id::from(mover) });
    let config = Config::new(4, 2, Timing::model());
    let config = Config { ring: Some(ring.clone()), plan, piece_bytes: 40, ..config };
    let mut nodes = cluster(&config);
    for (number, key) in keys().enumerate() {
        let owner = ring.owner(&key).map_or(0, usize::from);
        ask(&mut nodes, owner, number, Op::Put { key, value: "value".into() });
    }
    assert!((1..50).any(|_| round(&mut nodes) == 0), "they always differ");
    (nodes, config)
}

/// All nodes but one that is down are in the last view, in which these are the members, and hold what is
/// theirs.
fn hold_theirs(nodes: &Cluster, members: &[usize], down: Option<usize>) {
    let ring = Ring::new(ids(members), 4);
    for node in nodes.iter().filter(|node| Some(usize::from(node.id)) != down) {
        let view = &stable(node).view;
        assert_eq!((view.epoch, view.is_moving, &view.members), (2, false, &ids(members)));
        for key in keys() {
            let has = stable(node).version(&key).is_some();
            assert_eq!(has, ring.replicas(&key, 2).contains(&node.id), "{key:?} at {:?}", node.id);
        }
    }
}

#[test]
fn a_node_that_joins_gets_its_keys_in_pieces_and_the_others_forget_them() {
    let (mut nodes, _) = filled(3, Change::Join(Id::from(3)), 3);
    let open = fire(&mut nodes, 3, Timer::Move);
    deliver(&mut nodes, open, None);
    hold_theirs(&nodes, &[0, 1, 2, 3], None);
}

#[test]
fn a_node_that_leaves_hands_over_its_keys_and_keeps_none() {
    let (mut nodes, _) = filled(4, Change::Leave(Id::from(1)), 1);
    let open = fire(&mut nodes, 1, Timer::Move);
    deliver(&mut nodes, open, None);
    hold_theirs(&nodes, &[0, 2, 3], None);
}

#[test]
fn a_node_that_replaces_another_copies_from_the_rest() {
    let change = Change::Replace { gone: Id::from(2), by: Id::from(3) };
    let (mut nodes, _) = filled(3, change, 3);
    let open = fire(&mut nodes, 3, Timer::Move);
    deliver(&mut nodes, open, Some(2));
    hold_theirs(&nodes, &[0, 1, 3], Some(2));
    // The one that was replaced is told when it asks for something, and forgets what it held.
    let open = fire(&mut nodes, 2, Timer::Repair);
    deliver(&mut nodes, open, None);
    hold_theirs(&nodes, &[0, 1, 3], None);
}

#[test]
fn a_mover_that_restarts_goes_on() {
    let (mut nodes, _) = filled(3, Change::Join(Id::from(3)), 3);
    fire(&mut nodes, 3, Timer::Move);
    nodes[3].restart();
    assert!(stable(&nodes[3]).view.is_moving);
    let open = fire(&mut nodes, 3, Timer::Move);
    deliver(&mut nodes, open, None);
    hold_theirs(&nodes, &[0, 1, 2, 3], None);
}

#[test]
fn a_message_of_another_view_does_not_count() {
    let (mut nodes, config) = filled(3, Change::Join(Id::from(3)), 3);
    fire(&mut nodes, 3, Timer::Move);
    let key: Bytes = "new".into();
    let version = Version::new(Stamp { node: Id::from(0), ..Stamp::default() }, None);
    let cause = super::super::message::Cause::Repair;
    let msg = Peer::Write { cause, key: key.clone(), version };
    let did = hear(&mut nodes, (0, 3, InEpoch { epoch: Epoch::default(), msg }));
    assert!(
        matches!(
            &did[..],
            [(3, 0, InEpoch { epoch: Epoch { number: 1, .. }, msg: Peer::View(_) })]
        ),
        "{did:?}"
    );
    assert!(stable(&nodes[3]).version(&key).is_none());
    assert_eq!(config.needed(Level::Quorum), 2);
}

#[test]
fn a_request_that_is_open_begins_again_in_the_new_view() {
    let (mut nodes, _) = filled(3, Change::Join(Id::from(3)), 3);
    let view = fire(&mut nodes, 3, Timer::Move);
    let op = Request::Key { op: Op::put("key 0", "new"), level: Level::Quorum, context: None };
    let msg = crate::kv::Service::Request { seq: 9, op };
    nodes[0].on_msg(500, msg);
    let is_view = |sent: &Sent| sent.1 == 0 && matches!(sent.2.msg, Peer::View(_));
    let to_zero = view.into_iter().find(is_view).unwrap();
    let again = hear(&mut nodes, to_zero);
    let writes = again.iter().filter(|sent| matches!(sent.2.msg, Peer::Write { .. }));
    assert!(writes.clone().count() > 0 && writes.clone().all(|sent| sent.2.epoch.number == 1));
}
