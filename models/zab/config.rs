//! The configuration of a cluster, and its nodes.

use super::bugs::Bug;
use super::client::SessionClient;
use super::message::{BATCH_BYTES, MAX_OP_BYTES};
use super::storage::Stable;
use crate::kv::machine::FRAGMENT_BYTES;
use crate::kv::{ScriptedClient, SessionLimits, StateMachine};
use crate::quorum::majority;
use crate::timing::leader::LeaderTiming as Timing;
use crate::turn::Setting;
use crate::zab::message::Ask;
use stateright::actor::Id;

/// A cluster: servers 0 to `servers - 1`, which vote, then observers, then clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub(super) servers: usize,
    /// How many observers there are beside the servers, with the ids after theirs.
    pub observers: usize,
    pub(super) timing: Timing,
    /// How many transactions a leader may have proposed that are not committed yet; further
    /// requests are refused as [busy](crate::kv::service::Refusal::Busy). So are reads, where so
    /// many clients wait at one server for what it has not delivered.
    pub open: u64,
    /// How many transactions a follower is sent that it did not acknowledge.
    pub window: u64,
    /// How many delivered transactions a server keeps for others, before a snapshot takes their
    /// place.
    pub keep: usize,
    /// How many bytes of them.
    pub keep_bytes: usize,
    /// How many messages of a history or of a snapshot are sent at once.
    pub burst: usize,
    /// About how many encoded bytes of transactions travel in one message; one larger transaction
    /// travels alone.
    pub batch_bytes: usize,
    /// About how many encoded bytes of a snapshot travel in one message.
    pub piece_bytes: usize,
    /// How many clients are remembered.
    pub sessions: SessionLimits,
    /// Whether a follower that hears its leader leaves a server that would lead without an answer.
    pub loyal: bool,
    /// Whether servers are to stop, each when a timer fires. Only the checker ever sets it: a node
    /// that is asked to stop fires that timer.
    pub(crate) stops: bool,
    /// The seeded bug, if this cluster is to have one. Only the checker ever sets it.
    pub(crate) bug: Option<Bug>,
}

/// How many transactions of a deployed leader may be open: more than there are clients.
pub const OPEN: u64 = 2048;
/// How many transactions a deployed follower is sent ahead of what it acknowledged.
pub const WINDOW: u64 = 64;
/// How many delivered transactions a deployed server keeps.
pub const KEEP: usize = 1 << 18;
/// How many bytes of them: about ten seconds of small writes under full load, so that a server
/// that was away for as long gets them, and not the whole state.
pub const KEEP_BYTES: usize = 32 << 20;
/// How many messages of a history a deployed server sends at once.
pub const BURST: usize = 8;

/// A window of such transactions must be a small part of what a node sends at once.
const _: () = assert!(WINDOW as usize * MAX_OP_BYTES <= 4 << 20);

impl Config {
    /// A cluster of so many servers; `None` without any.
    pub fn new(servers: usize, timing: Timing) -> Option<Self> {
        let (sessions, bug) = (SessionLimits::default(), None);
        (servers > 0).then_some(Self {
            servers,
            observers: 0,
            timing,
            open: OPEN,
            window: WINDOW,
            keep: KEEP,
            keep_bytes: KEEP_BYTES,
            burst: BURST,
            batch_bytes: BATCH_BYTES,
            piece_bytes: FRAGMENT_BYTES,
            sessions,
            loyal: true,
            stops: false,
            bug,
        })
    }

    /// How many servers there are that vote.
    pub fn servers(&self) -> usize {
        self.servers
    }

    /// How many servers are a quorum.
    pub fn quorum(&self) -> usize {
        majority(self.servers)
    }

    /// The ids of the servers that vote.
    pub fn server_ids(&self) -> impl Iterator<Item = Id> + use<> {
        (0..self.servers).map(Id::from)
    }

    /// The ids of the observers.
    pub fn observer_ids(&self) -> impl Iterator<Item = Id> + use<> {
        (self.servers..self.servers + self.observers).map(Id::from)
    }

    /// Whether a server votes. An observer does not.
    pub fn votes(&self, id: Id) -> bool {
        usize::from(id) < self.servers
    }

    /// A server, or an observer: its id says which.
    pub fn server<M: StateMachine>(&self) -> Zab<M> {
        Zab::Server(Server { config: self.clone(), prepared: None })
    }

    /// A client that has not asked for anything yet.
    pub fn client<M: StateMachine>(&self, script: Vec<Ask<M::Op>>) -> Zab<M> {
        let servers = self.server_ids().chain(self.observer_ids()).collect();
        let retry = self.timing.retry.clone();
        let client = ScriptedClient { script, first_seq: 1, slots: 1, servers, retry };
        Zab::Client(SessionClient { client })
    }
}

impl Setting for Config {
    type Bug = Bug;

    fn bug(&self) -> Option<Bug> {
        self.bug
    }

    fn server_ids(&self) -> impl Iterator<Item = Id> {
        self.server_ids()
    }
}

/// A node of a Zab cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "there are few, and servers are the rule")]
pub enum Zab<M: StateMachine> {
    /// A server: leads or follows.
    Server(Server<M>),
    /// A client.
    Client(SessionClient<M::Op>),
}

/// A server of the replicated service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server<M: StateMachine> {
    /// The cluster.
    pub config: Config,
    /// What is on its disk when it first starts, in an instance that begins in the middle of a run.
    pub(crate) prepared: Option<Stable<M>>,
}
