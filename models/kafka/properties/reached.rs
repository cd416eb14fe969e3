//! What must be reachable: it shows that the other properties are not vacuous.

use super::nodes::{Claim, History, World, brokers, newest_leader, registry, takes_part};
use crate::kafka::message::{Content, Fetched, Peer, Reply};
use crate::kafka::state::{BrokerState, Role, State};
use crate::kv::Service;
use crate::statements;
use crate::world::{Condition, Property};
use stateright::actor::Id;
use std::collections::BTreeSet;

statements! {
    pub COMMITTED = "committed", "a producer's record was acknowledged";
    pub READ = "read", "a consumer read a record";
    pub FAILED_OVER = "failed-over", "another broker than the first leads";
    pub TRUNCATED = "truncated", "a leader told a follower to truncate its log";
    pub SHRUNK = "below-minimum", "the in-sync replicas are less than the minimum";
    pub ELIGIBLE_LEADS = "eligible-elected",
        "the leader is alone in sync, after it was elected from the eligible leader replicas";
    pub EXPANDED = "expanded", "a broker that was not in sync at the start is in sync";
    pub INSTALLED = "installed",
        "a broker that was not in sync at the start has what older records come to, and is in sync";
    pub LOST_TAIL = "lost-tail", "a broker that has lost records which it had acknowledged runs again";
    pub TAKEN_OVER = "taken-over", "another controller than the first has led, and something was decided";
    pub ANSWERED_AGAIN = "answered-again", "a record that came again was answered, and not appended";
}

/// A record was acknowledged.
pub fn committed() -> Claim {
    Property::sometimes(
        COMMITTED,
        Condition::history(|history: &History| !history.acknowledged.is_empty()),
    )
}

/// The controllers are led by another than the first, after something was decided.
pub fn taken_over() -> Claim {
    Property::sometimes(
        TAKEN_OVER,
        Condition::some_node(|node| match node.state() {
            Some(State::Voter(voter)) => {
                let decided = voter.stable.image.machine.version > 1;
                voter.is_leading() && decided && node.id != Id::from(0)
            }
            _ => false,
        }),
    )
}

/// A record was read.
pub fn read() -> Claim {
    Property::sometimes(READ, Condition::history(|history: &History| !history.read.is_empty()))
}

/// Another broker leads.
pub fn failed_over() -> Claim {
    let is_first =
        |(id, leader): (Id, &BrokerState)| leader.metadata.brokers.keys().next() == Some(&id);
    Property::sometimes(
        FAILED_OVER,
        Condition::nodes(move |nodes| newest_leader(nodes).is_some_and(|it| !is_first(it))),
    )
}

/// A follower's log diverged.
pub fn truncated() -> Claim {
    Property::sometimes(
        TRUNCATED,
        Condition::some_message(|envelope, _| {
            let diverges = |fetched: &Fetched| matches!(fetched.content, Content::Diverging { .. });
            matches!(&envelope.msg, Service::Peer(Peer::Fetched(fetched)) if diverges(fetched))
        }),
    )
}

/// There are in-sync replicas, but less than so many.
pub fn shrunk(min_isr: usize) -> Claim {
    Property::sometimes(
        SHRUNK,
        Condition::nodes(move |nodes| {
            registry(nodes).is_some_and(|registry| registry.partition.isr.len() < min_isr)
        }),
    )
}

/// An eligible leader replica was elected: then it is the only one in sync.
pub fn eligible_leads() -> Claim {
    Property::sometimes(
        ELIGIBLE_LEADS,
        Condition::nodes(|nodes| {
            let alone = |isr: &BTreeSet<Id>, id| isr.len() == 1 && isr.contains(&id);
            let partition = registry(nodes).map(|registry| &registry.partition);
            newest_leader(nodes).is_some_and(|(id, leader)| {
                id != Id::from(1)
                    && leader.log.end() > 0
                    && partition.is_some_and(|partition| alone(&partition.isr, id))
            })
        }),
    )
}

/// A broker joined the in-sync replicas.
pub fn expanded(in_sync: usize) -> Claim {
    Property::sometimes(
        EXPANDED,
        Condition::nodes(move |nodes| {
            let joined = |id: &Id| usize::from(*id) > in_sync;
            registry(nodes).is_some_and(|registry| registry.partition.isr.iter().any(joined))
        }),
    )
}

/// A broker joined that fetched no record of the beginning of the log.
pub fn installed() -> Claim {
    Property::sometimes(
        INSTALLED,
        Condition::nodes(|nodes| {
            let isr = registry(nodes).map(|registry| &registry.partition.isr);
            brokers(nodes).any(|(id, broker)| {
                let joined = isr.is_some_and(|isr| isr.contains(&id));
                id == Id::from(2) && joined && broker.log.start() > 0
            })
        }),
    )
}

/// A broker restarted and has nothing, although a record was acknowledged.
pub fn lost_tail() -> Claim {
    Property::sometimes(
        LOST_TAIL,
        Condition::world(|world: &World<'_>| {
            !world.history().acknowledged.is_empty()
                && brokers(&world.nodes()).any(|(_, broker)| {
                    broker.epoch > 1 && broker.log.end() == 0 && takes_part(broker)
                })
        }),
    )
}

/// A leader of a later epoch answered for a record of an earlier one: the producer had asked again.
pub fn answered_again() -> Claim {
    Property::sometimes(
        ANSWERED_AGAIN,
        Condition::some_message(|envelope, around| match &envelope.msg {
            Service::Reply { reply: Reply::Produced { offset }, .. } => {
                let nodes = around.nodes();
                let mut brokers = brokers(&nodes);
                brokers.any(|(id, broker)| {
                    let is_older = matches!(&broker.role, Role::Leader(it) if *offset < it.start);
                    id == envelope.src && is_older
                })
            }
            _ => false,
        }),
    )
}
