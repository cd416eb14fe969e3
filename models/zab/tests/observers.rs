//! Observers: they learn and do not vote.

use super::*;

const OBSERVER: usize = 3;

fn config() -> Config {
    Config { observers: 1, ..super::config() }
}

fn inform(prev: Zxid, txns: &[Txn<Op>]) -> Peer<Map> {
    Peer::Inform { epoch: epoch(0, 0), prev, txns: txns.to_vec() }
}

fn ack(last: Zxid) -> Peer<Map> {
    Peer::Ack { epoch: epoch(0, 0), last }
}

#[test]
fn an_observer_is_told_of_what_is_committed() {
    let mut leader = started(&config(), 0);
    let did = leader.asks(CLIENT, 1, Ask::Do { op: put(1) });
    assert!(sent(&did).iter().all(|(to, _)| *to != OBSERVER), "{did:?}");
    let did = leader.on_peer(1, ack(first(1)));
    assert!(sent(&did).contains(&(OBSERVER, inform(Zxid::default(), &[txn(first(1), 1)]))));
    leader.on_peer(OBSERVER, ack(first(1)));
    assert_eq!(leader.leading().observers, BTreeMap::from([(OBSERVER.into(), 1)]));
}

#[test]
fn the_acknowledgment_of_an_observer_commits_nothing() {
    let mut leader = started(&config(), 0);
    leader.asks(CLIENT, 1, Ask::Do { op: put(1) });
    leader.on_peer(OBSERVER, ack(first(1)));
    assert_eq!(leader.delivered(), Zxid::default());
}

#[test]
fn an_observer_appends_and_delivers_in_order() {
    let mut observer = started(&config(), OBSERVER);
    let gap = observer.on_peer(0, inform(first(1), &[txn(first(2), 2)]));
    assert_eq!((saved(&gap), sent(&gap)), (vec![], vec![]));
    let did = observer.on_peer(0, inform(Zxid::default(), &[txn(first(1), 1)]));
    let records = [Record::Appended(txn(first(1), 1)), Record::Delivered { upto: 1 }];
    assert_eq!((saved(&did).as_slice(), sent(&did)), (&records[..], vec![(0, ack(first(1)))]));
    observer.on_peer(0, inform(first(1), &[txn(first(2), 2)]));
    assert_eq!(observer.delivered(), first(2));
}

#[test]
fn an_observer_that_misses_the_leader_waits_for_the_next() {
    let mut observer = started(&config(), OBSERVER);
    let did = observer.on_timeout(&Timer::Look);
    assert_eq!((sent(&did), observer.role()), (vec![], &Role::Looking));
    let did = observer.on_peer(1, Peer::NewEpoch { epoch: epoch(1, 1) });
    let (epoch, current, last) = (epoch(1, 1), epoch(0, 0), Zxid::default());
    assert_eq!(sent(&did), [(1, Peer::AckEpoch { epoch, current, last })]);
}

#[test]
fn an_observer_does_not_elect() {
    let mut server = restarted(&config(), 1, epoch(0, 0), &[]);
    let did = server.on_timeout(&Timer::Look);
    assert!(sent(&did).iter().all(|(to, _)| *to != OBSERVER), "{did:?}");
    assert_eq!(server.on_peer(OBSERVER, Peer::CEpoch { accepted: epoch(0, 0) }), []);
    server.on_peer(2, Peer::CEpoch { accepted: epoch(0, 0) });
    let (epoch, current, last) = (epoch(1, 1), epoch(0, 0), Zxid::default());
    assert_eq!(server.on_peer(OBSERVER, Peer::AckEpoch { epoch, current, last }), []);
    assert!(matches!(server.role(), Role::Discovering(_)));
}

#[test]
fn a_leader_gives_an_observer_the_committed_part_of_its_history() {
    let mut leader = started(&config(), 0);
    leader.asks(CLIENT, 1, Ask::Do { op: put(1) });
    leader.on_peer(1, ack(first(1)));
    leader.asks(CLIENT, 2, Ask::Do { op: put(2) });
    let (epoch, last) = (epoch(0, 0), Zxid::default());
    let did = leader.on_peer(OBSERVER, Peer::Fetch { epoch, last, held: None });
    let part = part(Zxid::default(), &[txn(first(1), 1)]);
    assert_eq!(sent(&did), [(OBSERVER, Peer::NewLeader { epoch, part })]);
}

#[test]
fn a_leader_that_hears_observers_only_gives_up() {
    let mut leader = started(&config(), 0);
    leader.on_timeout(&Timer::Resend);
    leader.on_peer(OBSERVER, ack(Zxid::default()));
    assert_eq!(leader.leading().heard, Some(BTreeSet::new()));
    leader.on_timeout(&Timer::Quorum);
    assert_eq!(*leader.role(), Role::Looking);
}
