//! Catching up: from the log, from a snapshot, and before leading.

use super::*;

/// A replica that applied requests of clients 100, 101 and so on, with values of `bytes` bytes.
fn ahead(config: &Config, requests: usize, bytes: usize) -> Replicas {
    let (mut state, _) = started(config, 0, None);
    for n in 0..requests {
        let op = Op::put(&format!("key {n}"), &"v".repeat(bytes));
        deliver(config, 0, &mut state, 100 + n, Service::Request { seq: 1, op });
        let slot = n as u64 + 1;
        peer(config, 0, &mut state, 1, Peer::Accepted { ballot: ballot(0, 0), slot });
    }
    assert_eq!(state.applied(), requests as u64);
    state
}

/// Lets a replica that lags catch up with replica 0, and gives the messages that it got.
fn catch_up(config: &Config, ahead: &mut Replicas, behind: &mut Replicas) -> Vec<Peer<M>> {
    let heartbeat = Peer::Heartbeat { ballot: ballot(0, 0), chosen: ahead.applied() };
    let mut asked = sends(&peer(config, 2, behind, 0, heartbeat));
    let mut got = Vec::new();
    while let Some((_, msg)) = asked.pop() {
        for (to, answer) in sends(&peer(config, 0, ahead, 2, msg)) {
            assert_eq!(to, 2);
            got.push(answer.clone());
            asked.extend(sends(&peer(config, 2, behind, 0, answer)));
        }
    }
    assert_eq!(behind.stable.image, ahead.stable.image);
    got
}

#[test]
fn chandra_2007_a_replica_that_lags_catches_up_from_the_log_in_pieces() {
    let config = config();
    let mut ahead = ahead(&config, 10, 5000);
    let (mut behind, _) = started(&config, 2, None);
    let got = catch_up(&config, &mut ahead, &mut behind);
    assert_eq!(got.len(), 4, "three commands fit a message");
    assert!(got.iter().all(|msg| matches!(msg, Peer::Log { .. })));
}

#[test]
fn chandra_2007_a_snapshot_takes_the_place_of_a_truncated_log() {
    let config = Config { keep: 2, ..config() };
    let mut ahead = ahead(&config, 10, 5000);
    assert_eq!(ahead.stable.log.keys().copied().collect::<Vec<_>>(), [9, 10]);
    let (mut behind, _) = started(&config, 2, None);
    let got = catch_up(&config, &mut ahead, &mut behind);
    assert!(got.iter().all(|msg| matches!(msg, Peer::Snapshot { slot: 10, .. })));
    assert!(got.len() > 3, "{} pieces", got.len());
    assert_eq!(behind.install, None);
}

#[test]
fn a_snapshot_is_given_on_while_the_log_moves_on() {
    let config = Config { keep: 2, burst: 1, ..config() };
    let mut ahead = ahead(&config, 10, 5000);
    let ask = |held| Peer::CatchUp { from: 1, held };
    let first = sends(&peer(&config, 0, &mut ahead, 2, ask(None)));
    deliver(&config, 0, &mut ahead, 7, super::ask("a"));
    peer(&config, 0, &mut ahead, 1, Peer::Accepted { ballot: ballot(0, 0), slot: 11 });
    let out = peer(&config, 0, &mut ahead, 2, ask(held(&first[0].1)));
    assert!(matches!(sends(&out)[..], [(2, Peer::Snapshot { slot: 10, index: 1, .. })]));
}

#[test]
fn van_renesse_2015_a_new_leader_learns_what_acceptors_forgot_before_it_proposes() {
    let config = config();
    let mut ahead = ahead(&config, 2, 1);
    let mut state = preparing(&config);
    let prepare = Peer::Prepare { ballot: ballot(1, 1), from: 1 };
    let promised = sends(&peer(&config, 0, &mut ahead, 1, prepare));
    let [(1, promise @ Peer::Promise { chosen: 2, .. })] = &promised[..] else {
        panic!("{promised:?}")
    };
    let out = peer(&config, 1, &mut state, 0, promise.clone());
    let asked = Peer::CatchUp { from: 1, held: None };
    assert_eq!((sends(&out), state.is_leading()), (vec![(0, asked.clone())], false));
    let answer = sends(&peer(&config, 0, &mut ahead, 1, asked));
    let out = peer(&config, 1, &mut state, 0, answer[0].1.clone());
    assert_eq!((state.is_leading(), state.applied()), (true, 2));
    assert_eq!(sends(&out), []);
}

#[test]
fn a_promise_that_does_not_fit_a_message_comes_in_parts() {
    let config = config();
    let (mut acceptor, _) = started(&config, 2, None);
    for slot in 1..=5 {
        let command = request(100 + slot as usize, &"v".repeat(7000));
        peer(&config, 2, &mut acceptor, 0, Peer::Accept { ballot: ballot(0, 0), slot, command });
    }
    let mut state = preparing(&config);
    let mut asked = vec![(2, Peer::Prepare { ballot: ballot(1, 1), from: 1 })];
    let mut parts = 0;
    let mut out = Vec::new();
    while let Some((2, msg @ Peer::Prepare { .. })) = asked.pop() {
        let part = sends(&peer(&config, 2, &mut acceptor, 1, msg)).remove(0).1;
        out = peer(&config, 1, &mut state, 2, part);
        asked = sends(&out);
        parts += 1;
    }
    assert_eq!((parts, accepts(&out, 0).len()), (3, 5));
}

#[test]
fn van_renesse_2015_an_acceptor_forgets_what_is_applied_and_the_log_does_not_grow() {
    let config = Config { keep: 4, window: 2, ..config() };
    let state = ahead(&config, 100, 1);
    assert_eq!((state.stable.log.len(), state.stable.accepted.len()), (4, 0));
}
