//! Kafka: what the tools need to know. Server 0 is the controller, the others are brokers.

use super::abstract_model::bounds::abstract_models;
use super::config::Kafka;
use super::properties::{Actor, History};
use super::{guarantees, instances, mutants};
use crate::abstract_model::ModelVisitor;
use crate::guarantee::Guarantee;
use crate::protocol::Protocol;
use crate::{Instance, Mutant, Reduced};

impl Protocol for Kafka {
    const NAME: &'static str = "kafka";
    const ABOUT: &'static str =
        "a log that in-sync replicas hold: a leader appends, followers fetch, a controller elects";
    type Checked = Actor;
    type History = History;

    fn instances() -> Vec<Instance<Actor, History>> {
        instances::instances()
    }

    fn reduced() -> &'static [Reduced] {
        instances::REDUCED
    }

    fn mutants() -> Vec<Mutant<Actor, History>> {
        mutants::mutants()
    }

    fn guarantees() -> Vec<Guarantee> {
        guarantees::guarantees()
    }

    fn abstract_models(visitor: &mut impl ModelVisitor) {
        abstract_models().into_iter().for_each(|model| visitor.visit(model));
    }
}
