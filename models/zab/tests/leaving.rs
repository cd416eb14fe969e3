//! Leadership handed over.

use super::*;

fn leaving() -> Peer<Map> {
    Peer::Leaving { epoch: epoch(0, 0) }
}

fn solicit() -> Peer<Map> {
    Peer::Solicit { accepted: epoch(0, 0), left: true }
}

#[test]
fn a_leader_that_stops_says_so_and_leads_no_more() {
    let mut leader = started(&config(), 0);
    let did = leader.on_timeout(&Timer::Stop);
    assert_eq!(sent(&did), [(1, leaving()), (2, leaving())]);
    assert_eq!(*leader.role(), Role::Looking);
    assert_eq!(leader.on_timeout(&Timer::Stop), [], "it has said so");
}

#[test]
fn a_follower_that_stops_says_nothing() {
    let mut follower = started(&config(), 1);
    assert_eq!(follower.on_timeout(&Timer::Stop), []);
}

#[test]
fn the_next_server_asks_at_once_and_the_others_would_follow() {
    let mut next = started(&config(), 1);
    assert_eq!(sent(&next.on_peer(0, leaving())), [(0, solicit()), (2, solicit())]);
    let mut other = started(&config(), 2);
    assert_eq!(sent(&other.on_peer(0, leaving())), []);
    assert_eq!(*other.role(), Role::Looking);
}

#[test]
fn a_follower_that_hears_of_it_from_the_successor_is_not_loyal() {
    let mut other = started(&config(), 2);
    let did = other.on_peer(1, solicit());
    assert_eq!(sent(&did), [(1, Peer::CEpoch { accepted: epoch(0, 0) })]);
}
