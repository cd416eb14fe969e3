use super::*;
use std::collections::BTreeSet;

fn service(replicas: usize) -> Node {
    node(&config(replicas), 0)
}

fn from(registry: Registry) -> Node {
    started_from(&config(3), 0, Storage::ViewService(registry)).0
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

/// It saves and announces a view: first the save, then the timers of the members, then the messages
/// to the replicas.
fn announced(registry: &Registry, watched: &[usize]) -> Vec<Did> {
    let mut did = vec![save(registry)];
    did.extend(watched.iter().map(|member| watch(*member)));
    did.extend(told(&registry.view));
    did
}

#[test]
fn starts_with_the_configured_view_all_certified() {
    let (node, did) = Node::start(config(3).server(id(0)), 0, None);
    let first = registry(view(1, 1, &[2, 3]), &[1, 2, 3], true);
    assert_eq!(node.registry(), &first);
    assert_eq!(did, [save(&first), watch(1), watch(2), watch(3)]);
}

#[test]
fn comes_back_with_the_view_it_saved() {
    let mut node = service(3);
    left_out(&mut node, 1, 2);
    let before = node.state.clone();
    assert_eq!(node.restart(), [watch(2), watch(3)]);
    assert_eq!(node.state, before);
}

#[test]
fn a_ping_of_a_member_only_renews_its_watch() {
    let mut node = service(3);
    let before = node.state.clone();
    assert_eq!(node.on_peer(2, peer_ping(1, false, &[], None)), [watch(2)]);
    assert_eq!(node.state, before);
}

#[test]
fn a_ping_from_an_old_view_is_answered_with_the_current_one() {
    let current = registry(view(4, 2, &[3]), &[2], false);
    let mut node = from(current.clone());
    let answer = |to| send(to, Peer::View(current.view.clone()));
    assert_eq!(node.on_peer(3, peer_ping(3, false, &[], None)), [watch(3), answer(3)]);
    assert_eq!(node.on_peer(1, peer_ping(2, true, &[], None)), [answer(1)]);
    assert_eq!(node.registry(), &current);
}

#[test]
fn an_acting_primary_certifies_all_members() {
    let mut node = from(registry(view(4, 2, &[1, 3]), &[2], false));
    let acked = registry(view(4, 2, &[1, 3]), &[1, 2, 3], true);
    let did = node.on_peer(2, peer_ping(4, true, &[], None));
    assert_eq!(did, [watch(2), save(&acked)]);
    assert_eq!(node.registry(), &acked);
}

#[test]
fn a_member_that_does_not_act_certifies_nobody() {
    let unacked = registry(view(4, 2, &[1, 3]), &[2], false);
    let mut node = from(unacked.clone());
    assert_eq!(node.on_peer(2, peer_ping(4, false, &[], None)), [watch(2)]);
    assert_eq!(node.on_peer(3, peer_ping(4, false, &[], None)), [watch(3)]);
    assert_eq!(node.registry(), &unacked);
}

/// Both find `silent` silent, and `heard` is heard in between.
fn left_out(node: &mut Node, silent: usize, heard: usize) -> Vec<Did> {
    let view = node.registry().view.number;
    assert_eq!(node.on_timeout(&Timer::Suspect(id(silent))), [watch(silent)]);
    node.on_peer(heard, peer_ping(view, false, &[], None));
    node.on_timeout(&Timer::Suspect(id(silent)))
}

#[test]
fn a_silent_primary_is_replaced_by_a_certified_backup_that_was_heard() {
    let mut node = service(3);
    let next = registry(view(2, 3, &[2]), &[2, 3], false);
    assert_eq!(left_out(&mut node, 1, 3), announced(&next, &[3, 2]));
    assert_eq!(node.registry(), &next);
}

#[test]
fn a_silent_backup_is_left_behind() {
    let mut node = service(3);
    let next = registry(view(2, 1, &[3]), &[1, 3], false);
    assert_eq!(left_out(&mut node, 2, 1), announced(&next, &[1, 3]));
    assert_eq!(node.registry(), &next);
}

#[test]
fn it_moves_on_from_a_view_that_was_never_acknowledged() {
    let mut node = service(3);
    left_out(&mut node, 1, 2);
    left_out(&mut node, 2, 3);
    assert_eq!(node.registry(), &registry(view(3, 3, &[]), &[3], false));
}

#[test]
fn nobody_is_left_out_while_nobody_is_heard() {
    let mut node = service(3);
    let before = node.registry().clone();
    for _ in 0..3 {
        for member in 1..=3 {
            assert_eq!(node.on_timeout(&Timer::Suspect(id(member))), [watch(member)]);
        }
    }
    assert_eq!(node.registry(), &before);
}

#[test]
fn who_was_heard_before_does_not_count_as_heard_since() {
    let mut node = service(2);
    let before = node.registry().clone();
    node.on_peer(2, peer_ping(1, false, &[], None));
    assert_eq!(node.on_timeout(&Timer::Suspect(id(1))), [watch(1)]);
    assert_eq!(node.on_timeout(&Timer::Suspect(id(1))), [watch(1)]);
    node.on_peer(2, peer_ping(1, false, &[], None));
    node.on_peer(1, peer_ping(1, true, &[], None));
    assert_eq!(node.on_timeout(&Timer::Suspect(id(1))), [watch(1)], "it was heard itself");
    assert_eq!(node.registry(), &before);
}

#[test]
fn a_member_that_is_not_certified_does_not_make_up_for_those_that_are() {
    let current = registry(view(4, 2, &[1, 3]), &[2, 3], false);
    let mut node = from(current.clone());
    assert_eq!(left_out(&mut node, 2, 1), [watch(2)]);
    assert_eq!(left_out(&mut node, 3, 1), [watch(3)]);
    assert_eq!(node.registry(), &current);
}

#[test]
fn the_last_certified_member_is_waited_for() {
    let only = registry(view(4, 2, &[3]), &[2], false);
    let mut node = from(only.clone());
    assert_eq!(left_out(&mut node, 2, 3), [watch(2)]);
    assert_eq!(node.registry(), &only);
}

#[test]
fn who_is_no_member_cannot_be_suspected() {
    let current = registry(view(4, 2, &[3]), &[2, 3], true);
    let mut node = from(current.clone());
    assert_eq!(node.on_timeout(&Timer::Suspect(id(1))), []);
    assert_eq!(node.registry(), &current);
}

#[test]
fn backups_that_do_not_acknowledge_to_their_primary_are_left_out() {
    let mut node = service(3);
    let next = registry(view(2, 1, &[3]), &[1, 3], false);
    let mut expected = vec![watch(1)];
    expected.extend(announced(&next, &[1, 3]));
    assert_eq!(node.on_peer(1, peer_ping(1, true, &[2], None)), expected);
    assert_eq!(node.registry(), &next);
    let told = send(1, Peer::View(next.view.clone()));
    assert_eq!(node.on_peer(1, peer_ping(1, true, &[2], None)), [watch(1), told], "an old one");
}

#[test]
fn who_is_outside_does_not_join_by_being_heard() {
    node_from(&[2, 3]).ignores(1, Service::Peer(peer_ping(4, false, &[], None)));
}

fn node_from(certified: &[usize]) -> Node {
    from(registry(view(4, 2, &[3]), certified, true))
}

#[test]
fn who_has_copied_the_state_joins_as_a_backup_but_not_certified() {
    let mut node = node_from(&[2, 3]);
    let next = registry(view(5, 2, &[1, 3]), &[2, 3], false);
    let mut expected = vec![watch(2)];
    expected.extend(announced(&next, &[2, 1, 3]));
    assert_eq!(node.on_peer(2, peer_ping(4, true, &[], Some(1))), expected);
    assert_eq!(node.registry(), &next);
}

#[test]
fn nobody_joins_a_view_that_is_not_acknowledged() {
    let unacked = registry(view(4, 2, &[3]), &[2], false);
    let mut node = from(unacked.clone());
    assert_eq!(node.on_peer(2, peer_ping(4, false, &[], Some(1))), [watch(2)]);
    assert_eq!(node.registry(), &unacked);
}

#[test]
fn a_joining_backup_is_not_promoted() {
    let mut node = from(registry(view(4, 2, &[]), &[2], true));
    node.on_peer(2, peer_ping(4, true, &[], Some(1)));
    let joined = registry(view(5, 2, &[1]), &[2], false);
    assert_eq!(node.registry(), &joined);
    assert_eq!(left_out(&mut node, 2, 1), [watch(2)]);
    assert_eq!(node.registry(), &joined);
}

#[test]
fn what_is_no_ping_is_ignored() {
    let mut node = service(3);
    node.ignores(1, Service::Peer(Peer::Ack { view: 1, op: 1 }));
    node.ignores(9, request(1, &put(1)));
}

#[test]
fn a_primary_that_came_back_is_succeeded_by_a_certified_member_that_was_heard() {
    let resigns = || Peer::Resign { view: 3 };
    let before = registry(view(3, 1, &[2, 3]), &[1, 3], true);
    let next = registry(view(4, 3, &[1, 2]), &[1, 3], false);
    let mut node = from(before.clone());
    let did = node.on_peer(1, resigns());
    assert_eq!(did, [[watch(1)].as_slice(), &announced(&next, &[3, 1, 2])].concat());
    let told = send(1, Peer::View(next.view.clone()));
    assert_eq!(node.on_peer(1, resigns()), [watch(1), told], "only once");
    let mut node = from(before);
    node.on_timeout(&Timer::Suspect(id(3)));
    node.on_peer(1, resigns());
    assert_eq!(node.registry().view, view(4, 1, &[2, 3]), "nobody else is certified and heard");
}

#[test]
fn where_requests_are_acknowledged_at_once_a_primary_that_came_back_leads_again() {
    let config = Config { mode: Mode::Asynchronous, ..config(3) };
    let mut node = Node::start(config.server(id(0)), 0, None).0;
    node.on_peer(1, Peer::Resign { view: 1 });
    assert_eq!(node.registry().view, view(2, 1, &[2, 3]));
}
