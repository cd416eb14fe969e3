//! Instances with room for few sessions, so that they are evicted.

use super::{claimed, put, write_twice};
use crate::kv::{Op, SessionLimits};
use crate::paxos::Quorums;
use crate::paxos::bounds::Bounds;
use crate::paxos::properties::{self as claims, Actor, Claim, History};
use crate::world::Cluster;
use crate::{Expected, Instance};

pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![crowd(), takeover(), snapshot(), bytes(), slots(), slots_snapshot(), slots_read()]
}

fn cluster(bounds: Bounds, reached: impl IntoIterator<Item = Claim>) -> Cluster<Actor, History> {
    let mut claims = claimed(&bounds, reached);
    claims.extend([claims::active(), claims::not_new()]);
    claims.extend([claims::evicted(), claims::refused()]);
    bounds.cluster(claims, None)
}

/// Three clients, of which one asks twice, and room for the sessions of two.
pub(in crate::paxos) fn trio() -> Bounds {
    let scripts = vec![write_twice(), vec![put("c")], vec![put("d")]];
    let sessions = SessionLimits::clients(2);
    Bounds { elections: 0, sessions, ..pair(scripts) }
}

/// Two clients, room for the session of one, and a replica that may take over.
pub(in crate::paxos) fn duel() -> Bounds {
    let scripts = vec![vec![put("a")], vec![put("b")]];
    Bounds { sessions: SessionLimits::clients(1), ..pair(scripts) }
}

/// Two clients, room for the session of one, and a replica that catches up by a snapshot.
pub(in crate::paxos) fn lagging() -> Bounds {
    let scripts = vec![vec![put("a")], vec![put("b")]];
    let sessions = SessionLimits::clients(1);
    Bounds { elections: 0, heartbeats: 1, keep: 0, sessions, ..Bounds::three(scripts) }
}

/// Two clients that write and then swap in vain, which returns the value to them, and room for the
/// sessions of two short replies, or of one longer one; for the longest value there is no room at
/// all.
pub(in crate::paxos) fn tight() -> Bounds {
    let scripts = vec![vec![put("a"), swap()], vec![put("bbbb"), swap()]];
    let sessions = SessionLimits { bytes: 9, ..SessionLimits::default() };
    Bounds { elections: 0, keep: 8, sessions, ..pair(scripts) }
}

fn swap() -> Op {
    Op::Cas { key: "x".into(), expected: None, new: None }
}

/// A client with two requests under way, and a replica that may take over.
pub(in crate::paxos) fn slotted() -> Bounds {
    Bounds { slots: 2, ..pair(vec![vec![put("a"), put("b")]]) }
}

/// The same with a read, in the slot that is free first.
fn slotted_read() -> Bounds {
    Bounds { slots: 2, ..pair(vec![vec![put("a"), put("b"), Op::get("x")]]) }
}

/// The same with a replica that catches up by a snapshot, in pieces of one request.
pub(in crate::paxos) fn slotted_snapshot() -> Bounds {
    let scripts = vec![vec![put("a"), put("b")]];
    let bounds =
        Bounds { slots: 2, elections: 0, heartbeats: 1, keep: 0, ..Bounds::three(scripts) };
    Bounds { piece_bytes: 1, ..bounds }
}

/// What is claimed of that.
pub(in crate::paxos) fn tight_claims(bounds: &Bounds) -> Vec<Claim> {
    let mut claims = claims::safety(bounds.quorums());
    claims.extend([claims::table(), claims::not_new()]);
    claims
}

fn pair(scripts: Vec<Vec<Op>>) -> Bounds {
    let quorums = Some(Quorums { prepare: 1, accept: 2 });
    Bounds { servers: 2, quorums, ..Bounds::three(scripts) }
}

fn crowd() -> Instance<Actor, History> {
    Instance {
        name: "eviction",
        about: "2 replicas with room for 2 sessions, 3 clients of which one asks twice",
        deep: false,
        cluster: || cluster(trio(), [claims::overlap()]),
        symmetry: None,
        expected: Expected { unique: 24_956, generated: 239_172, violated: &[] },
    }
}

fn takeover() -> Instance<Actor, History> {
    Instance {
        name: "eviction-takeover",
        about: "2 replicas with room for 1 session, quorums of 1 and 2, 2 clients that write, 1 \
                election",
        deep: false,
        cluster: || cluster(duel(), [claims::adopted(), claims::two_leaders()]),
        symmetry: None,
        expected: Expected { unique: 181_825, generated: 1_691_075, violated: &[] },
    }
}

fn snapshot() -> Instance<Actor, History> {
    Instance {
        name: "eviction-snapshot",
        about: "3 replicas with room for 1 session that keep no log, 2 clients that write, 1 \
                heartbeat",
        deep: false,
        cluster: || cluster(lagging(), [claims::installed()]),
        symmetry: None,
        expected: Expected { unique: 41_202, generated: 469_044, violated: &[] },
    }
}

fn slots() -> Instance<Actor, History> {
    Instance {
        name: "slots",
        about: "2 replicas, quorums of 1 and 2, a client with 2 writes under way, 1 election",
        deep: false,
        cluster: || slotted_cluster(slotted(), claims::adopted()),
        symmetry: None,
        expected: Expected { unique: 118_537, generated: 1_060_945, violated: &[] },
    }
}

fn slots_read() -> Instance<Actor, History> {
    Instance {
        name: "slots-read",
        about: "2 replicas, quorums of 1 and 2, a client with 2 requests under way that writes twice \
                and reads, 1 election",
        deep: true,
        cluster: || slotted_cluster(slotted_read(), claims::adopted()),
        symmetry: None,
        expected: Expected { unique: 1_179_057, generated: 13_137_058, violated: &[] },
    }
}

fn slotted_cluster(bounds: Bounds, reached: Claim) -> Cluster<Actor, History> {
    let mut claims = claimed(&bounds, [claims::two_slots(), reached]);
    claims.extend([claims::active(), claims::not_new()]);
    bounds.cluster(claims, None)
}

fn slots_snapshot() -> Instance<Actor, History> {
    Instance {
        name: "slots-snapshot",
        about: "3 replicas that keep no log and send small pieces, a client with 2 requests under way \
                that writes twice, 1 heartbeat",
        deep: false,
        cluster: || slotted_cluster(slotted_snapshot(), claims::installed()),
        symmetry: None,
        expected: Expected { unique: 74_610, generated: 1_013_480, violated: &[] },
    }
}

fn bytes() -> Instance<Actor, History> {
    Instance {
        name: "eviction-bytes",
        about: "2 replicas with room for 9 bytes of sessions, 2 clients that write and swap in vain",
        deep: false,
        cluster: || {
            let bounds = tight();
            let mut claims = tight_claims(&bounds);
            claims.extend([claims::made_room(), claims::too_large(), claims::refused()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 17_449, generated: 173_030, violated: &[] },
    }
}
