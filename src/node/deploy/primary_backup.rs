//! Primary-backup: server 0 is the view service, the others are replicas.

use super::{DeployError, Deployable, MapOffer, Readmission, newest_client};
use crate::node::cluster_file::ClusterFile;
use crate::node::status::Status;
use crate::node::timing::{TimingError, fits};
use quorate_models::Newcomer;
use quorate_models::kv::Map;
use quorate_models::primary_backup::{
    Config, Mode, Peer, PrimaryBackup, Role, State, Timing, view_service,
};
use stateright::actor::Id;
use std::ops::Range;
use std::time::Duration;

impl Deployable for PrimaryBackup<Map> {
    const NAME: &'static str = "primary-backup";
    type Offer = MapOffer;
    type Peer = Peer<Map>;
    type Actor = Self;

    fn server(cluster: &ClusterFile, id: Id) -> Result<Self, DeployError> {
        Ok(config(cluster)?.server(id))
    }

    fn client_servers(cluster: &ClusterFile) -> Result<Vec<Id>, DeployError> {
        Ok(config(cluster)?.replica_ids().collect())
    }

    fn status(state: &State<Map>) -> Status {
        let (role, view) = match state {
            State::ViewService(state) => {
                let role = match state.stopped_by {
                    None => "view service",
                    Some(_) => {
                        "view service that cannot go on: a replica lost its disk, and nobody else is \
                         sure to hold every acknowledged write"
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

    fn newest_client(state: &State<Map>) -> Option<Id> {
        let State::Replica(replica) = state else { return None };
        newest_client(&replica.image.sessions)
    }

    fn readmission(server: Id) -> Readmission<Self> {
        if server == view_service() {
            return Readmission::Refused(
                "it is the view service, and nobody else knows which view is the newest and who holds \
                 every acknowledged write in it; the replicas go on in the view that they have, so \
                 copy the map into a new cluster",
            );
        }
        Readmission::Rejoins(Newcomer::on_newcomer)
    }

    fn client_retry() -> Range<Duration> {
        Timing::default().retry
    }
}

fn config(cluster: &ClusterFile) -> Result<Config, DeployError> {
    let unsuitable = |reason| DeployError::unsuitable::<PrimaryBackup<Map>>(cluster, reason);
    let mode = match cluster.mode.as_deref() {
        None | Some("synchronous") => Mode::Synchronous,
        Some("asynchronous") => Mode::Asynchronous,
        Some(other) => {
            let known = "use `synchronous` or `asynchronous`";
            return Err(unsuitable(format!("there is no mode `{other}`; {known}")));
        }
    };
    let replicas = cluster.servers.len() - 1;
    if replicas == 0 {
        let advice = "add a [[server]] for each replica";
        return Err(unsuitable(format!("server 0 is the view service; {advice}")));
    }
    super::check_roles::<PrimaryBackup<Map>>(cluster, |id| {
        if id == 0 { "view-service" } else { "replica" }
    })?;
    let timing = timing(cluster).map_err(|error| unsuitable(error.to_string()))?;
    Ok(Config::new(replicas, mode, timing))
}

fn timing(cluster: &ClusterFile) -> Result<Timing, TimingError> {
    let mut timing = Timing::default();
    let Timing { ping, suspect, resend, overdue, copy, retry } = &mut timing;
    cluster.timing.set([
        ("ping", ping),
        ("suspect", suspect),
        ("resend", resend),
        ("overdue", overdue),
        ("copy", copy),
        ("retry", retry),
    ])?;
    let (resend, overdue) = (("resend", &timing.resend), ("overdue", &timing.overdue));
    let (ping, suspect) = (("ping", &timing.ping), ("suspect", &timing.suspect));
    fits(2, ping, suspect, "one ping that is lost would make a replica that is well suspect")?;
    fits(2, resend, overdue, "one message that is lost would leave out a backup that is well")?;
    fits(
        1,
        overdue,
        ("copy", &timing.copy),
        "who copies the state must have more time than a backup",
    )?;
    Ok(timing)
}

#[cfg(test)]
mod tests {
    use super::super::tests::cluster;
    use super::*;

    fn accepts(mode: &str, roles: &[&str]) -> Result<(), String> {
        let cluster = cluster("primary-backup", mode, roles);
        config(&cluster).map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn roles_and_modes_are_checked() {
        let (service, replica) = ("role = \"view-service\"", "role = \"replica\"");
        accepts("", &["", ""]).unwrap();
        accepts("mode = \"asynchronous\"", &[service, replica, replica]).unwrap();
        assert!(accepts("mode = \"fast\"", &["", ""]).unwrap_err().contains("`fast`"));
        assert!(accepts("", &[replica, replica]).unwrap_err().contains("server 0"));
        assert!(accepts("", &[service]).unwrap_err().contains("view service"));
    }
}
