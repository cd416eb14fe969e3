//! The topics of a cluster file: named logs beside the default one, each in a number of partitions.
//!
//! A partition is a cluster of its own, in the same processes: its servers are some of the file's, in
//! an order of its own, each at the port of its server plus the number of the partition among all. So
//! nothing of one partition reaches another, and the code that runs one is the code that runs a
//! cluster without topics.

use super::flaw::{Flaw, MAX_PARTITIONS};
use crate::node::digest::Fnv1a;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

/// What the topic is called that every cluster has, in one partition.
pub const DEFAULT_TOPIC: &str = "default";

/// The longest name of a topic, in bytes.
const LONGEST: usize = 64;

/// A topic, as the cluster file gives it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Its name: letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// How many partitions it has, each a log of its own.
    pub partitions: usize,
    /// How many servers replicate each of them; `None` for all that may.
    #[serde(default)]
    pub replicas: Option<usize>,
}

/// Which partition a cluster is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::node) struct Part {
    pub(super) topic: String,
    pub(super) number: usize,
    /// How many the topic has: by that a key finds its own.
    pub(super) of: usize,
    /// Its servers, by their ids in the cluster file.
    pub(super) servers: Vec<usize>,
}

impl Part {
    /// Digests what must agree between all its nodes.
    pub(super) fn digest(&self, digest: &mut Fnv1a) {
        digest.text(&self.topic);
        for number in [self.number, self.of].iter().chain(&self.servers) {
            digest.text(&number.to_string());
        }
    }
}

impl Topic {
    /// The partition in which everything of this key is. It differs from Kafka's, which hashes keys by
    /// murmur2.
    pub(in crate::node) fn partition_of(&self, key: &[u8]) -> usize {
        (hash(key) % self.partitions.max(1) as u64) as usize
    }

    /// The first of the replicas of a partition, which leads at first, among so many servers: by the
    /// name, so that it stays when topics are added, and each partition of a topic has the next one.
    pub(in crate::node) fn first(&self, number: usize, servers: usize) -> usize {
        ((hash(self.name.as_bytes()) % servers.max(1) as u64) as usize + number) % servers.max(1)
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut digest = Fnv1a::new();
    digest.bytes(bytes);
    // The low bits of the hash alone mix the low bits of the bytes alone.
    digest.0 ^ digest.0 >> 32
}

/// What is wrong with the topics of a file, or with the servers because of them.
pub(super) fn check(
    topics: &[Topic],
    servers: impl Iterator<Item = (usize, SocketAddr)>,
) -> Result<(), Flaw> {
    let mut names = BTreeSet::from([DEFAULT_TOPIC]);
    let mut sum = 0_usize;
    for Topic { name, partitions, .. } in topics {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if !(1..=LONGEST).contains(&name.len()) || !name.bytes().all(is_plain) {
            return Err(Flaw::TopicName { name: name.clone(), longest: LONGEST });
        }
        if !names.insert(name) {
            return Err(Flaw::DuplicateTopic { name: name.clone() });
        }
        sum = sum.saturating_add(*partitions);
        if *partitions == 0 || sum > MAX_PARTITIONS {
            return Err(Flaw::Partitions { name: name.clone(), sum, found: *partitions });
        }
    }
    if topics.is_empty() { Ok(()) } else { check_ports(servers, sum) }
}

/// Each server needs so many ports above its own.
fn check_ports(
    servers: impl Iterator<Item = (usize, SocketAddr)>,
    more: usize,
) -> Result<(), Flaw> {
    let mut all: Vec<(IpAddr, u16, usize)> =
        servers.map(|(id, address)| (address.ip(), address.port(), id)).collect();
    all.sort_unstable();
    if let Some((_, port, id)) = all.iter().find(|(_, port, _)| usize::from(*port) + more > 65_535)
    {
        return Err(Flaw::PortsEnd { id: *id, port: *port, more });
    }
    let meet = |pair: &&[(IpAddr, u16, usize)]| {
        pair[0].0 == pair[1].0 && usize::from(pair[1].1 - pair[0].1) <= more
    };
    match all.windows(2).find(meet) {
        Some(pair) => Err(Flaw::PortsMeet { first: pair[0].2, second: pair[1].2, more }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_spread_over_partitions_and_partitions_over_servers() {
        let orders = Topic { name: "orders".into(), partitions: 4, replicas: None };
        let mut count = [0; 4];
        (0..400).for_each(|key| count[orders.partition_of(format!("key {key}").as_bytes())] += 1);
        assert!(count.iter().all(|count| (60..140).contains(count)), "{count:?}");
        let firsts: BTreeSet<usize> = (0..3).map(|number| orders.first(number, 3)).collect();
        assert_eq!(firsts.len(), 3);
        assert_eq!(orders.first(0, 3), orders.first(3, 3));
    }
}
