//! `--topic` and `--partition`: which partition a client command is about.

use super::{CliError, private};
use crate::catalogue::Catalogue;
use crate::models::kv::Bytes;
use crate::node::deploy::partitions::{Partition, TopicError, find, partition_of, partitions};
use crate::node::{ClusterFile, DEFAULT_TOPIC, Topic};
use stateright::actor::Id;
use std::path::Path;

/// The arguments.
#[derive(clap::Args)]
pub(super) struct OfTopic {
    /// The topic (kafka): one of the cluster file's, or `default`, which every cluster has
    #[arg(long, default_value = DEFAULT_TOPIC, hide_default_value = true, value_name = "NAME")]
    topic: String,
    /// The partition of the topic, from 0
    #[arg(long, value_name = "N")]
    partition: Option<usize>,
}

/// Where to ask: the cluster, or one partition of a topic as a cluster.
pub(super) struct Where {
    pub(super) cluster: ClusterFile,
    /// None for the default topic.
    pub(super) partition: Option<Partition>,
}

impl Where {
    /// A cluster without topics, or with its default one.
    pub(super) fn whole(cluster: ClusterFile) -> Self {
        Self { cluster, partition: None }
    }

    /// The only server to be asked, by the id that it has there.
    pub(super) fn only(&self, server: Option<usize>) -> Result<Option<Id>, CliError> {
        match (&self.partition, server) {
            (_, None) => Ok(None),
            (None, Some(server)) => Ok(Some(server.into())),
            (Some(partition), Some(server)) => Ok(Some(partition.replica(server)?)),
        }
    }

    /// The number of the partition.
    pub(super) fn number(&self) -> usize {
        self.partition.as_ref().map_or(0, |partition| partition.number)
    }
}

/// The partitions of one topic, or the one of them that was chosen.
pub(super) struct Chosen {
    pub(super) topic: String,
    /// At least one.
    pub(super) all: Vec<Where>,
    /// By what a key finds its partition, where it may be in any.
    keyed: Option<Topic>,
}

impl Chosen {
    /// The one that has the key; the only one, if there is one.
    pub(super) fn of_key(mut self, key: Option<&Bytes>) -> Result<Where, CliError> {
        let at = match (&self.keyed, key) {
            (Some(topic), Some(key)) => partition_of(topic, key.as_ref()),
            _ if self.all.len() > 1 => {
                let (topic, count) = (self.topic, self.all.len());
                return Err(TopicError::Which { topic, count }.into());
            }
            _ => 0,
        };
        // A key has one of as many partitions as the topic has.
        Ok(self.all.swap_remove(at))
    }

    /// Which of them has the key.
    pub(super) fn at_key(&self, key: &Bytes) -> usize {
        self.keyed.as_ref().map_or(0, |topic| partition_of(topic, key.as_ref()))
    }
}

impl OfTopic {
    /// What was chosen, in the cluster of this file.
    pub(super) fn choose(&self, catalogue: &Catalogue, file: &Path) -> Result<Chosen, CliError> {
        let cluster = private::load_cluster(file)?;
        let all = partitions(catalogue.of_cluster(&cluster)?, &cluster)?;
        let topic = self.topic.clone();
        let none = |number, count| TopicError::NoPartition { topic: topic.clone(), number, count };
        let Some((of, all)) = find(&cluster, &all, &topic)? else {
            return match self.partition {
                None | Some(0) => {
                    Ok(Chosen { topic, all: vec![Where::whole(cluster)], keyed: None })
                }
                Some(number) => Err(none(number, 1).into()),
            };
        };
        let place = |partition: &&Partition| Where {
            cluster: partition.cluster.clone(),
            partition: Some((*partition).clone()),
        };
        let (all, keyed) = match self.partition {
            None => (all.iter().map(place).collect(), Some(of.clone())),
            Some(number) => match all.get(number) {
                Some(one) => (vec![place(one)], None),
                None => return Err(none(number, all.len()).into()),
            },
        };
        Ok(Chosen { topic, all, keyed })
    }
}
