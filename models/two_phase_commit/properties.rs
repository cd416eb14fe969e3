//! The properties of two-phase commit: what must hold, and what must be reachable.
//!
//! The checked instances use the set network, which remembers every message that was ever sent:
//! so each vote, decision and answer of a node is seen in the state, and the protocol carries no
//! history for the sake of its proof. A node that is down counts with what is on its disk, because
//! it may come back.

mod liveness;
mod nodes;
mod past;
mod reached;

pub use liveness::*;
pub use nodes::{Actor, Claim, History};
pub use reached::*;

use self::nodes::World;
pub(super) use self::nodes::{coordinator_state, ledger, shard};
use self::past::{Aborts, Decisions, Votes, has, in_doubt, logged};
use super::{Decision, Msg, Peer, State, TxnId, Vote};
use crate::kv::Service;
use crate::statements;
use crate::world::{Condition, Property, Statement};
use stateright::actor::{Envelope, Id};

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

/// The vote in a message.
fn vote_in(envelope: &Envelope<Msg>) -> Option<&Vote> {
    match &envelope.msg {
        Service::Peer(Peer::Vote { vote, .. }) => Some(vote),
        _ => None,
    }
}

fn is_yes(vote: &Vote) -> bool {
    matches!(vote, Vote::Yes(_))
}

/// No two nodes decide differently.
pub fn ac1() -> Claim {
    always(AC1, |world| {
        let decisions = world.derive(Decisions::of);
        let mut transactions = decisions.by_transaction();
        transactions.all(|of| !has(of, Decision::Commit) || !has(of, Decision::Abort))
    })
    .monotone()
}

/// A node that decided does not decide otherwise, nor comes to be in doubt again.
pub fn ac2() -> Claim {
    always(AC2, |world| {
        let in_doubt = world.gather_nodes(in_doubt);
        let in_doubt = |(txn, who, _): &(TxnId, Id, Decision)| in_doubt.contains(&(*txn, *who));
        let decisions = world.derive(Decisions::of);
        let mut transactions = decisions.by_transaction();
        transactions.all(|of| {
            let has_reversed = of.windows(2).any(|pair| pair[0].1 == pair[1].1);
            !has_reversed && !of.iter().any(in_doubt)
        })
    })
    .monotone()
}

/// Commit is decided only if all participants voted yes.
pub fn ac3() -> Claim {
    always(AC3, |world| {
        let votes = world.derive(Votes::of);
        world.derive(Decisions::of).committed().all(|txn| votes.are_all_yes(txn))
    })
    .counting(|envelope| vote_in(envelope).is_some_and(is_yes))
}

/// If nothing failed, a client that receives an abort had a participant that voted no. Nothing
/// failed as long as `crashes` and `deadlines` are left.
pub fn ac4(crashes: u8, deadlines: u8) -> Claim {
    always(AC4, move |world| {
        let budget = world.budget();
        let failed = budget.crashes != Some(crashes) || budget.timers.first() != Some(&deadlines);
        failed || world.derive(Aborts::of).were_refused()
    })
    .counting(|envelope| vote_in(envelope).is_some_and(|vote| !is_yes(vote)))
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
        let decisions = world.derive(Decisions::of);
        let committed: Vec<TxnId> = decisions.committed().collect();
        let is_same =
            |pair: &[TxnId]| (pair[0].client, pair[0].seq) == (pair[1].client, pair[1].seq);
        !committed.windows(2).any(is_same)
    })
    .monotone()
}

/// While a participant is in doubt about a transaction that anyone committed, the coordinator has
/// it on its disk.
pub fn remembered() -> Claim {
    always(REMEMBERED, |world| {
        let (in_doubt, logged) = (world.gather_nodes(in_doubt), world.gather_nodes(logged));
        let in_doubt = |txn: &TxnId| in_doubt.iter().any(|(other, _)| other == txn);
        let decisions = world.derive(Decisions::of);
        decisions.committed().filter(in_doubt).all(|txn| logged.contains(&txn))
    })
    .monotone()
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
