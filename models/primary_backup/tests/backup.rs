use super::*;

fn ack(view: u64, op: u64) -> Did {
    send(1, Peer::Ack { view, op })
}

fn saved(op: u64) -> Did {
    Did::Save(Saved::applied(entry(9, op, &put(op))))
}

#[test]
fn applies_the_next_operation_saves_it_and_acknowledges() {
    let mut node = node(&config(2), 2);
    assert_eq!(node.on_peer(1, replicate(1, 1)), [saved(1), ack(1, 1)]);
    assert_eq!(node.on_peer(1, replicate(1, 2)), [saved(2), ack(1, 2)]);
    assert_eq!(node.replica().image, image(2));
}

#[test]
fn acknowledges_a_duplicate_again_without_applying_it() {
    let mut node = node(&config(2), 2);
    node.on_peer(1, replicate(1, 1));
    node.on_peer(1, replicate(1, 2));
    let before = node.state.clone();
    assert_eq!(node.on_peer(1, replicate(1, 1)), [ack(1, 2)]);
    assert_eq!(node.state, before);
}

#[test]
fn asks_for_what_is_missing() {
    let mut node = node(&config(2), 2);
    node.on_peer(1, replicate(1, 1));
    let before = node.state.clone();
    assert_eq!(node.on_peer(1, replicate(1, 4)), [send(1, Peer::Refill { view: 1, from: 2 })]);
    assert_eq!(node.state, before);
}

#[test]
fn ignores_operations_of_an_older_view() {
    let mut node = node(&config(3), 3);
    node.on_peer(0, Peer::View(view(2, 2, &[3])));
    node.on_peer(2, Peer::Begin { view: 2, op: 0 });
    node.ignores(1, Service::Peer(replicate(1, 1)));
}

#[test]
fn ignores_operations_that_do_not_come_from_its_primary() {
    let mut node = node(&config(3), 3);
    node.ignores(2, Service::Peer(replicate(1, 1)));
}

#[test]
fn ignores_operations_before_it_holds_the_state() {
    let (mut node, _) = started_from(&config(2), 2, disk(view(3, 1, &[2]), 1, 0));
    node.ignores(1, Service::Peer(replicate(3, 1)));
}

fn begin(op: u64) -> Peer<Map> {
    Peer::Begin { view: 3, op }
}

/// A backup of view 3 with five operations, which last held the state of view `synced`.
fn with_five(synced: u64) -> Node {
    started_from(&config(2), 2, disk(view(3, 1, &[2]), synced, 5)).0
}

#[test]
fn who_has_as_many_operations_holds_the_state() {
    let mut node = with_five(2);
    assert_eq!(node.on_peer(1, begin(5)), [Did::Save(Saved::synced(3)), ack(3, 5)]);
    assert!(node.replica().is_synced());
}

#[test]
fn who_is_behind_gets_the_operations_and_then_holds_the_state() {
    let mut node = with_five(2);
    assert_eq!(node.on_peer(1, begin(7)), [send(1, Peer::Refill { view: 3, from: 6 })]);
    assert_eq!(node.on_peer(1, replicate(3, 7)), [send(1, Peer::Refill { view: 3, from: 6 })]);
    assert_eq!(node.on_peer(1, replicate(3, 6)), [saved(6)], "not all yet");
    let expected = [saved(7), Did::Save(Saved::synced(3)), ack(3, 7)];
    assert_eq!(node.on_peer(1, replicate(3, 7)), expected);
    assert_eq!(node.replica().role, Role::Backup(Following::default()));
    assert_eq!(node.on_peer(1, replicate(3, 8)), [saved(8), ack(3, 8)]);
}

#[test]
fn who_is_ahead_of_its_view_cannot_go_on_with_it() {
    let mut node = with_five(2);
    let before = node.state.clone();
    let did = node.on_peer(1, begin(4));
    assert_eq!(did, [send(1, Peer::Fetch { view: 3, held: None })]);
    assert_eq!(node.state, before);
}

#[test]
fn a_view_that_begins_again_is_acknowledged_again() {
    let mut node = with_five(3);
    let before = node.state.clone();
    assert_eq!(node.on_peer(1, begin(5)), [ack(3, 5)]);
    assert_eq!(node.state, before);
}

#[test]
fn a_backup_that_lags_is_refilled_when_its_view_begins_again() {
    let mut node = with_five(3);
    assert_eq!(node.on_peer(1, begin(6)), [send(1, Peer::Refill { view: 3, from: 6 })]);
    assert_eq!(node.on_peer(1, replicate(3, 6)), [saved(6), ack(3, 6)]);
}

#[test]
fn the_begin_of_a_view_that_went_on_is_ignored() {
    let (mut node, _) = started_from(&config(2), 2, disk(view(3, 1, &[2]), 3, 5));
    node.ignores(1, Service::Peer(Peer::Begin { view: 3, op: 4 }));
}

#[test]
fn a_begin_of_another_view_or_from_another_replica_is_ignored() {
    let (mut node, _) = started_from(&config(3), 2, disk(view(3, 1, &[2, 3]), 2, 5));
    node.ignores(1, Service::Peer(Peer::Begin { view: 2, op: 5 }));
    node.ignores(3, Service::Peer(Peer::Begin { view: 3, op: 5 }));
}
