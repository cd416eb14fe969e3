//! The properties of Zab: what must hold, and what must be reachable.
//!
//! A server that is down counts with what is on its disk. On the set network what was sent stays
//! in flight, so the messages in flight show what was acknowledged and broadcast.

mod liveness;
mod nodes;
mod reached;
mod structure;

use super::message::{Msg, Peer, Txn};
use super::{Command, Stable};
use crate::kv::{Image, Op, Service};
use crate::quorum::majority;
use crate::statements;
use crate::world::{Condition, Nodes, Property, Statement};
use crate::zab::epoch::{Epoch, Zxid};
pub use liveness::*;
pub use nodes::{Actor, Claim, History, Machine};
use nodes::{Log, World, applied, delivered, established, has, leaders, stable, stables};
pub use reached::*;
use std::collections::{BTreeMap, BTreeSet};
pub use structure::{ARMED, BOUNDED, OBSERVER, READS_SERVED, structure};

statements! {
    pub INTEGRITY = "integrity",
        "a transaction identifier names one transaction, which a client asked for",
        "Junqueira et al. 2011, integrity";
    pub PREFIX = "prefix-consistency",
        "of two servers, one delivered a prefix of what the other delivered",
        "Junqueira et al. 2011, total order and agreement";
    pub LOCAL_ORDER = "local-primary-order",
        "a server that delivers a transaction has delivered all that its primary broadcast before",
        "Junqueira et al. 2011, local primary order";
    pub GLOBAL_ORDER = "global-primary-order",
        "a server delivers the transactions of an earlier epoch before those of a later one",
        "Junqueira et al. 2011, global primary order";
    pub PRIMARY_INTEGRITY = "primary-integrity",
        "a primary delivers what earlier epochs left before it broadcasts",
        "Junqueira et al. 2011, primary integrity";
    pub ONE_LEADER = "one-leader", "at most one server has an epoch established",
        "Junqueira et al. 2011; Ouyang et al. 2025";
    pub ACCEPTED = "accepted-epoch", "a server remembers every epoch that it accepted",
        "Junqueira et al. 2011, phase 1";
    pub LEADER_COMPLETE = "leader-completeness",
        "the leader of an established epoch has everything that was delivered of earlier epochs",
        "Ouyang et al. 2025, leader log completeness";
    pub DURABLE = "committed-durability",
        "a transaction that a server delivered is in the histories of a quorum",
        "Ouyang et al. 2025, committed log durability";
    pub OBSERVED = "observer-committed",
        "a transaction in the history of an observer is in the histories of a quorum";
    pub PROCESS = "process-consistency",
        "a server that took over its leader's history has a prefix of it",
        "Ouyang et al. 2025, history consistency, process consistency";
    pub ACKED = "acknowledged-history",
        "a server has the history that it acknowledged, until it accepts a later epoch",
        "Junqueira et al. 2011, phase 2; Ouyang et al. 2025, message legality";
    pub STEADY = "steady-leader",
        "a leader gives up only when it misses a quorum or learns of a later epoch",
        "Junqueira et al. 2011";
    pub SNAPSHOT = "snapshot", "a state equals the history that it replaces",
        "Hunt et al. 2010, section 4.3";
    pub EXACTLY_ONCE = "exactly-once", "no server applies a request twice",
        "Hunt et al. 2010, section 4.1";
    pub LINEARIZABLE = "linearizable", "the history that clients see is linearizable",
        "Herlihy and Wing 1990";
    pub SEQUENTIAL = "sequential", "the history that clients see is sequentially consistent",
        "Lamport 1979; Lev-Ari et al. 2017";
    pub SESSION = "session-order", "no client is told of an older transaction than before",
        "Hunt et al. 2010, section 4.4";
}

#[track_caller]
fn always(
    statement: Statement,
    holds: impl Fn(&World<'_>) -> bool + Send + Sync + 'static,
) -> Claim {
    Property::always(statement, Condition::world(move |world| holds(world)))
}

/// The transactions that a message carries.
fn carried(msg: &Msg<Machine>) -> &[Txn<Op>] {
    match msg {
        Service::Peer(Peer::Propose { txns, .. } | Peer::Inform { txns, .. }) => txns,
        Service::Peer(Peer::NewLeader { part, .. } | Peer::History { part, .. }) => &part.txns,
        _ => &[],
    }
}

/// No two transactions have one identifier.
pub fn integrity() -> Claim {
    always(INTEGRITY, |world| {
        let mut named: BTreeMap<Zxid, &Command<Op>> = BTreeMap::new();
        let nodes = world.nodes();
        let logs = stables(&nodes).flat_map(|stable| stable.log.values());
        let sent = world.envelopes().flat_map(|envelope| carried(&envelope.msg));
        logs.chain(sent).all(|txn| *named.entry(txn.zxid).or_insert(&txn.command) == &txn.command)
    })
    .monotone()
}

/// Of any two servers, one applied a prefix of what the other did.
pub fn prefix() -> Claim {
    always(PREFIX, |world| {
        let done = world.gather_nodes(applied);
        let mut applied: Vec<_> = done.iter().map(|(image, _)| &image.machine.applied).collect();
        applied.sort_unstable_by_key(|applied| applied.len());
        applied.windows(2).all(|pair| pair[1].starts_with(pair[0]))
    })
}

/// For all pairs of transactions of one primary: the numbers of its transactions go up by one.
pub fn local_order() -> Claim {
    Property::always(
        LOCAL_ORDER,
        Condition::each_node(|node| {
            let Some(stable) = stable(node) else { return true };
            let mut last: BTreeMap<Epoch, u64> = BTreeMap::new();
            delivered(stable).all(|(at, zxid, _)| {
                let before = last.insert(zxid.epoch, zxid.counter);
                // What was before the first in the log is forgotten.
                let is_first = at > 1 && !stable.log.contains_key(&(at - 1));
                before.map_or(is_first || zxid.counter == 1, |it| it + 1 == zxid.counter)
            })
        }),
    )
}

/// Epochs go up.
pub fn global_order() -> Claim {
    Property::always(
        GLOBAL_ORDER,
        Condition::each_node(|node| {
            stable(node)
                .is_none_or(|stable| delivered(stable).map(|(_, zxid, _)| zxid.epoch).is_sorted())
        }),
    )
}

/// A leader that has broadcast something delivered all that is before it of earlier epochs.
pub fn primary_integrity() -> Claim {
    Property::always(
        PRIMARY_INTEGRITY,
        Condition::nodes(|nodes| {
            leaders(nodes).all(|(_, state, _)| {
                let stable = &state.stable;
                let mut open = stable.log.range(stable.image.slot + 1..).map(|(_, txn)| txn.zxid);
                stable.last().epoch < stable.current
                    || open.all(|zxid| zxid.epoch == stable.current)
            })
        }),
    )
}

/// No epoch is established twice.
pub fn one_leader(quorum: usize) -> Claim {
    Property::always(
        ONE_LEADER,
        Condition::nodes(move |nodes| {
            let mut epochs = BTreeSet::new();
            established(nodes, quorum).all(|(_, state)| epochs.insert(state.stable.accepted))
        }),
    )
}

/// Who asked for an epoch or accepted it holds that epoch or a later one.
pub fn accepted() -> Claim {
    Property::always(
        ACCEPTED,
        Condition::each_message(|envelope, around| match &envelope.msg {
            Service::Peer(Peer::NewEpoch { epoch } | Peer::AckEpoch { epoch, .. }) => {
                stable(around.nodes().node(envelope.src)).is_some_and(|it| it.accepted >= *epoch)
            }
            _ => true,
        }),
    )
}

/// What any server delivered of earlier epochs is in the leader's history.
pub fn leader_complete(quorum: usize) -> Claim {
    Property::always(
        LEADER_COMPLETE,
        Condition::nodes(move |nodes| {
            established(nodes, quorum).all(|(_, leader)| {
                stables(nodes).all(|stable| {
                    let mut earlier =
                        delivered(stable).filter(|(_, zxid, _)| zxid.epoch < leader.stable.current);
                    earlier.all(|(_, zxid, _)| has(&leader.stable, zxid))
                })
            })
        }),
    )
}

/// What any server delivered, a quorum holds.
pub fn durable(servers: usize) -> Claim {
    Property::always(
        DURABLE,
        Condition::nodes(move |nodes| {
            let zxids: BTreeSet<Zxid> = stables(nodes).map(|stable| stable.delivered).collect();
            zxids.into_iter().all(|zxid| is_held(nodes, servers, zxid))
        }),
    )
}

/// Whether a transaction is in the histories of a quorum of so many servers that vote.
fn is_held(nodes: &Nodes<'_, Actor>, servers: usize, zxid: Zxid) -> bool {
    let voting = nodes.iter().filter(|node| usize::from(node.id) < servers).filter_map(stable);
    voting.filter(|stable| has(stable, zxid)).count() >= majority(servers)
}

/// An observer is never given what may be cut off.
pub fn observed(servers: usize) -> Claim {
    Property::always(
        OBSERVED,
        Condition::nodes(move |nodes| {
            let mut observers = nodes.iter().filter(|node| usize::from(node.id) >= servers);
            observers.all(|node| {
                let mut log = stable(node).into_iter().flat_map(|it| it.log.values());
                log.all(|txn| is_held(nodes, servers, txn.zxid))
            })
        }),
    )
}

/// Who is in the leader's epoch has nothing that the leader has not, nor in another order.
pub fn process() -> Claim {
    Property::always(
        PROCESS,
        Condition::nodes(|nodes| {
            leaders(nodes).all(|(_, leader, _)| {
                let epoch = leader.stable.current;
                let mut others = stables(nodes).filter(|it| it.current == epoch);
                others.all(|other| is_prefix(other, &leader.stable))
            })
        }),
    )
}

fn is_prefix(one: &Stable<Machine>, other: &Stable<Machine>) -> bool {
    let is_same = |at: u64| match (one.log.get(&at), other.log.get(&at)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    };
    one.end() <= other.end() && (1..=one.end()).all(is_same)
}

/// Where no leader misses a quorum and none crashes: the leader of the last epoch leads.
pub fn steady() -> Claim {
    Property::always(
        STEADY,
        Condition::nodes(|nodes| {
            let last = stables(nodes).map(|stable| stable.accepted).max();
            nodes.up().all(|(id, state)| {
                let super::State::Server(server) = state else { return true };
                let stable = &server.stable;
                let has_led = stable.current.leader == id && stable.current.round > 0;
                let is_prepared = stable.current.round == stable.accepted.round;
                !has_led
                    || !is_prepared
                    || Some(stable.accepted) != last
                    || server.leading().is_some()
            })
        }),
    )
}

/// An acknowledgment is true of its sender's history.
pub fn acked() -> Claim {
    Property::always(
        ACKED,
        Condition::each_message(|envelope, around| match &envelope.msg {
            Service::Peer(Peer::Ack { epoch, last } | Peer::AckLeader { epoch, last }) => {
                stable(around.nodes().node(envelope.src)).is_some_and(|it| {
                    it.accepted > *epoch || it.current >= *epoch && has(it, *last)
                })
            }
            _ => true,
        }),
    )
}

/// A server's state, with the rest of another's log, makes the other's state.
pub fn snapshot() -> Claim {
    always(SNAPSHOT, |world| {
        let applied = world.gather_nodes(applied);
        applied.iter().all(|(early, _)| applied.iter().all(|late| agrees(early, late)))
    })
}

fn agrees(early: &Image<Machine>, (late, log): &(Image<Machine>, Log)) -> bool {
    let mut replayed = early.clone();
    for slot in early.slot + 1..=late.slot {
        let Some(txn) = log.get(&slot) else { return true };
        replayed.slot = slot;
        if let Command { client, seq, op: Some(op) } = &txn.command {
            replayed.apply_once(*client, *seq, op);
        }
    }
    early.slot > late.slot || replayed == *late
}

/// No server applied a request twice.
pub fn exactly_once() -> Claim {
    Property::always(
        EXACTLY_ONCE,
        Condition::each_node(|node| {
            let mut seen = BTreeSet::new();
            stable(node).is_none_or(|stable| {
                stable.image.machine.applied.iter().all(|request| seen.insert(*request))
            })
        }),
    )
}

/// The history is linearizable.
pub fn linearizable() -> Claim {
    Property::always(
        LINEARIZABLE,
        Condition::history(|history: &History| history.in_real_time.is_consistent()),
    )
}

/// The history is sequentially consistent.
pub fn sequential() -> Claim {
    Property::always(
        SEQUENTIAL,
        Condition::history(|history: &History| {
            history.in_session.as_ref().is_none_or(|it| it.history.is_consistent())
        }),
    )
}

/// Nobody went back in time.
pub fn session_order() -> Claim {
    Property::always(
        SESSION,
        Condition::history(|history: &History| {
            history.in_session.as_ref().is_none_or(|it| !it.went_back)
        }),
    )
}

/// What must hold on any network, with so many servers that vote.
pub fn visible(servers: usize) -> Vec<Claim> {
    let quorum = majority(servers);
    vec![
        prefix(),
        local_order(),
        global_order(),
        primary_integrity(),
        one_leader(quorum),
        leader_complete(quorum),
        durable(servers),
        process(),
        snapshot(),
        exactly_once(),
    ]
}

/// What must hold on the set network, where messages in flight are the past.
pub fn safety(servers: usize) -> Vec<Claim> {
    let mut claims = visible(servers);
    claims.extend([integrity(), accepted(), acked()]);
    claims
}
