//! The interface of the toy to the tools.

use super::properties::{Actor, History};
use super::{Config, State, Toy, guarantees, instances, mutants};
use crate::guarantee::Guarantee;
use crate::kv::offer::MapOffer;
use crate::protocol::{Deploy, Protocol};
use crate::topology::{Topology, Unsuitable};
use crate::{Instance, Mutant};
use stateright::actor::Id;

impl Protocol for Toy {
    const NAME: &'static str = "toy";
    const ABOUT: &'static str = "one server that keeps the map on its disk";
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

impl Deploy for Toy {
    type Offer = MapOffer;
    type Peer = ();
    type Actor = Self;

    fn server(topology: &Topology, _: Id) -> Result<Self, Unsuitable> {
        match topology.servers() {
            1 => Ok(Config::default().server()),
            more => Err(Unsuitable(format!("the map is on one server, not on {more}"))),
        }
    }

    fn newest_client(state: &State) -> Option<Id> {
        let State::Server(table) = state else { return None };
        table.0.sessions.newest_client()
    }
}
