//! Which protocols can be deployed, and how a cluster file becomes their actors.
//!
//! A protocol is plugged in by one implementation of [`Deployable`] and one line in
//! [`with_protocol`]; the runtime, the client and the command line then serve it.

mod primary_backup;

use crate::node::client::{Client, ClientError};
use crate::node::cluster_file::ClusterFile;
use crate::node::data_dir::DataDir;
use crate::node::map_client::is_request;
use crate::node::runtime::{Node, NodeError, Runnable};
use quorate_models::kv::machine::Value;
use quorate_models::kv::{Map, Op, Reply, Service};
use quorate_models::primary_backup::PrimaryBackup;
use stateright::actor::{Actor, Id};
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// A protocol that replicates the map, as it is deployed.
pub trait Deployable {
    /// What it is called in a cluster file.
    const NAME: &'static str;
    /// What its servers say to each other.
    type Peer: Value;
    /// Its server, in any role.
    type Actor: Runnable + Actor<Msg = Service<Op, Reply, Self::Peer>>;

    /// Server `id` of a cluster; an error if the protocol cannot run on such a cluster.
    fn server(cluster: &ClusterFile, id: Id) -> Result<Self::Actor, DeployError>;

    /// The servers that take requests, in the order in which a client tries them.
    fn client_servers(cluster: &ClusterFile) -> Result<Vec<Id>, DeployError> {
        Ok(cluster.ids())
    }

    /// How long a client waits for an answer before it asks another server.
    fn client_retry() -> Range<Duration> {
        Duration::from_millis(200)..Duration::from_millis(400)
    }
}

/// Why a cluster cannot be deployed as its file says.
#[derive(Debug, Error)]
pub enum DeployError {
    /// No protocol has that name.
    #[error(
        "the cluster file {} asks for the protocol `{protocol}`, which cannot be deployed; \
         those that can: {}", file.display(), NAMES.join(", ")
    )]
    UnknownProtocol {
        /// The cluster file.
        file: PathBuf,
        /// The name in it.
        protocol: String,
    },
    /// The protocol cannot run on such a cluster.
    #[error("the cluster file {}: {protocol}: {reason}", file.display())]
    Unsuitable {
        /// The cluster file.
        file: PathBuf,
        /// The protocol.
        protocol: &'static str,
        /// What is wrong and what to do.
        reason: String,
    },
}

impl DeployError {
    /// Says that `D` cannot run on `cluster`, and why.
    pub fn unsuitable<D: Deployable>(cluster: &ClusterFile, reason: impl Into<String>) -> Self {
        let file = cluster.path().into();
        Self::Unsuitable { file, protocol: D::NAME, reason: reason.into() }
    }
}

/// Something to do with a protocol, whichever it is.
pub trait WithProtocol {
    /// What comes of it.
    type Output;

    /// Does it with the protocol `D`.
    fn with<D: Deployable>(self) -> Self::Output;
}

/// The names of the protocols that can be deployed.
pub const NAMES: &[&str] = &[<PrimaryBackup<Map>>::NAME];

/// Does `what` with the protocol that `cluster` asks for.
pub fn with_protocol<W: WithProtocol>(
    cluster: &ClusterFile,
    what: W,
) -> Result<W::Output, DeployError> {
    match cluster.protocol.as_str() {
        <PrimaryBackup<Map>>::NAME => Ok(what.with::<PrimaryBackup<Map>>()),
        _ => Err(DeployError::UnknownProtocol {
            file: cluster.path().into(),
            protocol: cluster.protocol.clone(),
        }),
    }
}

/// Opens the node whose data directory is at `data`, as the protocol `D`.
pub fn open_node<D: Deployable>(
    cluster: &ClusterFile,
    data: &Path,
    wanted: Option<Id>,
    listen: Option<SocketAddr>,
) -> Result<Node<D::Actor>, OpenError> {
    let data = DataDir::open(data, cluster, wanted).map_err(NodeError::from)?;
    let actor = D::server(cluster, data.id())?;
    let builder = Node::builder(actor, cluster, data).listen(listen);
    Ok(builder.admit_from_clients(is_request).open()?)
}

/// Opens a client of a cluster that runs the protocol `D`.
pub fn open_client<D: Deployable>(
    cluster: &ClusterFile,
) -> Result<Client<Op, Reply, D::Peer>, OpenError> {
    let servers = D::client_servers(cluster)?;
    Ok(Client::open(cluster, servers, D::client_retry())?)
}

/// Why a node or a client of a deployed protocol could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The cluster cannot be deployed so.
    #[error(transparent)]
    Deploy(#[from] DeployError),
    /// The node cannot be opened.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The client cannot be opened.
    #[error(transparent)]
    Client(#[from] ClientError),
}
