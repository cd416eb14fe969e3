//! The configuration of a cluster, and its nodes.

use super::bugs::Bug;
use super::client::{Lock, TreeClient};
use super::message::{Ask, Msg, What};
use super::tree::Tree;
use crate::kv::ScriptedClient;
use crate::turn::{Seeded, Setting};
use crate::zab::{self, Saved, Timing};
use stateright::actor::Id;
use std::ops::Range;
use std::time::Duration;

/// A cluster: the servers and observers of a Zab cluster, then clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The cluster that orders the requests.
    pub(super) zab: zab::Server<Tree>,
    /// After how long a session of which nothing was heard is closed. One time for all sessions,
    /// where ZooKeeper's clients ask for one.
    pub session_timeout: Range<Duration>,
    timing: Timing,
    /// The seeded bug, if this cluster is to have one. Only the checker ever sets it.
    pub(crate) bug: Option<Bug>,
}

/// How long a session lives without its client, where nothing else is said.
///
/// ZooKeeper's shortest by default.
pub const SESSION_TIMEOUT: Range<Duration> = Duration::from_secs(4)..Duration::from_millis(4_200);

impl Config {
    /// On a cluster of Zab, whose timing this is.
    pub fn new(zab: zab::Config, timing: Timing) -> Self {
        let zab = zab::Server { config: zab, prepared: None };
        Self { zab, session_timeout: SESSION_TIMEOUT, timing, bug: None }
    }

    /// The cluster that orders the requests.
    pub fn zab(&self) -> &zab::Config {
        &self.zab.config
    }

    /// A server, or an observer: its id says which.
    pub fn server(&self) -> ZooKeeper {
        ZooKeeper::Server(self.clone())
    }

    /// A client that has not asked for anything yet.
    pub fn client(&self, script: Vec<What>) -> ZooKeeper {
        let ask = |what| Ask { what, watches: Vec::new() };
        let script = script.into_iter().map(ask).collect();
        let servers = self.zab().server_ids().chain(self.zab().observer_ids()).collect();
        let retry = self.timing.retry.clone();
        let client = ScriptedClient { script, first_seq: 1, slots: 1, servers, retry };
        ZooKeeper::Client(TreeClient { client, lock: None, waits: false, bug: self.bug })
    }

    /// A client that takes a lock and uses a resource while it holds that, with the parent of all
    /// nodes of the lock.
    pub(super) fn holder(&self, script: Vec<What>, lock: Lock) -> ZooKeeper {
        match self.client(script) {
            ZooKeeper::Client(client) => {
                ZooKeeper::Client(TreeClient { lock: Some(lock), ..client })
            }
            node => node,
        }
    }
}

impl Setting for Config {
    type Bug = Bug;

    fn bug(&self) -> Option<Bug> {
        self.bug
    }

    fn server_ids(&self) -> impl Iterator<Item = Id> {
        self.zab.config.server_ids()
    }
}

/// No bug leaves out a save or alters a message as a whole.
impl Seeded<Msg, Saved<Tree>> for Bug {}

/// A node of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "there are few, and servers are the rule")]
pub enum ZooKeeper {
    /// A server: leads, follows or observes.
    Server(Config),
    /// A client.
    Client(TreeClient),
    /// What a lock protects, in the checker: it is no part of the cluster.
    Resource {
        /// Whether it takes nothing with a smaller fencing token than it has taken.
        fenced: bool,
    },
}

impl ZooKeeper {
    /// The server of Zab in it.
    pub(super) fn zab(&self) -> Option<&zab::Server<Tree>> {
        match self {
            Self::Server(config) => Some(&config.zab),
            Self::Client(_) | Self::Resource { .. } => None,
        }
    }
}
