//! Protocols as nodes and clients: how a cluster file becomes both.

mod ask;
pub mod crowd;
pub mod deployed;
pub mod partitions;
pub mod place;
mod topology;

pub use ask::{AskError, ask};
pub use topology::shift_clock;

#[cfg(feature = "tokio")]
use crate::node::async_client::AsyncClient;
use crate::node::client::{Client, ClientError, Rules};
use crate::node::cluster_file::ClusterFile;
use crate::node::data_dir::DataDir;
use crate::node::error::NodeError;
use crate::node::http::HttpError;
use crate::node::runtime::Node;
use place::Place;
use quorate_models::Unsuitable;
use quorate_models::kv::offer::admits;
use quorate_models::protocol::{Answer, Deploy, Readmission, Request};
use stateright::actor::Id;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A client of a deployed protocol.
pub type ClientOf<D> = Client<Request<D>, Answer<D>, <D as Deploy>::Peer>;

/// Why a cluster cannot be deployed as its file says.
#[derive(Debug, Error)]
pub enum DeployError {
    /// No protocol has that name.
    #[error(
        "the cluster file {} asks for the protocol `{protocol}`, which cannot be deployed; \
         those that can: {}", file.display(), known.join(", ")
    )]
    UnknownProtocol {
        /// The cluster file.
        file: PathBuf,
        /// The name in it.
        protocol: String,
        /// The names of those that can be deployed.
        known: Vec<&'static str>,
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
    /// A client is to ask a server that takes no requests.
    #[error(
        "the cluster file {}: {protocol}: server {server} takes no requests; ask one of {}",
        file.display(), list(servers)
    )]
    TakesNoRequests {
        /// The cluster file.
        file: PathBuf,
        /// The protocol.
        protocol: &'static str,
        /// The server.
        server: usize,
        /// Those that do.
        servers: Vec<Id>,
    },
}

fn list(ids: &[Id]) -> String {
    ids.iter().map(|id| usize::from(*id).to_string()).collect::<Vec<_>>().join(", ")
}

impl DeployError {
    /// Says that `D` cannot run on `cluster`, and why.
    fn unsuitable<D: Deploy>(cluster: &ClusterFile) -> impl FnOnce(Unsuitable) -> Self {
        let file = cluster.path().into();
        |Unsuitable(reason)| Self::Unsuitable { file, protocol: D::NAME, reason }
    }
}

/// Opens the node whose data directory is at `data`, as the protocol `D`.
pub fn open_node<D: Deploy>(
    cluster: &ClusterFile,
    data: &Path,
    wanted: Option<Id>,
    listen: Option<SocketAddr>,
) -> Result<Node<D::Actor>, OpenError> {
    open_at::<D>(cluster, &Place { data, wanted, listen, fail_syncs: None, show: None })
}

fn open_at<D: Deploy>(
    cluster: &ClusterFile,
    place: &Place<'_>,
) -> Result<Node<D::Actor>, OpenError> {
    let data = DataDir::open(place.data, cluster, place.wanted).map_err(NodeError::from)?;
    let id = data.id();
    let actor =
        D::server(&cluster.topology(), id).map_err(DeployError::unsuitable::<D>(cluster))?;
    let builder = Node::builder(actor, cluster, data).listen(place.listen);
    let builder = builder.fail_syncs(place.fail_syncs.cloned());
    let start = match D::readmission(id) {
        Readmission::Rejoins(start) => Some(start),
        Readmission::Refused(_) => None,
    };
    let builder = builder.tell_status(D::status).above_clients(D::newest_client);
    let builder = builder.start_newcomer(start);
    Ok(builder.admit_from_clients(admits::<D::Offer, D::Peer>).open()?)
}

/// Opens a client of a cluster that runs the protocol `D`, which asks only the server `only` if
/// there is one.
pub fn open_client<D: Deploy>(
    cluster: &ClusterFile,
    only: Option<Id>,
) -> Result<ClientOf<D>, OpenError> {
    let servers = client_servers::<D>(cluster, only)?;
    let retry = cluster.timing.get("retry").unwrap_or_else(D::client_retry);
    Ok(Client::open(cluster, servers, retry)?.heeding(Rules::of::<D::Offer>()))
}

/// An asynchronous client of a deployed protocol.
#[cfg(feature = "tokio")]
pub type AsyncClientOf<D> = AsyncClient<Request<D>, Answer<D>, <D as Deploy>::Peer>;

/// Opens an asynchronous client of a cluster that runs the protocol `D`, with at most so many
/// `requests` under way, which asks only the server `only` if there is one: see
/// [`AsyncClient::open`].
#[cfg(feature = "tokio")]
pub fn open_async_client<D: Deploy>(
    cluster: &ClusterFile,
    only: Option<Id>,
    requests: usize,
) -> Result<AsyncClientOf<D>, OpenError> {
    let servers = client_servers::<D>(cluster, only)?;
    let retry = cluster.timing.get("retry").unwrap_or_else(D::client_retry);
    let under_way = (requests, D::client_slots());
    Ok(AsyncClient::open_heeding(cluster, servers, retry, under_way, Rules::of::<D::Offer>())?)
}

/// The servers that clients ask: all that take requests, or the one given.
fn client_servers<D: Deploy>(
    cluster: &ClusterFile,
    only: Option<Id>,
) -> Result<Vec<Id>, DeployError> {
    let mut servers =
        D::client_servers(&cluster.topology()).map_err(DeployError::unsuitable::<D>(cluster))?;
    if let Some(only) = only {
        if !servers.contains(&only) {
            let (file, server) = (cluster.path().into(), usize::from(only));
            let protocol = D::NAME;
            return Err(DeployError::TakesNoRequests { file, protocol, server, servers });
        }
        servers = vec![only];
    }
    Ok(servers)
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
    /// The metrics cannot be served.
    #[error(transparent)]
    Http(#[from] HttpError),
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use quorate_models::two_phase_commit::TwoPhaseCommit;
    use std::fmt::Write;

    /// A cluster of `protocol`, with a server for each of `roles`.
    pub(crate) fn cluster(protocol: &str, mode: &str, roles: &[&str]) -> ClusterFile {
        let mut text = format!("name = \"demo\"\nprotocol = \"{protocol}\"\n{mode}\n");
        for (id, role) in roles.iter().enumerate() {
            write!(text, "[[server]]\nid = {id}\naddress = \"127.0.0.1:{}\"\n{role}\n", 7000 + id)
                .unwrap();
        }
        ClusterFile::parse(&text, Path::new("cluster.toml")).unwrap()
    }

    #[test]
    fn a_client_asks_only_servers_that_take_requests() {
        let two_phase = cluster("two-phase-commit", "", &["", "", ""]);
        let error = open_client::<TwoPhaseCommit>(&two_phase, Some(Id::from(1))).err().unwrap();
        assert!(error.to_string().contains("server 1 takes no requests; ask one of 0"), "{error}");
        assert!(open_client::<TwoPhaseCommit>(&two_phase, Some(Id::from(0))).is_ok());
    }

    #[test]
    fn a_cluster_that_does_not_suit_is_refused_with_its_file() {
        let error = open_client::<TwoPhaseCommit>(&cluster("two-phase-commit", "", &[""]), None);
        let error = error.err().unwrap().to_string();
        assert!(error.contains("cluster.toml") && error.contains("participant"), "{error}");
    }

    /// Such nodes do not even read each other's datagrams.
    #[test]
    fn nodes_that_look_for_a_key_in_different_places_are_of_different_clusters() {
        let fingerprint =
            |mode: &str| cluster("two-phase-commit", mode, &["", "", ""]).fingerprint();
        assert_ne!(fingerprint("mode = \"ranges h\""), fingerprint("mode = \"ranges p\""));
        assert_ne!(fingerprint("mode = \"ranges h\""), fingerprint(""));
    }
}
