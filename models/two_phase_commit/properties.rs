//! The properties of two-phase commit: what must hold, and what must be reachable.
//!
//! The checked instances use the set network, which remembers every message that was ever sent:
//! so each vote, decision and answer of a node is seen in the state, and the protocol carries no
//! history for the sake of its proof. A node that is down counts with what is on its disk, because
//! it may come back.

mod liveness;
mod nodes;
mod reached;

pub use liveness::*;
pub use nodes::{Actor, Claim, History};
pub use reached::*;

use self::nodes::World;
pub(super) use self::nodes::{coordinator_state, ledger, shard};
use super::config::coordinator;
use super::{Decision, Peer, Progress, State, TxnId, Vote};
use crate::kv::{Outcome, Service};
use crate::statements;
use crate::world::{Condition, Property, Statement};
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

statements! {
    pub AC1 = "ac1", "all nodes that decide reach the same decision",
        "Bernstein et al. 1987, section 7.2";
    pub AC2 = "ac2", "a node never reverses its decision", "Bernstein et al. 1987, section 7.2";
    pub AC3 = "ac3", "commit is decided only if every participant voted yes",
        "Bernstein et al. 1987, section 7.2";
    pub AC4 = "ac4", "without failures, commit is decided if every participant votes yes",
        "Bernstein et al. 1987, section 7.2";
    pub SERIALIZABLE = "strictly-serializable",
        "the history of transactions is strictly serializable",
        "Papadimitriou 1979; Herlihy and Wing 1990, section 3.3; Bernstein et al. 1987, section 3";
    /// A scheduler releases the locks when the transaction ends.
    pub LOCKS = "no-stale-lock", "no lock outlives its transaction",
        "Bernstein et al. 1987, section 3.2";
    pub STRICT = "strict-locking", "a prepared transaction holds all its locks",
        "Bernstein et al. 1987, section 3.2";
    /// The purpose of sessions.
    pub EXACTLY_ONCE = "exactly-once", "no request commits twice", "Ongaro 2014, section 6.3";
    pub REMEMBERED = "commit-remembered",
        "the coordinator remembers a commit while a participant is in doubt about it",
        "Mohan et al. 1986";
}

/// The decisions of each transaction and the nodes that made them, by durable state or by message.
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

/// If nothing failed, a client that receives an abort had a participant that voted no. Nothing
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

/// Each transaction that holds a lock is prepared.
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

/// Each prepared transaction holds all its locks.
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
    statement: Statement,
    holds: impl for<'a> Fn(&World<'a>) -> bool + Send + Sync + 'static,
) -> Claim {
    Property::always(statement, Condition::world(holds))
}
