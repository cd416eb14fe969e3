//! The leader: what it proposes, counts and commits.

use super::*;

fn propose(prev: u64, seq: u64) -> Peer<Map> {
    let txns = vec![txn(first(seq), seq)];
    Peer::Propose { epoch: epoch(0, 0), prev: first_or_none(prev), txns }
}

fn first_or_none(counter: u64) -> Zxid {
    if counter == 0 { Zxid::default() } else { first(counter) }
}

fn ack(last: Zxid) -> Peer<Map> {
    Peer::Ack { epoch: epoch(0, 0), last }
}

fn commit(committed: Zxid) -> Peer<Map> {
    Peer::Commit { epoch: epoch(0, 0), committed }
}

#[test]
fn a_request_is_appended_and_proposed_after_its_predecessor() {
    let mut leader = started(&config(), 0);
    let did = leader.asks(CLIENT, 1, Ask::Do { op: put(1) });
    assert_eq!(saved(&did), [Record::Appended(txn(first(1), 1))]);
    assert_eq!(sent(&did), [(1, propose(0, 1)), (2, propose(0, 1))]);
    // It has acknowledged that to itself.
    assert_eq!((leader.leading().own, leader.delivered()), (1, Zxid::default()));
    let did = leader.asks(CLIENT + 1, 1, Ask::Do { op: put(1) });
    let Peer::Propose { prev, .. } = &sent(&did)[0].1 else { panic!("{did:?}") };
    assert_eq!(*prev, first(1));
}

#[test]
fn a_quorum_commits_and_the_client_and_the_followers_hear_of_it() {
    let mut leader = started(&config(), 0);
    leader.asks(CLIENT, 1, Ask::Do { op: put(1) });
    let did = leader.on_peer(2, ack(first(1)));
    assert_eq!(saved(&did), [Record::Delivered { upto: 1 }]);
    assert_eq!(sent(&did), [(1, commit(first(1))), (2, commit(first(1)))]);
    assert_eq!(answers(&did), [(CLIENT, done(1, first(1)))]);
    assert_eq!(leader.on_peer(1, ack(first(1))), [], "it is committed already");
}

/// What [`Node`] does at once, a deployed leader does when its disk has written.
#[test]
fn followers_commit_what_the_leader_does_not_have_on_disk() {
    let config = config();
    let (mut state, mut out) = (started(&config, 0).state, Out::new());
    let actor: Server = config.server();
    let mut deliver = |src: usize, msg: Msg<Map>| {
        let mut lent = Cow::Owned(state.clone());
        actor.on_msg(0.into(), &mut lent, src.into(), msg, &mut out);
        state = lent.into_owned();
    };
    deliver(CLIENT, Service::Request { seq: 1, op: Ask::Do { op: put(1) } });
    deliver(1, ack(first(1)).into());
    deliver(2, ack(first(1)).into());
    let State::Server(server) = &state else { panic!("not a server") };
    assert_eq!(server.leading().unwrap().own, 0, "its own acknowledgment has not arrived");
    assert_eq!(server.stable.delivered, first(1));
}

#[test]
fn what_waits_for_the_disk() {
    let (many, alone) = (config().server::<Map>(), Config::new(1, Timing::model()).unwrap());
    let alone: Server = alone.server();
    let msg = |msg: Peer<Map>| Service::Peer(msg);
    assert!(!many.waits_for_disk(&msg(propose(0, 1))));
    assert!(!many.waits_for_disk(&msg(commit(first(1)))));
    assert!(many.waits_for_disk(&msg(ack(first(1)))));
    assert!(many.waits_for_disk(&msg(Peer::NewEpoch { epoch: epoch(1, 1) })));
    assert!(!many.waits_for_disk(&done(1, first(1))));
    assert!(alone.waits_for_disk(&done(1, first(1))));
}

#[test]
fn a_request_that_comes_again_is_answered_again_and_not_ordered_again() {
    let mut leader = started(&config(), 0);
    leader.asks(CLIENT, 1, Ask::Do { op: put(1) });
    assert_eq!(leader.asks(CLIENT, 1, Ask::Do { op: put(1) }), [], "it is open");
    leader.on_peer(1, ack(first(1)));
    let did = leader.asks(CLIENT, 1, Ask::Do { op: put(1) });
    assert_eq!(did, [Did::Send(CLIENT, done(1, first(1)))]);
    assert_eq!(leader.history(), [first(1)]);
}

#[test]
fn a_leader_with_as_much_open_as_it_may_is_busy() {
    let mut leader = started(&Config { open: 1, ..config() }, 0);
    leader.asks(CLIENT, 1, Ask::Do { op: put(1) });
    let did = leader.asks(CLIENT + 1, 1, Ask::Do { op: put(1) });
    assert_eq!(did, [Did::Send(CLIENT + 1, refused(1, Refusal::Busy))]);
}

#[test]
fn a_follower_is_sent_no_more_than_its_window_ahead() {
    let mut leader = started(&Config { window: 1, ..config() }, 0);
    leader.asks(CLIENT, 1, Ask::Do { op: put(1) });
    let did = leader.asks(CLIENT + 1, 1, Ask::Do { op: put(1) });
    assert_eq!(sent(&did), []);
    let did = leader.on_peer(2, ack(first(1)));
    let proposed: Vec<_> =
        sent(&did).into_iter().filter(|(_, msg)| matches!(msg, Peer::Propose { .. })).collect();
    assert!(matches!(&proposed[..], [(2, Peer::Propose { prev, .. })] if *prev == first(1)));
}

#[test]
fn an_acknowledgment_of_another_epoch_or_of_something_unknown_counts_for_nothing() {
    let mut leader = started(&config(), 0);
    leader.asks(CLIENT, 1, Ask::Do { op: put(1) });
    assert_eq!(leader.on_peer(1, Peer::Ack { epoch: epoch(1, 0), last: first(1) }), []);
    assert_eq!(sent(&leader.on_peer(1, ack(first(2)))), []);
    assert_eq!(leader.delivered(), Zxid::default());
}

#[test]
fn a_sync_is_a_transaction_that_changes_nothing() {
    let mut leader = started(&config(), 0);
    leader.asks(CLIENT, 1, Ask::Sync);
    let did = leader.on_peer(1, ack(first(1)));
    let synced = Service::Reply { seq: 1, reply: Reply { zxid: first(1), reply: None } };
    assert_eq!(answers(&did), [(CLIENT, synced.clone())]);
    assert_eq!(leader.server().stable.image.machine, Map::default());
    // Asked again, it is answered at once.
    assert_eq!(leader.asks(CLIENT, 1, Ask::Sync), [Did::Send(CLIENT, synced)]);
}

#[test]
fn a_leader_that_hears_of_no_quorum_between_two_pings_gives_up() {
    let mut leader = started(&config(), 0);
    leader.on_timeout(&Timer::Resend);
    leader.on_peer(1, ack(Zxid::default()));
    leader.on_timeout(&Timer::Quorum);
    assert!(matches!(leader.role(), Role::Leading(_)), "it heard of one");
    leader.on_timeout(&Timer::Resend);
    let did = leader.on_timeout(&Timer::Quorum);
    assert_eq!(*leader.role(), Role::Looking);
    assert!(did.contains(&Did::Set(Timer::Look)) && did.contains(&Did::Cancel(Timer::Quorum)));
}

#[test]
fn a_ping_comes_with_what_was_not_acknowledged() {
    let mut leader = started(&config(), 0);
    leader.asks(CLIENT, 1, Ask::Do { op: put(1) });
    leader.on_peer(1, ack(first(1)));
    let did = leader.on_timeout(&Timer::Resend);
    let ping = Peer::Ping { epoch: epoch(0, 0), committed: first(1) };
    assert_eq!(sent(&did), [(1, ping.clone()), (2, ping), (2, propose(0, 1))]);
}

#[test]
fn the_first_epoch_is_led_once() {
    let config = config();
    let mut leader = started(&config, 0);
    leader.restart();
    assert_eq!(*leader.role(), Role::Looking);
}
