//! What was said and decided in a run, from the messages in flight and the disks.

use super::super::config::coordinator;
use super::super::{Decision, Msg, Peer, Progress, TxnId, Vote};
use super::nodes::{Actor, World, ledger_on, shard};
use crate::kv::{Outcome, Service};
use crate::sorted::{sorted, with};
use crate::world::NodeOf;
use stateright::actor::{Envelope, Id};

/// Who voted yes, and who was to vote. Sorted, and nothing twice, as all that follows.
pub(super) struct Votes {
    yes: Vec<(TxnId, Id)>,
    voters: Vec<(TxnId, Id)>,
}

impl Votes {
    pub(super) fn of(world: &World<'_>) -> Self {
        let yes = world.gather_messages(|envelope, all| {
            if let Service::Peer(Peer::Vote { txn, vote: Vote::Yes(_) }) = envelope.msg {
                all.push((txn, envelope.src));
            }
        });
        let voters = world.gather_messages(|envelope, all| {
            if let Service::Peer(Peer::Prepare { txn, participants, .. }) = &envelope.msg {
                all.extend(participants.iter().map(|who| (*txn, *who)));
            }
        });
        Self { yes: sorted(yes), voters: sorted(voters) }
    }

    /// Whether all that vote on a transaction, as far as anybody was asked, voted yes.
    pub(super) fn are_all_yes(&self, txn: TxnId) -> bool {
        with(&self.voters, txn).iter().all(|voter| self.yes.binary_search(voter).is_ok())
    }
}

/// The requests of which their clients were told that they aborted, and those on which somebody voted
/// otherwise than yes.
pub(super) struct Aborts {
    told: Vec<(Id, u64)>,
    refused: Vec<(Id, u64)>,
}

impl Aborts {
    pub(super) fn of(world: &World<'_>) -> Self {
        let told = world.gather_messages(|envelope, all| {
            if let Service::Reply { seq, reply: Outcome::Aborted(_) } = &envelope.msg {
                all.push((envelope.dst, *seq));
            }
        });
        let refused = world.gather_messages(|envelope, all| {
            if let Service::Peer(Peer::Vote { txn, vote: Vote::No(_) | Vote::Forgotten }) =
                &envelope.msg
            {
                all.push((txn.client, txn.seq));
            }
        });
        Self { told: sorted(told), refused: sorted(refused) }
    }

    /// Whether each was refused of which its client was told.
    pub(super) fn were_refused(&self) -> bool {
        self.told.iter().all(|request| self.refused.binary_search(request).is_ok())
    }
}

/// Who decided what, by durable state or by message.
pub(super) struct Decisions(Vec<(TxnId, Id, Decision)>);

impl Decisions {
    pub(super) fn of(world: &World<'_>) -> Self {
        let mut decided = world.gather_messages(said);
        decided.extend(world.gather_nodes(decided_by));
        let logged = world.gather_nodes(logged).into_iter();
        decided.extend(logged.map(|txn| (txn, coordinator(), Decision::Commit)));
        Self(sorted(decided))
    }

    /// What was decided, by transaction.
    pub(super) fn by_transaction(&self) -> impl Iterator<Item = &[(TxnId, Id, Decision)]> {
        self.0.chunk_by(|one, other| one.0 == other.0)
    }

    /// The transactions that somebody committed, in order.
    pub(super) fn committed(&self) -> impl Iterator<Item = TxnId> {
        self.by_transaction().filter(|of| has(of, Decision::Commit)).map(|of| of[0].0)
    }
}

/// What the sender of a message had decided.
fn said(envelope: &Envelope<Msg>, all: &mut Vec<(TxnId, Id, Decision)>) {
    let Service::Peer(peer) = &envelope.msg else { return };
    let (txn, decision) = match peer {
        Peer::Decide { txn, decision } => (*txn, *decision),
        Peer::Ack { txn } => (*txn, Decision::Commit),
        Peer::Vote { txn, vote: Vote::No(_) } => (*txn, Decision::Abort),
        _ => return,
    };
    all.push((txn, envelope.src, decision));
}

/// What a participant decided.
fn decided_by(node: &NodeOf<Actor>, all: &mut Vec<(TxnId, Id, Decision)>) {
    let newest = shard(node).into_iter().flat_map(|shard| shard.newest.iter());
    all.extend(newest.filter_map(|(client, seq, (epoch, progress))| {
        let decision = match progress {
            Progress::Prepared => return None,
            Progress::Committed => Decision::Commit,
            Progress::Aborted | Progress::Refused(_) => Decision::Abort,
        };
        Some((TxnId { client, seq, epoch: *epoch }, node.id, decision))
    }));
}

/// The commits that the coordinator has on its disk.
pub(super) fn logged(node: &NodeOf<Actor>, all: &mut Vec<TxnId>) {
    all.extend(ledger_on(node).into_iter().flat_map(|ledger| ledger.committed.keys()));
}

/// The transactions about which a participant is in doubt.
pub(super) fn in_doubt(node: &NodeOf<Actor>, all: &mut Vec<(TxnId, Id)>) {
    let prepared = shard(node).into_iter().flat_map(|shard| shard.prepared.keys());
    all.extend(prepared.map(|txn| (*txn, node.id)));
}

/// Whether somebody decided so.
pub(super) fn has(decisions: &[(TxnId, Id, Decision)], wanted: Decision) -> bool {
    decisions.iter().any(|(_, _, decision)| *decision == wanted)
}
