//! Zab: what the tools need to know.

use super::properties::{Actor, History};
use super::state::{Role, State};
use super::{Config, Ordered, Peer, Timing, Zab, guarantees, instances, mutants};
use crate::guarantee::Guarantee;
use crate::kv::offer::Offered;
use crate::protocol::{Deploy, Promise, Protocol, Readmission};
use crate::status::{Progress, Status};
use crate::topology::{Topology, Unsuitable};
use crate::{Instance, Mutant};
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

    fn mutants() -> Vec<Mutant<Actor, History>> {
        mutants::mutants()
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
        Ok(config(topology)?.server_ids().collect())
    }

    fn status(state: &State<M>) -> Status {
        let State::Server(server) = state else { return Status::default() };
        let epoch = server.stable.accepted;
        let (role, knows_leader) = match &server.role {
            Role::Looking => ("looking", false),
            Role::Soliciting(_) => ("looking, would lead", false),
            Role::Discovering(_) => ("candidate", false),
            Role::Following { up_to_date: false } => ("follower that takes over the history", true),
            Role::Following { up_to_date: true } => ("follower", true),
            Role::Leading(_) => ("leader", true),
        };
        let leader = knows_leader.then_some(epoch.leader);
        Status { role, epoch: Some(("epoch", epoch.round)), leader, members: Vec::new() }
    }

    fn progress(state: &State<M>) -> Progress {
        let State::Server(server) = state else { return Progress::default() };
        let image = &server.stable.image;
        Progress { applied: Some(image.slot), sessions: Some(image.sessions.count()) }
    }

    fn newest_client(state: &State<M>) -> Option<Id> {
        let State::Server(server) = state else { return None };
        server.stable.image.sessions.newest_client()
    }

    fn readmission(_server: Id) -> Readmission<Self::Actor> {
        Readmission::Refused(
            "it has forgotten which epochs it accepted and what it acknowledged, so a transaction that was \
             committed could be lost; go on with the other servers, or copy the map into a new cluster",
        )
    }

    fn survives_one(servers: usize) -> bool {
        servers > 2
    }

    fn promise(_: &Topology) -> Promise {
        Promise::LocalReads
    }

    fn client_retry() -> Range<Duration> {
        Timing::default().retry
    }
}

fn config(topology: &Topology) -> Result<Config, Unsuitable> {
    topology.check_roles(|_| "server")?;
    if let Some(mode) = &topology.mode {
        return Err(Unsuitable(format!("there is no mode `{mode}`; leave `mode` away")));
    }
    let config = Config::new(topology.servers(), Timing::given(&topology.timing)?);
    config.ok_or_else(|| Unsuitable("add a [[server]] for each server".into()))
}
