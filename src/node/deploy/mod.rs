//! Which protocols can be deployed, and how a cluster file becomes their actors.
//!
//! A protocol is plugged in by one implementation of [`Deployable`] and one line in
//! [`with_protocol`]; the runtime, the client and the command line then serve it.

mod multi_primary;
mod offer;
mod paxos;
mod primary_backup;
mod two_phase_commit;

pub use multi_primary::SiblingsOffer;
pub use offer::{Answered, Ask, AskError, AskOutcome, MapOffer, Offer, admits, ask};
pub use two_phase_commit::TransactionOffer;

use crate::node::client::{Client, ClientError};
use crate::node::cluster_file::ClusterFile;
use crate::node::data_dir::DataDir;
use crate::node::error::NodeError;
use crate::node::runtime::{Node, Runnable, StartNewcomer};
use crate::node::status::Status;
use quorate_models::kv::machine::Value;
use quorate_models::kv::{Map, Service, Sessions};
use quorate_models::multi_primary::MultiPrimary;
use quorate_models::paxos::Paxos;
use quorate_models::primary_backup::PrimaryBackup;
use quorate_models::two_phase_commit::TwoPhaseCommit;
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
    /// What it offers its clients; [`MapOffer`] if it replicates the map as a state machine.
    type Offer: Offer;
    /// What its servers say to each other.
    type Peer: Value;
    /// Its server, in any role.
    type Actor: Runnable + Actor<Msg = Message<Self>>;

    /// Server `id` of a cluster; an error if the protocol cannot run on such a cluster.
    fn server(cluster: &ClusterFile, id: Id) -> Result<Self::Actor, DeployError>;

    /// The servers that take requests, in the order in which a client tries them.
    fn client_servers(cluster: &ClusterFile) -> Result<Vec<Id>, DeployError> {
        Ok(cluster.ids())
    }

    /// What a node in such a state is: logged when it changes, so that an operator sees who leads.
    fn status(state: &StateOf<Self>) -> Status;

    /// The highest client id that the state knows of: new clients get ids above it. `None` if it
    /// knows of no client.
    fn newest_client(state: &StateOf<Self>) -> Option<Id>;

    /// Whether this server may return when its data directory is lost.
    fn readmission(server: Id) -> Readmission<Self::Actor>;

    /// How long a client waits for an answer before it asks another server, where the cluster file
    /// does not say it.
    fn client_retry() -> Range<Duration> {
        Duration::from_millis(200)..Duration::from_millis(400)
    }
}

/// Whether a protocol can take a server back that has lost what was durable.
pub enum Readmission<A: Actor> {
    /// It cannot: why, and what to do.
    Refused(&'static str),
    /// It can: the server starts so, and by the protocol itself counts for nothing until it has what
    /// it must have.
    Rejoins(StartNewcomer<A>),
}

/// What a deployed protocol's clients send.
pub type Request<D> = <<D as Deployable>::Offer as Offer>::Request;
/// What a deployed protocol's servers answer.
pub type Answer<D> = <<D as Deployable>::Offer as Offer>::Answer;
/// A message of a deployed protocol.
pub type Message<D> = Service<Request<D>, Answer<D>, <D as Deployable>::Peer>;
/// The state of a deployed protocol's node.
pub type StateOf<D> = <<D as Deployable>::Actor as Actor>::State;
/// A client of a deployed protocol.
pub type ClientOf<D> = Client<Request<D>, Answer<D>, <D as Deployable>::Peer>;

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
pub const NAMES: &[&str] =
    &[<PrimaryBackup<Map>>::NAME, MultiPrimary::NAME, TwoPhaseCommit::NAME, <Paxos<Map>>::NAME];
/// Those of them that offer transactions.
const OFFERING_TXN: &[&str] = &[TwoPhaseCommit::NAME];
/// Those of them that offer compare-and-swap.
const OFFERING_CAS: &[&str] =
    &[<PrimaryBackup<Map>>::NAME, TwoPhaseCommit::NAME, <Paxos<Map>>::NAME];

/// Does `what` with the protocol that `cluster` asks for.
pub fn with_protocol<W: WithProtocol>(
    cluster: &ClusterFile,
    what: W,
) -> Result<W::Output, DeployError> {
    match cluster.protocol.as_str() {
        <PrimaryBackup<Map>>::NAME => Ok(what.with::<PrimaryBackup<Map>>()),
        MultiPrimary::NAME => Ok(what.with::<MultiPrimary>()),
        TwoPhaseCommit::NAME => Ok(what.with::<TwoPhaseCommit>()),
        <Paxos<Map>>::NAME => Ok(what.with::<Paxos<Map>>()),
        _ => Err(DeployError::UnknownProtocol {
            file: cluster.path().into(),
            protocol: cluster.protocol.clone(),
        }),
    }
}

/// The highest client id in a session table, be its session there or evicted.
fn newest_client<R: Value>(sessions: &Sessions<R>) -> Option<Id> {
    sessions.iter().map(|(client, ..)| client).chain(sessions.floor()).max()
}

/// An error unless each server that is given a role has the one that it has by its id.
fn check_roles<D: Deployable>(
    cluster: &ClusterFile,
    role: impl Fn(usize) -> &'static str,
) -> Result<(), DeployError> {
    for server in &cluster.servers {
        let (id, role) = (server.id, role(server.id));
        if server.role.as_deref().is_some_and(|given| given != role) {
            let reason = format!("server {id} is the {role}; give it that role, or none");
            return Err(DeployError::unsuitable::<D>(cluster, reason));
        }
    }
    Ok(())
}

/// Opens the node whose data directory is at `data`, as the protocol `D`.
pub fn open_node<D: Deployable>(
    cluster: &ClusterFile,
    data: &Path,
    wanted: Option<Id>,
    listen: Option<SocketAddr>,
) -> Result<Node<D::Actor>, OpenError> {
    let data = DataDir::open(data, cluster, wanted).map_err(NodeError::from)?;
    let id = data.id();
    let actor = D::server(cluster, id)?;
    let builder = Node::builder(actor, cluster, data).listen(listen);
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
pub fn open_client<D: Deployable>(
    cluster: &ClusterFile,
    only: Option<Id>,
) -> Result<ClientOf<D>, OpenError> {
    let mut servers = D::client_servers(cluster)?;
    if let Some(only) = only {
        if !servers.contains(&only) {
            let (file, server) = (cluster.path().into(), usize::from(only));
            let protocol = D::NAME;
            return Err(DeployError::TakesNoRequests { file, protocol, server, servers }.into());
        }
        servers = vec![only];
    }
    let retry = cluster.timing.get("retry").unwrap_or_else(D::client_retry);
    Ok(Client::open(cluster, servers, retry)?)
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    /// A cluster of `protocol`, with a server for each of `roles`.
    pub(super) fn cluster(protocol: &str, mode: &str, roles: &[&str]) -> ClusterFile {
        let mut text = format!("name = \"demo\"\nprotocol = \"{protocol}\"\n{mode}\n");
        for (id, role) in roles.iter().enumerate() {
            write!(text, "[[server]]\nid = {id}\naddress = \"127.0.0.1:{}\"\n{role}\n", 7000 + id)
                .unwrap();
        }
        ClusterFile::parse(&text, Path::new("cluster.toml")).unwrap()
    }

    #[test]
    fn each_name_is_that_of_a_protocol_and_no_other_is() {
        struct Name;
        impl WithProtocol for Name {
            type Output = &'static str;

            fn with<D: Deployable>(self) -> &'static str {
                D::NAME
            }
        }
        for name in NAMES {
            assert_eq!(with_protocol(&cluster(name, "", &[""]), Name).unwrap(), *name);
        }
        let error = with_protocol(&cluster("gossip", "", &[""]), Name).unwrap_err().to_string();
        assert!(error.contains("multi-primary, two-phase-commit"), "{error}");
    }

    #[test]
    fn a_client_asks_only_servers_that_take_requests() {
        let two_phase = cluster(TwoPhaseCommit::NAME, "", &["", "", ""]);
        let error = open_client::<TwoPhaseCommit>(&two_phase, Some(Id::from(1))).err().unwrap();
        assert!(error.to_string().contains("server 1 takes no requests; ask one of 0"), "{error}");
        assert!(open_client::<TwoPhaseCommit>(&two_phase, Some(Id::from(0))).is_ok());
    }
}
