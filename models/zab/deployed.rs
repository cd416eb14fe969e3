//! What a deployed cluster of Zab is made from, and what it shows of itself: of a cluster of its own,
//! and of a part of another node.

use super::Timing;
use super::config::Config;
use super::state::{Role, ServerState};
use crate::kv::StateMachine;
use crate::status::{Progress, Status};
use crate::timing::Timings;
use crate::topology::{Topology, Unsuitable};
use stateright::actor::Id;

/// The cluster of a cluster file, with these timings of it. Servers have the role `server` or none;
/// observers have the role `observer`, and come last.
pub(crate) fn config_of(topology: &Topology, timings: &Timings) -> Result<Config, Unsuitable> {
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
    let config = Config::new(servers, Timing::given(timings)?);
    let config = config.map(|it| Config { observers: topology.servers() - servers, ..it });
    config.ok_or_else(|| Unsuitable("add a [[server]] for each server that votes".into()))
}

impl<M: StateMachine> ServerState<M> {
    pub(crate) fn status(&self) -> Status {
        let epoch = self.stable.accepted;
        let (role, knows_leader) = match &self.role {
            Role::Looking => ("looking", false),
            Role::Soliciting(_) => ("looking, would lead", false),
            Role::Discovering(_) => ("candidate", false),
            Role::Following { up_to_date: false } => ("follower that takes over the history", true),
            Role::Following { up_to_date: true } if self.observes => ("observer", true),
            Role::Following { up_to_date: true } => ("follower", true),
            Role::Leading(_) => ("leader", true),
        };
        let leader = knows_leader.then_some(epoch.leader);
        Status { role, epoch: Some(("epoch", epoch.round)), leader, members: Vec::new() }
    }

    pub(crate) fn progress(&self) -> Progress {
        let image = &self.stable.image;
        let sessions = Some(image.sessions.count());
        Progress { applied: Some(image.slot), sessions, ..Progress::default() }
    }

    pub(crate) fn newest_client(&self) -> Option<Id> {
        self.stable.image.sessions.newest_client()
    }
}

/// Why a server cannot return without its disk.
pub(crate) const FORGOTTEN: &str = "it has forgotten which epochs it accepted and what it acknowledged, so a transaction that was \
     committed could be lost; go on with the other servers, or copy the map into a new cluster";
