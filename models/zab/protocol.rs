//! Zab: what the tools need to know.

use super::properties::{Actor, History};
use super::{Zab, guarantees, instances, mutants};
use crate::guarantee::Guarantee;
use crate::kv::offer::Offered;
use crate::protocol::Protocol;
use crate::{Instance, Mutant};

/// Checked with a map; the state machine that is replicated is the user's choice.
impl<M: Offered> Protocol for Zab<M> {
    const NAME: &'static str = "zab";
    const ABOUT: &'static str =
        "Zab, ZooKeeper's atomic broadcast: a leader orders transactions; any minority may crash";
    type Checked = Actor;
    type History = History;

    fn instances() -> Vec<Instance<Actor, History>> {
        instances::instances()
    }

    fn mutants() -> Vec<Mutant<Actor, History>> {
        mutants::mutants()
    }

    fn guarantees() -> Vec<Guarantee> {
        guarantees::guarantees()
    }
}
