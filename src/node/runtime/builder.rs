//! How a node is opened.

use super::{Held, Node, RELAYS};
use crate::node::board::Board;
use crate::node::cluster_file::ClusterFile;
use crate::node::data_dir::DataDir;
use crate::node::endpoint::Endpoint;
use crate::node::error::NodeError;
use crate::node::log::{Disk, FailingSyncs, FileSystem, Log};
use crate::node::mint::Mint;
use crate::node::notices::Rate;
use crate::node::peers::Peers;
use crate::node::status::Watch;
use crate::node::timers::Timers;
use quorate_models::protocol::{Runnable, StartNewcomer};
use quorate_models::{Progress, Status};
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// How a node is to be opened.
pub struct NodeBuilder<'a, A: Runnable> {
    actor: A,
    cluster: &'a ClusterFile,
    data: DataDir,
    listen: Option<SocketAddr>,
    admits: fn(&A::Msg) -> bool,
    newcomer: Option<StartNewcomer<A>>,
    status: Option<fn(&A::State) -> Status>,
    newest_client: fn(&A::State) -> Option<Id>,
    disk: Arc<dyn Disk>,
}

impl<A: Runnable> NodeBuilder<'_, A> {
    /// Listens on `address` instead of the one in the cluster file: for hosts where others reach
    /// the latter by address translation.
    #[must_use]
    pub fn listen(mut self, address: Option<SocketAddr>) -> Self {
        self.listen = address;
        self
    }

    /// Drops messages from clients for which `admits` says no: a client must not speak as a
    /// server does. Without this, clients may send anything.
    #[must_use]
    pub fn admit_from_clients(mut self, admits: fn(&A::Msg) -> bool) -> Self {
        self.admits = admits;
        self
    }

    /// Starts by `start` on a data directory that was formatted for a newcomer. Without this, such
    /// a directory is refused.
    #[must_use]
    pub fn start_newcomer(mut self, start: Option<StartNewcomer<A>>) -> Self {
        self.newcomer = start;
        self
    }

    /// Logs what `status` says of the actor's state, each time that it changes.
    #[must_use]
    pub fn tell_status(mut self, status: fn(&A::State) -> Status) -> Self {
        self.status = Some(status);
        self
    }

    /// Gives new clients ids above the one that `newest_client` finds in the actor's state, so that
    /// ids grow with the log. Without this they grow with what this server gave.
    #[must_use]
    pub fn above_clients(mut self, newest_client: fn(&A::State) -> Option<Id>) -> Self {
        self.newest_client = newest_client;
        self
    }

    /// Lets the next sync of its log fail, and lose what it was to make durable, whenever the flag is
    /// set: for storms.
    #[must_use]
    pub fn fail_syncs(mut self, when: Option<Arc<AtomicBool>>) -> Self {
        if let Some(when) = when {
            self.disk = Arc::new(FailingSyncs(when));
        }
        self
    }

    /// Keeps its log on `disk`.
    #[cfg(test)]
    pub(super) fn disk(mut self, disk: Arc<dyn Disk>) -> Self {
        self.disk = disk;
        self
    }

    /// Opens the socket and recovers the log.
    pub fn open(self) -> Result<Node<A>, NodeError> {
        let Self { cluster, data, listen, newcomer, disk, .. } = self;
        if cluster.keys.client.is_some() && cluster.keys.server.is_none() {
            return Err(NodeError::NoServerKey { file: cluster.path().into() });
        }
        if data.is_newcomers() && newcomer.is_none() {
            return Err(NodeError::NoNewcomers { data: data.path().into() });
        }
        let id = data.id();
        // A data directory opens only as a server of its cluster.
        let address = listen.unwrap_or(cluster.servers[usize::from(id)].address);
        let peers = Peers::open(data.path())?;
        let mint = Mint::open(data.path(), id)?;
        let (endpoint, wake) = Endpoint::bind(id, cluster, address, data.life(), peers)?;
        let (log, image) = Log::open(disk, data.path(), data.owner(), wake)?;
        if !endpoint.authenticates() {
            tracing::warn!(
                "the cluster file has no [keys]: datagrams are not authenticated, so anyone that \
                 can reach this address can pose as a client, or forge a server's address"
            );
        }
        let (timers, choices) = (Timers::new(), BTreeMap::new());
        let (watch, relays) = (Watch::new(), Rate::new(RELAYS, Duration::from_secs(1)));
        Ok(Node {
            actor: self.actor,
            admits: self.admits,
            newcomer,
            status: self.status,
            board: None,
            syncing: VecDeque::new(),
            newest_client: self.newest_client,
            mint,
            watch,
            relays,
            id,
            endpoint,
            log,
            image,
            held: Held::new(),
            own: VecDeque::new(),
            timers,
            choices,
            aged: (Instant::now(), 0),
            listening: BTreeSet::new(),
            refused_by: None,
            complaints: Rate::new(1, Duration::from_secs(10)),
            data,
        })
    }
}

impl<A: Runnable> Node<A> {
    /// Shows on `board` what the node is, and how far it is, as `progress` computes from the
    /// actor's state. It shows what it is only if it was opened with
    /// [`tell_status`](NodeBuilder::tell_status).
    pub fn show_on(&mut self, board: Board, progress: fn(&A::State) -> Progress) {
        self.board = Some((board, progress));
    }

    /// Begins to open a node that runs `actor` on a data directory.
    pub fn builder(actor: A, cluster: &ClusterFile, data: DataDir) -> NodeBuilder<'_, A> {
        let (listen, newcomer, status) = (None, None, None);
        NodeBuilder {
            actor,
            cluster,
            data,
            listen,
            admits: |_| true,
            newcomer,
            status,
            newest_client: |_| None,
            disk: Arc::new(FileSystem),
        }
    }

    /// Opens a node that runs `actor` on a data directory.
    pub fn open(actor: A, cluster: &ClusterFile, data: DataDir) -> Result<Self, NodeError> {
        Self::builder(actor, cluster, data).open()
    }
}
