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
        let servers = config.server_ids().map(server);
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
        let mut setup = Setup::new(actors, self.servers, history);
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
        let quorum = self.quorum();
        let is_past_in_flight = !self.lossy && self.network == NetworkKind::Set;
        let mut claims =
            if is_past_in_flight { claims::safety(quorum) } else { claims::visible(quorum) };
        if self.reads_locally() {
            claims.extend([claims::sequential(), claims::session_order()]);
        }
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
        claims.extend(self.tiring.then(|| claims::given_up(self.quorum())));
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

/// The leader leaves, and nobody misses a leader.
pub(super) fn leaving() -> Bounds {
    Bounds { stops: 1, clients: vec![], ..Bounds::three(vec![]) }
}

/// The same while a client writes, which asks once more.
pub(super) fn leaving_busy() -> Bounds {
    Bounds { retries: 1, ..Bounds { clients: vec![(0, vec![put("a")])], ..leaving() } }
}

/// The leader's disk writes late, and the leader may crash and come back; server 1 takes over.
pub(super) fn late_leader() -> Bounds {
    let within = Some(claims::takes_over());
    let bounds = Bounds { crashes: 1, restarts: 1, crashable: Some(vec![0]), within, ..one_look() };
    Bounds { asynchronous: true, ..bounds }
}

/// Three servers, two requests, two crashes and restarts, on ordered links: the bounds of published
/// checks.
pub(super) fn twice(looks: u8, crashes: u8) -> Bounds {
    let bounds = Bounds { looks, crashes, restarts: crashes, ..Bounds::three(vec![]) };
    let clients = vec![(0, vec![put("a"), put("b")])];
    Bounds { clients, network: NetworkKind::Ordered, retries: 1, ..bounds }
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
    Bounds { open: 1, retries: 1, clients, ..readers(0, vec![]) }
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
