//! The bounded instances that are checked, and what is expected of each.
//!
//! What Zab does below is checked in [its own](crate::zab::instances). Here two servers order
//! requests, and a third takes part where one takes over.

use super::bounds::{Bounds, create, looks_once, read, unheard, watch, write};
use super::properties as claims;
use super::{CreateMode, History, Op, Request, What, ZooKeeper};
use crate::world::NetworkKind;
use crate::{Expected, Instance, Reduced};

/// The reduced checks of the instances that allow it.
pub(super) const REDUCED: &[Reduced] = &[
    Reduced::new("versions", 143, 321),
    Reduced::new("sequential", 760, 1_932),
    Reduced::new("ephemerals", 202, 529),
    Reduced::new("expired-by-successor", 778, 3_322),
    Reduced::new("watch-order", 866, 2_313),
    Reduced::new("watch-moved", 84, 148),
    Reduced::new("watch-takeover", 866, 2_650),
    Reduced::new("lock-fenced-any-order", 220_905, 926_201),
];

/// All instances, the quickest first.
pub fn instances() -> Vec<Instance<ZooKeeper, History>> {
    vec![
        versions(),
        sequential(),
        ephemerals(),
        successor(),
        lossy_session(),
        lossy_closed(),
        lossy_watch(),
        watch_ordered(),
        watch_moved(),
        watch_takeover(),
        lock(),
        lock_unfenced(),
        lock_fenced(),
        takeover(),
        lock_any_order(),
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

/// A server, and a client that opens a session and pings; the session may expire; on links that lose.
pub(super) fn lossy_owner() -> Bounds {
    let ping = What::Ping(Op::from(Request::CloseSession));
    let script = vec![write(Request::CreateSession), ping];
    Bounds { servers: 1, lossy: true, expirations: 1, ..Bounds::two(vec![(0, script)]) }
}

/// Two servers with a session of a client that is gone, and no leader, on links that lose.
pub(super) fn lossy_orphan() -> Bounds {
    Bounds { servers: 2, lossy: true, ..orphan() }
}

/// A server, a client that watches for a node and waits, and one that creates it, on links that lose.
pub(super) fn lossy_watcher() -> Bounds {
    let reads = vec![watch(Request::get_data("/x")), read(Request::get_data("/x"))];
    let creates = vec![create("/x", CreateMode::Persistent)];
    let bounds = Bounds::two(vec![(0, reads), (0, creates)]);
    Bounds { servers: 1, lossy: true, waits: true, ..bounds }
}

/// Three servers with such a session and its node, and no leader. Server 1 leads next.
pub(super) fn orphan() -> Bounds {
    let within = Some(looks_once());
    let bounds = Bounds { servers: 3, looks: 1, prepared: true, within, ..Bounds::two(vec![]) };
    Bounds { expirations: 1, ..bounds }
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

/// A client that watches a node which it created, and reads it at the follower, which may not have
/// it yet.
pub(super) fn mover() -> Bounds {
    let get = || Request::get_data("/x");
    let script = vec![create("/x", CreateMode::Persistent), watch(get()), read(get())];
    Bounds { clients: vec![(0, script)], ..watcher() }
}

/// A client that watches a node which it creates; another server takes over, and answers what
/// the first leader was asked.
pub(super) fn succeeded() -> Bounds {
    let script = vec![watch(Request::get_data("/x")), create("/x", CreateMode::Persistent)];
    let bounds = Bounds { claims: vec![claims::watch_order], ..Bounds::two(vec![(0, script)]) };
    Bounds { servers: 3, looks: 1, within: Some(unheard()), ..bounds }
}

/// Two clients that take the lock by the recipe, on ordered links.
fn holders(more: &[What]) -> Bounds {
    let first = [
        write(Request::CreateSession),
        create("/", CreateMode::EphemeralSequential),
        read(Request::get_children("/")),
    ];
    let script = [first.as_slice(), more].concat();
    let bounds = Bounds::two(vec![(0, script.clone()), (0, script)]);
    Bounds { locks: true, network: NetworkKind::Ordered, ..bounds }
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
        expected: Expected { unique: 183, generated: 1_343, violated: &[] },
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
        expected: Expected { unique: 1_329, generated: 13_808, violated: &[] },
    }
}

fn ephemerals() -> Instance<ZooKeeper, History> {
    Instance {
        name: "ephemerals",
        about: "2 servers, a client that creates an ephemeral node; its session may expire",
        deep: false,
        cluster: || owner().sound([claims::created(), claims::expired()]),
        symmetry: None,
        expected: Expected { unique: 245, generated: 2_261, violated: &[] },
    }
}

fn successor() -> Instance<ZooKeeper, History> {
    Instance {
        name: "expired-by-successor",
        about: "3 servers without a leader, with an ephemeral node of a client that is gone; server 1 leads",
        deep: false,
        cluster: || orphan().sound([claims::taken_over(), claims::expired()]),
        symmetry: None,
        expected: Expected { unique: 131_984, generated: 2_124_840, violated: &[] },
    }
}

fn lossy_session() -> Instance<ZooKeeper, History> {
    Instance {
        name: "lossy-session",
        about: "1 server, a client that opens a session and pings; the session may expire; any losses",
        deep: false,
        cluster: || lossy_owner().sound([claims::ended()]),
        symmetry: None,
        expected: Expected { unique: 350, generated: 1_971, violated: &[] },
    }
}

fn lossy_closed() -> Instance<ZooKeeper, History> {
    Instance {
        name: "lossy-expiry",
        about: "2 servers without a leader, with an ephemeral node of a client that is gone; server 1 leads; \
                any losses",
        deep: false,
        cluster: || lossy_orphan().sound([claims::taken_over(), claims::expired()]),
        symmetry: None,
        expected: Expected { unique: 16_882, generated: 182_185, violated: &[] },
    }
}

fn lossy_watch() -> Instance<ZooKeeper, History> {
    Instance {
        name: "lossy-watch",
        about: "1 server, a client that waits for a node, and one that creates it, any losses",
        deep: false,
        cluster: || lossy_watcher().sound([claims::answered()]),
        symmetry: None,
        expected: Expected { unique: 22_218, generated: 211_283, violated: &[] },
    }
}

fn takeover() -> Instance<ZooKeeper, History> {
    Instance {
        name: "ephemerals-takeover",
        about: "3 servers, a client that creates an ephemeral node; its session may expire; server 1 takes \
                over, and the first leader hears nothing of it; on ordered links",
        deep: true,
        cluster: || {
            let bounds = Bounds { servers: 3, looks: 1, within: Some(unheard()), ..owner() };
            let bounds = Bounds { network: NetworkKind::Ordered, ..bounds };
            bounds.sound([claims::taken_over()])
        },
        symmetry: None,
        expected: Expected { unique: 722_752, generated: 2_972_134, violated: &[] },
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
        expected: Expected { unique: 2_824, generated: 23_311, violated: &[] },
    }
}

fn watch_moved() -> Instance<ZooKeeper, History> {
    Instance {
        name: "watch-moved",
        about: "2 servers, a client that creates a node, watches it, and reads it at either server",
        deep: false,
        cluster: || mover().sound([]),
        symmetry: None,
        expected: Expected { unique: 125, generated: 785, violated: &[] },
    }
}

fn watch_takeover() -> Instance<ZooKeeper, History> {
    Instance {
        name: "watch-takeover",
        about: "3 servers, a client that watches for a node and creates it; server 1 takes over",
        deep: false,
        cluster: || succeeded().sound([claims::answered()]),
        symmetry: None,
        expected: Expected { unique: 36_134, generated: 457_829, violated: &[] },
    }
}

fn lock() -> Instance<ZooKeeper, History> {
    Instance {
        name: "lock",
        about: "2 servers, 2 clients that take a lock and release it; no session expires; on ordered links",
        deep: false,
        cluster: || releasing().sound([claims::passed_on()]),
        symmetry: None,
        expected: Expected { unique: 8_409, generated: 19_437, violated: &[] },
    }
}

fn lock_unfenced() -> Instance<ZooKeeper, History> {
    Instance {
        name: "lock-unfenced",
        about: "2 servers, 2 clients that take a lock and use a resource; a session may expire; on ordered links",
        deep: false,
        cluster: || using(false).sound([claims::passed_on(), claims::used_twice()]),
        symmetry: None,
        expected: Expected {
            unique: 32_839,
            generated: 90_505,
            violated: &[(claims::EXCLUSION, 30), (claims::IN_ORDER, 32)],
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
        expected: Expected {
            unique: 32_839,
            generated: 90_505,
            violated: &[(claims::EXCLUSION, 30)],
        },
    }
}

fn lock_any_order() -> Instance<ZooKeeper, History> {
    Instance {
        name: "lock-fenced-any-order",
        about: "lock-fenced on links that lose, repeat and reorder",
        deep: true,
        cluster: || {
            let bounds = Bounds { network: NetworkKind::Set, ..using(true) };
            bounds.sound([claims::passed_on(), claims::used_twice()])
        },
        symmetry: None,
        expected: Expected {
            unique: 5_241_781,
            generated: 100_176_857,
            violated: &[(claims::EXCLUSION, 23)],
        },
    }
}
