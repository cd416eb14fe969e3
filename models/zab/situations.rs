//! The situations that instances and mutants share: bounds for what is looked at.

use super::Ask;
use super::bounds::{Bounds, Prepared, put, read, sync};
use super::properties as claims;
use crate::kv::Op;
use crate::world::NetworkKind;

/// What liveness is decided on: two servers that need each other, and messages that are lost for
/// good and sent again.
pub(super) fn lossy() -> Bounds {
    let bounds = Bounds { servers: 2, ..Bounds::three(vec![put("a")]) };
    Bounds { lossy: true, unending: true, ..bounds }
}

/// Two servers that need each other, of which one has more, and one looks for a leader; messages
/// that are lost for good, and no client.
pub(super) fn lossy_election() -> Bounds {
    let at = Prepared { epoch: (0, 0), history: vec![], delivered: 0 };
    let ahead = Prepared { history: vec![(0, 0, 1)], ..at.clone() };
    let bounds = Bounds { looks: 1, unending: false, clients: vec![], ..lossy() };
    Bounds { prepared: vec![ahead, at], ..bounds }
}

/// A leader whose only follower may crash for good.
pub(super) fn forsaken() -> Bounds {
    let within = Some(claims::rounds(0));
    let bounds = Bounds { crashes: 1, crashable: Some(vec![1]), clients: vec![], ..lossy() };
    Bounds { tiring: true, unending: false, within, ..bounds }
}

/// Two servers and an observer: a client writes, another reads at the observer.
pub(super) fn watched(script: Vec<Ask<Op>>) -> Bounds {
    Bounds { observers: 1, ..readers(2, script) }
}

/// Three servers and an observer; server 1 takes over, and the first leader hears nothing of it.
pub(super) fn watched_takeover() -> Bounds {
    Bounds { observers: 1, within: Some(claims::unheard()), ..one_look() }
}

/// The leader leaves, and nobody misses a leader.
pub(super) fn leaving() -> Bounds {
    Bounds { stops: 1, clients: vec![], network: NetworkKind::Single, ..Bounds::three(vec![]) }
}

/// The same while a client writes, which asks once more; the leader that left hears nothing more.
pub(super) fn leaving_busy() -> Bounds {
    let within = Some(claims::unheard());
    let bounds = Bounds { network: NetworkKind::Set, within, ..leaving() };
    Bounds { retries: 1, clients: vec![(0, vec![put("a")])], ..bounds }
}

/// The leader's disk writes late, and the leader may crash and come back; server 1 takes over.
pub(super) fn late_leader() -> Bounds {
    let within = Some(claims::takes_over());
    let bounds = Bounds { crashes: 1, restarts: 1, crashable: Some(vec![0]), within, ..one_look() };
    Bounds { asynchronous: true, ..bounds }
}

/// Three servers, two requests, two crashes and restarts, on ordered links: the bounds of published
/// checks. With two servers that look for a leader there are more than 81 million states.
pub(super) fn twice() -> Bounds {
    let bounds = Bounds::three(vec![put("a"), put("b")]);
    Bounds { looks: 1, crashes: 2, restarts: 2, network: NetworkKind::Ordered, ..bounds }
}

/// A follower looks for another leader.
pub(super) fn one_look() -> Bounds {
    let within = Some(claims::takes_over());
    Bounds { looks: 1, within, ..Bounds::three(vec![put("a")]) }
}

/// A follower that was away has one transaction that the others cut off, and lacks two that they
/// delivered.
pub(super) fn late() -> Bounds {
    let both =
        Prepared { epoch: (2, 1), history: vec![(1, 0, 1), (2, 1, 1), (2, 1, 2)], delivered: 2 };
    let away = Prepared { epoch: (1, 0), history: vec![(1, 0, 1), (1, 0, 2)], delivered: 0 };
    let bounds = Bounds::three(vec![]);
    Bounds { clients: vec![], looks: 1, prepared: vec![away, both.clone(), both], ..bounds }
}

/// The same, where the delivered part of the logs was forgotten.
pub(super) fn late_for_all() -> Bounds {
    Bounds { keep: 0, piece_bytes: 1, ..late() }
}

/// Two servers that read for clients: one client writes, another asks the given server first.
pub(super) fn readers(first: usize, script: Vec<Ask<Op>>) -> Bounds {
    let clients = vec![(0, vec![put("a")]), (first, script)];
    Bounds { servers: 2, clients, ..Bounds::three(vec![]) }
}

/// Two clients that write and then read, each at the other server if no answer comes; one read may
/// wait.
pub(super) fn crowded() -> Bounds {
    let clients = vec![(0, vec![put("a"), read()]), (0, vec![put("b"), read()])];
    Bounds { open: 1, retries: 2, clients, ..readers(0, vec![]) }
}

/// A client syncs and reads at the follower.
pub(super) fn syncing() -> Bounds {
    readers(1, vec![sync(), read(), sync(), read()])
}

/// A second transaction is committed by servers 1 and 2, of which the former led and delivered it.
/// Server 1 leads next, and then server 0.
pub(super) fn committed() -> Bounds {
    let first = Prepared { epoch: (1, 1), history: vec![(1, 1, 1)], delivered: 1 };
    let both = Prepared { history: vec![(1, 1, 1), (1, 1, 2)], ..first.clone() };
    let leader = Prepared { delivered: 2, ..both.clone() };
    let within = Some(claims::looks(vec![0, 1]));
    let prepared = vec![first, leader, both];
    Bounds { clients: vec![], looks: 2, prepared, within, ..one_look() }
}

/// Servers 0 and 1 each have a transaction of their own epoch, which no other has.
pub(super) fn forked() -> Bounds {
    let of = |epoch, history| Prepared { epoch, history, delivered: 0 };
    let prepared =
        vec![of((1, 0), vec![(1, 0, 1)]), of((2, 1), vec![(2, 1, 1)]), of((2, 1), vec![])];
    Bounds { prepared, within: Some(claims::looks(vec![0, 1])), ..committed() }
}

/// No server leads; the second does so next, and everyone who is up catches up.
pub(super) fn alone(script: Vec<Ask<Op>>) -> Bounds {
    let at = Prepared { epoch: (0, 0), history: vec![], delivered: 0 };
    let clients = if script.is_empty() { vec![] } else { vec![(1, script)] };
    let (prepared, within) = (vec![at; 3], Some(claims::looks(vec![1])));
    Bounds { clients, prepared, within, live: true, ..one_look() }
}

/// Two servers that go on while their disks write, one of which may crash and come back.
pub(super) fn asynchronous() -> Bounds {
    let bounds = Bounds { servers: 2, crashes: 1, restarts: 1, within: None, ..one_look() };
    Bounds { asynchronous: true, ..bounds }
}

/// Two servers with asynchronous disks and no leader, of which one has more; the other leads next,
/// and may crash.
pub(super) fn late_election() -> Bounds {
    let (crashable, within) = (Some(vec![1]), Some(claims::looks(vec![1])));
    let bounds = Bounds { looks: 1, unending: false, lossy: false, ..lossy_election() };
    Bounds { crashes: 1, crashable, within, asynchronous: true, ..bounds }
}
