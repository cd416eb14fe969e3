//! A replica that lost its disk: it counts for nothing until the view service knows.

use super::*;
use crate::Newcomer;

const LIFE: u64 = 77;

fn newcomer(config: &Config, at: usize) -> (Node, Vec<Did>) {
    let mut node = node(config, at);
    let did = node.replace(LIFE);
    (node, did)
}

fn says() -> Did {
    send(0, Peer::Newcomer { life: LIFE })
}

/// A view that names the lives of these replicas.
fn knowing(view: View, lives: &[(usize, u64)]) -> View {
    View { lives: lives.iter().map(|(replica, life)| (id(*replica), *life)).collect(), ..view }
}

#[test]
fn it_says_that_it_lost_its_disk_again_and_again_through_crashes() {
    for at in [1, 2] {
        let (mut node, did) = newcomer(&config(2), at);
        let saved = Saved::complete(View::none(id(at), LIFE), 0, Image::default());
        assert_eq!(did, [Did::Set(Timer::Ping), Did::Save(saved), says()]);
        assert!(node.replica().is_newcomer() && !node.replica().is_synced());
        assert_eq!(node.on_timeout(&Timer::Ping), [Did::Set(Timer::Ping), says()]);
        assert_eq!(node.restart(), [Did::Set(Timer::Ping), says()]);
    }
}

#[test]
fn it_ignores_what_is_meant_for_its_former_life() {
    let (mut node, _) = newcomer(&config(2), 2);
    node.ignores(9, request(1, &put(1)));
    node.ignores(1, Service::Peer(Peer::Begin { view: 2, op: 0 }));
    node.ignores(1, Service::Peer(replicate(1, 1)));
    node.ignores(1, Service::Peer(Peer::Fetch { view: 1, held: None }));
    node.ignores(1, Service::Peer(Peer::Ack { view: 1, op: 1 }));
    for former in [view(3, 2, &[]), knowing(view(3, 1, &[2]), &[(2, 5)]), view(3, 1, &[])] {
        node.ignores(0, Service::Peer(Peer::View(former)));
    }
}

#[test]
fn it_copies_the_state_in_a_view_that_names_its_life() {
    let (mut node, _) = newcomer(&config(2), 2);
    let known = knowing(view(2, 1, &[]), &[(2, LIFE)]);
    let fetch = send(1, Peer::Fetch { view: 2, held: None });
    let did = node.on_peer(0, Peer::View(known.clone()));
    assert_eq!(did, [Did::Save(Saved::view(known)), fetch.clone()]);
    assert!(!node.replica().is_newcomer() && !node.replica().is_synced());
    assert_eq!(node.restart(), [Did::Set(Timer::Ping), ping(2, false), fetch]);
    // A late view that its former life was in.
    node.ignores(0, Service::Peer(Peer::View(view(7, 2, &[]))));
}

/// The view service of three replicas, of which all are certified.
fn service() -> Node {
    node(&config(3), 0)
}

#[test]
fn the_view_service_goes_on_without_it_and_names_its_life() {
    for (lost, primary, backups) in [(1, 2, [3]), (2, 1, [3]), (3, 1, [2])] {
        let mut service = service();
        let did = service.on_peer(lost, Peer::Newcomer { life: LIFE });
        let next = knowing(view(2, primary, &backups), &[(lost, LIFE)]);
        let told = (1..=3).map(|replica| send(replica, Peer::View(next.clone())));
        assert!(matches!(&did[0], Did::Save(_)), "{did:?}");
        assert!(did.ends_with(&told.collect::<Vec<_>>()), "{did:?}");
        let registry = service.registry().clone();
        assert!(!registry.acked && !registry.certified.contains(&id(lost)));
        // A newcomer that lost the answer gets it again.
        let again = service.on_peer(lost, Peer::Newcomer { life: LIFE });
        assert_eq!((again, service.registry()), (vec![send(lost, Peer::View(next))], &registry));
        // Another disk of it, and then it is an outsider already.
        service.on_peer(lost, Peer::Newcomer { life: 78 });
        let third = knowing(view(3, primary, &backups), &[(lost, 78)]);
        assert_eq!(service.registry().view, third);
    }
}

#[test]
fn a_backup_that_was_heard_is_promoted_rather_than_a_silent_one() {
    let mut service = service();
    service.on_timeout(&Timer::Suspect(id(2)));
    service.on_peer(1, Peer::Newcomer { life: LIFE });
    assert_eq!(service.registry().view.primary, id(3));
}

#[test]
fn the_view_service_does_not_go_on_without_who_alone_is_certified() {
    let registry = Registry { view: view(2, 1, &[2]), certified: [id(1)].into(), acked: false };
    let (mut service, _) = started_from(&config(3), 0, Storage::ViewService(registry.clone()));
    assert_eq!(service.on_peer(1, Peer::Newcomer { life: LIFE }), []);
    assert_eq!(service.registry(), &registry);
    assert_eq!(stopped_by(&service), Some(id(1)));
    // Nor does it take the newcomer for alive, and leave out the other.
    for _ in 0..2 {
        service.on_timeout(&Timer::Suspect(id(2)));
        assert_eq!(service.on_peer(1, Peer::Newcomer { life: LIFE }), []);
    }
    assert_eq!(service.registry(), &registry);
    // The view was acting, as it turns out: the backup holds the state.
    service.on_peer(1, peer_ping(2, true, &[], None));
    service.on_peer(1, Peer::Newcomer { life: LIFE });
    assert_eq!(service.registry().view, knowing(view(3, 2, &[]), &[(1, LIFE)]));
    assert_eq!(stopped_by(&service), None);
}

fn stopped_by(service: &Node) -> Option<Id> {
    match &service.state {
        State::ViewService(state) => state.stopped_by,
        other => panic!("not the view service: {other:?}"),
    }
}

#[test]
#[should_panic(expected = "only a replica")]
fn the_view_service_is_not_taken_back() {
    let service: Server = config(2).server(id(0));
    service.on_newcomer(id(0), LIFE, &mut Out::new());
}
