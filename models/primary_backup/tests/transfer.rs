//! Copies, on the side of the outsider that copies.

use super::*;

/// Without its last operations, which are no part of what is copied.
fn copied(op: u64) -> Image<Map> {
    Image { recent: Recent::default(), ..image(op) }
}

/// An outsider of view 4, led by 1, which last held the state of view `synced`.
fn outside(synced: u64) -> Node {
    started_from(&config(2), 2, disk(view(4, 1, &[]), synced, 5)).0
}

/// It asks for the second piece.
fn asks(op: u64) -> Did {
    send(1, has_first(op))
}

#[test]
fn nothing_is_installed_before_the_last_piece_came() {
    let mut node = outside(3);
    let before = node.replica().image.clone();
    assert_eq!(node.on_peer(1, piece(7, 0)), [asks(7)]);
    assert_eq!(node.replica().image, before);

    let did = node.on_peer(1, piece(7, 1));
    let ack = send(1, Peer::Ack { view: 4, op: 7 });
    assert_eq!(did, [Did::Save(Saved::installed(4, copied(7))), ack]);
    assert!(node.replica().image.is_like(&image(7)));
    assert_eq!(node.replica().role, Role::Outsider(Following::default()));
    assert!(node.replica().is_synced());
}

#[test]
fn after_the_pieces_it_takes_the_operations_since() {
    let mut node = outside(3);
    node.ignores(1, Service::Peer(replicate(4, 6)));
    node.on_peer(1, piece(7, 0));
    node.ignores(1, Service::Peer(replicate(4, 8)));
    node.on_peer(1, piece(7, 1));
    let ack = send(1, Peer::Ack { view: 4, op: 8 });
    assert_eq!(node.on_peer(1, replicate(4, 8)).last(), Some(&ack));
    assert!(node.replica().image.is_like(&image(8)));
}

#[test]
fn pieces_out_of_turn_are_ignored() {
    let mut node = outside(3);
    node.ignores(1, Service::Peer(piece(7, 1)));
    node.on_peer(1, piece(7, 0));
    node.ignores(1, Service::Peer(piece(7, 0)));
    node.ignores(1, Service::Peer(piece(6, 1)));
}

#[test]
fn pieces_of_another_view_or_another_replica_are_ignored() {
    let (mut node, _) = started_from(&config(3), 2, disk(view(5, 1, &[3]), 3, 5));
    node.ignores(1, Service::Peer(piece(7, 0)));
    let mut node = outside(3);
    node.ignores(3, Service::Peer(piece(7, 0)));
}

#[test]
fn it_asks_again_for_the_piece_that_it_lacks() {
    let mut node = outside(3);
    node.on_peer(1, piece(7, 0));
    assert_eq!(node.on_timeout(&Timer::Ping).last(), Some(&asks(7)));
}

#[test]
fn the_first_piece_of_another_state_starts_over() {
    let mut node = outside(3);
    node.on_peer(1, piece(6, 0));
    assert_eq!(node.on_peer(1, piece(7, 0)), [asks(7)]);
    node.ignores(1, Service::Peer(piece(6, 1)));
    node.on_peer(1, piece(7, 1));
    assert!(node.replica().image.is_like(&image(7)));
}

#[test]
fn a_late_piece_does_not_replace_a_newer_state() {
    let mut node = outside(4);
    node.ignores(1, Service::Peer(piece(5, 0)));
    node.ignores(1, Service::Peer(piece(4, 0)));
    assert_eq!(node.on_peer(1, piece(6, 0)).len(), 1, "but what its view went on to may");
}

#[test]
fn a_new_view_gives_a_copy_up() {
    let mut node = outside(3);
    node.on_peer(1, piece(7, 0));
    let next = view(5, 3, &[1]);
    let did = node.on_peer(0, Peer::View(next.clone()));
    let fetch = send(3, Peer::Fetch { view: 5, held: None });
    assert_eq!(did, [Did::Save(Saved::view(next)), fetch]);
    assert_eq!(node.replica().role, Role::Outsider(Following::default()));
}
