//! The bounds of an instance: a cluster for the checker, from a few numbers.

use super::bugs::Bug;
use super::properties::{self as claims, Actor, Claim, History};
use super::{BATCH_BYTES, Config, KEEP_BYTES, Paxos, Quorums, Timer, Timing};
use crate::kv::history::Linearizable;
use crate::kv::machine::FRAGMENT_BYTES;
use crate::kv::{Map, Op, SessionLimits};
use crate::world::{Cluster, Condition, Fairness, Faults, NetworkKind, Setup};
use stateright::actor::Id;

/// What an instance has, and what may happen in it.
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(super) struct Bounds {
    pub(super) servers: usize,
    pub(super) scripts: Vec<Vec<Op>>,
    /// How many requests each client has under way.
    pub(super) slots: u8,
    pub(super) elections: u8,
    /// How often a replica is to stop.
    pub(super) stops: u8,
    pub(super) heartbeats: u8,
    pub(super) retries: u8,
    pub(super) crashes: u8,
    pub(super) restarts: u8,
    pub(super) crashable: Option<Vec<Id>>,
    pub(super) window: u64,
    pub(super) queue: usize,
    pub(super) keep: usize,
    pub(super) keep_bytes: usize,
    pub(super) burst: usize,
    pub(super) batch_bytes: usize,
    pub(super) piece_bytes: usize,
    pub(super) sessions: SessionLimits,
    pub(super) quorums: Option<Quorums>,
    pub(super) pre_vote: bool,
    /// Whether replicas that miss the leader say so again without end: for liveness.
    pub(super) tireless: bool,
    /// Whether clients ask again without end: for liveness.
    pub(super) unending: bool,
    /// Whether messages are really lost, and sent again by heartbeats without a budget.
    pub(super) lossy: bool,
    /// Whether each client asks another replica first: the first client the first replica, and so
    /// on; else all ask the first.
    pub(super) spread: bool,
    /// Whether the disks are asynchronous.
    pub(super) asynchronous: bool,
    /// States that do not satisfy it are not explored.
    pub(super) within: Option<Condition<Actor, History>>,
}

impl Bounds {
    /// Three replicas, of which one may try to replace the first leader.
    pub(super) fn three(scripts: Vec<Vec<Op>>) -> Self {
        Self {
            servers: 3,
            scripts,
            slots: 1,
            elections: 1,
            stops: 0,
            heartbeats: 0,
            retries: 0,
            crashes: 0,
            restarts: 0,
            crashable: None,
            window: 2,
            queue: 1,
            keep: 2,
            keep_bytes: KEEP_BYTES,
            burst: 1,
            batch_bytes: BATCH_BYTES,
            piece_bytes: FRAGMENT_BYTES,
            sessions: SessionLimits::default(),
            quorums: None,
            pre_vote: false,
            tireless: false,
            unending: false,
            lossy: false,
            spread: false,
            asynchronous: false,
            within: None,
        }
    }

    pub(super) fn quorums(&self) -> Quorums {
        self.quorums.unwrap_or(Quorums::majorities(self.servers))
    }

    fn config(&self, bug: Option<Bug>) -> Config {
        Config {
            servers: self.servers,
            quorums: self.quorums(),
            timing: Timing::model(),
            window: self.window,
            queue: self.queue,
            ahead: 0,
            keep: self.keep,
            keep_bytes: self.keep_bytes,
            burst: self.burst,
            batch_bytes: self.batch_bytes,
            piece_bytes: self.piece_bytes,
            sessions: self.sessions,
            pre_vote: self.pre_vote,
            patience: 2,
            stops: self.stops > 0,
            bug,
        }
    }

    fn actors(&self, config: &Config) -> Vec<Actor> {
        let servers = config.server_ids().map(|_| config.server());
        let clients = self.scripts.iter().enumerate().map(|(at, script)| {
            let mut client = config.client(script.clone());
            if let Paxos::Client(client) = &mut client {
                client.slots = self.slots;
                client.servers.rotate_left(if self.spread { at % self.servers } else { 0 });
            }
            client
        });
        servers.chain(clients).collect()
    }

    /// The cluster with these bounds, these claims, and perhaps a bug.
    pub(super) fn setup(self, claims: Vec<Claim>, bug: Option<Bug>) -> Setup<Actor, History> {
        let config = self.config(bug);
        let actors = self.actors(&config);
        let mut timers = vec![("stop", self.stops)];
        if !self.tireless {
            timers.push(("election", self.elections));
        }
        if !self.lossy {
            timers.push(("heartbeat", self.heartbeats));
        }
        if !self.unending {
            timers.push(("retry", self.retries));
        }
        let network = if self.lossy { NetworkKind::Single } else { NetworkKind::Set };
        let (crashes, restarts, crashable) = (self.crashes, self.restarts, self.crashable);
        let mut setup =
            Setup::new(actors, self.servers, Linearizable::linearizable(Map::default()));
        setup.boundary = self.within;
        if self.asynchronous {
            setup = setup.asynchronous_disk();
        }
        setup
            .network(network)
            .lossy(self.lossy)
            .timer_kind(timer_kind)
            .faults(Faults { crashes, restarts, timers, crashable })
            .properties(claims)
            .properties(claims::structure(&config))
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
        let bounds = Self::three(vec![write_twice()]);
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

    /// Two clients that ask two replicas at once, and two that may try to replace the first leader:
    /// three ballots, each of which may have another value for the first slot.
    pub(super) fn contest() -> Self {
        let bounds = Self::three(vec![vec![put("a")], vec![put("b")]]);
        Self { elections: 2, spread: true, window: 1, ..bounds }
    }

    /// Two replicas of which one tries to lead and needs both, and messages that are lost for good.
    pub(super) fn lossy_election() -> Self {
        Self { scripts: vec![], elections: 1, crashes: 0, restarts: 0, ..Self::lossy() }
    }

    /// A leader that all replicas but the last hear, which misses it twice.
    pub(super) fn steady() -> Self {
        let within = Some(claims::misses(2.into()));
        let bounds = Self::three(vec![vec![put("a")]]);
        Self { pre_vote: true, elections: 2, within, ..bounds }
    }

    /// The leader may crash for good, and the others miss it as often as need be, until one of them
    /// has led.
    pub(super) fn bereaved() -> Self {
        let within = Some(claims::first_rounds(1));
        let bounds = Self::three(vec![]);
        let crashable = Some(vec![Id::from(0)]);
        Self { pre_vote: true, tireless: true, crashes: 1, crashable, within, ..bounds }
    }

    /// The same, where nobody misses the leader before it is gone.
    pub(super) fn orphaned() -> Self {
        Self { within: Some(claims::missed_when_gone(1)), ..Self::bereaved() }
    }

    /// The leader leaves, and no election timer fires.
    pub(super) fn leaving() -> Self {
        Self { pre_vote: true, elections: 0, stops: 1, ..Self::three(vec![]) }
    }

    /// The same, with a request under way.
    pub(super) fn leaving_busy() -> Self {
        Self { retries: 1, pre_vote: false, scripts: vec![vec![put("a")]], ..Self::leaving() }
    }

    /// A leader that needs another replica, which may be down for good.
    pub(super) fn forsaken() -> Self {
        Self { pre_vote: true, restarts: 0, unending: false, ..Self::lossy() }
    }

    /// A leader whose heartbeats may be lost, and a replica that misses it.
    pub(super) fn unheard() -> Self {
        Self { pre_vote: true, ..Self::lossy_election() }
    }

    /// A leader that needs nobody to choose a value, another replica, and one client.
    pub(super) fn alone(script: Vec<Op>) -> Self {
        let quorums = Some(Quorums { prepare: 2, accept: 1 });
        Self { servers: 2, quorums, elections: 0, ..Self::three(vec![script]) }
    }

    /// A leader that is soon further ahead of the other replica than that accepts.
    pub(super) fn far_ahead() -> Self {
        Self { window: 1, ..Self::alone(vec![put("a"), put("b"), put("c")]) }
    }

    /// A replica that needs a snapshot of several pieces, and a leader that goes on.
    pub(super) fn transfer() -> Self {
        let script = vec![put("a"), put("b"), put("c")];
        Self { heartbeats: 1, keep: 0, piece_bytes: 1, ..Self::alone(script) }
    }

    /// The same, where the log behind the snapshot outgrows it.
    pub(super) fn outrun() -> Self {
        Self { keep_bytes: 1, burst: 2, ..Self::transfer() }
    }

    /// A replica that needs a snapshot, messages that are lost for good, heartbeats without end,
    /// and a client that does not ask again.
    pub(super) fn lossy_transfer() -> Self {
        Self { keep: 0, lossy: true, ..Self::alone(vec![put("a"), put("b")]) }
    }

    /// More clients than a leader has slots for, that ask without end.
    pub(super) fn crowd() -> Self {
        let quorums = Some(Quorums { prepare: 1, accept: 2 });
        let bounds = Self::three(vec![vec![put("a")], vec![put("b")]]);
        Self { servers: 2, quorums, window: 1, elections: 0, unending: true, ..bounds }
    }

    /// An acceptor that has more to report than one message holds.
    pub(super) fn parts() -> Self {
        let bounds = Self::three(vec![vec![put("a")], vec![put("b")]]);
        let quorums = Some(Quorums { prepare: 2, accept: 2 });
        Self { servers: 2, quorums, batch_bytes: 1, ..bounds }
    }

    /// The cluster with a bug, and the properties that must hold without it: those of liveness,
    /// where bounds without end allow them, and else those of safety.
    pub(super) fn seeded(self, bug: Option<Bug>) -> Cluster<Actor, History> {
        if self.unending || self.lossy || self.tireless || self.stops > 0 {
            return self.live(bug);
        }
        let mut claims = claims::safety(self.quorums());
        claims.extend((self.crashes == 0 && self.keep_bytes == KEEP_BYTES).then(claims::kept));
        claims.extend(self.pre_vote.then(claims::steady));
        self.cluster(claims, bug)
    }

    /// The cluster, of which it is claimed that it answers and elects. Fairness is per message: on
    /// the set network, fairness per link could be fair to one message for ever.
    pub(super) fn live_setup(self, bug: Option<Bug>) -> Setup<Actor, History> {
        let fairness = if self.lossy {
            Fairness::lossy()
        } else {
            Fairness { per_message: true, ..Fairness::default() }
        };
        let mut claims = claims::visible();
        // A replica that got its promise from one that then stays down, and must learn from it what
        // is chosen, needs another attempt; but there is one, in an instance.
        claims.extend((self.crashes == 0).then(claims::elected));
        claims.extend(self.unending.then(claims::answered));
        claims.extend((self.tireless || self.stops > 0).then(claims::followed));
        claims.extend((self.pre_vote && self.lossy && self.crashes == 0).then(claims::heard));
        claims.extend((self.pre_vote && self.lossy).then(claims::given_up));
        // Only with heartbeats without end is all that is missing asked for.
        claims.extend(self.lossy.then(claims::level));
        self.setup(claims, bug).fairness(fairness)
    }

    pub(super) fn live(self, bug: Option<Bug>) -> Cluster<Actor, History> {
        self.live_setup(bug).cluster()
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as the setup asks")]
fn timer_kind(timer: &Timer) -> &'static str {
    match timer {
        Timer::Election => "election",
        Timer::Heartbeat => "heartbeat",
        Timer::Retry(_) => "retry",
        Timer::Stop => "stop",
    }
}

pub(super) fn put(value: &str) -> Op {
    Op::put("x", value)
}

pub(super) fn get() -> Op {
    Op::get("x")
}

/// A writer that writes again: two slots.
pub(super) fn write_twice() -> Vec<Op> {
    vec![put("a"), put("b")]
}

/// A writer that reads back: real time orders the two.
pub(super) fn write_then_read() -> Vec<Op> {
    vec![put("a"), get()]
}
