//! The configuration of a cluster, and its nodes.

use super::bugs::Bug;
use super::message::Op;
use crate::kv::ScriptedClient;
pub use crate::kv::offer::Acks;
use crate::paxos;
use crate::turn::Setting;
use stateright::actor::{Id, model_timeout};
use std::ops::Range;
use std::time::Duration;

/// When what is appended to a log is written to disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flush {
    /// Before anything is said of it.
    EachAppend,
    /// Some time later: a crash of the machine loses what was appended since. Kafka's default.
    #[default]
    Later,
}

/// How long things take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long a broker may be silent: several times `resend`.
    pub suspect: Range<Duration>,
    /// Between a broker's heartbeats, in which it also sends again what was not answered.
    pub resend: Range<Duration>,
    /// How long a follower may lag.
    pub lag: Range<Duration>,
    /// How long records stay in the page cache.
    pub flush: Range<Duration>,
    /// After what time a broker stops cleanly by itself, if it does: only the checker's do.
    pub stop: Option<Range<Duration>>,
    /// How long a client waits for an answer.
    pub retry: Range<Duration>,
}

/// For a local network.
impl Default for Timing {
    fn default() -> Self {
        let millis = |from, to| Duration::from_millis(from)..Duration::from_millis(to);
        Self {
            suspect: millis(400, 500),
            resend: millis(40, 60),
            lag: millis(600, 800),
            flush: millis(500, 1000),
            stop: None,
            retry: millis(150, 250),
        }
    }
}

impl Timing {
    /// For checking, where a timer may fire at any time.
    pub fn model() -> Self {
        let any = model_timeout;
        let (suspect, resend, lag, flush, retry) = (any(), any(), any(), any(), any());
        Self { suspect, resend, lag, flush, stop: None, retry }
    }
}

/// A cluster: the controllers, from id 0 on, then the brokers, then clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How many brokers; each is a replica of the partition.
    pub brokers: usize,
    /// The controllers, where they are several: replicas of what they decide. `None` for one
    /// controller, which is as durable as its disk.
    pub quorum: Option<paxos::Config>,
    /// How many of the brokers, the first, are in sync at the start; the first leads.
    pub in_sync: usize,
    /// How many in-sync replicas there must be for a record to be committed:
    /// `min.insync.replicas`.
    pub min_isr: usize,
    /// When it is on disk.
    pub flush: Flush,
    /// Whether producers number their records, and brokers append each number once:
    /// `enable.idempotence`.
    pub idempotent: bool,
    /// Whether anybody may be elected when nobody is eligible: `unclean.leader.election.enable`.
    pub unclean: bool,
    /// Whether followers answer consumers, up to their own watermark (KIP-392).
    pub follower_reads: bool,
    /// The brokers that have a record of the first leader epoch at the start, which is not committed:
    /// so that what is checked begins where it is interesting. None but the checker's.
    pub preloaded: Vec<Id>,
    /// How many records a log holds; more are refused.
    pub max_records: u64,
    /// How many bytes of records a log keeps at least when it forgets the oldest, which it does when
    /// it has twice as many: `retention.bytes`. `None` if it keeps all.
    pub retention_bytes: Option<usize>,
    /// How many bytes of records a log holds; more are refused.
    pub max_log_bytes: usize,
    /// How many bytes of records an answer holds; a record that is larger goes alone:
    /// `fetch.max.bytes`.
    pub max_fetch_bytes: usize,
    /// How long things take.
    pub timing: Timing,
    /// The seeded bug, if this cluster is to have one. Only the checker ever sets it.
    pub(crate) bug: Option<Bug>,
}

impl Config {
    /// As many brokers, all in sync, with Kafka's defaults otherwise.
    pub fn new(brokers: usize, min_isr: usize, timing: Timing) -> Self {
        Self {
            brokers,
            quorum: None,
            in_sync: brokers,
            min_isr,
            flush: Flush::Later,
            idempotent: true,
            unclean: false,
            follower_reads: false,
            preloaded: Vec::new(),
            max_records: 1 << 20,
            retention_bytes: None,
            max_log_bytes: 1 << 30,
            max_fetch_bytes: 32 << 10,
            timing,
            bug: None,
        }
    }

    /// How many controllers there are.
    pub fn controllers(&self) -> usize {
        self.quorum.as_ref().map_or(1, paxos::Config::servers)
    }

    /// The ids of the controllers.
    pub fn controller_ids(&self) -> impl Iterator<Item = Id> + use<> {
        (0..self.controllers()).map(Id::from)
    }

    /// The ids of the brokers.
    pub fn broker_ids(&self) -> impl Iterator<Item = Id> + use<> {
        let first = self.controllers();
        (first..first + self.brokers).map(Id::from)
    }

    /// The server with this id.
    pub fn server(&self, id: Id) -> Kafka {
        let config = self.clone();
        if usize::from(id) >= self.controllers() {
            return Kafka::Broker(Broker { config });
        }
        match &self.quorum {
            None => Kafka::Controller(Controller { config }),
            Some(quorum) => {
                let replica = paxos::Replica { config: quorum.clone() };
                Kafka::Voter(Box::new(Voter { config, replica }))
            }
        }
    }

    /// All servers, by id.
    pub fn servers(&self) -> Vec<Kafka> {
        Setting::server_ids(self).map(|id| self.server(id)).collect()
    }

    /// A producer or consumer that has not asked for anything yet, and asks the broker that is number `first` first,
    /// from 1.
    pub fn client(&self, first: usize, script: Vec<Op>) -> Kafka {
        let (mut servers, retry): (Vec<Id>, _) =
            (self.broker_ids().collect(), self.timing.retry.clone());
        servers.rotate_left(first - 1);
        Kafka::Client(ScriptedClient { script, first_seq: 1, slots: 1, servers, retry })
    }
}

impl Setting for Config {
    type Bug = Bug;

    fn bug(&self) -> Option<Bug> {
        self.bug
    }

    fn server_ids(&self) -> impl Iterator<Item = Id> {
        (0..self.controllers() + self.brokers).map(Id::from)
    }
}

/// A node of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kafka {
    /// The controller.
    Controller(Controller),
    /// A controller that is one of several.
    Voter(Box<Voter>),
    /// A broker.
    Broker(Broker),
    /// A producer or consumer.
    Client(ScriptedClient<Op>),
}

/// The controller: one durable node that decides who leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller {
    /// The cluster.
    pub config: Config,
}

/// A controller that is one of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voter {
    /// The cluster.
    pub config: Config,
    /// The controllers as replicas.
    pub replica: paxos::Replica,
}

/// A broker: a replica of the partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// The cluster.
    pub config: Config,
}
