//! The configuration of a cluster, and its nodes.

use super::bugs::Bug;
use super::message::Value;
use crate::paxos::Quorums;
use crate::turn::Setting;
use stateright::actor::Id;

/// A cluster: acceptors, then proposers, then one learner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How many acceptors.
    pub acceptors: usize,
    /// The value that each proposer would like to be chosen.
    pub proposers: Vec<Value>,
    /// How many acceptors must take part in each phase.
    pub quorums: Quorums,
    /// The seeded bug, if this cluster is to have one.
    pub(crate) bug: Option<Bug>,
}

impl Config {
    /// Majorities, and no bug.
    pub fn new(acceptors: usize, proposers: &[Value]) -> Self {
        let quorums = Quorums::majorities(acceptors);
        Self { acceptors, proposers: proposers.to_vec(), quorums, bug: None }
    }

    /// The learner's id.
    pub fn learner(&self) -> Id {
        Id::from(self.acceptors + self.proposers.len())
    }

    /// The acceptors' ids.
    pub fn acceptor_ids(&self) -> Vec<Id> {
        Id::vec_from(0..self.acceptors)
    }

    /// All nodes, by id.
    pub fn nodes(&self) -> Vec<Synod> {
        (self.acceptor_ids().iter().map(|_| Role::Acceptor))
            .chain(self.proposers.iter().map(|value| Role::Proposer(*value)))
            .chain([Role::Learner])
            .map(|role| Synod { config: self.clone(), role })
            .collect()
    }
}

impl Setting for Config {
    type Bug = Bug;

    fn bug(&self) -> Option<Bug> {
        self.bug
    }

    /// The acceptors: they are the nodes that proposers send to.
    fn server_ids(&self) -> impl Iterator<Item = Id> {
        (0..self.acceptors).map(Id::from)
    }
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synod {
    /// The cluster.
    pub config: Config,
    /// Its role.
    pub role: Role,
}

/// The role of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Promises and accepts.
    Acceptor,
    /// Proposes; this value, if it may.
    Proposer(Value),
    /// Finds out which value is chosen.
    Learner,
}
