//! What must eventually happen once faults stop.

use super::nodes::{Actor, Claim, History, brokers, log_of, newest_leader, registry};
use crate::kafka::registry::Registry;
use crate::kafka::state::State;
use crate::statements;
use crate::world::{Condition, Nodes, Property};

statements! {
    /// The producer retries, and all brokers are up in the end.
    pub ACKNOWLEDGED = "acknowledged", "every record is eventually acknowledged",
        "KIP-966 2023; Vanlightly 2023";
    pub REPLICATED = "replicated", "a committed record is eventually in every log",
        "KIP-966 2023; Vanlightly 2023";
    pub UNFENCED = "unfenced", "a broker that runs is eventually not fenced", "KIP-841 2022";
    pub SETTLED = "settled", "every request of a leader for other in-sync replicas is eventually granted or refused",
        "KIP-497 2019";
    pub REJOINED = "rejoined", "every broker is eventually in sync again", "KIP-966 2023";
}

/// All producers have all their answers.
pub fn acknowledged() -> Claim {
    Property::eventually(
        ACKNOWLEDGED,
        Condition::history(|history: &History| !history.acknowledged.is_empty()),
    )
}

/// What is committed reaches all.
pub fn replicated() -> Claim {
    fn all_have(nodes: &Nodes<'_, Actor>) -> bool {
        let Some((_, leader)) = newest_leader(nodes) else { return false };
        nodes.iter().filter_map(log_of).all(|log| log.has_all_of(&leader.log, leader.hw))
    }
    Property::leads_to(
        REPLICATED,
        Condition::nodes(|nodes| !all_have(nodes)),
        Condition::nodes(all_have),
    )
}

/// Nobody stays fenced.
pub fn unfenced() -> Claim {
    let some_fenced = |registry: &Registry| registry.brokers.values().any(|it| it.fenced);
    Property::leads_to(
        UNFENCED,
        Condition::nodes(move |nodes| registry(nodes).is_some_and(some_fenced)),
        Condition::nodes(move |nodes| registry(nodes).is_some_and(|it| !some_fenced(it))),
    )
}

/// No request of a leader stays open.
pub fn settled() -> Claim {
    let asks = |state: &State| match state {
        State::Broker(broker) => broker.leading().is_some_and(|it| it.asked.is_some()),
        _ => false,
    };
    Property::leads_to(
        SETTLED,
        Condition::some_node(move |node| node.state().is_some_and(asks)),
        Condition::each_node(move |node| !node.state().is_some_and(asks)),
    )
}

/// Everybody is in sync, again and again.
pub fn rejoined() -> Claim {
    fn all(nodes: &Nodes<'_, Actor>) -> bool {
        let Some(registry) = registry(nodes) else { return false };
        registry.partition.isr.len() == registry.brokers.len()
            && brokers(nodes).count() == registry.brokers.len()
    }
    Property::leads_to(REJOINED, Condition::nodes(|nodes| !all(nodes)), Condition::nodes(all))
}

/// What must eventually happen.
pub fn liveness() -> Vec<Claim> {
    vec![replicated(), unfenced(), settled(), rejoined()]
}
