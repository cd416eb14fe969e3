//! What must hold of a two-phase commit cluster, and what must be reachable.
//!
//! The checked instances use the set network, which remembers every message that was ever sent:
//! so what a node once voted, decided or told is seen in the state, and the protocol carries no
//! history for the sake of its proof. A node that is down counts with what is on its disk, because
//! it may come back.

mod liveness;
mod reached;

pub use liveness::{ac5, answered, forgotten, non_blocking, spread};
pub use reached::{blocked, committed, conflict, evicted, helped, presumed, resumed};

use super::config::coordinator;
use super::{
    CoordinatorState, Decision, Ledger, Peer, Progress, Saved, Shard, State, Storage,
    TwoPhaseCommit, TxnId, Vote,
};
use crate::kv::history::Linearizable;
use crate::kv::{Outcome, Service, Transactional};
use crate::world::{Condition, NodeOf, Nodes, Property, View};
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
/// Gray 1978: who asks is answered. Liveness.
pub const ANSWERED: &str = "every request is answered eventually";
/// Mohan et al. 1986: and no longer than that. Liveness.
pub const FORGOTTEN: &str = "a commit is forgotten eventually";
/// Bernstein et al. 1987, section 7.4: cooperative termination. Liveness.
pub const SPREAD: &str = "what one participant knows another in doubt learns eventually";
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
/// Reached: the bound on clients mattered.
pub const EVICTED: &str = "a participant forgot the client of what another is in doubt about";
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
                    Service::Peer(Peer::Vote { txn, vote: Vote::No(_) | Vote::Forgotten })
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

/// What must always hold. `crashes` and `deadlines` are how many may happen.
pub fn safety(crashes: u8, deadlines: u8) -> Vec<Claim> {
    let ac4 = ac4(crashes, deadlines);
    let mut claims = vec![ac1(), ac2(), ac3(), ac4, serializable(), locks(), strict()];
    claims.extend([exactly_once(), remembered()]);
    claims
}

#[track_caller]
fn always(
    name: &'static str,
    holds: impl for<'a> Fn(&World<'a>) -> bool + Send + Sync + 'static,
) -> Claim {
    Property::always(name, Condition::world(holds))
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
    ledger_of(&world.nodes())
}

fn ledger_of<'a>(nodes: &Nodes<'a, Actor>) -> Option<&'a Ledger> {
    let node = nodes.node(coordinator());
    match (node.state(), &node.disk.durable) {
        (Some(State::Coordinator(state)), _) => Some(&state.ledger),
        (None, Some(Storage::Coordinator(Saved::Complete(ledger)))) => Some(ledger),
        _ => None,
    }
}

/// What a participant knows, or will know when it is back.
pub(super) fn shard(node: &NodeOf<Actor>) -> Option<&Shard> {
    match (node.state(), &node.disk.durable) {
        (Some(State::Participant(state)), _) => Some(&state.shard),
        (None, Some(Storage::Participant(Saved::Complete(shard)))) => Some(shard),
        _ => None,
    }
}
