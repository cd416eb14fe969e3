//! The bounded instances that are checked, and what is expected of each.
//!
//! On the set network a message once sent can be delivered at any time, so sending it again
//! changes nothing: heartbeats are few here, and only where they are to make a replica catch up.

use super::properties::{self as claims, Actor, Claim, History};
use super::{Bug, Config, Quorums, Timer, Timing};
use crate::kv::history::Linearizable;
use crate::kv::machine::FRAGMENT_BYTES;
use crate::kv::{Map, Op};
use crate::world::{Cluster, Faults, Setup};
use crate::{Expected, Instance};
use stateright::actor::Id;

/// What an instance has, and what may happen in it.
pub(super) struct Bounds {
    pub(super) servers: usize,
    pub(super) scripts: Vec<Vec<Op>>,
    pub(super) elections: u8,
    pub(super) heartbeats: u8,
    pub(super) retries: u8,
    pub(super) crashes: u8,
    pub(super) restarts: u8,
    pub(super) crashable: Option<Vec<Id>>,
    pub(super) window: u64,
    pub(super) keep: usize,
    pub(super) piece_bytes: usize,
    pub(super) quorums: Option<Quorums>,
}

impl Bounds {
    /// Three replicas, of which one may try to replace the first leader.
    pub(super) fn three(scripts: Vec<Vec<Op>>) -> Self {
        Self {
            servers: 3,
            scripts,
            elections: 1,
            heartbeats: 0,
            retries: 0,
            crashes: 0,
            restarts: 0,
            crashable: None,
            window: 2,
            keep: 2,
            piece_bytes: FRAGMENT_BYTES,
            quorums: None,
        }
    }

    pub(super) fn quorums(&self) -> Quorums {
        self.quorums.unwrap_or(Quorums::majorities(self.servers))
    }

    /// The cluster with these bounds, these claims, and perhaps a bug.
    pub(super) fn setup(self, claims: Vec<Claim>, bug: Option<Bug>) -> Setup<Actor, History> {
        let config = Config {
            servers: self.servers,
            quorums: self.quorums(),
            timing: Timing::model(),
            window: self.window,
            keep: self.keep,
            piece_bytes: self.piece_bytes,
            bug,
        };
        let servers = config.server_ids().map(|_| config.server());
        let clients = self.scripts.into_iter().map(|script| config.client(script));
        let actors: Vec<_> = servers.chain(clients).collect();
        let timers = vec![
            ("election", self.elections),
            ("heartbeat", self.heartbeats),
            ("retry", self.retries),
        ];
        let (crashes, restarts, crashable) = (self.crashes, self.restarts, self.crashable);
        Setup::new(actors, self.servers, Linearizable::linearizable(Map::default()))
            .timer_kind(timer_kind)
            .faults(Faults { crashes, restarts, timers, crashable })
            .properties(claims)
            .checkpointed()
    }

    pub(super) fn cluster(self, claims: Vec<Claim>, bug: Option<Bug>) -> Cluster<Actor, History> {
        self.setup(claims, bug).cluster()
    }
}

fn timer_kind(timer: &Timer) -> &'static str {
    match timer {
        Timer::Election => "election",
        Timer::Heartbeat => "heartbeat",
        Timer::Retry(_) => "retry",
    }
}

pub(super) fn put(value: &str) -> Op {
    Op::put("x", value)
}

pub(super) fn get() -> Op {
    Op::get("x")
}

fn safety(bounds: &Bounds) -> Vec<Claim> {
    claims::safety(bounds.quorums())
}

/// All instances, the quickest first.
pub fn instances() -> Vec<Instance<Actor, History>> {
    vec![succession(), rivalry()]
}

fn succession() -> Instance<Actor, History> {
    Instance {
        name: "succession",
        about: "3 replicas, a client that writes, 1 election",
        deep: false,
        cluster: || {
            let bounds = Bounds::three(vec![vec![put("a"), get()]]);
            let mut claims = safety(&bounds);
            claims.extend([claims::two_leaders(), claims::adopted()]);
            bounds.cluster(claims, None)
        },
        expected: Expected { unique: 0, generated: 0, violated: &[] },
    }
}

fn rivalry() -> Instance<Actor, History> {
    Instance {
        name: "rivalry",
        about: "3 replicas, 2 clients, 1 election",
        deep: false,
        cluster: || {
            let bounds = Bounds::three(vec![vec![put("a")], vec![get()]]);
            let mut claims = safety(&bounds);
            claims.extend([
                claims::two_leaders(),
                claims::adopted(),
                claims::gap_filled(),
                claims::overlap(),
            ]);
            bounds.cluster(claims, None)
        },
        expected: Expected { unique: 0, generated: 0, violated: &[] },
    }
}
