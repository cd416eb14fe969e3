//! The bounded instances that are checked, and what is expected of each.
//!
//! On the set network a message once sent can be delivered at any time, so sending it again
//! changes nothing: the timers for resending never fire there, and those for pings only where a
//! replica must say something new.

pub(super) mod sessions;

use super::properties::{self as claims, Actor, Claim, History};
use super::{Bug, Config, Mode, Timer, Timing};
use crate::kv::history::Linearizable;
use crate::kv::machine::FRAGMENT_BYTES;
use crate::kv::{Map, Op, SessionLimits};
use crate::world::{Cluster, Fairness, Faults, NetworkKind, Setup};
use crate::{Expected, Instance};
use stateright::actor::Id;

/// What an instance has, and what may happen in it.
pub(super) struct Bounds {
    pub(super) replicas: usize,
    pub(super) mode: Mode,
    pub(super) scripts: Vec<Vec<Op>>,
    pub(super) crashes: u8,
    pub(super) restarts: u8,
    /// The servers that may crash; `None` for all.
    pub(super) crashable: Option<Vec<Id>>,
    pub(super) suspicions: u8,
    pub(super) retries: u8,
    pub(super) pings: u8,
    pub(super) piece_bytes: usize,
    pub(super) sessions: SessionLimits,
    /// Whether messages are really lost, and sent again by timers without a budget.
    pub(super) lossy: bool,
}

impl Bounds {
    /// One suspicion, and otherwise nothing goes wrong but the network.
    pub(super) fn synchronous(replicas: usize, scripts: Vec<Vec<Op>>) -> Self {
        let mode = Mode::Synchronous;
        Self {
            replicas,
            mode,
            scripts,
            crashes: 0,
            restarts: 0,
            crashable: None,
            suspicions: 1,
            retries: 0,
            pings: 0,
            piece_bytes: FRAGMENT_BYTES,
            sessions: SessionLimits::default(),
            lossy: false,
        }
    }

    /// What liveness of requests is decided on: one crash and restart, losses without end.
    pub(super) fn lossy() -> Self {
        let bounds = Self::synchronous(2, write());
        Self { crashes: 1, restarts: 1, suspicions: 0, lossy: true, ..bounds }
    }

    /// What liveness of views is decided on: one suspicion, losses without end, and no requests,
    /// which would multiply the messages in flight beyond what can be searched.
    pub(super) fn lossy_views() -> Self {
        Self { lossy: true, ..Self::synchronous(2, vec![]) }
    }

    /// The cluster with these bounds, these claims, and perhaps a bug.
    pub(super) fn cluster(self, claims: Vec<Claim>, bug: Option<Bug>) -> Cluster<Actor, History> {
        let config = Config::new(self.replicas, self.mode, Timing::model());
        let (piece_bytes, sessions) = (self.piece_bytes, self.sessions);
        let config = Config { piece_bytes, sessions, bug, ..config };
        let mut actors = config.servers();
        let servers = actors.len();
        actors.extend(self.scripts.into_iter().map(|script| config.client(script)));
        let mut timers = vec![("suspect", self.suspicions)];
        if !self.lossy {
            timers.extend([("ping", self.pings), ("resend", 0), ("retry", self.retries)]);
        }
        let network = if self.lossy { NetworkKind::Single } else { NetworkKind::Set };
        let (crashes, restarts, crashable) = (self.crashes, self.restarts, self.crashable);
        Setup::new(actors, servers, Linearizable::linearizable(Map::default()))
            .network(network)
            .lossy(self.lossy)
            .fairness(if self.lossy { Fairness::lossy() } else { Fairness::default() })
            .timer_kind(timer_kind)
            .faults(Faults { crashes, restarts, timers, crashable })
            .properties(claims)
            .checkpointed()
            .cluster()
    }
}

fn timer_kind(timer: &Timer) -> &'static str {
    match timer {
        Timer::Ping => "ping",
        Timer::Suspect(_) => "suspect",
        Timer::Resend => "resend",
        Timer::Retry(_) => "retry",
    }
}

/// A client that writes.
pub(super) fn write() -> Vec<Vec<Op>> {
    vec![vec![Op::put("x", "a")]]
}

/// The smallest world with two backups at once.
pub(super) fn trio() -> Bounds {
    Bounds::synchronous(3, write())
}

/// A client that writes and reads back: real time orders the two.
pub(super) fn write_then_read() -> Vec<Vec<Op>> {
    vec![vec![Op::put("x", "a"), Op::get("x")]]
}

/// Two clients of which one must find what the other did.
pub(super) fn rivals() -> Vec<Vec<Op>> {
    vec![vec![cas("a")], vec![cas("b")]]
}

fn cas(value: &str) -> Op {
    Op::Cas { key: "x".into(), expected: None, new: Some(value.into()) }
}

/// All instances, the quickest first.
pub fn instances() -> Vec<Instance<Actor, History>> {
    let mut instances = vec![
        trio_alone(),
        asynchronous(),
        retry(),
        crash(),
        rejoin(),
        rivalry(),
        lossy(),
        lossy_views(),
        three(),
        rivalry_with_crash(),
        large(),
        vast(),
    ];
    instances.extend(sessions::instances());
    instances
}

fn trio_alone() -> Instance<Actor, History> {
    Instance {
        name: "trio",
        about: "3 replicas, a client that writes, 1 suspicion",
        deep: false,
        cluster: || trio().cluster(claimed(), None),
        symmetry: None,
        expected: Expected { unique: 13_708, generated: 146_317, violated: &[] },
    }
}

fn lossy() -> Instance<Actor, History> {
    Instance {
        name: "lossy",
        about: "2 replicas, a client that writes, 1 crash, 1 restart, any losses",
        deep: false,
        cluster: || {
            let claims = claims::safety().into_iter().chain(claims::liveness());
            Bounds::lossy().cluster(claims.collect(), None)
        },
        symmetry: None,
        expected: Expected { unique: 63_360, generated: 821_025, violated: &[] },
    }
}

fn retry() -> Instance<Actor, History> {
    Instance {
        name: "retry",
        about: "2 replicas, a client that writes and reads, 1 suspicion, 1 crash for good, 1 retry",
        deep: false,
        cluster: || {
            let bounds = Bounds::synchronous(2, write_then_read());
            Bounds { crashes: 1, retries: 1, ..bounds }.cluster(claimed(), None)
        },
        symmetry: None,
        expected: Expected { unique: 285_694, generated: 2_214_516, violated: &[] },
    }
}

fn crash() -> Instance<Actor, History> {
    Instance {
        name: "crash",
        about: "2 replicas, a client that writes and reads, 1 suspicion, 1 crash, 1 restart",
        deep: false,
        cluster: || {
            let bounds = Bounds::synchronous(2, write_then_read());
            Bounds { crashes: 1, restarts: 1, ..bounds }.cluster(claimed(), None)
        },
        symmetry: None,
        expected: Expected { unique: 95_025, generated: 885_959, violated: &[] },
    }
}

fn rejoin() -> Instance<Actor, History> {
    Instance {
        name: "rejoin",
        about: "2 replicas, a client that writes, 2 suspicions: out, back in, and primary again",
        deep: false,
        cluster: || {
            let bounds = Bounds::synchronous(2, write());
            Bounds { suspicions: 2, piece_bytes: 1, ..bounds }.cluster(claimed(), None)
        },
        symmetry: None,
        expected: Expected { unique: 116_002, generated: 1_251_682, violated: &[] },
    }
}

fn rivalry() -> Instance<Actor, History> {
    Instance {
        name: "rivalry",
        about: "2 replicas, 2 clients that compare-and-swap the same key, 1 suspicion",
        deep: false,
        cluster: || {
            let mut claims = claimed();
            claims.extend([claims::overlap(), claims::refilled()]);
            Bounds::synchronous(2, rivals()).cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 267_930, generated: 2_783_645, violated: &[] },
    }
}

fn asynchronous() -> Instance<Actor, History> {
    Instance {
        name: "asynchronous",
        about: "2 replicas, acknowledged at once, a client that writes and reads, 1 suspicion",
        deep: false,
        cluster: || {
            let bounds = Bounds::synchronous(2, write_then_read());
            Bounds { mode: Mode::Asynchronous, ..bounds }.cluster(claimed(), None)
        },
        symmetry: None,
        expected: Expected {
            unique: 15_072,
            generated: 138_407,
            violated: &[(claims::NO_LOSS, 4), (claims::LINEARIZABLE, 9), (claims::PROMOTABLE, 2)],
        },
    }
}

fn lossy_views() -> Instance<Actor, History> {
    Instance {
        name: "lossy-views",
        about: "2 replicas, 1 suspicion: out and back in, with any losses",
        deep: false,
        cluster: || {
            let claims = claims::safety().into_iter().chain([claims::converged()]);
            let claims = claims.chain([claims::failed_over()]);
            Bounds::lossy_views().cluster(claims.collect(), None)
        },
        symmetry: None,
        expected: Expected { unique: 50_052, generated: 662_857, violated: &[] },
    }
}

fn three() -> Instance<Actor, History> {
    Instance {
        name: "three",
        about: "3 replicas, a client that writes and reads, 1 suspicion, 1 crash, 1 restart",
        deep: true,
        cluster: || {
            let bounds = Bounds::synchronous(3, write_then_read());
            Bounds { crashes: 1, restarts: 1, ..bounds }.cluster(claimed(), None)
        },
        symmetry: None,
        expected: Expected { unique: 2_219_433, generated: 27_647_055, violated: &[] },
    }
}

fn rivalry_with_crash() -> Instance<Actor, History> {
    Instance {
        name: "rivalry-crash",
        about: "2 replicas, 2 clients that compare-and-swap the same key, 1 suspicion, 1 crash, \
                1 restart",
        deep: true,
        cluster: || {
            let mut claims = claimed();
            claims.extend([claims::overlap(), claims::refilled()]);
            let bounds = Bounds::synchronous(2, rivals());
            Bounds { crashes: 1, restarts: 1, ..bounds }.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 4_260_177, generated: 47_418_797, violated: &[] },
    }
}

fn large() -> Instance<Actor, History> {
    Instance {
        name: "large",
        about: "3 replicas, 2 clients that compare-and-swap the same key, 1 suspicion, 1 crash \
                for good",
        deep: true,
        cluster: || {
            let mut claims = claimed();
            claims.extend([claims::overlap(), claims::refilled()]);
            let bounds = Bounds::synchronous(3, rivals());
            Bounds { crashes: 1, ..bounds }.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 59_063_950, generated: 697_839_682, violated: &[] },
    }
}

/// What the engine can hold in 8 GB: minutes on two cores.
fn vast() -> Instance<Actor, History> {
    Instance {
        name: "vast",
        about: "3 replicas, 2 clients that compare-and-swap the same key, 1 suspicion, 1 crash and \
                restart of the first primary",
        deep: true,
        cluster: || {
            let mut claims = claimed();
            claims.extend([claims::overlap(), claims::refilled()]);
            let crashable = Some(vec![Id::from(1)]);
            let bounds = Bounds::synchronous(3, rivals());
            Bounds { crashes: 1, restarts: 1, crashable, ..bounds }.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 207_011_900, generated: 2_937_762_980, violated: &[] },
    }
}

fn claimed() -> Vec<Claim> {
    let mut claims = claims::safety();
    claims.extend([claims::failed_over(), claims::transferred()]);
    claims
}
