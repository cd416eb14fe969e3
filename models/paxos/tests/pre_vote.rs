//! Pre-vote, and the leader that gives up.

use super::*;
use std::collections::BTreeSet;

fn config() -> Config {
    Config { pre_vote: true, patience: 2, ..super::config() }
}

/// The ballot that needs no phase one.
fn first() -> Ballot {
    Ballot::default()
}

/// Replica 1, which misses the leader, and what it says.
fn missing(config: &Config) -> (Replicas, Vec<Effect>) {
    let (mut state, _) = started(config, 1, None);
    let out = fire(config, 1, &mut state, Timer::Election);
    (state, out)
}

#[test]
fn who_misses_the_leader_asks_and_promises_nothing_before_a_quorum_would() {
    let config = config();
    let (mut state, out) = missing(&config);
    let ask = Peer::PreVote { ballot: first() };
    assert_eq!(sends(&out), [(0, ask.clone()), (2, ask)]);
    assert!(!out.iter().any(|effect| matches!(effect, Effect::Save(_))), "{out:?}");
    assert_eq!((state.stable.promised, &state.role), (first(), &Role::Follower));
    let out = peer(&config, 1, &mut state, 2, Peer::PreVoted { ballot: first() });
    assert_eq!(state.stable.promised, ballot(1, 1));
    assert!(matches!(sends(&out)[..], [(0, Peer::Prepare { .. }), (2, Peer::Prepare { .. })]));
    // The same pre-vote, once more, is of an earlier ballot.
    assert_eq!(peer(&config, 1, &mut state, 2, Peer::PreVoted { ballot: first() }), []);
}

#[test]
fn only_who_misses_the_leader_would_promise() {
    let config = config();
    let ask = || Peer::PreVote { ballot: first() };
    let (mut hears, _) = started(&config, 1, None);
    assert_eq!(peer(&config, 1, &mut hears, 2, ask()), []);
    let (mut leads, _) = started(&config, 0, None);
    assert_eq!(peer(&config, 0, &mut leads, 2, ask()), []);
    let (mut misses, _) = missing(&config);
    let would = Peer::PreVoted { ballot: first() };
    assert_eq!(sends(&peer(&config, 1, &mut misses, 2, ask())), [(2, would)]);
    // Until it hears of the leader, or has restarted.
    peer(&config, 1, &mut misses, 0, Peer::Heartbeat { ballot: first(), chosen: 0 });
    assert_eq!(peer(&config, 1, &mut misses, 2, ask()), []);
    let (misses, _) = missing(&config);
    let (mut back, _) = started(&config, 1, Some(Saved::Complete(misses.stable)));
    assert_eq!(peer(&config, 1, &mut back, 2, ask()), []);
}

#[test]
fn an_old_heartbeat_is_not_of_the_leader() {
    let config = config();
    let (mut state, _) = missing(&config);
    peer(&config, 1, &mut state, 2, Peer::PreVoted { ballot: first() });
    peer(&config, 1, &mut state, 0, Peer::Heartbeat { ballot: first(), chosen: 0 });
    assert_eq!(state.missing, Some(BTreeSet::new()));
}

#[test]
fn who_leads_misses_nobody() {
    let config = config();
    let (mut state, _) = missing(&config);
    peer(&config, 1, &mut state, 2, Peer::PreVoted { ballot: first() });
    peer(&config, 1, &mut state, 2, promise(vec![]));
    assert!(state.is_leading());
    assert_eq!(state.missing, None);
}

#[test]
fn a_leader_that_gets_nothing_chosen_gives_up_and_one_that_does_not_ask_stays() {
    let config = config();
    let (mut state, _) = started(&config, 0, None);
    let beat = |state: &mut _| fire(&config, 0, state, Timer::Heartbeat);
    for _ in 0..5 {
        beat(&mut state);
    }
    assert!(state.is_leading(), "nothing was proposed");
    // Each time that something is chosen it has as long again.
    for slot in 1..4 {
        deliver(&config, 0, &mut state, 5 + slot as usize, ask("a"));
        beat(&mut state);
        assert!(state.is_leading());
        peer(&config, 0, &mut state, 1, Peer::Accepted { ballot: first(), slot });
        assert_eq!(state.applied(), slot);
    }
    deliver(&config, 0, &mut state, 9, ask("a"));
    beat(&mut state);
    let out = beat(&mut state);
    assert_eq!(out, [Effect::Set(Timer::Election)]);
    assert_eq!((&state.role, &state.missing), (&Role::Follower, &Some(BTreeSet::new())));
    // What it proposed stays accepted: it may be chosen.
    assert!(state.stable.accepted.contains_key(&4));
}
