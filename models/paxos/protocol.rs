//! Multi-Paxos: every server is a replica; any minority may be down.

use super::properties::{Actor, History};
use super::{
    Config, Paxos, Peer, Quorums, ReplicaState, Role, State, Timing, guarantees, instances, mutants,
};
use crate::choice::ChoiceVisitor;
use crate::guarantee::Guarantee;
use crate::kv::offer::Offered;
use crate::kv::sessions::slots::MAX_SLOTS;
use crate::protocol::{Deploy, Promise, Protocol, Readmission};
use crate::status::{Progress, Status};
use crate::topology::{Topology, Unsuitable};
use crate::{Instance, Mutant, Reduced};
use stateright::actor::Id;
use std::ops::Range;
use std::time::Duration;

/// A replica that misses more commands than this is behind.
const BEHIND: u64 = 1024;

/// Checked with a map; the state machine that is replicated is the user's choice.
impl<M: Offered> Protocol for Paxos<M> {
    const NAME: &'static str = "paxos";
    const ABOUT: &'static str = "Multi-Paxos: a log under a stable leader; any minority may crash";
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

impl<M: Offered> Deploy for Paxos<M> {
    type Offer = M::Offer;
    type Peer = Peer<M>;
    type Actor = Self;

    fn server(topology: &Topology, _: Id) -> Result<Self, Unsuitable> {
        Ok(config(topology)?.server())
    }

    fn client_servers(topology: &Topology) -> Result<Vec<Id>, Unsuitable> {
        Ok(config(topology)?.server_ids().collect())
    }

    fn status(state: &State<M>) -> Status {
        let State::Replica(replica) = state else { return Status::default() };
        let ballot = replica.stable.promised;
        let role = match replica.role {
            Role::Follower if is_behind(replica) => "follower that is behind",
            Role::Follower => "follower",
            Role::Preparing(_) => "candidate",
            Role::Leading(_) => "leader",
        };
        // A follower takes the leader of the ballot that it promised for the leader, and redirects
        // clients to it.
        let is_candidate = matches!(replica.role, Role::Preparing(_));
        let leader = (!is_candidate).then_some(ballot.leader);
        Status { role, epoch: Some(("ballot", ballot.round)), leader, members: Vec::new() }
    }

    fn progress(state: &State<M>) -> Progress {
        let State::Replica(replica) = state else { return Progress::default() };
        let sessions = replica.stable.image.sessions.count();
        let applied = Some(replica.applied());
        Progress { applied, sessions: Some(sessions), ..Progress::default() }
    }

    fn newest_client(state: &State<M>) -> Option<Id> {
        let State::Replica(replica) = state else { return None };
        replica.stable.image.sessions.newest_client()
    }

    fn readmission(_server: Id) -> Readmission<Self> {
        Readmission::Refused(
            "it has forgotten its promises and votes, so a value that was chosen could be lost; go on with \
             the other servers, or copy the map into a new cluster",
        )
    }

    fn survives_one(topology: &Topology) -> bool {
        topology.servers() > 2
    }

    fn promise(_: &Topology) -> Promise {
        Promise::Linearizable
    }

    fn client_slots() -> u8 {
        MAX_SLOTS
    }

    fn client_retry() -> Range<Duration> {
        Timing::default().retry
    }
}

/// Whether it misses more than what is under way when all is well. It votes for what comes next
/// only once it has caught up.
fn is_behind<M: Offered>(replica: &ReplicaState<M>) -> bool {
    let known = replica.commit_index.map_or(0, |index| index.upto);
    replica.install.is_some() || known > replica.applied() + BEHIND
}

/// Majorities, unless the mode says otherwise: `quorums P+A` asks for `P` promises and `A` votes;
/// `tolerate N` asks for majorities too, and is refused where these do not outlive `N` failures.
fn config(topology: &Topology) -> Result<Config, Unsuitable> {
    topology.check_roles(|_| "replica")?;
    let servers = topology.servers();
    let mode = topology.mode.as_deref().unwrap_or("majorities");
    let timing = Timing::given(&topology.timing)?;
    let config = if mode == "majorities" {
        Config::new(servers, Quorums::majorities(servers), timing)
    } else if let Some(failures) = failures(mode) {
        Config::tolerating(failures, servers, timing)
    } else if let Some(quorums) = quorums(mode) {
        Config::new(servers, quorums, timing)
    } else {
        return Err(Unsuitable(format!(
            "there is no mode `{mode}`; use `majorities`, `tolerate N` to be refused unless the \
             cluster goes on with any N servers down, or `quorums P+A` for P promises and A votes"
        )));
    };
    config.map_err(|error| Unsuitable(error.to_string()))
}

fn failures(mode: &str) -> Option<usize> {
    mode.strip_prefix("tolerate ")?.trim().parse().ok()
}

fn quorums(mode: &str) -> Option<Quorums> {
    let (prepare, accept) = mode.strip_prefix("quorums ")?.split_once('+')?;
    Some(Quorums { prepare: prepare.trim().parse().ok()?, accept: accept.trim().parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::tests::topology;

    fn accepts(mode: &str, servers: usize) -> Result<(), String> {
        config(&topology(mode, &vec![""; servers])).map(drop).map_err(|e| e.to_string())
    }

    #[test]
    fn quorums_that_do_not_intersect_are_refused() {
        accepts("", 3).unwrap();
        accepts("quorums 3+1", 3).unwrap();
        accepts("quorums 2+3", 4).unwrap();
        for (mode, servers) in [("quorums 1+2", 3), ("quorums 2+2", 4), ("quorums 4+1", 3)] {
            assert!(accepts(mode, servers).is_err(), "{mode} of {servers}");
        }
        assert!(accepts("fast", 3).unwrap_err().contains("`fast`"));
    }

    #[test]
    fn too_few_servers_for_the_failures_to_be_tolerated_are_refused() {
        accepts("tolerate 1", 3).unwrap();
        accepts("tolerate 2", 5).unwrap();
        let refused = accepts("tolerate 2", 4).unwrap_err();
        assert!(refused.contains("4 servers cannot go on when 2 of them are down"), "{refused}");
        assert!(refused.contains("that takes 5"), "{refused}");
        assert!(accepts("tolerate many", 3).unwrap_err().contains("`tolerate N`"));
    }
}
