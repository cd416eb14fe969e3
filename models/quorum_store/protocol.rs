//! The quorum store: what the tools need to know.

use super::config::QuorumStore;
use super::history::History;
use super::{guarantees, instances, mutants};
use crate::guarantee::Guarantee;
use crate::protocol::Protocol;
use crate::{Instance, Mutant, Reduced};

impl Protocol for QuorumStore {
    const NAME: &'static str = "quorum-store";
    const ABOUT: &'static str = "any node takes any request and waits for a quorum, as Dynamo's and Cassandra's do; \
         how consistent that is depends on the settings";
    type Checked = Self;
    type History = History;

    fn instances() -> Vec<Instance<Self, History>> {
        instances::instances()
    }

    fn reduced() -> &'static [Reduced] {
        instances::REDUCED
    }

    fn guarantees() -> Vec<Guarantee> {
        guarantees::guarantees()
    }

    fn mutants() -> Vec<Mutant<Self, History>> {
        mutants::mutants()
    }
}
