//! The liveness properties: what must eventually happen.

use super::super::{Known, ParticipantState, Progress, Shard, State, TxnId};
use super::nodes::{Actor, Claim, ledger_of, shard};
use crate::statements;
use crate::world::{Condition, Nodes, Process, Property};
use stateright::actor::Id;

statements! {
    pub AC5 = "ac5", "once failures are repaired, every participant eventually decides",
        "Bernstein et al. 1987, section 7.2";
    /// Two-phase commit does not promise it.
    pub NON_BLOCKING = "non-blocking",
        "every prepared participant eventually decides, even if failures are not repaired",
        "Bernstein et al. 1987, section 7.2";
    pub ANSWERED = "answered", "every request is eventually answered", "Gray 1978";
    pub FORGOTTEN = "commit-forgotten", "the coordinator eventually forgets every commit",
        "Mohan et al. 1986";
    pub SPREAD = "cooperative-termination",
        "a participant in doubt eventually learns a decision that another participant knows",
        "Bernstein et al. 1987, section 7.4";
}

/// Every participant decides and every lock is released, unless a server is down.
pub fn ac5() -> Claim {
    Property::leads_to(
        AC5,
        Condition::nodes(somebody_is_prepared),
        Condition::nodes(|nodes| is_resolved(nodes) || somebody_is_down(nodes)),
    )
}

/// Every prepared participant decides, whichever servers are down.
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

/// A participant in doubt about a transaction decides it, if another participant knows the
/// decision.
pub fn spread() -> Claim {
    let is_spread = |nodes: &Nodes<'_, Actor>| {
        let shards: Vec<&Shard> = nodes.iter().filter_map(shard).collect();
        let is_known = |txn: &TxnId| {
            let known = |shard: &&Shard| {
                let known = shard.known(*txn);
                matches!(known, Known::Newest(progress) if *progress != Progress::Prepared)
            };
            shards.iter().any(known)
        };
        !shards.iter().flat_map(|shard| shard.prepared.keys()).any(is_known)
    };
    Property::leads_to(
        SPREAD,
        Condition::nodes(move |nodes| !is_spread(nodes)),
        Condition::nodes(is_spread),
    )
}

/// Every client that waits for an answer gets it. The clients' ids begin at `first`, and each asks
/// for so many transactions.
pub fn answered(first: usize, asked: Vec<usize>) -> Claim {
    let is_answered = move |nodes: &Nodes<'_, Actor>| {
        asked.iter().enumerate().all(|(at, asked)| match nodes.state(Id::from(first + at)) {
            Some(State::Client(client)) => client.done == *asked,
            _ => true,
        })
    };
    let waits = is_answered.clone();
    Property::leads_to(
        ANSWERED,
        Condition::nodes(move |nodes| !waits(nodes)),
        Condition::nodes(is_answered),
    )
}

/// A coordinator that has to remember a commit comes to the end of it.
pub fn forgotten() -> Claim {
    let has_none = |nodes: &Nodes<'_, Actor>| {
        ledger_of(nodes).is_none_or(|ledger| ledger.committed.is_empty())
    };
    Property::leads_to(
        FORGOTTEN,
        Condition::nodes(move |nodes| !has_none(nodes)),
        Condition::nodes(has_none),
    )
}

/// The participants that are up.
fn participants<'a>(nodes: &Nodes<'a, Actor>) -> impl Iterator<Item = &'a ParticipantState> {
    nodes.up().filter_map(|(_, state)| match state {
        State::Participant(participant) => Some(participant),
        _ => None,
    })
}
