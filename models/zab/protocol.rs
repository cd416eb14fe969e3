//! Zab: what the tools need to know.

use super::properties::{Actor, History};
use super::state::{Role, State};
use super::{Config, Ordered, Peer, Timing, Zab, guarantees, instances, mutants};
use crate::choice::ChoiceVisitor;
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
        let epoch = server.stable.accepted;
        let (role, knows_leader) = match &server.role {
            Role::Looking => ("looking", false),
            Role::Soliciting(_) => ("looking, would lead", false),
            Role::Discovering(_) => ("candidate", false),
            Role::Following { up_to_date: false } => ("follower that takes over the history", true),
            Role::Following { up_to_date: true } if server.observes => ("observer", true),
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

/// Servers have the role `server` or none; observers have the role `observer`, and come last.
fn config(topology: &Topology) -> Result<Config, Unsuitable> {
    let is_observer = |role: &Option<String>| role.as_deref() == Some("observer");
    let servers = topology.roles.iter().take_while(|role| !is_observer(role)).count();
    if topology.roles[servers..].iter().any(|role| !is_observer(role)) {
        return Err(Unsuitable(
            "observers have the highest ids: put each [[server]] that votes before them".into(),
        ));
    }
    topology.check_roles(|id| if id < servers { "server" } else { "observer" })?;
    if let Some(mode) = &topology.mode {
        return Err(Unsuitable(format!("there is no mode `{mode}`; leave `mode` away")));
    }
    let config = Config::new(servers, Timing::given(&topology.timing)?);
    let config = config.map(|it| Config { observers: topology.servers() - servers, ..it });
    config.ok_or_else(|| Unsuitable("add a [[server]] for each server that votes".into()))
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
