//! The partitions of the topics of a cluster file: each is a cluster of its own, which the same
//! processes run.
//!
//! They have nothing in common but the processes, the hosts and the keys: each has its own replicas,
//! controllers, logs, sockets and sessions. So what is checked of one partition holds of each, and
//! nothing is promised of several together: no order between their records, and no operation on two.

use super::crowd::{Crowd, Heard};
use super::deployed::Deployed;
use super::{AskError, DeployError, OpenError};
use crate::node::client::ClientError;
use crate::node::cluster_file::partition::beside;
use crate::node::cluster_file::{ClusterFile, DEFAULT_TOPIC, Topic};
use crate::node::data_dir::{DataDir, DataDirError};
use crate::node::fleet::FleetCounts;
use quorate_models::kv::offer::Ask;
use stateright::actor::Id;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// Where the directories of partitions are in a server's data directory.
const TOPICS: &str = "topics";

/// A partition of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// The topic.
    pub topic: String,
    /// Its number in the topic.
    pub number: usize,
    /// The servers that have a part in it, by their ids in the cluster file; the index is the id that
    /// a server has in the partition.
    pub servers: Vec<usize>,
    /// The cluster of the partition alone.
    pub cluster: ClusterFile,
    /// Those of the servers that replicate it, the first of which leads at first.
    pub replicas: Vec<usize>,
    /// Its number among all partitions, from 1: by so much its ports are higher.
    at: usize,
}

/// There is no such partition.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TopicError {
    /// No topic has that name.
    #[error("the cluster file has no topic named `{name}`; it has {}", known.join(", "))]
    Unknown {
        /// The name.
        name: String,
        /// The names of those that it has.
        known: Vec<String>,
    },
    /// The topic has fewer partitions.
    #[error("the topic `{topic}` has no partition {number}; {}", numbers(*count))]
    NoPartition {
        /// The topic.
        topic: String,
        /// The number that is asked for.
        number: usize,
        /// How many it has.
        count: usize,
    },
    /// One of several must be chosen.
    #[error("the topic `{topic}` has {count} partitions: say which, by --partition with 0 to {}", count - 1)]
    Which {
        /// The topic.
        topic: String,
        /// How many it has.
        count: usize,
    },
    /// The server has no replica.
    #[error(
        "server {server} has no replica of partition {number} of the topic `{topic}`; ask one of {}",
        replicas.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    )]
    NoReplica {
        /// The server.
        server: usize,
        /// The topic.
        topic: String,
        /// The partition.
        number: usize,
        /// The servers that have one.
        replicas: Vec<usize>,
    },
}

fn numbers(count: usize) -> String {
    match count {
        1 => "it has partition 0 alone".into(),
        count => format!("they are 0 to {}", count - 1),
    }
}

/// The partitions of all topics, but for that of the default topic, which is the cluster itself.
///
/// # Errors
/// When the protocol has no topics, or cannot run on as few servers as replicate one.
pub fn partitions(
    protocol: &dyn Deployed,
    cluster: &ClusterFile,
) -> Result<Vec<Partition>, DeployError> {
    let mut all = Vec::new();
    if cluster.topics.is_empty() {
        return Ok(all);
    }
    let unsuitable = |reason: String| DeployError::Unsuitable {
        file: cluster.path().into(),
        protocol: protocol.name(),
        reason,
    };
    let Some(may) = protocol.replicas(cluster)? else {
        return Err(unsuitable("it has no topics; leave out [[topic]]".into()));
    };
    for topic in &cluster.topics {
        let (name, count) = (&topic.name, topic.replicas.unwrap_or(may.len()));
        if !(1..=may.len()).contains(&count) {
            let most = may.len();
            let reason = format!("the topic `{name}` has {count} replicas; give it 1 to {most}");
            return Err(unsuitable(reason));
        }
        for number in 0..topic.partitions {
            let (first, servers) = (topic.first(number, may.len()), cluster.servers.len());
            let replicas: Vec<usize> =
                (0..count).map(|next| may.start + (first + next) % may.len()).collect();
            let others = (0..may.start, may.end..servers);
            let servers: Vec<usize> =
                others.0.chain(replicas.iter().copied()).chain(others.1).collect();
            let at = all.len() + 1;
            let part = cluster.of_partition(topic, number, at, servers.clone());
            if number == 0 {
                protocol.check(&part, Id::from(0)).map_err(|error| match error {
                    DeployError::Unsuitable { reason, .. } => {
                        unsuitable(format!("the topic `{name}` with {count} replicas: {reason}"))
                    }
                    other => other,
                })?;
            }
            let topic = name.clone();
            all.push(Partition { topic, number, servers, cluster: part, replicas, at });
        }
    }
    Ok(all)
}

impl Partition {
    /// Its directory in the data directory of a server.
    pub fn dir(&self, data: &Path) -> PathBuf {
        data.join(TOPICS).join(format!("{}-{}", self.topic, self.number))
    }

    /// Its address where a server listens on this one.
    pub fn listen(&self, server: SocketAddr) -> SocketAddr {
        beside(server, self.at)
    }

    /// The id in the partition of a server of the cluster, if it has a part in it.
    pub fn id_of(&self, server: usize) -> Option<Id> {
        self.servers.iter().position(|its| *its == server).map(Id::from)
    }

    /// The same of a server that a client is to ask.
    ///
    /// # Errors
    /// When that server has no replica.
    pub fn replica(&self, server: usize) -> Result<Id, TopicError> {
        let id = self.id_of(server).filter(|_| self.replicas.contains(&server));
        id.ok_or_else(|| TopicError::NoReplica {
            server,
            topic: self.topic.clone(),
            number: self.number,
            replicas: self.replicas.clone(),
        })
    }

    /// Makes its directory in the data directory of a server; does nothing if the server has no part in
    /// it.
    ///
    /// # Errors
    /// When there is something already, or it cannot be made.
    pub fn format(&self, data: &Path, server: usize) -> Result<(), DataDirError> {
        match self.id_of(server) {
            Some(id) => DataDir::format(&self.dir(data), &self.cluster, id),
            None => Ok(()),
        }
    }
}

/// The topic of that name, and its partitions; `None` for the default topic.
///
/// # Errors
/// When there is none.
pub fn find<'a>(
    cluster: &'a ClusterFile,
    all: &'a [Partition],
    name: &str,
) -> Result<Option<(&'a Topic, Vec<&'a Partition>)>, TopicError> {
    if name == DEFAULT_TOPIC {
        return Ok(None);
    }
    let Some(topic) = cluster.topics.iter().find(|topic| topic.name == name) else {
        let known = cluster.topics.iter().map(|topic| topic.name.clone());
        let known = [DEFAULT_TOPIC.to_owned()].into_iter().chain(known).collect();
        return Err(TopicError::Unknown { name: name.into(), known });
    };
    Ok(Some((topic, all.iter().filter(|one| one.topic == name).collect())))
}

/// The partition, of so many of a topic, in which everything of this key is.
pub fn partition_of(topic: &Topic, key: &[u8]) -> usize {
    topic.partition_of(key)
}

/// Opens so many clients on one thread, each of which asks for a key in the partition that has it: in
/// the default topic, or in any partition of any other. So a load falls on all of them.
///
/// # Errors
/// When the cluster does not suit, or there is no socket.
pub fn crowd(
    protocol: &dyn Deployed,
    cluster: &ClusterFile,
    clients: usize,
    only: Option<Id>,
) -> Result<Box<dyn Crowd>, OpenError> {
    let partitions = partitions(protocol, cluster)?;
    let whole = protocol.crowd(cluster, clients, only)?;
    if partitions.is_empty() {
        return Ok(whole);
    }
    let mut crowds = vec![whole];
    for partition in &partitions {
        // No protocol with topics has clients of one server alone.
        crowds.push(protocol.crowd(&partition.cluster, clients, None)?);
    }
    let all = Topic { name: String::new(), partitions: crowds.len(), replicas: None };
    Ok(Box::new(Spread { crowds, all, asked: vec![0; clients] }))
}

/// A crowd in each partition; each client has at most one request under way in all of them.
struct Spread {
    crowds: Vec<Box<dyn Crowd>>,
    /// As if they were the partitions of one topic.
    all: Topic,
    /// Which of them each client asked last.
    asked: Vec<usize>,
}

/// While none of several crowds has heard anything, each is given so long in turn.
const TURN: Duration = Duration::from_micros(500);

impl Crowd for Spread {
    fn begin(&mut self, client: usize, ask: &Ask) -> Result<(), AskError> {
        let at = match (ask.key(), ask) {
            (Some(key), _) => self.all.partition_of(key.as_ref()),
            // A producer's numbers are of one partition.
            (None, Ask::Log(_)) => client % self.crowds.len(),
            (None, _) => 0,
        };
        self.asked[client] = at;
        self.crowds[at].begin(client, ask)
    }

    fn give_up(&mut self, client: usize) {
        self.crowds[self.asked[client]].give_up(client);
    }

    fn step(&mut self, wait: Duration) -> Result<Vec<Heard>, ClientError> {
        let mut heard = Vec::new();
        let mut left = wait;
        for turn in std::iter::once(Duration::ZERO).chain(std::iter::repeat(TURN)) {
            for crowd in &mut self.crowds {
                let turn = turn.min(left);
                left -= turn;
                heard.extend(crowd.step(turn)?);
            }
            if !heard.is_empty() || left.is_zero() {
                break;
            }
        }
        Ok(heard)
    }

    fn counts(&self) -> FleetCounts {
        let mut sum = FleetCounts::default();
        for FleetCounts { busy, resent } in self.crowds.iter().map(|crowd| crowd.counts()) {
            sum.busy += busy;
            sum.resent += resent;
        }
        sum
    }
}
