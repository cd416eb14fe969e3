//! States that must be reachable, so that no property holds vacuously.

use super::super::config::coordinator;
use super::super::{Decision, Known, Peer, Progress, Saved, Shard, Storage, TxnId, Vote};
use super::nodes::{Claim, World, coordinator_state, ledger, ledger_of, shard};
use crate::kv::{Abort, Outcome, Service};
use crate::statements;
use crate::world::{Condition, Property, Statement};

statements! {
    pub CONFLICT = "lock-conflict", "a lock conflict aborted a transaction";
    pub COMMITTED = "committed", "a transaction committed and the coordinator forgot it";
    pub HELPED = "decision-relayed", "a participant learned the decision from another participant";
    pub PRESUMED = "presumed-abort",
        "a restarted coordinator answered “no information”, and the participant aborted";
    pub RESUMED = "commit-resent", "a restarted coordinator sent a logged commit again";
    pub EVICTED = "client-forgotten",
        "a participant forgot a client while another was in doubt about its transaction";
    pub VOTE_HELD = "vote-held", "a vote waited for the disk";
    pub UNDURABLE = "abort-undurable",
        "a participant had aborted, and its disk held the transaction as prepared";
    pub BLOCKED = "blocked", "all participants were in doubt and the coordinator was down";
}

/// A client received an abort because of a conflict.
pub fn conflict() -> Claim {
    let aborted = Outcome::Aborted(Abort::Conflict);
    Property::sometimes(
        CONFLICT,
        Condition::some_message(
            move |envelope, _| matches!(&envelope.msg, Service::Reply { reply, .. } if *reply == aborted),
        ),
    )
}

/// A commit ended: its client has the reply, and the coordinator remembers no commit.
pub fn committed() -> Claim {
    Property::sometimes(
        COMMITTED,
        Condition::some_message(|envelope, around| match &envelope.msg {
            Service::Reply { reply: Outcome::Committed(_), .. } => {
                ledger_of(&around.nodes()).is_some_and(|ledger| ledger.committed.is_empty())
            }
            _ => false,
        }),
    )
}

/// A participant learned the decision from another, while the coordinator is down.
pub fn helped() -> Claim {
    Property::sometimes(
        HELPED,
        Condition::some_message(|envelope, around| match &envelope.msg {
            Service::Peer(Peer::Decide { txn, decision: Decision::Commit }) => {
                let nodes = around.nodes();
                let learnt =
                    |shard: &Shard| shard.known(*txn) == Known::Newest(&Progress::Committed);
                nodes.state(coordinator()).is_none()
                    && envelope.src != coordinator()
                    && shard(nodes.node(envelope.dst)).is_some_and(learnt)
            }
            _ => false,
        }),
    )
}

/// A participant that had voted yes aborted without a decision from another node.
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
    .counting(|envelope| matches!(envelope.msg, Service::Peer(Peer::Decide { .. })))
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

/// A vote waits for the disk.
pub fn vote_held() -> Claim {
    let is_vote = |msg: &_| matches!(msg, Service::Peer(Peer::Vote { .. }));
    Property::sometimes(
        VOTE_HELD,
        Condition::some_node(move |node| node.held.iter().any(|(_, msg)| is_vote(msg))),
    )
}

/// A crash now would take back that a participant aborted.
pub fn undurable() -> Claim {
    Property::sometimes(
        UNDURABLE,
        Condition::some_node(|node| match (shard(node), &node.disk.durable) {
            (Some(shard), Some(Storage::Participant(Saved::Complete(durable)))) => {
                let aborted = Known::Newest(&Progress::Aborted);
                durable.prepared.keys().any(|txn| shard.known(*txn) == aborted)
            }
            _ => false,
        }),
    )
}

/// Two participants are in doubt about one transaction, and the coordinator is down.
pub fn blocked() -> Claim {
    sometimes(BLOCKED, |world| {
        let nodes = world.nodes();
        coordinator_state(world).is_none()
            && nodes.iter().filter_map(shard).all(|shard| !shard.prepared.is_empty())
    })
}

/// A participant is in doubt about a transaction of a client that another has forgotten.
pub fn evicted() -> Claim {
    sometimes(EVICTED, |world| {
        let nodes = world.nodes();
        let mut in_doubt = nodes.iter().filter_map(shard).flat_map(|shard| shard.prepared.keys());
        in_doubt.any(|txn| {
            nodes.iter().filter_map(shard).any(|shard| shard.known(*txn) == Known::Expired)
        })
    })
}

#[track_caller]
fn sometimes(
    statement: Statement,
    holds: impl for<'a> Fn(&World<'a>) -> bool + Send + Sync + 'static,
) -> Claim {
    Property::sometimes(statement, Condition::world(holds))
}
