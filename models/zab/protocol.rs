//! Zab: what the tools need to know.

use super::deployed::{self, FORGOTTEN};
use super::properties::{Actor, History};
use super::state::State;
use super::{Config, Ordered, Peer, Timing, Zab, guarantees, instances, mutants};
use crate::choice::ChoiceVisitor;
use crate::guarantee::Guarantee;
use crate::kv::offer::Offered;
use crate::protocol::{Deploy, Promise, Protocol, Readmission};
use crate::status::{Progress, Status};
use crate::topology::{Topology, Unsuitable};
use crate::{Instance, Mutant, Reduced};
use stateright::actor::Id;
use std::ops::Range;
use std::time::Duration;

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

    fn reduced() -> &'static [Reduced] {
        instances::REDUCED
    }

    fn mutants() -> Vec<Mutant<Actor, History>> {
        mutants::mutants()
    }

    fn choice(visitor: &mut impl ChoiceVisitor<Self::Checked, Self::History>) {
        visitor.visit(super::choice::choice());
    }

    fn guarantees() -> Vec<Guarantee> {
        guarantees::guarantees()
    }
}

impl<M: Offered> Deploy for Zab<M> {
    type Offer = Ordered<M::Offer>;
    type Peer = Peer<M>;
    type Actor = Self;

    fn server(topology: &Topology, _: Id) -> Result<Self, Unsuitable> {
        Ok(config(topology)?.server())
    }

    fn client_servers(topology: &Topology) -> Result<Vec<Id>, Unsuitable> {
        let config = config(topology)?;
        Ok(config.server_ids().chain(config.observer_ids()).collect())
    }

    fn status(state: &State<M>) -> Status {
        let State::Server(server) = state else { return Status::default() };
        server.status()
    }

    fn progress(state: &State<M>) -> Progress {
        let State::Server(server) = state else { return Progress::default() };
        server.progress()
    }

    fn newest_client(state: &State<M>) -> Option<Id> {
        let State::Server(server) = state else { return None };
        server.newest_client()
    }

    fn readmission(_server: Id) -> Readmission<Self::Actor> {
        Readmission::Refused(FORGOTTEN)
    }

    fn survives_one(topology: &Topology) -> bool {
        topology.servers() > 2
    }

    fn promise(_: &Topology) -> Promise {
        Promise::LocalReads
    }

    fn client_retry() -> Range<Duration> {
        Timing::default().retry
    }
}

fn config(topology: &Topology) -> Result<Config, Unsuitable> {
    deployed::config_of(topology, &topology.timing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::Map;
    use crate::topology::tests::topology;

    #[test]
    fn observers_come_last_and_take_requests() {
        let observed = config(&topology("", &["", "server", "", "observer"])).unwrap();
        assert_eq!((observed.servers(), observed.observers, observed.quorum()), (3, 1, 2));
        let all = Zab::<Map>::client_servers(&topology("", &["", "", "", "observer"])).unwrap();
        assert_eq!(all.len(), 4);
        for (roles, wrong) in [
            (["observer", "", ""].as_slice(), "highest ids"),
            (&["observer"], "that votes"),
            (&["follower", "", ""], "server 0 is the server"),
        ] {
            let error = config(&topology("", roles)).unwrap_err().to_string();
            assert!(error.contains(wrong), "{roles:?}: {error}");
        }
    }
}
