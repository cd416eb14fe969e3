//! The bounds of an instance: a cluster for the checker, from a few numbers.

use super::bugs::Bug;
use super::history::SessionHistory;
use super::properties::{self as claims, Actor, Claim, History, Machine};
use super::{
    Ask, BATCH_BYTES, Command, Config, Epoch, KEEP, Server, Stable, Timer, Timing, Txn, Zab, Zxid,
};
use crate::Replay;
use crate::kv::Op;
use crate::kv::machine::FRAGMENT_BYTES;
use crate::world::{Cluster, Condition, Fairness, Faults, NetworkKind, Setup};
use stateright::actor::Id;

/// What an instance has, and what may happen in it.
#[derive(Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(super) struct Bounds {
    pub(super) servers: usize,
    pub(super) observers: usize,
    /// The clients: which server each asks first, and what.
    pub(super) clients: Vec<(usize, Vec<Ask<Op>>)>,
    /// How often a server that does not lead looks for a leader.
    pub(super) looks: u8,
    /// How often a leader finds that it has not heard of a quorum.
    pub(super) losses: u8,
    pub(super) resends: u8,
    /// How often a server is asked to stop. Then followers are loyal to a leader that they hear.
    pub(super) stops: u8,
    pub(super) retries: u8,
    pub(super) crashes: u8,
    pub(super) restarts: u8,
    pub(super) crashable: Option<Vec<usize>>,
    pub(super) open: u64,
    pub(super) keep: usize,
    pub(super) batch_bytes: usize,
    pub(super) piece_bytes: usize,
    /// What is on the servers' disks at the start, where an instance begins in the middle of a run.
    pub(super) prepared: Vec<Prepared>,
    /// Whether messages are really lost, and sent again by timers without a budget.
    pub(super) lossy: bool,
    /// Whether clients ask again without end: for liveness.
    pub(super) unending: bool,
    /// Whether leaders that hear of no quorum give up without end.
    pub(super) tiring: bool,
    /// Whether it is claimed that all catch up, without any of that: nothing is lost for good.
    pub(super) live: bool,
    pub(super) network: NetworkKind,
    pub(super) asynchronous: bool,
    /// States that do not satisfy it are not explored.
    pub(super) within: Option<Condition<Actor, History>>,
}

/// What a server has on its disk at the start.
#[derive(Clone)]
pub(super) struct Prepared {
    /// The epoch that it accepted, and whose history it took over: round and leader.
    pub(super) epoch: (u64, usize),
    /// Its history: round, leader, number.
    pub(super) history: Vec<(u64, usize, u64)>,
    /// How many of them it delivered.
    pub(super) delivered: u64,
}

impl Prepared {
    fn stable(&self) -> Stable<Machine> {
        let epoch = |(round, leader): (u64, usize)| Epoch { round, leader: leader.into() };
        let (accepted, mut stable) = (epoch(self.epoch), Stable::default());
        (stable.accepted, stable.current) = (accepted, accepted);
        for (round, leader, counter) in &self.history {
            let zxid = Zxid { epoch: epoch((*round, *leader)), counter: *counter };
            // Of clients that are gone.
            let (client, op) = (Id::from(10 + leader), Op::put("x", &format!("{zxid:?}")));
            let command = Command { client, seq: *counter, op: Some(op) };
            stable.replay(super::Record::Appended(Txn { zxid, command }));
        }
        stable.replay(super::Record::Delivered { upto: self.delivered });
        stable
    }
}

impl Bounds {
    /// Three servers, of which the first leads, and a client that asks it; nothing goes wrong but
    /// the network.
    pub(super) fn three(script: Vec<Ask<Op>>) -> Self {
        Self {
            servers: 3,
            observers: 0,
            clients: vec![(0, script)],
            looks: 0,
            losses: 0,
            resends: 0,
            stops: 0,
            retries: 0,
            crashes: 0,
            restarts: 0,
            crashable: None,
            open: 4,
            keep: KEEP,
            batch_bytes: BATCH_BYTES,
            piece_bytes: FRAGMENT_BYTES,
            prepared: vec![],
            lossy: false,
            unending: false,
            tiring: false,
            live: false,
            network: NetworkKind::Set,
            asynchronous: false,
            within: None,
        }
    }

    pub(super) fn quorum(&self) -> usize {
        crate::quorum::majority(self.servers)
    }

    fn config(&self, bug: Option<Bug>) -> Option<Config> {
        let config = Config::new(self.servers, Timing::model())?;
        Some(Config {
            observers: self.observers,
            open: self.open,
            keep: self.keep,
            burst: 1,
            batch_bytes: self.batch_bytes,
            piece_bytes: self.piece_bytes,
            loyal: self.stops > 0,
            stops: self.stops > 0,
            bug,
            ..config
        })
    }

    fn actors(&self, config: &Config) -> Vec<Actor> {
        let server = |id: Id| {
            let prepared = self.prepared.get(usize::from(id)).map(Prepared::stable);
            Zab::Server(Server { config: config.clone(), prepared })
        };
        let servers = config.server_ids().chain(config.observer_ids()).map(server);
        let clients = self.clients.iter().map(|(first, script)| {
            let mut client = config.client(script.clone());
            if let Zab::Client(client) = &mut client {
                client.client.servers.rotate_left(*first);
            }
            client
        });
        servers.chain(clients).collect()
    }

    /// The cluster with these bounds, these claims, and perhaps a bug.
    pub(super) fn cluster(self, claims: Vec<Claim>, bug: Option<Bug>) -> Cluster<Actor, History> {
        let config = self.config(bug);
        let actors = config.as_ref().map_or_else(Vec::new, |config| self.actors(config));
        let structure = config.as_ref().map_or_else(Vec::new, claims::structure);
        let mut timers = vec![("look", self.looks), ("stop", self.stops)];
        if !self.tiring {
            timers.push(("quorum", self.losses));
        }
        if !self.unending {
            timers.push(("retry", self.retries));
        }
        if !self.lossy {
            timers.push(("resend", self.resends));
        }
        let fairness = if self.lossy {
            Fairness::lossy()
        } else {
            Fairness { per_message: true, ..Fairness::default() }
        };
        let synced = self.asks(|ask| *ask == Ask::Sync);
        let history = SessionHistory::new(self.reads_locally(), synced);
        let crashable = self.crashable.map(|ids| ids.into_iter().map(Id::from).collect());
        let (crashes, restarts) = (self.crashes, self.restarts);
        let mut setup = Setup::new(actors, self.servers + self.observers, history);
        setup.boundary = self.within;
        if self.asynchronous {
            setup = setup.asynchronous_disk();
        }
        setup
            .network(if self.lossy { NetworkKind::Single } else { self.network })
            .lossy(self.lossy)
            .fairness(fairness)
            .timer_kind(timer_kind)
            .faults(Faults { crashes, restarts, timers, crashable })
            .properties(claims)
            .properties(structure)
            .checkpointed()
            .cluster()
    }

    /// Whether some client reads at any server.
    fn reads_locally(&self) -> bool {
        self.asks(|ask| matches!(ask, Ask::Read { .. }))
    }

    fn asks(&self, is_such: impl Fn(&Ask<Op>) -> bool) -> bool {
        self.clients.iter().any(|(_, script)| script.iter().any(&is_such))
    }

    /// What must hold of it.
    fn claims(&self) -> Vec<Claim> {
        let servers = self.servers;
        let is_past_in_flight = !self.lossy && self.network == NetworkKind::Set;
        let mut claims =
            if is_past_in_flight { claims::safety(servers) } else { claims::visible(servers) };
        if self.reads_locally() {
            claims.extend([claims::sequential(), claims::session_order()]);
        }
        claims.extend((self.observers > 0).then(|| claims::observed(servers)));
        claims.push(claims::linearizable());
        let is_first = self.prepared.iter().all(|at| at.epoch.0 == 0);
        let is_calm = self.crashes == 0 && self.losses == 0 && self.stops == 0 && !self.tiring;
        claims.extend((is_calm && is_first).then(claims::steady));
        claims
    }

    /// The cluster, where its safety is claimed, and what else is.
    pub(super) fn safe(self, more: impl IntoIterator<Item = Claim>) -> Cluster<Actor, History> {
        let claims = self.claims().into_iter().chain(more).collect();
        self.cluster(claims, None)
    }

    /// The cluster with a bug, and the properties that must hold without it.
    pub(super) fn seeded(self, bug: Option<Bug>) -> Cluster<Actor, History> {
        let mut claims = self.claims();
        claims.extend(self.liveness());
        self.cluster(claims, bug)
    }

    /// What must eventually happen, where bounds without end allow it.
    pub(super) fn liveness(&self) -> Vec<Claim> {
        let mut claims = vec![];
        claims.extend(
            (self.live || self.lossy && self.restarts == self.crashes).then(claims::caught_up),
        );
        claims.extend((self.lossy && self.looks > 0).then(|| claims::establishes(self.quorum())));
        if self.lossy && self.unending {
            let is_served = !self.clients.is_empty() && self.restarts == self.crashes;
            claims.extend(is_served.then(claims::answered));
        }
        claims.extend(self.tiring.then(|| claims::given_up(self.servers)));
        claims.extend(
            (self.stops > 0 && self.restarts == self.crashes)
                .then(|| claims::followed(self.quorum())),
        );
        claims
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as the setup asks")]
fn timer_kind(timer: &Timer) -> &'static str {
    match timer {
        Timer::Look => "look",
        Timer::Quorum => "quorum",
        Timer::Resend => "resend",
        Timer::Stop => "stop",
        Timer::Retry(_) => "retry",
    }
}

pub(super) fn put(value: &str) -> Ask<Op> {
    ask(Op::put("x", value))
}

pub(super) fn get() -> Ask<Op> {
    ask(Op::get("x"))
}

fn ask(op: Op) -> Ask<Op> {
    Ask::Do { op }
}

/// A read at any server.
pub(super) fn read() -> Ask<Op> {
    Ask::Read { op: Op::get("x"), seen: Zxid::default() }
}

pub(super) fn sync() -> Ask<Op> {
    Ask::Sync
}
