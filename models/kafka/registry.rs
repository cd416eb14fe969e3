//! What the controller decides: the metadata.

use crate::kv::StateMachine;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

/// What the controller decided: the metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Registry {
    /// How many decisions there were.
    pub version: u64,
    /// The brokers.
    pub brokers: BTreeMap<Id, Registration>,
    /// The partition.
    pub partition: Partition,
}

/// What the controller knows of a broker.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Registration {
    /// The broker's epoch: the number of its last start that the controller knows of.
    pub epoch: u64,
    /// Whether it was silent for too long, or started, and was not heard since.
    pub fenced: bool,
}

/// Who leads and who may be elected.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Partition {
    /// The leader; none if nobody may be elected.
    pub leader: Option<Id>,
    /// How often the leader changed.
    pub leader_epoch: u64,
    /// How often anything of this changed.
    pub epoch: u64,
    /// The in-sync replicas.
    pub isr: BTreeSet<Id>,
    /// The eligible leader replicas: who left the in-sync replicas when they were less than the
    /// minimum, and so has everything committed (KIP-966).
    pub elr: BTreeSet<Id>,
}

impl Registry {
    /// Whether a broker is known to be in this epoch, and alive.
    pub fn is_alive(&self, broker: Id, epoch: u64) -> bool {
        self.brokers.get(&broker) == Some(&Registration { epoch, fenced: false })
    }

    /// Who leads, in which leader epoch.
    pub(super) fn leadership(&self) -> (u64, Option<Id>) {
        (self.partition.leader_epoch, self.partition.leader)
    }

    /// Whether a broker may be elected now.
    pub fn is_unfenced(&self, broker: Id) -> bool {
        self.brokers.get(&broker).is_some_and(|registration| !registration.fenced)
    }
}

/// Where the controllers are several, their log is of decisions: each has all that is known after it,
/// and is decided upon what the one before it in the log says.
impl StateMachine for Registry {
    type Op = Self;
    type Reply = ();
    type Fragment = Self;

    fn apply(&mut self, _client: Id, _seq: u64, decided: &Self) {
        self.clone_from(decided);
    }

    fn fragments(&self) -> Vec<Self> {
        vec![self.clone()]
    }

    fn restore(&mut self, fragment: Self) {
        *self = fragment;
    }
}
