use super::*;
use crate::kv::transfer::{Piece, pieces};

/// A piece at a time.
fn finely(replicas: usize) -> Config {
    Config { piece_bytes: 1, ..config(replicas) }
}

/// The two pieces of the state after `op` puts.
fn cut(op: u64) -> [Piece<Map>; 2] {
    let Image { machine, sessions, .. } = image(op);
    pieces(&machine, &sessions, 1).try_into().unwrap()
}

fn chunk(op: u64, index: u32) -> Peer<Map> {
    let piece = cut(op)[index as usize].clone();
    Peer::Chunk { view: 4, op, index, last: index == 1, piece }
}

/// The primary of view 4, which has not begun to act.
fn beginning() -> Node {
    Node::start_from(&finely(2), 1, disk(view(4, 1, &[2]), 3, 7)).0
}

/// A backup of view 4 that holds another state.
fn behind(synced: u64) -> Node {
    Node::start_from(&finely(2), 2, disk(view(4, 1, &[2]), synced, 5)).0
}

#[test]
fn a_primary_sends_the_piece_that_is_asked_for() {
    let mut node = beginning();
    for index in [0, 1, 0] {
        let did = node.on_peer(2, Peer::Fetch { view: 4, op: 7, index });
        assert_eq!(did, [send(2, chunk(7, index))]);
    }
    assert_eq!(node.leading().offer, Some(cut(7).to_vec()));
    node.ignores(2, Service::Peer(Peer::Fetch { view: 4, op: 7, index: 2 }));
}

#[test]
fn a_primary_does_not_send_another_state_or_to_others() {
    let mut node = beginning();
    node.ignores(2, Service::Peer(Peer::Fetch { view: 4, op: 6, index: 0 }));
    node.ignores(2, Service::Peer(Peer::Fetch { view: 3, op: 7, index: 0 }));
    node.ignores(3, Service::Peer(Peer::Fetch { view: 4, op: 7, index: 0 }));
}

#[test]
fn a_primary_that_acts_has_no_more_to_send() {
    let mut node = beginning();
    node.on_peer(2, Peer::Fetch { view: 4, op: 7, index: 0 });
    node.on_peer(2, Peer::Ack { view: 4, op: 7 });
    assert_eq!(node.leading().offer, None);
    node.ignores(2, Service::Peer(Peer::Fetch { view: 4, op: 7, index: 0 }));
}

#[test]
fn nothing_is_installed_before_the_last_piece_came() {
    let mut node = behind(3);
    let before = node.replica().image.clone();
    let next = send(1, Peer::Fetch { view: 4, op: 7, index: 1 });
    assert_eq!(node.on_peer(1, chunk(7, 0)), [next]);
    assert_eq!(node.replica().image, before);
    assert_eq!(node.replica().received(7), 1);

    let did = node.on_peer(1, chunk(7, 1));
    let ack = send(1, Peer::Ack { view: 4, op: 7 });
    assert_eq!(did, [Did::Save(Saved::installed(4, image(7))), ack]);
    assert_eq!(node.replica().image, image(7));
    assert_eq!(node.replica().role, Role::Backup(Following::default()));
    assert!(node.replica().is_synced());
}

#[test]
fn pieces_out_of_turn_are_ignored() {
    let mut node = behind(3);
    node.ignores(1, Service::Peer(chunk(7, 1)));
    node.on_peer(1, chunk(7, 0));
    node.ignores(1, Service::Peer(chunk(7, 0)));
    node.ignores(1, Service::Peer(chunk(6, 1)));
}

#[test]
fn pieces_of_another_view_or_another_replica_are_ignored() {
    let (mut node, _) = Node::start_from(&finely(3), 2, disk(view(5, 1, &[2, 3]), 3, 5));
    node.ignores(1, Service::Peer(chunk(7, 0)));
    node.ignores(3, Service::Peer(chunk(7, 0)));
}

#[test]
fn a_begin_that_comes_again_goes_on_where_the_transfer_stopped() {
    let mut node = behind(3);
    node.on_peer(1, chunk(7, 0));
    let did = node.on_peer(1, Peer::Begin { view: 4, origin: 3, op: 7 });
    assert_eq!(did, [send(1, Peer::Fetch { view: 4, op: 7, index: 1 })]);
}

#[test]
fn the_first_piece_of_another_state_starts_over() {
    let mut node = behind(3);
    node.on_peer(1, chunk(6, 0));
    node.on_peer(1, chunk(7, 0));
    assert_eq!((node.replica().received(6), node.replica().received(7)), (0, 1));
}

#[test]
fn a_late_piece_does_not_replace_a_newer_state() {
    let mut node = behind(4);
    node.ignores(1, Service::Peer(chunk(5, 0)));
    node.ignores(1, Service::Peer(chunk(4, 0)));
    assert_eq!(node.on_peer(1, chunk(6, 0)).len(), 1, "but what its view went on to may");
}

#[test]
fn a_transfer_that_was_overtaken_is_given_up() {
    let mut node = behind(4);
    node.on_peer(1, chunk(7, 0));
    node.on_peer(1, replicate(4, 6));
    assert_eq!(node.replica().received(7), 1);
    node.on_peer(1, replicate(4, 7));
    assert_eq!(node.replica().role, Role::Backup(Following::default()));
    node.ignores(1, Service::Peer(chunk(7, 1)));
}
