//! The bounds of an instance, and the scripts of its clients.

use super::PrimaryBackup;
use super::bugs::Bug;
use super::config::{Config, Mode, Timing};
use super::properties::{self as claims, Actor, Claim, History};
use super::recent::MAX_RECENT;
use super::state::Timer;
use crate::kv::history::Linearizable;
use crate::kv::machine::FRAGMENT_BYTES;
use crate::kv::{Map, Op, SessionLimits};
use crate::world::{Cluster, Cuts, Fairness, Faults, FormerLife, LostDisks, NetworkKind, Setup};
use stateright::actor::Id;

/// What an instance has, and what may happen in it.
pub(super) struct Bounds {
    pub(super) replicas: usize,
    pub(super) mode: Mode,
    pub(super) scripts: Vec<Vec<Op>>,
    /// How many requests each client has under way.
    pub(super) slots: u8,
    pub(super) crashes: u8,
    pub(super) restarts: u8,
    /// The servers that may crash; `None` for all.
    pub(super) crashable: Option<Vec<Id>>,
    /// How often the view service finds a member silent: twice in a row for it to be left out.
    /// `None` for any number of times.
    pub(super) suspicions: Option<u8>,
    pub(super) retries: u8,
    /// How often a replica is to stop.
    pub(super) stops: u8,
    pub(super) pings: u8,
    /// How many views are explored.
    pub(super) views: u64,
    /// How often a primary gives up waiting; `None` for any number of times.
    pub(super) overdue: Option<u8>,
    /// The links of which one may be cut for good.
    pub(super) links: Vec<(Id, Id)>,
    /// The replicas that are left out only if they are out of reach.
    pub(super) spared: Vec<usize>,
    /// How many disks may be lost, where any may.
    pub(super) disks: u8,
    /// The replicas that may lose theirs.
    pub(super) replaced: Vec<usize>,
    pub(super) piece_bytes: usize,
    /// How many bytes of operations are sent again in one message: one operation, if it is less.
    pub(super) batch_bytes: usize,
    /// How many requests may be on their way to the backups.
    pub(super) max_pending: u64,
    /// How many more may wait.
    pub(super) max_waiting: usize,
    pub(super) sessions: SessionLimits,
    /// Whether messages are really lost, and sent again by timers without a budget.
    pub(super) lossy: bool,
    /// Whether the disks are asynchronous.
    pub(super) asynchronous_disk: bool,
}

impl Bounds {
    /// One suspicion, and otherwise nothing goes wrong but the network.
    pub(super) fn synchronous(replicas: usize, scripts: Vec<Vec<Op>>) -> Self {
        let mode = Mode::Synchronous;
        Self {
            replicas,
            mode,
            scripts,
            slots: 1,
            crashes: 0,
            restarts: 0,
            crashable: None,
            suspicions: Some(2),
            retries: 0,
            stops: 0,
            pings: 0,
            overdue: Some(0),
            links: vec![],
            spared: vec![],
            views: 3,
            disks: 1,
            replaced: vec![],
            piece_bytes: FRAGMENT_BYTES,
            batch_bytes: 1,
            max_pending: MAX_RECENT as u64,
            max_waiting: 1,
            sessions: SessionLimits::default(),
            lossy: false,
            asynchronous_disk: false,
        }
    }

    /// The bounds on which liveness of requests is decided: one crash and restart of a server that
    /// is not the primary, losses without end.
    pub(super) fn lossy() -> Self {
        let (bounds, crashable) = (Self::synchronous(2, write()), Some(vec![0.into(), 2.into()]));
        Self { crashes: 1, restarts: 1, crashable, suspicions: Some(0), lossy: true, ..bounds }
    }

    /// The primary crashes and comes back, and there are no requests: with one, its two views
    /// multiply the messages in flight.
    pub(super) fn lossy_resign() -> Self {
        Self { crashable: Some(vec![1.into()]), scripts: vec![], ..Self::lossy() }
    }

    /// The bounds on which liveness of views is decided: one suspicion, losses without end, and no
    /// requests, which would multiply the messages in flight beyond what can be searched.
    pub(super) fn lossy_views() -> Self {
        Self { lossy: true, ..Self::synchronous(2, vec![]) }
    }

    /// The bounds on which availability is decided: a server crashes for good, and only it is left
    /// out.
    pub(super) fn gone() -> Self {
        let bounds = Self { crashable: None, overdue: None, suspicions: None, ..Self::lossy() };
        Self { restarts: 0, spared: vec![1, 2], ..bounds }
    }

    /// The link between the replicas is cut for good.
    pub(super) fn cut() -> Self {
        let links = vec![(Id::from(1), Id::from(2))];
        Self { crashes: 0, suspicions: Some(0), links, ..Self::gone() }
    }

    /// The link between the view service and a replica is cut for good.
    pub(super) fn parted() -> Self {
        let links = [1, 2].map(|replica| (Id::from(0), Id::from(replica))).into();
        Self { crashes: 0, overdue: Some(0), links, ..Self::gone() }
    }

    /// The backup crashes for good, and once the view service finds a member silent, whichever.
    pub(super) fn unheard() -> Self {
        let crashable = Some(vec![Id::from(2)]);
        Self { crashable, suspicions: Some(1), spared: vec![2], views: 2, ..Self::gone() }
    }

    /// A replica stops, and nobody is ever suspected.
    pub(super) fn leaving() -> Self {
        Self { stops: 1, suspicions: Some(0), ..Self::synchronous(2, write()) }
    }

    /// A replica's disk is lost, and a member is suspected.
    pub(super) fn replaced() -> Self {
        Self { replaced: vec![1, 2], views: 4, ..Self::synchronous(2, write()) }
    }

    /// The bounds on which the return of a replica that lost its disk is decided.
    pub(super) fn replaced_lossy() -> Self {
        Self { replaced: vec![1, 2], suspicions: Some(0), ..Self::lossy_views() }
    }

    /// Two requests at once, of which a backup may miss the first, and what is sent again travels
    /// in one message.
    pub(super) fn batches() -> Self {
        Self { views: 2, batch_bytes: FRAGMENT_BYTES, ..Self::synchronous(2, rivals()) }
    }

    /// A client with two requests under way.
    pub(super) fn slotted() -> Self {
        let script = vec![Op::put("x", "a"), Op::put("x", "b")];
        Self { slots: 2, max_pending: 1, ..Self::synchronous(2, vec![script]) }
    }

    /// One request at a time, and one that waits.
    pub(super) fn queue() -> Self {
        let scripts = ["a", "b", "c"].map(|value| vec![Op::put("x", value)]).into();
        let bounds = Self::synchronous(2, scripts);
        Self { max_pending: 1, suspicions: Some(0), ..bounds }
    }

    /// How the servers are configured.
    pub(super) fn config(&self) -> Config {
        Config {
            piece_bytes: self.piece_bytes,
            batch_bytes: self.batch_bytes,
            burst: MAX_RECENT,
            max_pending: self.max_pending,
            max_waiting: self.max_waiting,
            sessions: self.sessions,
            stops: self.stops > 0,
            ..Config::new(self.replicas, self.mode, Timing::model())
        }
    }

    /// The cluster with these bounds, these claims, and perhaps a bug.
    pub(super) fn cluster(self, claims: Vec<Claim>, bug: Option<Bug>) -> Cluster<Actor, History> {
        let config = Config { bug, ..self.config() };
        let mut actors = config.servers();
        let servers = actors.len();
        actors.extend(self.scripts.into_iter().map(|script| {
            let mut client = config.client(script);
            if let PrimaryBackup::Client(client) = &mut client {
                client.slots = self.slots;
            }
            client
        }));
        let mut timers: Vec<_> = [("suspect", self.suspicions), ("overdue", self.overdue)]
            .into_iter()
            .filter_map(|(timer, count)| Some((timer, count?)))
            .collect();
        timers.push(("stop", self.stops));
        if !self.lossy {
            timers.extend([("ping", self.pings), ("resend", 0), ("retry", self.retries)]);
        }
        let network = if self.lossy { NetworkKind::Single } else { NetworkKind::Set };
        let (crashes, restarts, crashable) = (self.crashes, self.restarts, self.crashable);
        // On the set network, fairness per link could be fair to one message for ever.
        let fairness = if self.lossy {
            Fairness::lossy()
        } else {
            Fairness { per_message: self.stops > 0, ..Fairness::default() }
        };
        let nodes: Vec<_> = self.replaced.into_iter().map(Id::from).collect();
        let lost = LostDisks { count: self.disks, nodes, former: FormerLife::Heard };
        let mut setup = Setup::new(actors, servers, Linearizable::linearizable(Map::default()))
            .network(network)
            .lossy(self.lossy)
            .fairness(fairness)
            .timer_kind(timer_kind)
            .faults(Faults { crashes, restarts, timers, crashable })
            .properties(claims)
            .cuts(Cuts { count: u8::from(!self.links.is_empty()), links: self.links })
            .boundary(claims::within(self.views, self.spared))
            .checkpointed();
        if self.asynchronous_disk {
            setup = setup.asynchronous_disk();
        }
        if lost.nodes.is_empty() { setup.cluster() } else { setup.lost_disks(lost).cluster() }
    }
}

fn timer_kind(timer: &Timer) -> &'static str {
    match timer {
        Timer::Ping => "ping",
        Timer::Suspect(_) => "suspect",
        Timer::Resend => "resend",
        Timer::Overdue(_) => "overdue",
        Timer::Retry(_) => "retry",
        Timer::Stop => "stop",
    }
}

/// A client that writes.
pub(super) fn write() -> Vec<Vec<Op>> {
    vec![vec![Op::put("x", "a")]]
}

/// A client that overwrites what it wrote.
pub(super) fn write_two() -> Vec<Vec<Op>> {
    vec![vec![Op::put("x", "a"), Op::put("x", "b")]]
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

pub(super) fn cas(value: &str) -> Op {
    Op::Cas { key: "x".into(), expected: None, new: Some(value.into()) }
}

/// The smallest world that has all of failover, state transfer and a read.
pub(super) fn reader() -> Bounds {
    Bounds::synchronous(2, write_then_read())
}

/// Out, back in, and primary again.
pub(super) fn returning() -> Bounds {
    Bounds { suspicions: Some(4), views: 4, ..writer() }
}

/// A client that writes.
pub(super) fn writer() -> Bounds {
    Bounds::synchronous(2, write())
}

/// Two clients, and room for the session of one.
pub(super) fn crowded_pair() -> Bounds {
    let bounds = Bounds::synchronous(2, vec![vec![cas("a")], vec![cas("b")]]);
    Bounds { sessions: SessionLimits::clients(1), ..bounds }
}

/// Three clients, of which one asks twice, and room for the sessions of two.
pub(super) fn crowded_trio() -> Bounds {
    let scripts = vec![vec![cas("a"), Op::get("x")], vec![cas("b")], vec![cas("c")]];
    let bounds = Bounds::synchronous(2, scripts);
    Bounds { suspicions: Some(0), sessions: SessionLimits::clients(2), ..bounds }
}
