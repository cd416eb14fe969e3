//! The quorum store: what the tools need to know. All nodes are alike, and each takes requests.

use super::config::{QuorumStore, Timing};
use super::history::History;
use super::levels::Class;
use super::message::InEpoch;
use super::offer::LevelOffer;
use super::options::chosen;
use super::state::State;
use super::{guarantees, instances, mutants};
use crate::guarantee::Guarantee;
use crate::protocol::{Deploy, Placement, Promise, Protocol, Readmission, Register};
use crate::status::{Progress, Status};
use crate::topology::{Topology, Unsuitable};
use crate::{Instance, Mutant, Reduced};
use stateright::actor::Id;
use std::ops::Range;
use std::time::Duration;

impl Protocol for QuorumStore {
    const NAME: &'static str = "quorum-store";
    const ABOUT: &'static str = "any node takes any request and waits for a quorum, as Dynamo's and Cassandra's do; \
         how consistent that is depends on the settings";
    type Checked = Self;
    type History = History;

    fn instances() -> Vec<Instance<Self, History>> {
        instances::instances()
    }

    fn reduced() -> &'static [Reduced] {
        instances::REDUCED
    }

    fn guarantees() -> Vec<Guarantee> {
        guarantees::guarantees()
    }

    fn mutants() -> Vec<Mutant<Self, History>> {
        mutants::mutants()
    }
}

impl Deploy for QuorumStore {
    type Offer = LevelOffer;
    type Peer = InEpoch;
    type Actor = Self;

    fn server(topology: &Topology, _: Id) -> Result<Self, Unsuitable> {
        Ok(chosen(topology)?.config.server())
    }

    fn status(state: &State) -> Status {
        let is_moving = matches!(state, State::Replica(node) if node.stable.view.is_moving);
        let role = if is_moving { "node of a ring that moves" } else { "node" };
        Status { role, ..Status::default() }
    }

    fn progress(state: &State) -> Progress {
        let State::Replica(replica) = state else { return Progress::default() };
        Progress { sessions: Some(replica.stable.sessions.count()), ..Progress::default() }
    }

    /// Also of clients that only read, so that theirs are not the first answers to be forgotten.
    fn newest_client(state: &State) -> Option<Id> {
        let State::Replica(replica) = state else { return None };
        let answered = replica.answered.last_key_value().map(|(client, _)| *client);
        replica.stable.sessions.newest_client().max(answered)
    }

    fn promise(topology: &Topology) -> Promise {
        let Ok(chosen) = chosen(topology) else {
            return Promise::Nothing("the cluster file does not suit");
        };
        let settings = chosen.settings(chosen.level);
        if settings.purge == super::Purge::OnTimer {
            return Promise::Nothing(
                "tombstones that go on a timer let a deleted value come back from a node that was \
                 away for longer",
            );
        }
        match settings.class() {
            Class::Linearizable => Promise::Linearizable,
            Class::Atomic => Promise::Register(Register::Atomic),
            Class::Regular => Promise::Register(Register::Regular),
            Class::Monotonic => Promise::Register(Register::Monotonic),
            Class::Eventual => Promise::Register(Register::Eventual),
            Class::Siblings => Promise::Siblings { met: true },
            Class::EventualSiblings => Promise::Siblings { met: false },
        }
    }

    fn survives(topology: &Topology) -> Option<String> {
        chosen(topology).ok().map(|chosen| chosen.survives())
    }

    fn placement(topology: &Topology) -> Option<Placement> {
        let chosen = chosen(topology).ok()?;
        Some(Placement { ring: chosen.ring, replicas: chosen.config.replicas })
    }

    fn readmission(_: Id) -> Readmission<Self> {
        Readmission::Refused(
            "it has forgotten versions that it acknowledged and what it promised to serial requests, so \
             a quorum could miss an acknowledged write; let a spare server take its place \
             (`quorate ring --replace`), or copy what the others hold into a new cluster",
        )
    }

    /// At level quorum, with three replicas of each key.
    fn survives_one(topology: &Topology) -> bool {
        topology.servers() > 2
    }

    fn serves_anywhere() -> bool {
        true
    }

    fn client_retry() -> Range<Duration> {
        Timing::default().retry
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::tests::topology;

    #[test]
    fn the_promise_is_that_of_the_level() {
        let promise = |mode: &str| QuorumStore::promise(&topology(mode, &["", "", ""]));
        assert_eq!(promise(""), Promise::Register(Register::Atomic));
        assert_eq!(promise("consistency=serial"), Promise::Linearizable);
        assert_eq!(promise("read-repair=none"), Promise::Register(Register::Regular));
        assert_eq!(promise("write=clock"), Promise::Register(Register::Monotonic));
        assert_eq!(promise("consistency=one"), Promise::Register(Register::Eventual));
        assert!(matches!(promise("purge=timer"), Promise::Nothing(_)));
        assert_eq!(promise("purge=repaired"), Promise::Register(Register::Atomic));
        assert_eq!(promise("conflicts=multi-value"), Promise::Siblings { met: true });
        let few = promise("conflicts=multi-value consistency=one");
        assert_eq!(few, Promise::Siblings { met: false });
        assert!(matches!(promise("fast"), Promise::Nothing(_)));
    }

    #[test]
    fn keys_are_placed_by_the_ring() {
        let nodes = ["", "", "", "", ""];
        let placement = QuorumStore::placement(&topology("tokens=8", &nodes)).unwrap();
        assert_eq!((placement.replicas, placement.ring.per_node()), (3, 8));
        let QuorumStore::Replica(node) =
            QuorumStore::server(&topology("tokens=8", &nodes), Id::from(0)).unwrap()
        else {
            panic!("a node");
        };
        let key = "k".into();
        assert_eq!(node.config.replicas_of(&key), placement.ring.replicas(&key, 3));
    }
}
