//! Discovery: how a server comes to lead an epoch.

use super::*;

fn solicit(round: u64, leader: usize) -> Peer<Map> {
    Peer::Solicit { accepted: epoch(round, leader), left: false }
}

/// A server that would lead, and that another answered.
fn prospective(history: &[Txn<Op>]) -> Node {
    let mut server = restarted(&config(), 1, epoch(0, 0), history);
    server.on_timeout(&Timer::Look);
    server.on_peer(2, Peer::CEpoch { accepted: epoch(3, 0) });
    server
}

#[test]
fn a_server_that_misses_the_leader_asks_all_who_would_follow() {
    let mut server = started(&config(), 1);
    let did = server.on_timeout(&Timer::Look);
    assert_eq!(sent(&did), [(0, solicit(0, 0)), (2, solicit(0, 0))]);
    assert_eq!(*server.role(), Role::Soliciting(BTreeMap::new()));
}

#[test]
fn a_follower_that_hears_its_leader_is_loyal() {
    let mut follower = started(&config(), 2);
    assert_eq!(follower.on_peer(1, solicit(0, 0)), []);
    let mut looking = restarted(&config(), 2, epoch(0, 0), &[]);
    let did = looking.on_peer(1, solicit(0, 0));
    assert_eq!(did, [Did::Send(1, Peer::CEpoch { accepted: epoch(0, 0) }.into())]);
}

#[test]
fn with_a_quorum_of_answers_it_takes_an_epoch_above_all_of_them() {
    let server = prospective(&[]);
    assert_eq!(server.server().stable.accepted, epoch(4, 1));
    assert_eq!(*server.role(), Role::Discovering(Discovering::default()));
    assert_eq!(server.server().stable.current, epoch(0, 0), "not yet");
}

#[test]
fn an_epoch_is_saved_before_it_is_acknowledged_with_the_history_and_smaller_ones_are_refused() {
    let mut server = restarted(&config(), 2, epoch(1, 0), &[txn(zxid(1, 0, 1), 1)]);
    let did = server.on_peer(1, Peer::NewEpoch { epoch: epoch(2, 1) });
    assert_eq!(saved(&did), [Record::Accepted(epoch(2, 1))]);
    let (epoch_2, current, last) = (epoch(2, 1), epoch(1, 0), zxid(1, 0, 1));
    assert_eq!(sent(&did), [(1, Peer::AckEpoch { epoch: epoch_2, current, last })]);
    let did = server.on_peer(0, Peer::NewEpoch { epoch: epoch(1, 2) });
    assert_eq!(did, [Did::Send(0, Peer::CEpoch { accepted: epoch_2 }.into())]);
}

#[test]
fn the_history_of_the_later_epoch_is_chosen_though_it_is_shorter() {
    let own = [txn(zxid(1, 0, 1), 1), txn(zxid(1, 0, 2), 2)];
    let mut server = restarted(&config(), 1, epoch(1, 0), &own);
    server.on_timeout(&Timer::Look);
    server.on_peer(2, Peer::CEpoch { accepted: epoch(2, 2) });
    let (current, last) = (epoch(2, 2), zxid(1, 0, 1));
    let did = server.on_peer(2, Peer::AckEpoch { epoch: epoch(3, 1), current, last });
    let fetch = Peer::Fetch { epoch: epoch(3, 1), last: zxid(1, 0, 2), held: None };
    assert_eq!(sent(&did), [(2, fetch)]);
    // That server names a point that both have, and what came after it here is cut off.
    let history = Peer::History { epoch: epoch(3, 1), part: part(zxid(1, 0, 1), &[]) };
    let did = server.on_peer(2, history);
    assert_eq!(saved(&did), [Record::Cut { after: 1 }, Record::Current(epoch(3, 1))]);
    assert_eq!(server.history(), [zxid(1, 0, 1)]);
    assert_eq!(server.leading().own, 1);
}

#[test]
fn a_history_as_recent_as_the_others_is_kept_and_sent() {
    let history = [txn(first(1), 1)];
    let mut server = prospective(&history);
    let (current, last) = (epoch(0, 0), Zxid::default());
    let did = server.on_peer(2, Peer::AckEpoch { epoch: epoch(4, 1), current, last });
    assert_eq!(saved(&did), [Record::Current(epoch(4, 1))]);
    let part = part(Zxid::default(), &history);
    assert_eq!(sent(&did), [(2, Peer::NewLeader { epoch: epoch(4, 1), part })]);
    // Nobody has it from this leader yet.
    assert_eq!(server.delivered(), Zxid::default());
    let ack = Peer::AckLeader { epoch: epoch(4, 1), last: first(1) };
    let did = server.on_peer(2, ack);
    assert_eq!(server.delivered(), first(1));
    let up_to_date = Peer::UpToDate { epoch: epoch(4, 1), committed: first(1) };
    assert!(sent(&did).contains(&(2, up_to_date)));
    assert_eq!(answers(&did).len(), 1, "its client may still wait");
}

#[test]
fn a_leader_that_learns_of_a_larger_epoch_gives_up() {
    let mut leader = started(&config(), 0);
    leader.on_peer(1, Peer::CEpoch { accepted: epoch(1, 2) });
    assert_eq!(*leader.role(), Role::Looking);
    let mut leader = started(&config(), 0);
    let did = leader.on_peer(1, Peer::CEpoch { accepted: epoch(0, 0) });
    assert_eq!(did, [Did::Send(1, Peer::NewEpoch { epoch: epoch(0, 0) }.into())], "it may join");
}
