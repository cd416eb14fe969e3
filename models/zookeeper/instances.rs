//! The bounded instances that are checked, and what is expected of each.
//!
//! What Zab does below is checked in [its own](crate::zab::instances). Here two servers order
//! requests, and a third takes part where one takes over.

use super::bounds::{Bounds, create, read, unheard, watch, write};
use super::properties as claims;
use super::{CreateMode, History, Op, Request, What, ZooKeeper};
use crate::{Expected, Instance};

/// All instances, the quickest first.
pub fn instances() -> Vec<Instance<ZooKeeper, History>> {
    vec![
        versions(),
        sequential(),
        ephemerals(),
        ephemerals_takeover(),
        watch_ordered(),
        watch_takeover(),
        lock(),
        lock_unfenced(),
        lock_fenced(),
    ]
}

/// Two clients that set the root's data, each if it has the first version.
pub(super) fn setters() -> Bounds {
    let set = |data| vec![write(Request::set_data("/", data, Some(0)))];
    let bounds = Bounds::two(vec![(0, set("a")), (0, set("b"))]);
    Bounds { judged: true, claims: vec![claims::linearizable], ..bounds }
}

/// A client that creates a sequential node and deletes it, and one that creates another.
pub(super) fn counters() -> Bounds {
    let next = || create("/n-", CreateMode::PersistentSequential);
    let delete = write(Request::delete("/n-0000000000"));
    let bounds = Bounds::two(vec![(0, vec![next(), delete]), (0, vec![next()])]);
    let claims: Vec<fn() -> claims::Claim> = vec![claims::linearizable, claims::unique];
    Bounds { judged: true, claims, ..bounds }
}

/// A client with an ephemeral node; its session may expire.
pub(super) fn owner() -> Bounds {
    let script = vec![write(Request::CreateSession), create("/e", CreateMode::Ephemeral)];
    Bounds { expirations: 1, ..Bounds::two(vec![(0, script)]) }
}

/// The same of three servers, of which another takes over.
pub(super) fn orphan() -> Bounds {
    Bounds { servers: 3, looks: 1, within: Some(unheard()), ..owner() }
}

/// A client that creates a node, and one that watches for it at the follower and then reads it,
/// there or at the leader.
pub(super) fn watcher() -> Bounds {
    let reads = vec![watch(Request::get_data("/x")), read(Request::get_data("/x"))];
    let creates = vec![create("/x", CreateMode::Persistent)];
    let bounds = Bounds::two(vec![(1, reads), (0, creates)]);
    let claims: Vec<fn() -> claims::Claim> = vec![claims::watch_order, claims::watch_true];
    Bounds { retries: 1, claims, ..bounds }
}

/// A client that watches a node which it creates; another server takes over, and answers what
/// the first leader was asked.
pub(super) fn succeeded() -> Bounds {
    let script =
        vec![watch(Request::get_data("/x")), create("/x", CreateMode::Persistent)];
    let bounds = Bounds { claims: vec![claims::watch_order], ..Bounds::two(vec![(0, script)]) };
    Bounds { servers: 3, looks: 1, within: Some(unheard()), ..bounds }
}

/// Two clients that take the lock by the recipe.
fn holders(more: &[What]) -> Bounds {
    let first = [
        write(Request::CreateSession),
        create("/", CreateMode::EphemeralSequential),
        read(Request::get_children("/")),
    ];
    let script = [first.as_slice(), more].concat();
    Bounds { locks: true, ..Bounds::two(vec![(0, script.clone()), (0, script)]) }
}

/// They release it by closing their sessions.
pub(super) fn releasing() -> Bounds {
    let ping = What::Ping(Op::from(Request::CloseSession));
    let bounds = holders(&[ping, write(Request::CloseSession)]);
    Bounds { claims: vec![claims::exclusion], ..bounds }
}

/// They use a resource, and the session of either may expire.
pub(super) fn using(fenced: bool) -> Bounds {
    let claims: Vec<fn() -> claims::Claim> = vec![claims::exclusion, claims::in_order];
    Bounds { expirations: 1, resource: Some(fenced), claims, ..holders(&[]) }
}

fn versions() -> Instance<ZooKeeper, History> {
    Instance {
        name: "versions",
        about: "2 servers, 2 clients that set a node's data, each if it has the first version",
        deep: false,
        cluster: || setters().sound([claims::refused()]),
        symmetry: None,
        expected: Expected { unique: 0, generated: 0, violated: &[] },
    }
}

fn sequential() -> Instance<ZooKeeper, History> {
    Instance {
        name: "sequential",
        about: "2 servers, a client that creates a sequential node and deletes it, and one that creates \
                another",
        deep: false,
        cluster: || counters().sound([claims::numbered()]),
        symmetry: None,
        expected: Expected { unique: 0, generated: 0, violated: &[] },
    }
}

fn ephemerals() -> Instance<ZooKeeper, History> {
    Instance {
        name: "ephemerals",
        about: "2 servers, a client that creates an ephemeral node; its session may expire",
        deep: false,
        cluster: || owner().sound([claims::created(), claims::expired()]),
        symmetry: None,
        expected: Expected { unique: 0, generated: 0, violated: &[] },
    }
}

fn ephemerals_takeover() -> Instance<ZooKeeper, History> {
    Instance {
        name: "ephemerals-takeover",
        about: "the same of 3 servers; server 1 takes over, and the first leader hears nothing of it",
        deep: false,
        cluster: || orphan().sound([claims::taken_over()]),
        symmetry: None,
        expected: Expected { unique: 0, generated: 0, violated: &[] },
    }
}

fn watch_ordered() -> Instance<ZooKeeper, History> {
    Instance {
        name: "watch-order",
        about: "2 servers, a client that creates a node, and one that watches for it and reads it, at \
                either server",
        deep: false,
        cluster: || watcher().sound([claims::pushed(), claims::answered()]),
        symmetry: None,
        expected: Expected { unique: 0, generated: 0, violated: &[] },
    }
}

fn watch_takeover() -> Instance<ZooKeeper, History> {
    Instance {
        name: "watch-takeover",
        about: "3 servers, a client that watches for a node and creates it; server 1 takes over",
        deep: false,
        cluster: || succeeded().sound([claims::answered()]),
        symmetry: None,
        expected: Expected { unique: 0, generated: 0, violated: &[] },
    }
}

fn lock() -> Instance<ZooKeeper, History> {
    Instance {
        name: "lock",
        about: "2 servers, 2 clients that take a lock and release it; no session expires",
        deep: false,
        cluster: || releasing().sound([claims::passed_on()]),
        symmetry: None,
        expected: Expected { unique: 0, generated: 0, violated: &[] },
    }
}

fn lock_unfenced() -> Instance<ZooKeeper, History> {
    Instance {
        name: "lock-unfenced",
        about: "2 servers, 2 clients that take a lock and use a resource; a session may expire",
        deep: false,
        cluster: || using(false).sound([claims::passed_on(), claims::used_twice()]),
        symmetry: None,
        expected: Expected {
            unique: 0,
            generated: 0,
            violated: &[(claims::EXCLUSION, 0), (claims::IN_ORDER, 0)],
        },
    }
}

fn lock_fenced() -> Instance<ZooKeeper, History> {
    Instance {
        name: "lock-fenced",
        about: "the same, where the resource takes no smaller fencing token than it has taken",
        deep: false,
        cluster: || using(true).sound([claims::passed_on(), claims::used_twice()]),
        symmetry: None,
        expected: Expected { unique: 0, generated: 0, violated: &[(claims::EXCLUSION, 0)] },
    }
}
