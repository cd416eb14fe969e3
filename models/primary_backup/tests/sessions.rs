//! Few sessions and many clients: which clients are served, which are refused, and that nothing is
//! done twice, wherever a late duplicate comes.

use super::*;
use crate::kv::SessionLimits;
use crate::kv::service::Refusal;

/// Replicas that remember so many clients.
fn remembering(replicas: usize, clients: usize) -> Config {
    Config { sessions: SessionLimits::clients(clients), ..config(replicas) }
}

fn refused(client: usize, seq: u64) -> Did {
    Did::Send(client, Service::Refused { seq, why: Refusal::SessionExpired })
}

/// A primary without backups that has served one put of each of these clients, in order.
fn having_served(config: &Config, clients: impl IntoIterator<Item = usize>) -> Node {
    let mut node = node(config, 1);
    for client in clients {
        assert_eq!(ask(&mut node, client, 1), [done(client, 1)], "client {client}");
    }
    node
}

/// The answers of a primary without backups to a client's put.
fn ask(node: &mut Node, client: usize, seq: u64) -> Vec<Did> {
    let did = node.on_msg(client, request(seq, &put(seq)));
    did.into_iter().filter(|did| matches!(did, Did::Send(..))).collect()
}

/// Nothing changes, and the reply says that the client's session is gone.
fn refuses(node: &mut Node, client: usize, seq: u64) {
    let before = node.state.clone();
    assert_eq!(node.on_msg(client, request(seq, &put(seq))), [refused(client, seq)]);
    assert_eq!(node.state, before);
}

#[test]
fn a_late_duplicate_of_a_forgotten_client_is_refused() {
    let mut node = having_served(&remembering(1, 2), [9, 10, 11]);
    refuses(&mut node, 9, 1);
    refuses(&mut node, 9, 2);
}

#[test]
fn after_a_restart_too() {
    let mut node = having_served(&remembering(1, 2), [9, 10, 11]);
    let before = node.replica().image.clone();
    node.restart();
    node.on_peer(0, Peer::View(view(2, 1, &[])));
    assert_eq!(node.replica().image, before);
    refuses(&mut node, 9, 1);
    assert_eq!(ask(&mut node, 10, 1), [done(10, 1)], "remembered, and not done again");
    assert_eq!(node.replica().image, before);
}

/// Brings the state of `from`, the primary of view 4, to `to` in pieces.
fn transfer(from: &mut Node, to: &mut Node) {
    let mut asked = vec![Peer::Fetch { view: 4, held: None }];
    while let Some(msg) = asked.pop() {
        for did in from.on_peer(2, msg) {
            let Did::Send(_, Service::Peer(chunk)) = did else { continue };
            asked.extend(to.on_peer(1, chunk).into_iter().filter_map(|did| match did {
                Did::Send(_, Service::Peer(msg @ Peer::Fetch { .. })) => Some(msg),
                _ => None,
            }));
        }
    }
    assert!(to.replica().image.is_like(&from.replica().image));
}

#[test]
fn after_a_state_transfer_too() {
    let config = Config { piece_bytes: 1, ..remembering(2, 2) };
    let served = having_served(&remembering(1, 2), [9, 10, 11]);
    let image = served.replica().image.clone();
    let mut primary = leading(&config, view(4, 1, &[]), image);
    // Its own bounds are others: those of the state count.
    let other = Config { sessions: SessionLimits::default(), ..config };
    let (mut backup, _) = started_from(&other, 2, super::disk(view(4, 1, &[]), 2, 0));
    transfer(&mut primary, &mut backup);
    backup.on_peer(0, Peer::View(view(5, 2, &[])));
    refuses(&mut backup, 9, 1);
    assert_eq!(ask(&mut backup, 12, 1), [done(12, 1)]);
    refuses(&mut backup, 10, 1);
    assert_eq!(ask(&mut backup, 11, 2), [done(11, 2)], "10 had been used the longest ago");
}

#[test]
fn after_a_failover_too() {
    let config = remembering(2, 2);
    let (mut primary, mut backup) = (node(&config, 1), node(&config, 2));
    for client in [9, 10, 11] {
        for did in primary.on_msg(client, request(1, &put(1))) {
            if let Did::Send(_, Service::Peer(msg)) = did {
                backup.on_peer(1, msg);
            }
        }
    }
    backup.on_peer(0, Peer::View(view(2, 2, &[])));
    refuses(&mut backup, 9, 1);
    assert_eq!(ask(&mut backup, 10, 1), [done(10, 1)], "remembered, and not done again");
    assert_eq!(backup.replica().image.op, 3);
}

#[test]
fn a_request_whose_session_is_gone_before_the_backups_have_it_is_answered() {
    let mut node = node(&remembering(2, 1), 1);
    node.on_msg(9, request(1, &put(1)));
    node.on_msg(10, request(1, &put(1)));
    node.ignores(9, request(1, &put(1)));
    let did = node.on_peer(2, Peer::Ack { view: 1, op: 2 });
    assert_eq!(did, [in_time(2), Did::Cancel(Timer::Resend), done(9, 1), done(10, 1)]);
    assert_eq!(node.leading().replies.len(), 0);
    refuses(&mut node, 9, 1);
}

#[test]
fn a_reply_over_the_byte_bound_is_given_once() {
    let sessions = SessionLimits { bytes: 20, ..SessionLimits::default() };
    let mut node = having_served(&Config { sessions, ..config(1) }, [9]);
    node.on_msg(9, request(2, &Op::put("x", &"v".repeat(30))));
    let did = node.on_msg(10, request(1, &Op::get("x")));
    let value = Reply::Value(Some("v".repeat(30).as_str().into()));
    assert_eq!(did.last(), Some(&Did::Send(10, Service::Reply { seq: 1, reply: value })));
    refuses(&mut node, 10, 1);
    assert_eq!(ask(&mut node, 9, 3), [done(9, 3)], "nobody else went for it");
}

/// As the ids of clients whose clocks were a year ahead once did.
#[test]
fn clients_with_high_ids_that_ask_in_a_loop_lock_nobody_out() {
    let ahead = 1 << 60;
    let mut node = having_served(&remembering(1, 8), [9]);
    for seq in 1..50 {
        for client in ahead..ahead + 7 {
            assert_eq!(ask(&mut node, client, seq), [done(client, seq)]);
        }
        assert_eq!(ask(&mut node, 9, seq + 1), [done(9, seq + 1)]);
    }
}

#[test]
fn newcomers_do_not_expire_a_client_that_goes_on_asking() {
    let mut node = having_served(&remembering(1, 8), [9]);
    let mut newest = 9;
    for seq in 2..100 {
        for _ in 0..7 {
            newest += 1;
            assert_eq!(ask(&mut node, newest, 1), [done(newest, 1)]);
        }
        assert_eq!(ask(&mut node, 9, seq), [done(9, seq)]);
    }
    refuses(&mut node, newest - 8, 2);
}
