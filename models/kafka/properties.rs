//! What must hold of a Kafka partition, and what must be reachable.

mod liveness;
mod nodes;
mod reached;

pub use liveness::*;
pub use nodes::{Actor, Claim, History};
pub use reached::*;

use self::nodes::{
    World, brokers, candidates, has, leaders, log_of, newest_leader, registry, voter_nodes, voters,
};
use super::log::{Log, Record};
use super::message::Msg;
use super::registry::{Partition, Registry};
use super::state::{BrokerState, State};
use crate::kv::history::Linearizable;
use crate::paxos;
use crate::statements;
use crate::world::{Condition, Nodes, Property};
use stateright::actor::{Envelope, Id};
use std::collections::BTreeSet;

statements! {
    pub ONE_LEADER = "one-leader", "at most one broker leads in a leader epoch",
        "KIP-101 2016; Ongaro and Ousterhout 2014, election safety";
    pub LEADER_COMPLETE = "leader-completeness",
        "the leader that the controller elected has every acknowledged record",
        "KIP-966 2023; Vanlightly 2023";
    pub CANDIDATES_COMPLETE = "candidate-completeness",
        "every running broker that may be elected has the records below any broker's watermark",
        "KIP-966 2023; Vanlightly 2023";
    pub QUORUM_SUPERSET = "quorum-superset",
        "a leader that commits counts everybody who may be elected", "KIP-497 2019; KIP-966 2023";
    pub LOG_MATCHING = "log-matching",
        "two logs are the same below the smaller of their watermarks", "KIP-101 2016; KIP-279 2018";
    pub PROGRESS = "follower-progress",
        "a running follower has what the elected leader counts for it", "KIP-320 2018; KIP-903 2023";
    pub STRONG_ISR = "strong-isr",
        "every member of the true in-sync replicas has the records below a leader's watermark",
        "KIP-320 2018; Gustafson 2018, strong ISR";
    pub NO_LOSS = "no-loss", "every acknowledged record is in the log of some broker", "KIP-966 2023";
    pub CONSISTENT_READ = "consistent-read", "a record that was read at an offset is read there for ever",
        "KIP-101 2016; KIP-392 2018";
    pub LINEARIZABLE = "linearizable", "appends and reads are linearizable as an append-only log",
        "Herlihy and Wing 1990";
    pub ONCE = "commit-once", "a producer's record is committed at most once", "KIP-98 2016";
    pub IN_ORDER = "producer-order", "a producer's records are committed in its order, without a gap",
        "KIP-98 2016";
    pub METADATA = "metadata", "a broker knows only what the controller decided", "KIP-500 2019";
    pub NO_FENCED = "no-fenced-isr", "no fenced broker is in sync", "KIP-841 2022";
    pub ISR_SHAPE = "isr-shape",
        "a leader is in sync, nobody is both in sync and merely eligible, and nobody is merely eligible while the in-sync replicas suffice",
        "KIP-966 2023; Gustafson 2018, leader in ISR";
}

/// No two brokers lead in one leader epoch.
pub fn one_leader() -> Claim {
    Property::always(
        ONE_LEADER,
        Condition::nodes(|nodes| {
            let mut epochs = BTreeSet::new();
            leaders(nodes).all(|(_, leader)| epochs.insert(leader.partition().leader_epoch))
        }),
    )
}

/// The newest leader has what producers rely on.
pub fn leader_complete() -> Claim {
    Property::always(
        LEADER_COMPLETE,
        Condition::world(|world: &World<'_>| {
            newest_leader(&world.nodes()).is_none_or(|(_, leader)| {
                world.history().acknowledged.iter().all(|record| has(&leader.log, *record))
            })
        }),
    )
}

/// Whoever may be elected has what anybody believes committed.
pub fn candidates_complete() -> Claim {
    Property::always(
        CANDIDATES_COMPLETE,
        Condition::nodes(|nodes| {
            candidates(nodes).all(|(_, candidate)| {
                brokers(nodes).all(|(_, broker)| candidate.log.has_all_of(&broker.log, broker.hw))
            })
        }),
    )
}

/// While the newest leader commits, all who may be elected are in its maximal in-sync replicas.
pub fn quorum_superset(min_isr: usize) -> Claim {
    Property::always(
        QUORUM_SUPERSET,
        Condition::nodes(move |nodes| {
            let Some(Partition { isr, elr, .. }) = registry(nodes).map(|it| &it.partition) else {
                return true;
            };
            newest_leader(nodes).is_none_or(|(_, leader)| {
                let counted = leader.maximal_isr();
                leader.partition().isr.len() < min_isr
                    || isr.iter().chain(elr).all(|id| counted.contains(id))
            })
        }),
    )
}

/// Logs do not differ where both are committed.
pub fn log_matching() -> Claim {
    Property::always(
        LOG_MATCHING,
        Condition::nodes(|nodes| {
            brokers(nodes).all(|(_, one)| {
                brokers(nodes)
                    .all(|(_, other)| one.log.agrees_with(&other.log, one.hw.min(other.hw)))
            })
        }),
    )
}

/// What the elected leader knows of its followers is true of them.
pub fn progress() -> Claim {
    Property::always(
        PROGRESS,
        Condition::nodes(|nodes| {
            let Some((_, leader)) = newest_leader(nodes) else { return true };
            let followers = leader.leading().map(|leading| &leading.followers);
            brokers(nodes).all(|(id, broker)| {
                let known = followers.and_then(|followers| followers.get(&id));
                let known = known.filter(|known| known.broker_epoch == broker.epoch);
                known.is_none_or(|it| broker.log.has_all_of(&leader.log, it.offset))
            })
        }),
    )
}

/// The strong in-sync-replicas invariant, where disks are synchronous: members that are down have
/// what is on their disks.
pub fn strong_isr() -> Claim {
    Property::always(
        STRONG_ISR,
        Condition::nodes(|nodes| {
            let Some(registry) = registry(nodes) else { return true };
            let has = |id: &Id, leader: &BrokerState| {
                log_of(nodes.node(*id)).is_some_and(|log| log.has_all_of(&leader.log, leader.hw))
            };
            leaders(nodes)
                .all(|(_, leader)| registry.partition.isr.iter().all(|id| has(id, leader)))
        }),
    )
}

/// No acknowledged record is lost by all.
pub fn no_loss() -> Claim {
    Property::always(
        NO_LOSS,
        Condition::world(|world: &World<'_>| {
            let logs: Vec<Log> = world.nodes().iter().filter_map(log_of).collect();
            let mut acknowledged = world.history().acknowledged.iter();
            acknowledged.all(|record| logs.iter().any(|log| has(log, *record)))
        }),
    )
}

/// Consumers do not read two records at one offset.
pub fn consistent_read() -> Claim {
    Property::always(CONSISTENT_READ, Condition::history(|history: &History| !history.reread))
}

/// An append has its offset, and a read shows all appends that were answered before it was asked for.
pub fn linearizable() -> Claim {
    Property::always(
        LINEARIZABLE,
        Condition::history(|history: &History| {
            history.in_real_time.as_ref().is_none_or(Linearizable::is_consistent)
        }),
    )
}

/// Below a watermark, no record is twice.
pub fn once() -> Claim {
    Property::always(
        ONCE,
        Condition::nodes(|nodes| {
            brokers(nodes).all(|(_, broker)| {
                let mut seen = BTreeSet::new();
                let mut records = below_hw(broker).iter();
                records.all(|record| seen.insert((record.producer, record.sequence)))
            })
        }),
    )
}

/// Below a watermark, a producer's numbers do not skip any.
pub fn in_order() -> Claim {
    Property::always(
        IN_ORDER,
        Condition::nodes(|nodes| {
            brokers(nodes).all(|(_, broker)| {
                let records = below_hw(broker);
                records.iter().enumerate().all(|(at, record)| {
                    let mut before = records[..at].iter();
                    record.sequence <= 1
                        || broker.log.base().has(record.producer, record.sequence - 1)
                        || before.any(|earlier| {
                            (earlier.producer, earlier.sequence)
                                == (record.producer, record.sequence - 1)
                        })
                })
            })
        }),
    )
}

/// What brokers know is not newer than what the controller decided, nor other; and where controllers
/// are several, they decided the same.
pub fn metadata() -> Claim {
    fn agrees(one: &Registry, other: &Registry) -> bool {
        one.version != other.version || one == other
    }
    Property::always(
        METADATA,
        Condition::nodes(|nodes| {
            let Some(newest) = registry(nodes) else { return true };
            let mut brokers = brokers(nodes).map(|(_, broker)| &broker.metadata);
            brokers.all(|known| {
                known.version <= newest.version
                    && agrees(known, newest)
                    && voters(nodes).all(|voter| agrees(known, voter))
            }) && voters(nodes).all(|voter| agrees(voter, newest))
        }),
    )
}

/// No fenced broker is in sync.
pub fn no_fenced() -> Claim {
    Property::always(
        NO_FENCED,
        Condition::nodes(|nodes| {
            registry(nodes).is_none_or(|registry| {
                registry.partition.isr.iter().all(|id| registry.is_unfenced(*id))
            })
        }),
    )
}

/// What the controller decides is as KIP-966 says.
pub fn isr_shape(min_isr: usize) -> Claim {
    Property::always(
        ISR_SHAPE,
        Condition::nodes(move |nodes| {
            registry(nodes).is_none_or(|registry| {
                let Partition { leader, isr, elr, .. } = &registry.partition;
                leader.is_none_or(|leader| isr.contains(&leader))
                    && isr.is_disjoint(elr)
                    && (elr.is_empty() || isr.len() < min_isr)
            })
        }),
    )
}

fn below_hw(broker: &BrokerState) -> &[Record] {
    broker.log.between(0, broker.hw)
}

/// No more than so many leader epochs are explored, and of several controllers the first two lead, the
/// second perhaps only while the first is down: which of them do does not matter to brokers.
pub(super) fn within(leader_epochs: u64, bereaved: bool) -> Condition<Actor, History> {
    Condition::nodes(move |nodes: &Nodes<'_, Actor>| has_led(nodes, leader_epochs, bereaved))
}

/// The same, and of messages in flight from one node to another there are no more than so many between two of
/// these controllers, and no more than so many otherwise: before one more is sent, one of them arrives or is
/// lost.
pub(super) fn within_links(
    leader_epochs: u64,
    controllers: usize,
    (between, others): (usize, usize),
) -> Condition<Actor, History> {
    Condition::world(move |world: &World<'_>| {
        let link = |envelope: &Envelope<Msg>| (envelope.src, envelope.dst);
        let holds = |(src, dst): (Id, Id)| {
            let most = usize::from(src).max(usize::from(dst));
            if most < controllers { between } else { others }
        };
        let is_full =
            |of: (Id, Id)| world.envelopes().filter(|it| link(it) == of).count() > holds(of);
        has_led(&world.nodes(), leader_epochs, false)
            && !world.envelopes().any(|envelope| is_full(link(envelope)))
    })
}

fn has_led(nodes: &Nodes<'_, Actor>, leader_epochs: u64, bereaved: bool) -> bool {
    registry(nodes).is_none_or(|registry| registry.partition.leader_epoch <= leader_epochs)
        && voter_nodes(nodes).skip(1).all(|node| {
            let may_lead =
                node.id == Id::from(1) && !(bereaved && nodes.node(Id::from(0)).state().is_some());
            may_lead || !prepares(node.state())
        })
}

/// Whether it is a controller that tries to lead the others, or does.
fn prepares(state: Option<&State>) -> bool {
    matches!(state, Some(State::Voter(voter)) if voter.role != paxos::Role::Follower)
}

/// What must always hold of brokers, whatever producers ask for, while no more than `min_isr - 1`
/// page caches are lost.
pub fn safety(min_isr: usize) -> Vec<Claim> {
    let mut claims = vec![one_leader(), candidates_complete(), quorum_superset(min_isr)];
    claims.extend([
        log_matching(),
        progress(),
        consistent_read(),
        metadata(),
        no_fenced(),
        isr_shape(min_isr),
    ]);
    claims
}

/// What must hold besides where a record is acknowledged when all in-sync replicas have it.
pub fn acknowledged_by_all() -> Vec<Claim> {
    vec![leader_complete(), no_loss()]
}

/// What must hold besides where producers are idempotent.
pub fn idempotent() -> Vec<Claim> {
    vec![once(), in_order()]
}
