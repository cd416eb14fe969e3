//! The bounded instances that are checked, and what is expected of each.

use super::bugs::Bug;
use super::properties::{self as claims, Actor, History};
use super::{Config, Timer};
use crate::kv::{Map, Op};
use crate::world::{Cluster, Fairness, Faults, NetworkKind, Setup};
use crate::{Expected, Instance};

pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![
        Instance {
            name: "crash",
            about: "a client that puts and gets, another that puts, 1 crash, 1 restart",
            deep: false,
            cluster: || seeded(crashing(), None),
            symmetry: None,
            expected: Expected { unique: 99, generated: 288, violated: &[] },
        },
        Instance {
            name: "lossy",
            about: "a client that puts and gets, messages lost without end, 1 crash, 1 restart",
            deep: false,
            cluster: lossy,
            symmetry: None,
            expected: Expected { unique: 99, generated: 379, violated: &[] },
        },
    ]
}

/// The scripts of the clients.
pub(super) type Scripts = Vec<Vec<Op>>;

/// A writer that reads back, and another writer.
pub(super) fn crashing() -> Scripts {
    vec![vec![Op::put("x", "a"), Op::get("x")], vec![Op::put("x", "b")]]
}

/// The server, which may crash and come back, and these clients.
fn setup(
    scripts: Scripts,
    bug: Option<Bug>,
    timers: &[(&'static str, u8)],
) -> Setup<Actor, History> {
    let config = Config { bug };
    let clients = scripts.into_iter().map(|script| config.client(script));
    let actors = std::iter::once(config.server()).chain(clients);
    let timers = timers.to_vec();
    Setup::new(actors, 1, History::linearizable(Map::default()))
        .timer_kind(|Timer {}| "retry")
        .faults(Faults { crashes: 1, restarts: 1, timers, ..Faults::default() })
        .property(claims::linearizable())
}

/// A message that was sent may arrive at any time, again and again, so no client needs to ask
/// again.
pub(super) fn seeded(scripts: Scripts, bug: Option<Bug>) -> Cluster<Actor, History> {
    setup(scripts, bug, &[("retry", 0)]).property(claims::overlap()).checkpointed().cluster()
}

fn lossy() -> Cluster<Actor, History> {
    setup(vec![vec![Op::put("x", "a"), Op::get("x")]], None, &[])
        .network(NetworkKind::Single)
        .lossy(true)
        .fairness(Fairness::lossy())
        .property(claims::answered())
        .checkpointed()
        .cluster()
}
