//! What an instance has, and what may happen in it: a cluster for the checker from a few numbers.

use super::properties::{self as claims, Actor, Claim, History};
use super::{Bug, Config, Quorums, Timer, Timing};
use crate::kv::history::Linearizable;
use crate::kv::machine::FRAGMENT_BYTES;
use crate::kv::{Map, Op, SessionLimits};
use crate::world::{Cluster, Fairness, Faults, NetworkKind, Setup};
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
    pub(super) sessions: SessionLimits,
    pub(super) quorums: Option<Quorums>,
    /// Whether clients ask again without end: for liveness.
    pub(super) unending: bool,
    /// Whether messages are really lost, and sent again by heartbeats without a budget.
    pub(super) lossy: bool,
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
            sessions: SessionLimits::default(),
            quorums: None,
            unending: false,
            lossy: false,
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
            sessions: self.sessions,
            bug,
        };
        let servers = config.server_ids().map(|_| config.server());
        let clients = self.scripts.into_iter().map(|script| config.client(script));
        let actors: Vec<_> = servers.chain(clients).collect();
        let mut timers = vec![("election", self.elections)];
        if !self.lossy {
            timers.push(("heartbeat", self.heartbeats));
        }
        if !self.unending {
            timers.push(("retry", self.retries));
        }
        let network = if self.lossy { NetworkKind::Single } else { NetworkKind::Set };
        let (crashes, restarts, crashable) = (self.crashes, self.restarts, self.crashable);
        Setup::new(actors, self.servers, Linearizable::linearizable(Map::default()))
            .network(network)
            .lossy(self.lossy)
            .timer_kind(timer_kind)
            .faults(Faults { crashes, restarts, timers, crashable })
            .properties(claims)
            .checkpointed()
    }

    pub(super) fn cluster(self, claims: Vec<Claim>, bug: Option<Bug>) -> Cluster<Actor, History> {
        self.setup(claims, bug).cluster()
    }
}

impl Bounds {
    /// A leader that needs nobody to choose a value, and another replica, which may be behind a log
    /// of which nothing is kept, and has one election to take over in.
    pub(super) fn takeover() -> Self {
        let quorums = Some(Quorums { prepare: 2, accept: 1 });
        let bounds = Self::three(vec![write_then_read()]);
        Self { servers: 2, quorums, keep: 0, unending: true, ..bounds }
    }

    /// The leader may crash for good, and another replica, perhaps one that is behind, has one
    /// election to take over in.
    pub(super) fn minority_down() -> Self {
        let crashable = Some(vec![Id::from(0)]);
        let bounds = Self::three(vec![vec![put("a")]]);
        Self { crashes: 1, crashable, keep: 0, unending: true, ..bounds }
    }

    /// A leader that needs the other replica, messages that are lost for good, and a follower that
    /// may crash and come back.
    pub(super) fn lossy() -> Self {
        let quorums = Some(Quorums { prepare: 2, accept: 2 });
        let bounds = Self::three(vec![vec![put("a")]]);
        let crashable = Some(vec![Id::from(1)]);
        let bounds = Self { servers: 2, quorums, elections: 0, unending: true, ..bounds };
        Self { crashes: 1, restarts: 1, crashable, lossy: true, ..bounds }
    }

    /// The cluster, of which it is claimed that it answers. Each message by itself is delivered
    /// some time: on the set network, fairness of a link could be fair to one message for ever.
    pub(super) fn live(self, bug: Option<Bug>) -> Cluster<Actor, History> {
        let fairness = if self.lossy {
            Fairness::lossy()
        } else {
            Fairness { per_message: true, ..Fairness::default() }
        };
        let claims = claims::visible().into_iter().chain([claims::answered()]).collect();
        self.setup(claims, bug).fairness(fairness).cluster()
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as the setup asks")]
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

/// A writer that reads back: real time orders the two.
pub(super) fn write_then_read() -> Vec<Op> {
    vec![put("a"), get()]
}
