//! What was said and decided in a run, from the messages in flight and the disks.

use super::super::config::coordinator;
use super::super::{Decision, Msg, Peer, Progress, TxnId, Vote};
use super::nodes::{Actor, World, ledger_on, shard};
use crate::kv::{Outcome, Service};
use crate::sorted::{sort, with};
use crate::world::NodeOf;
use stateright::actor::{Envelope, Id};

/// What the messages in flight say. All lists are sorted, and say nothing twice.
#[derive(Default)]
pub(super) struct Said {
    /// Who decided, by transaction.
    decided: Vec<(TxnId, Id, Decision)>,
    /// Who votes on each transaction.
    voters: Vec<(TxnId, Id)>,
    /// Who voted yes.
    yes: Vec<(TxnId, Id)>,
    /// The requests on which somebody voted otherwise.
    refused: Vec<(Id, u64)>,
    /// The requests of which their clients were told that they aborted.
    aborted: Vec<(Id, u64)>,
}

impl Said {
    pub(super) fn of(world: &World<'_>) -> Self {
        let mut said = Self::default();
        for envelope in world.envelopes_where(tells) {
            let src = envelope.src;
            match &envelope.msg {
                Service::Peer(Peer::Decide { txn, decision }) => {
                    said.decided.push((*txn, src, *decision));
                }
                Service::Peer(Peer::Ack { txn }) => {
                    said.decided.push((*txn, src, Decision::Commit));
                }
                Service::Peer(Peer::Vote { txn, vote }) => said.voted(*txn, src, vote),
                Service::Peer(Peer::Prepare { txn, participants, .. }) => {
                    said.voters.extend(participants.iter().map(|who| (*txn, *who)));
                }
                Service::Reply { seq, reply: Outcome::Aborted(_) } => {
                    said.aborted.push((envelope.dst, *seq));
                }
                _ => {}
            }
        }
        sort(&mut said.decided);
        sort(&mut said.voters);
        sort(&mut said.yes);
        sort(&mut said.refused);
        sort(&mut said.aborted);
        said
    }

    fn voted(&mut self, txn: TxnId, who: Id, vote: &Vote) {
        match vote {
            Vote::Yes(_) => self.yes.push((txn, who)),
            Vote::No(_) => {
                self.decided.push((txn, who, Decision::Abort));
                self.refused.push((txn.client, txn.seq));
            }
            Vote::Forgotten => self.refused.push((txn.client, txn.seq)),
        }
    }

    /// Whether all that vote on a transaction, as far as anybody was asked, voted yes.
    pub(super) fn all_voted_yes(&self, txn: TxnId) -> bool {
        with(&self.voters, txn).iter().all(|voter| self.yes.binary_search(voter).is_ok())
    }

    /// Whether somebody voted otherwise than yes on each request of which its client was told that it
    /// aborted.
    pub(super) fn aborted_are_refused(&self) -> bool {
        self.aborted.iter().all(|request| self.refused.binary_search(request).is_ok())
    }
}

/// Whether a message says any of this.
fn tells(envelope: &Envelope<Msg>) -> bool {
    match &envelope.msg {
        Service::Peer(peer) => {
            matches!(
                peer,
                Peer::Decide { .. } | Peer::Ack { .. } | Peer::Vote { .. } | Peer::Prepare { .. }
            )
        }
        Service::Reply { reply, .. } => matches!(reply, Outcome::Aborted(_)),
        _ => false,
    }
}

/// Who decided what, by durable state or by message. Sorted, and nothing twice.
pub(super) struct Decisions(Vec<(TxnId, Id, Decision)>);

impl Decisions {
    pub(super) fn of(world: &World<'_>) -> Self {
        let mut decided = world.derive(Said::of).decided.clone();
        decided.extend(world.gather(decided_by));
        decided.extend(
            world.gather(logged).into_iter().map(|txn| (txn, coordinator(), Decision::Commit)),
        );
        sort(&mut decided);
        Self(decided)
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
