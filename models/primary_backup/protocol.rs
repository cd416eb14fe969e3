//! Primary-backup: server 0 is the view service, the others are replicas.

use super::properties::{Actor, History};
use super::{
    Config, Mode, Peer, PrimaryBackup, Role, State, Timing, guarantees, instances, mutants,
    view_service,
};
use crate::choice::ChoiceVisitor;
use crate::guarantee::Guarantee;
use crate::kv::offer::Offered;
use crate::kv::sessions::slots::MAX_SLOTS;
use crate::protocol::{Deploy, Promise, Protocol, Readmission};
use crate::status::{Progress, Status};
use crate::timing::{TimingError, fits};
use crate::topology::{Topology, Unsuitable};
use crate::{Instance, Mutant, Newcomer, Reduced};
use stateright::actor::Id;
use std::ops::Range;
use std::time::Duration;

/// Checked with a map; the state machine that is replicated is the user's choice.
impl<M: Offered> Protocol for PrimaryBackup<M> {
    const NAME: &'static str = "primary-backup";
    const ABOUT: &'static str =
        "a primary orders requests, backups follow, and a view service replaces suspected servers";
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

impl<M: Offered> Deploy for PrimaryBackup<M> {
    type Offer = M::Offer;
    type Peer = Peer<M>;
    type Actor = Self;

    fn server(topology: &Topology, id: Id) -> Result<Self, Unsuitable> {
        Ok(config(topology)?.server(id))
    }

    fn client_servers(topology: &Topology) -> Result<Vec<Id>, Unsuitable> {
        Ok(config(topology)?.replica_ids().collect())
    }

    fn status(state: &State<M>) -> Status {
        let (role, view) = match state {
            State::ViewService(state) => {
                let role = match state.stopped_by {
                    None => "view service",
                    Some(_) => {
                        "view service that cannot go on: a replica lost its disk, and no other is \
                         certain to hold every acknowledged write"
                    }
                };
                (role, &state.registry.view)
            }
            State::Replica(replica) => {
                let role = match &replica.role {
                    _ if replica.is_newcomer() => "newcomer",
                    Role::Outsider(_) => "outsider",
                    Role::Backup(_) if replica.is_synced() => "backup",
                    Role::Backup(_) => "backup without the state",
                    Role::Primary(leading) if leading.acting => "primary",
                    Role::Primary(_) => "primary that does not act yet",
                    Role::Resigned => "primary that came back and leads no more",
                };
                (role, &replica.view)
            }
            State::Client(_) => return Status::default(),
        };
        Status {
            role,
            epoch: Some(("view", view.number)),
            leader: Some(view.primary),
            members: view.members().collect(),
        }
    }

    fn progress(state: &State<M>) -> Progress {
        let State::Replica(replica) = state else { return Progress::default() };
        let sessions = replica.image.sessions.count();
        let applied = Some(replica.image.op);
        Progress { applied, sessions: Some(sessions), ..Progress::default() }
    }

    fn newest_client(state: &State<M>) -> Option<Id> {
        let State::Replica(replica) = state else { return None };
        replica.image.sessions.newest_client()
    }

    fn readmission(server: Id) -> Readmission<Self> {
        if server == view_service() {
            return Readmission::Refused(
                "it is the view service, and no other server knows which view is the newest and which \
                 replicas hold every acknowledged write in it; the replicas go on in their present \
                 view, so copy the map into a new cluster",
            );
        }
        Readmission::Rejoins(Newcomer::on_newcomer)
    }

    /// Of a view service and a replica, one is lost.
    fn survives_one(topology: &Topology) -> bool {
        topology.servers() > 2
    }

    fn promise(topology: &Topology) -> Promise {
        match topology.mode.as_deref() {
            Some("asynchronous") => Promise::Nothing("at a failover it loses what backups had not"),
            _ => Promise::Linearizable,
        }
    }

    fn client_slots() -> u8 {
        MAX_SLOTS
    }

    fn client_retry() -> Range<Duration> {
        Timing::default().retry
    }
}

fn config(topology: &Topology) -> Result<Config, Unsuitable> {
    let mode = match topology.mode.as_deref() {
        None | Some("synchronous") => Mode::Synchronous,
        Some("asynchronous") => Mode::Asynchronous,
        Some(other) => {
            let known = "use `synchronous` or `asynchronous`";
            return Err(Unsuitable(format!("there is no mode `{other}`; {known}")));
        }
    };
    let replicas = topology.servers().saturating_sub(1);
    if replicas == 0 {
        let advice = "add a [[server]] for each replica";
        return Err(Unsuitable(format!("server 0 is the view service; {advice}")));
    }
    topology.check_roles(|id| if id == 0 { "view-service" } else { "replica" })?;
    let timing = timing(topology)?;
    Ok(Config::new(replicas, mode, timing))
}

fn timing(topology: &Topology) -> Result<Timing, TimingError> {
    let mut timing = Timing::default();
    let Timing { ping, suspect, resend, overdue, copy, retry } = &mut timing;
    topology.timing.set([
        ("ping", ping),
        ("suspect", suspect),
        ("resend", resend),
        ("overdue", overdue),
        ("copy", copy),
        ("retry", retry),
    ])?;
    let (resend, overdue) = (("resend", &timing.resend), ("overdue", &timing.overdue));
    let (ping, suspect) = (("ping", &timing.ping), ("suspect", &timing.suspect));
    fits(2, ping, suspect, "one lost ping would make a live replica suspected")?;
    fits(2, resend, overdue, "one lost message would leave out a live backup")?;
    fits(
        1,
        overdue,
        ("copy", &timing.copy),
        "a replica that copies the state needs more time than a backup",
    )?;
    Ok(timing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::tests::topology;

    fn accepts(mode: &str, roles: &[&str]) -> Result<(), String> {
        config(&topology(mode, roles)).map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn roles_and_modes_are_checked() {
        let (service, replica) = ("view-service", "replica");
        accepts("", &["", ""]).unwrap();
        accepts("asynchronous", &[service, replica, replica]).unwrap();
        assert!(accepts("fast", &["", ""]).unwrap_err().contains("`fast`"));
        assert!(accepts("", &[replica, replica]).unwrap_err().contains("server 0"));
        assert!(accepts("", &[service]).unwrap_err().contains("view service"));
    }
}
