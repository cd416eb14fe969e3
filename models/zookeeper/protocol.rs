//! ZooKeeper: what the tools need to know.

use super::{History, ZooKeeper, guarantees, instances, mutants};
use crate::guarantee::Guarantee;
use crate::protocol::Protocol;
use crate::{Instance, Mutant, Reduced};

impl Protocol for ZooKeeper {
    const NAME: &'static str = "zookeeper";
    const ABOUT: &'static str = "ZooKeeper's data tree on Zab: versions, sessions, ephemeral and sequential nodes, \
         watches, and a lock";
    type Checked = Self;
    type History = History;

    fn instances() -> Vec<Instance<Self, History>> {
        instances::instances()
    }

    fn reduced() -> &'static [Reduced] {
        instances::REDUCED
    }

    fn mutants() -> Vec<Mutant<Self, History>> {
        mutants::mutants()
    }

    fn guarantees() -> Vec<Guarantee> {
        guarantees::guarantees()
    }
}
