//! Multi-Paxos: every server is a replica; any minority may be down.

use super::{DeployError, Deployable, MapOffer, Readmission, newest_client};
use crate::node::cluster_file::ClusterFile;
use crate::node::status::Status;
use crate::node::timing::{TimingError, fits, varies};
use quorate_models::kv::Map;
use quorate_models::paxos::{Config, Paxos, Peer, Quorums, ReplicaState, Role, State, Timing};
use stateright::actor::Id;
use std::ops::Range;
use std::time::Duration;

/// A replica that misses more commands than this is behind.
const BEHIND: u64 = 1024;

impl Deployable for Paxos<Map> {
    const NAME: &'static str = "paxos";
    type Offer = MapOffer;
    type Peer = Peer<Map>;
    type Actor = Self;

    fn server(cluster: &ClusterFile, _: Id) -> Result<Self, DeployError> {
        Ok(config(cluster)?.server())
    }

    fn client_servers(cluster: &ClusterFile) -> Result<Vec<Id>, DeployError> {
        Ok(config(cluster)?.server_ids().collect())
    }

    fn status(state: &State<Map>) -> Status {
        let State::Replica(replica) = state else { return Status::default() };
        let ballot = replica.stable.promised;
        let role = match replica.role {
            Role::Follower if is_behind(replica) => "follower that is behind",
            Role::Follower => "follower",
            Role::Preparing(_) => "candidate",
            Role::Leading(_) => "leader",
        };
        // A follower takes whose ballot it promised for the leader, and redirects clients there.
        let is_candidate = matches!(replica.role, Role::Preparing(_));
        let leader = (!is_candidate).then_some(ballot.leader);
        Status { role, epoch: Some(("ballot", ballot.round)), leader, members: Vec::new() }
    }

    fn newest_client(state: &State<Map>) -> Option<Id> {
        let State::Replica(replica) = state else { return None };
        newest_client(&replica.stable.image.sessions)
    }

    fn readmission(_server: Id) -> Readmission<Self> {
        Readmission::Refused(
            "it has forgotten its promises and votes, so a value that was chosen could be lost; go on with \
             the other servers, or copy the map into a new cluster",
        )
    }

    fn client_retry() -> Range<Duration> {
        Timing::default().retry
    }
}

/// Whether it misses more than what is under way when all is well. It votes for what comes next only
/// once it has caught up.
fn is_behind(replica: &ReplicaState<Map>) -> bool {
    let known = replica.told.map_or(0, |told| told.upto);
    replica.partial.is_some() || known > replica.applied() + BEHIND
}

/// Majorities, unless the mode says otherwise: `quorums P+A` asks for `P` promises and `A` votes;
/// `tolerate N` asks for majorities too, and is refused where these do not outlive `N` failures.
fn config(cluster: &ClusterFile) -> Result<Config, DeployError> {
    let unsuitable = |reason| DeployError::unsuitable::<Paxos<Map>>(cluster, reason);
    super::check_roles::<Paxos<Map>>(cluster, |_| "replica")?;
    let servers = cluster.servers.len();
    let mode = cluster.mode.as_deref().unwrap_or("majorities");
    let timing = timing(cluster).map_err(|error| unsuitable(error.to_string()))?;
    let config = if mode == "majorities" {
        Config::new(servers, Quorums::majorities(servers), timing)
    } else if let Some(failures) = failures(mode) {
        Config::tolerating(failures, servers, timing)
    } else if let Some(quorums) = quorums(mode) {
        Config::new(servers, quorums, timing)
    } else {
        return Err(unsuitable(format!(
            "there is no mode `{mode}`; use `majorities`, `tolerate N` to be refused unless the \
             cluster goes on with any N servers down, or `quorums P+A` for P promises and A votes"
        )));
    };
    config.map_err(|error| unsuitable(error.to_string()))
}

fn timing(cluster: &ClusterFile) -> Result<Timing, TimingError> {
    let mut timing = Timing::default();
    let Timing { heartbeat, election, retry } = &mut timing;
    let (beat, wait) = ("heartbeat", "election");
    cluster.timing.set([(beat, heartbeat), (wait, election), ("retry", retry)])?;
    let (beat, wait) = ((beat, &timing.heartbeat), (wait, &timing.election));
    fits(2, beat, wait, "one heartbeat that is lost would depose a leader that is well")?;
    varies(
        wait,
        beat,
        "replicas that miss a leader would try to lead at one time, again and again",
    )?;
    Ok(timing)
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
    use super::super::tests::cluster;
    use super::*;
    use crate::node::virtual_time::Run;

    const SECOND: Duration = Duration::from_secs(1);

    fn run(seed: u64) -> Run<Paxos<Map>> {
        let mut run = Run::new(cluster("paxos", "", &[""; 3]), Duration::from_millis(1), seed);
        run.until(5 * SECOND);
        run
    }

    #[test]
    fn a_leader_is_not_deposed_by_a_replica_that_is_cut_off_or_hears_it_not() {
        let (cut_off, unheard) = ([(0, 2), (2, 0), (1, 2), (2, 1)], [(0, 2)]);
        for seed in 0..20 {
            for cut in [&cut_off[..], &unheard] {
                let mut run = run(seed);
                run.cut = cut.to_vec();
                run.until(60 * SECOND);
                run.cut.clear();
                run.until(65 * SECOND);
                let Status { role, epoch, .. } = run.status(0);
                assert_eq!((role, epoch), ("leader", Some(("ballot", 0))), "{cut:?}, seed {seed}");
                assert_eq!(run.answers.len(), 65, "{cut:?}, seed {seed}");
            }
        }
    }

    /// All that can be cut, one way or both, while two replicas hear each other.
    #[test]
    fn two_replicas_that_hear_each_other_are_enough_whatever_else_is_cut() {
        let links = [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)];
        for cuts in 0..1 << links.len() {
            let is_cut = |at: &usize| cuts >> at & 1 == 1;
            if (0..3).all(|pair| is_cut(&(2 * pair)) || is_cut(&(2 * pair + 1))) {
                continue;
            }
            for seed in 0..5 {
                let mut run = run(seed);
                run.cut = (0..links.len()).filter(is_cut).map(|at| links[at]).collect();
                run.until(60 * SECOND);
                run.answers.clear();
                run.until(90 * SECOND);
                let answered = run.answers.len();
                assert!(answered >= 25, "{:?}, seed {seed}: {answered} of 30", run.cut);
            }
        }
    }

    fn accepts(mode: &str, servers: usize) -> Result<(), String> {
        let mode = if mode.is_empty() { String::new() } else { format!("mode = \"{mode}\"") };
        config(&cluster("paxos", &mode, &vec![""; servers])).map(drop).map_err(|e| e.to_string())
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
