//! Leadership transfer.

use super::*;
use std::collections::BTreeSet;

fn config() -> Config {
    Config { pre_vote: true, ..super::config() }
}

fn leaving() -> Peer<M> {
    Peer::Leaving { ballot: Ballot::default() }
}

#[test]
fn a_leader_that_stops_says_so_and_leads_no_more() {
    let config = config();
    let (mut state, _) = started(&config, 0, None);
    let out = fire(&config, 0, &mut state, Timer::Stop);
    assert_eq!(sends(&out), [(1, leaving()), (2, leaving())]);
    assert!(!state.is_leading());
    // It has said so.
    assert_eq!(fire(&config, 0, &mut state, Timer::Stop), []);
}

#[test]
fn a_follower_that_stops_says_nothing() {
    let config = config();
    let (mut state, _) = started(&config, 1, None);
    assert_eq!(fire(&config, 1, &mut state, Timer::Stop), []);
}

#[test]
fn the_next_replica_prepares_and_the_others_would_promise() {
    let config = config();
    let (mut next, _) = started(&config, 1, None);
    let out = peer(&config, 1, &mut next, 0, leaving());
    assert!(matches!(sends(&out)[..], [(0, Peer::Prepare { .. }), (2, Peer::Prepare { .. })]));
    assert_eq!(next.stable.promised, ballot(1, 1));
    // Once: it is of an older ballot now.
    assert_eq!(peer(&config, 1, &mut next, 0, leaving()), []);
    let (mut other, _) = started(&config, 2, None);
    assert_eq!(peer(&config, 2, &mut other, 0, leaving()), []);
    assert_eq!((other.missing, other.stable.promised), (Some(BTreeSet::new()), Ballot::default()));
}
