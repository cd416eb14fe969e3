//! What must hold of a two-phase commit cluster, and what must be reachable.
//!
//! The checked instances use the set network, which remembers every message that was ever sent:
//! so what a node once voted, decided or told is seen in the state, and the protocol carries no
//! history for the sake of its proof. A node that is down counts with what is on its disk, because
//! it may come back.

use super::coordinator::coordinator;
use super::{
    CoordinatorState, Decision, Known, Ledger, ParticipantState, Peer, Progress, Saved, Shard,
    State, Storage, TwoPhaseCommit, TxnId, Vote,
};
use crate::kv::history::Linearizable;
use crate::kv::{Abort, Outcome, Service, Transactional};
use crate::world::{Condition, NodeOf, Nodes, Process, Property, View};
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

/// A node of a checked instance.
pub type Actor = TwoPhaseCommit;
/// The history that instances are judged by.
pub type History = Linearizable<Transactional>;
/// A property of an instance.
pub type Claim = Property<Actor, History>;

type World<'a> = View<'a, Actor, History>;

/// Bernstein, Hadzilacos and Goodman 1987, section 7.2.
pub const AC1: &str = "AC1: all nodes that decide reach the same decision";
/// The same.
pub const AC2: &str = "AC2: a node cannot reverse its decision";
/// The same.
pub const AC3: &str = "AC3: commit is decided only if all participants voted yes";
/// The same.
pub const AC4: &str = "AC4: without failures, if all vote yes, commit is decided";
/// The same. Liveness.
pub const AC5: &str = "AC5: once failures are repaired, every participant decides";
/// The same without repairs: what two-phase commit does not promise. Liveness.
pub const NON_BLOCKING: &str = "every prepared participant decides";
/// Papadimitriou 1979; Herlihy and Wing 1990, section 3.3; Bernstein et al. 1987, section 3.
pub const SERIALIZABLE: &str = "transactions are strictly serializable";
/// Bernstein et al. 1987, section 3.2: a scheduler releases the locks when the transaction ends.
pub const LOCKS: &str = "no lock outlives its transaction";
/// The same: and not before.
pub const STRICT: &str = "what is prepared is locked";
/// Ongaro 2014, section 6.3: what sessions are for.
pub const EXACTLY_ONCE: &str = "no request commits twice";
/// Mohan et al. 1986: a commit is remembered until all have acknowledged.
pub const REMEMBERED: &str = "the coordinator remembers a commit while a participant is in doubt";
/// Reached: a lock was in the way.
pub const CONFLICT: &str = "a lock conflict aborted a transaction";
/// Reached: all of it committed.
pub const COMMITTED: &str = "a transaction committed and was forgotten";
/// Reached: cooperative termination helped.
pub const HELPED: &str = "a participant learned the decision from another";
/// Reached: presumed abort helped.
pub const PRESUMED: &str = "a restarted coordinator's want of information aborted a transaction";
/// Reached: the log helped.
pub const RESUMED: &str = "a restarted coordinator told again what it had committed";
/// Reached: participants are stuck.
pub const BLOCKED: &str = "all participants are in doubt and the coordinator is down";

/// Who has decided what: in its durable state, or because it said so.
fn decisions(world: &World<'_>) -> BTreeMap<TxnId, BTreeSet<(Id, Decision)>> {
    let mut decisions: BTreeMap<TxnId, BTreeSet<(Id, Decision)>> = BTreeMap::new();
    let mut note = |txn, who, decision| {
        decisions.entry(txn).or_default().insert((who, decision));
    };
    for envelope in world.envelopes() {
        let Service::Peer(msg) = &envelope.msg else { continue };
        match msg {
            Peer::Decide { txn, decision } => note(*txn, envelope.src, *decision),
            Peer::Ack { txn } => note(*txn, envelope.src, Decision::Commit),
            Peer::Vote { txn, vote: Vote::No(_) } => note(*txn, envelope.src, Decision::Abort),
            _ => {}
        }
    }
    for node in world.nodes().iter() {
        let Some(shard) = shard(node) else { continue };
        for (client, seq, (epoch, progress)) in shard.newest.iter() {
            let txn = TxnId { client, seq, epoch: *epoch };
            match progress {
                Progress::Prepared => {}
                Progress::Committed => note(txn, node.id, Decision::Commit),
                Progress::Aborted | Progress::Refused(_) => note(txn, node.id, Decision::Abort),
            }
        }
    }
    for txn in ledger(world).iter().flat_map(|ledger| ledger.committed.keys()) {
        note(*txn, coordinator(), Decision::Commit);
    }
    decisions
}

/// No two nodes decide differently.
pub fn ac1() -> Claim {
    always(AC1, |world| {
        decisions(world).values().all(|of| {
            let commits = of.iter().filter(|(_, what)| *what == Decision::Commit);
            commits.count() == 0 || of.iter().all(|(_, what)| *what == Decision::Commit)
        })
    })
}

/// A node that decided does not decide otherwise, nor comes to be in doubt again.
pub fn ac2() -> Claim {
    always(AC2, |world| {
        let nodes = world.nodes();
        let in_doubt = |who: Id, txn: &TxnId| {
            shard(nodes.node(who)).is_some_and(|shard| shard.prepared.contains_key(txn))
        };
        decisions(world).iter().all(|(txn, of)| {
            let deciders: BTreeSet<Id> = of.iter().map(|(who, _)| *who).collect();
            deciders.len() == of.len() && deciders.iter().all(|who| !in_doubt(*who, txn))
        })
    })
}

/// Commit is decided only if all participants voted yes.
pub fn ac3() -> Claim {
    always(AC3, |world| {
        let mut yes: BTreeSet<(TxnId, Id)> = BTreeSet::new();
        let mut participants_of = BTreeMap::new();
        for envelope in world.envelopes() {
            match &envelope.msg {
                Service::Peer(Peer::Vote { txn, vote: Vote::Yes(_) }) => {
                    yes.insert((*txn, envelope.src));
                }
                Service::Peer(Peer::Prepare { txn, participants, .. }) => {
                    participants_of.insert(*txn, participants);
                }
                _ => {}
            }
        }
        decisions(world).iter().all(|(txn, of)| {
            let commit = of.iter().any(|(_, what)| *what == Decision::Commit);
            let mut participants = participants_of.get(txn).into_iter().copied().flatten();
            !commit || participants.all(|who| yes.contains(&(*txn, *who)))
        })
    })
}

/// If nothing failed, a client that is told of an abort had a participant that voted no. Nothing
/// failed as long as `crashes` and `deadlines` are left.
pub fn ac4(crashes: u8, deadlines: u8) -> Claim {
    always(AC4, move |world| {
        let budget = world.budget();
        let failed = budget.crashes != Some(crashes) || budget.timers.first() != Some(&deadlines);
        let refused = |client: Id, seq: u64| {
            world.envelopes().any(|envelope| {
                matches!(
                    &envelope.msg,
                    Service::Peer(Peer::Vote { txn, vote: Vote::No(_) })
                        if txn.client == client && txn.seq == seq
                )
            })
        };
        failed
            || world.envelopes().all(|envelope| match &envelope.msg {
                Service::Reply { seq, reply: Outcome::Aborted(_) } => refused(envelope.dst, *seq),
                _ => true,
            })
    })
}

/// The history is strictly serializable.
pub fn serializable() -> Claim {
    let consistent = |history: &History| history.is_consistent();
    Property::always(SERIALIZABLE, Condition::history(consistent))
}

/// Whoever holds a lock is prepared.
pub fn locks() -> Claim {
    Property::always(
        LOCKS,
        Condition::each_node(|node| match node.state() {
            Some(State::Participant(state)) => {
                state.locks.holders().all(|txn| state.shard.prepared.contains_key(&txn))
            }
            _ => true,
        }),
    )
}

/// Whoever is prepared holds all its locks.
pub fn strict() -> Claim {
    Property::always(
        STRICT,
        Condition::each_node(|node| match node.state() {
            Some(State::Participant(state)) => (state.shard.prepared.iter())
                .all(|(txn, prepared)| state.locks.are_held(*txn, &prepared.part)),
            _ => true,
        }),
    )
}

/// No client's request commits as two transactions.
pub fn exactly_once() -> Claim {
    always(EXACTLY_ONCE, |world| {
        let mut seen = BTreeSet::new();
        (decisions(world).iter())
            .filter(|(_, of)| of.iter().any(|(_, what)| *what == Decision::Commit))
            .all(|(txn, _)| seen.insert((txn.client, txn.seq)))
    })
}

/// While a participant is in doubt about a transaction that anyone committed, the coordinator has
/// it on its disk.
pub fn remembered() -> Claim {
    always(REMEMBERED, |world| {
        let nodes = world.nodes();
        let in_doubt = |txn: &TxnId| {
            let mut shards = nodes.iter().filter_map(shard);
            shards.any(|shard| shard.prepared.contains_key(txn))
        };
        (decisions(world).iter())
            .filter(|(txn, of)| {
                of.iter().any(|(_, what)| *what == Decision::Commit) && in_doubt(txn)
            })
            .all(|(txn, _)| ledger(world).is_some_and(|ledger| ledger.committed.contains_key(txn)))
    })
}

/// Every participant decides and every lock is released, unless a server is down.
pub fn ac5() -> Claim {
    Property::leads_to(
        AC5,
        Condition::nodes(somebody_is_prepared),
        Condition::nodes(|nodes| is_resolved(nodes) || somebody_is_down(nodes)),
    )
}

/// Every prepared participant decides, whoever is down.
pub fn non_blocking() -> Claim {
    Property::leads_to(
        NON_BLOCKING,
        Condition::nodes(somebody_is_prepared),
        Condition::nodes(is_resolved),
    )
}

fn somebody_is_prepared(nodes: &Nodes<'_, Actor>) -> bool {
    nodes.iter().filter_map(shard).any(|shard| !shard.prepared.is_empty())
}

fn somebody_is_down(nodes: &Nodes<'_, Actor>) -> bool {
    nodes.iter().any(|node| matches!(node.process, Process::Down { .. }))
}

fn is_resolved(nodes: &Nodes<'_, Actor>) -> bool {
    !somebody_is_prepared(nodes) && participants(nodes).all(|state| state.locks.is_empty())
}

/// What must always hold. `crashes` and `deadlines` are how many may happen.
pub fn safety(crashes: u8, deadlines: u8) -> Vec<Claim> {
    let ac4 = ac4(crashes, deadlines);
    let mut claims = vec![ac1(), ac2(), ac3(), ac4, serializable(), locks(), strict()];
    claims.extend([exactly_once(), remembered()]);
    claims
}

/// A client was told that there was a conflict.
pub fn conflict() -> Claim {
    sometimes(CONFLICT, |world| {
        let aborted = Outcome::Aborted(Abort::Conflict);
        let mut envelopes = world.envelopes();
        envelopes.any(
            |envelope| matches!(&envelope.msg, Service::Reply { reply, .. } if *reply == aborted),
        )
    })
}

/// A commit ended: it was told, and the coordinator remembers none.
pub fn committed() -> Claim {
    sometimes(COMMITTED, |world| {
        let told = world.envelopes().any(|envelope| {
            matches!(&envelope.msg, Service::Reply { reply: Outcome::Committed(_), .. })
        });
        told && ledger(world).is_some_and(|ledger| ledger.committed.is_empty())
    })
}

/// A participant learned the decision from another, while the coordinator is down.
pub fn helped() -> Claim {
    sometimes(HELPED, |world| {
        let nodes = world.nodes();
        coordinator_state(world).is_none()
            && world.envelopes().any(|envelope| match &envelope.msg {
                Service::Peer(Peer::Decide { txn, decision: Decision::Commit }) => {
                    envelope.src != coordinator()
                        && shard(nodes.node(envelope.dst)).is_some_and(|shard| {
                            shard.known(*txn) == Known::Newest(&Progress::Committed)
                        })
                }
                _ => false,
            })
    })
}

/// A participant that had voted yes aborted, and nobody told it that this was decided.
pub fn presumed() -> Claim {
    sometimes(PRESUMED, |world| {
        let nodes = world.nodes();
        let restarted = ledger(world).is_some_and(|ledger| ledger.epoch > 0);
        let told = |txn: TxnId| {
            world.envelopes().any(|envelope| {
                matches!(
                    &envelope.msg,
                    Service::Peer(Peer::Decide { txn: about, .. }) if *about == txn
                )
            })
        };
        restarted
            && world.envelopes().any(|envelope| match &envelope.msg {
                Service::Peer(Peer::Vote { txn, vote: Vote::Yes(_) }) => {
                    let shard = shard(nodes.node(envelope.src));
                    let aborted = Known::Newest(&Progress::Aborted);
                    shard.is_some_and(|shard| shard.known(*txn) == aborted) && !told(*txn)
                }
                _ => false,
            })
    })
}

/// The coordinator came back and found a commit in its log.
pub fn resumed() -> Claim {
    sometimes(RESUMED, |world| {
        coordinator_state(world).is_some_and(|state| {
            let epoch = state.ledger.epoch;
            state.ledger.committed.keys().any(|txn| txn.epoch < epoch)
        })
    })
}

/// Two participants are in doubt about one transaction, and the coordinator is down.
pub fn blocked() -> Claim {
    sometimes(BLOCKED, |world| {
        let nodes = world.nodes();
        coordinator_state(world).is_none()
            && nodes.iter().filter_map(shard).all(|shard| !shard.prepared.is_empty())
    })
}

fn always(
    name: &'static str,
    holds: impl for<'a> Fn(&World<'a>) -> bool + Send + Sync + 'static,
) -> Claim {
    Property::always(name, Condition::world(holds))
}

fn sometimes(
    name: &'static str,
    holds: impl for<'a> Fn(&World<'a>) -> bool + Send + Sync + 'static,
) -> Claim {
    Property::sometimes(name, Condition::world(holds))
}

/// The participants that are up.
fn participants<'a>(nodes: &Nodes<'a, Actor>) -> impl Iterator<Item = &'a ParticipantState> {
    nodes.up().filter_map(|(_, state)| match state {
        State::Participant(participant) => Some(participant),
        _ => None,
    })
}

/// The coordinator's state, if it is up.
pub(super) fn coordinator_state<'a>(world: &World<'a>) -> Option<&'a CoordinatorState> {
    match world.nodes().state(coordinator()) {
        Some(State::Coordinator(state)) => Some(state),
        _ => None,
    }
}

/// What the coordinator knows, or will know when it is back.
pub(super) fn ledger<'a>(world: &World<'a>) -> Option<&'a Ledger> {
    let node = world.nodes().node(coordinator());
    match (node.state(), &node.disk.durable) {
        (Some(State::Coordinator(state)), _) => Some(&state.ledger),
        (None, Some(Storage::Coordinator(Saved::Image(ledger)))) => Some(ledger),
        _ => None,
    }
}

/// What a participant knows, or will know when it is back.
pub(super) fn shard(node: &NodeOf<Actor>) -> Option<&Shard> {
    match (node.state(), &node.disk.durable) {
        (Some(State::Participant(state)), _) => Some(&state.shard),
        (None, Some(Storage::Participant(Saved::Image(shard)))) => Some(shard),
        _ => None,
    }
}
