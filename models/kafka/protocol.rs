//! Kafka: what the tools need to know. The first servers are controllers, the others are brokers.

use super::abstract_model::bounds::abstract_models;
use super::config::{Kafka, Timing};
use super::message::Peer;
use super::offer::TopicOffer;
use super::properties::{Actor, History};
use super::registry::Registry;
use super::state::{BrokerState, Role, State};
use super::{guarantees, instances, mutants, options};
use crate::abstract_model::ModelVisitor;
use crate::choice::ChoiceVisitor;
use crate::guarantee::Guarantee;
use crate::paxos;
use crate::protocol::{Deploy, Promise, Protocol, Readmission};
use crate::status::{Kept, Progress, Status};
use crate::topology::{Topology, Unsuitable};
use crate::{Instance, Mutant, Reduced};
use stateright::actor::Id;
use std::ops::Range;
use std::time::Duration;

impl Protocol for Kafka {
    const NAME: &'static str = "kafka";
    const ABOUT: &'static str =
        "a log that in-sync replicas hold: a leader appends, followers fetch, a controller elects";
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

    fn abstract_models(visitor: &mut impl ModelVisitor) {
        abstract_models().into_iter().for_each(|model| visitor.visit(model));
    }
}

impl Deploy for Kafka {
    type Offer = TopicOffer;
    type Peer = Peer;
    type Actor = Self;

    fn server(topology: &Topology, id: Id) -> Result<Self, Unsuitable> {
        Ok(options::config(topology)?.server(id))
    }

    fn client_servers(topology: &Topology) -> Result<Vec<Id>, Unsuitable> {
        Ok(options::config(topology)?.broker_ids().collect())
    }

    fn status(state: &State) -> Status {
        match state {
            State::Controller(registry) => of("controller", registry),
            State::Voter(voter) => {
                let role = match voter.role {
                    paxos::Role::Leading(_) => "controller that leads the others",
                    paxos::Role::Preparing(_) => "controller that tries to lead",
                    paxos::Role::Follower => "controller that follows",
                };
                of(role, &voter.stable.image.machine)
            }
            State::Broker(broker) => of(role(broker), &broker.metadata),
            State::Client(_) => Status::default(),
        }
    }

    fn progress(state: &State) -> Progress {
        match state {
            State::Voter(voter) => {
                Progress { applied: Some(voter.stable.image.slot), ..Progress::default() }
            }
            State::Broker(broker) => {
                let leading = broker.leading();
                let sessions = leading.map(|leading| leading.view.image.sessions.count());
                let log = &broker.log;
                let batches = log.records().len() as u64;
                let kept = Kept { records: log.end() - log.start(), batches };
                Progress { applied: Some(broker.hw), sessions, kept: Some(kept) }
            }
            _ => Progress::default(),
        }
    }

    fn newest_client(state: &State) -> Option<Id> {
        let State::Broker(broker) = state else { return None };
        broker.log.newest_producer()
    }

    fn promise(topology: &Topology) -> Promise {
        match options::config(topology) {
            Ok(config) if options::loses_nothing(&config) => Promise::Linearizable,
            _ => Promise::Nothing(
                "it loses what is acknowledged when as many brokers are killed as must be in sync, or \
                 when an election is unclean",
            ),
        }
    }

    fn survives(topology: &Topology) -> Option<String> {
        options::config(topology).ok().map(|config| options::survives(&config))
    }

    fn readmission(server: Id) -> Readmission<Self> {
        Readmission::Refused(if server == Id::from(0) {
            "it is a controller: it has forgotten who is in sync and who may be elected, or, as one of \
             several, what it promised to the others; the other servers go on as they are, so copy what \
             the brokers hold into a new cluster"
        } else {
            "it has forgotten how often it started, by which the controller tells its lives apart, or, as \
             one of several controllers, what it promised to the others; go on with the other servers, or \
             copy what the brokers hold into a new cluster"
        })
    }

    /// Records pass the controllers by: brokers alone decide.
    fn survives_one(topology: &Topology) -> bool {
        options::config(topology).is_ok_and(|config| config.brokers > config.min_isr)
    }

    fn replicas(topology: &Topology) -> Result<Option<Range<usize>>, Unsuitable> {
        let controllers = options::config(topology)?.controllers();
        Ok(Some(controllers..topology.servers()))
    }

    fn client_retry() -> Range<Duration> {
        Timing::default().retry
    }
}

fn role(broker: &BrokerState) -> &'static str {
    match broker.role {
        Role::Leader(_) => "leader",
        Role::Follower if misses_beginning(broker) => "follower without the beginning of the log",
        Role::Follower => "follower",
        Role::Starting(_) => "broker that is not registered yet",
        Role::Stopped => "broker that stopped",
    }
}

/// Whether it is on its way through what the forgotten records of its leader's log come to.
fn misses_beginning(broker: &BrokerState) -> bool {
    broker.install.as_ref().is_some_and(|install| install.pieces.image.slot > broker.log.end())
}

/// The members are the in-sync replicas.
fn of(role: &'static str, known: &Registry) -> Status {
    let partition = &known.partition;
    Status {
        role,
        epoch: Some(("leader epoch", partition.leader_epoch)),
        leader: partition.leader,
        members: partition.isr.iter().copied().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::tests::topology;

    #[test]
    fn a_broker_may_be_down_where_more_are_there_than_must_be_in_sync() {
        for (mode, servers, survives) in [
            ("", 4, true),
            ("", 3, false),
            ("min.insync.replicas=3", 4, false),
            ("min.insync.replicas=1", 3, true),
            ("controllers=3", 6, true),
            ("controllers=3", 5, false),
            ("controllers=3", 4, false),
            ("controllers=9", 4, false),
        ] {
            let topology = topology(mode, &vec![""; servers]);
            assert_eq!(Kafka::survives_one(&topology), survives, "{mode}, {servers} servers");
        }
    }

    #[test]
    fn brokers_replicate_and_controllers_have_a_part_in_all() {
        assert_eq!(Kafka::replicas(&topology("", &[""; 4])), Ok(Some(1..4)));
        assert_eq!(Kafka::replicas(&topology("controllers=3", &[""; 6])), Ok(Some(3..6)));
    }
}
