use super::*;
use std::collections::BTreeSet;

fn service(replicas: usize) -> Node {
    node(&config(replicas), 0)
}

fn from(registry: Registry) -> Node {
    Node::start_from(&config(3), 0, Storage::ViewService(registry)).0
}

fn registry(view: View, certified: &[usize], acked: bool) -> Registry {
    let certified: BTreeSet<Id> = certified.iter().map(|member| id(*member)).collect();
    Registry { view, certified, acked }
}

fn save(registry: &Registry) -> Did {
    Did::Save(Storage::ViewService(registry.clone()))
}

fn watch(member: usize) -> Did {
    Did::Set(Timer::Suspect(id(member)))
}

fn told(view: &View) -> Vec<Did> {
    (1..=3).map(|replica| send(replica, Peer::View(view.clone()))).collect()
}

/// It saves and announces a view: first the save, then who is watched, then who is told.
fn announced(registry: &Registry, watched: &[usize]) -> Vec<Did> {
    let mut did = vec![save(registry)];
    did.extend(watched.iter().map(|member| watch(*member)));
    did.extend(told(&registry.view));
    did
}

#[test]
fn starts_with_the_configured_view_all_certified() {
    let (node, did) = Node::start(&config(3), 0);
    let first = registry(view(1, 1, &[2, 3]), &[1, 2, 3], true);
    assert_eq!(node.registry(), &first);
    assert_eq!(did, [save(&first), watch(1), watch(2), watch(3)]);
}

#[test]
fn comes_back_with_the_view_it_saved() {
    let mut node = service(3);
    node.on_timeout(Timer::Suspect(id(1)));
    let before = node.state.clone();
    assert_eq!(node.restart(), [watch(2), watch(3)]);
    assert_eq!(node.state, before);
}

#[test]
fn a_ping_of_a_member_only_renews_its_watch() {
    let mut node = service(3);
    let before = node.state.clone();
    assert_eq!(node.on_peer(2, Peer::Ping { view: 1, acting: false }), [watch(2)]);
    assert_eq!(node.state, before);
}

#[test]
fn a_ping_from_an_old_view_is_answered_with_the_current_one() {
    let current = registry(view(4, 2, &[3]), &[2], false);
    let mut node = from(current.clone());
    let answer = |to| send(to, Peer::View(current.view.clone()));
    assert_eq!(node.on_peer(3, Peer::Ping { view: 3, acting: false }), [watch(3), answer(3)]);
    assert_eq!(node.on_peer(1, Peer::Ping { view: 2, acting: true }), [answer(1)]);
    assert_eq!(node.registry(), &current);
}

#[test]
fn an_acting_primary_certifies_all_members() {
    let mut node = from(registry(view(4, 2, &[1, 3]), &[2], false));
    let acked = registry(view(4, 2, &[1, 3]), &[1, 2, 3], true);
    let did = node.on_peer(2, Peer::Ping { view: 4, acting: true });
    assert_eq!(did, [watch(2), save(&acked)]);
    assert_eq!(node.registry(), &acked);
}

#[test]
fn a_member_that_does_not_act_certifies_nobody() {
    let unacked = registry(view(4, 2, &[1, 3]), &[2], false);
    let mut node = from(unacked.clone());
    assert_eq!(node.on_peer(2, Peer::Ping { view: 4, acting: false }), [watch(2)]);
    assert_eq!(node.on_peer(3, Peer::Ping { view: 4, acting: false }), [watch(3)]);
    assert_eq!(node.registry(), &unacked);
}

#[test]
fn a_silent_primary_is_replaced_by_a_certified_backup() {
    let mut node = service(3);
    let next = registry(view(2, 2, &[3]), &[2, 3], false);
    let mut expected = announced(&next, &[2, 3]);
    expected.push(Did::Cancel(Timer::Suspect(id(1))));
    assert_eq!(node.on_timeout(Timer::Suspect(id(1))), expected);
    assert_eq!(node.registry(), &next);
}

#[test]
fn a_silent_backup_is_left_behind() {
    let mut node = service(3);
    let next = registry(view(2, 1, &[3]), &[1, 3], false);
    let mut expected = announced(&next, &[1, 3]);
    expected.push(Did::Cancel(Timer::Suspect(id(2))));
    assert_eq!(node.on_timeout(Timer::Suspect(id(2))), expected);
    assert_eq!(node.registry(), &next);
}

#[test]
fn it_moves_on_from_a_view_that_was_never_acknowledged() {
    let mut node = service(3);
    node.on_timeout(Timer::Suspect(id(1)));
    node.on_timeout(Timer::Suspect(id(2)));
    assert_eq!(node.registry(), &registry(view(3, 3, &[]), &[3], false));
}

#[test]
fn the_last_certified_member_is_waited_for() {
    let only = registry(view(4, 2, &[3]), &[2], false);
    let mut node = from(only.clone());
    assert_eq!(node.on_timeout(Timer::Suspect(id(2))), [watch(2)]);
    assert_eq!(node.registry(), &only);
}

#[test]
fn who_is_no_member_cannot_be_suspected() {
    let current = registry(view(4, 2, &[3]), &[2, 3], true);
    let mut node = from(current.clone());
    assert_eq!(node.on_timeout(Timer::Suspect(id(1))), []);
    assert_eq!(node.registry(), &current);
}

#[test]
fn a_replica_that_joins_is_a_backup_but_not_certified() {
    let mut node = from(registry(view(4, 2, &[3]), &[2, 3], true));
    let next = registry(view(5, 2, &[1, 3]), &[2, 3], false);
    let did = node.on_peer(1, Peer::Ping { view: 4, acting: false });
    assert_eq!(did, announced(&next, &[2, 1, 3]));
    assert_eq!(node.registry(), &next);
}

#[test]
fn nobody_joins_a_view_that_is_not_acknowledged() {
    let mut node = from(registry(view(4, 2, &[3]), &[2], false));
    node.ignores(1, Service::Peer(Peer::Ping { view: 4, acting: false }));
}

#[test]
fn a_joining_backup_is_not_promoted() {
    let mut node = from(registry(view(4, 2, &[]), &[2], true));
    node.on_peer(1, Peer::Ping { view: 4, acting: false });
    let joined = registry(view(5, 2, &[1]), &[2], false);
    assert_eq!(node.registry(), &joined);
    assert_eq!(node.on_timeout(Timer::Suspect(id(2))), [watch(2)]);
    assert_eq!(node.registry(), &joined);
}

#[test]
fn what_is_no_ping_is_ignored() {
    let mut node = service(3);
    node.ignores(1, Service::Peer(Peer::Ack { view: 1, op: 1 }));
    node.ignores(9, request(1, &put(1)));
}
