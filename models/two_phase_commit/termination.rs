//! The termination protocol: how a participant that is in doubt finds out what was decided.
//!
//! It asks the coordinator, and the other participants (cooperative termination; Bernstein,
//! Hadzilacos and Goodman 1987, section 7.4). One that knows the decision tells it; one that has
//! not voted aborts, on which both can then rely; one that is in doubt itself cannot help. When
//! all that can be reached are in doubt, they are blocked until the coordinator is back.

use super::coordinator::coordinator;
use super::message::{Decision, Peer, TxnId};
use super::mutants::{is_guessed, known};
use super::participant::{Participant, ParticipantState};
use super::storage::{Known, Progress, ShardRecord};
use super::{Bug, MAX_RESEND, Outbox};
use crate::kv::{Abort, Service};
use stateright::actor::Id;
use std::borrow::Cow;
use std::collections::BTreeSet;

impl Participant {
    /// Asks about what is in doubt, if anything is.
    pub(super) fn resolve(&self, id: Id, state: &ParticipantState, o: &mut Outbox) {
        if state.shard.prepared.is_empty() {
            return;
        }
        if !self.has(Bug::AskOnce) {
            self.ask_later(o);
        }
        for (txn, prepared) in state.shard.prepared.iter().take(MAX_RESEND) {
            let others = prepared.participants.iter().copied().filter(|other| *other != id);
            for other in [coordinator()].into_iter().chain(others) {
                o.send(other, Service::Peer(Peer::DecisionReq { txn: *txn }));
            }
        }
    }

    /// It has been in doubt for a while.
    pub(super) fn on_doubt(&self, id: Id, state: &mut Cow<'_, ParticipantState>, o: &mut Outbox) {
        if self.has(Bug::NeverAsk) {
            return;
        }
        if !self.has(Bug::AbortAlone) {
            return self.resolve(id, state, o);
        }
        let in_doubt: Vec<TxnId> = state.shard.prepared.keys().copied().collect();
        for txn in in_doubt {
            self.finish(state.to_mut(), txn, Decision::Abort, o);
        }
    }

    /// Another participant is in doubt.
    pub(super) fn on_decision_req(
        &self,
        state: &mut Cow<'_, ParticipantState>,
        src: Id,
        txn: TxnId,
        o: &mut Outbox,
    ) {
        let known = known(self.config.bug, &state.shard, txn);
        let is_guessed = is_guessed(self.config.bug, &known);
        let decision = match known {
            Known::New | Known::Newest(_) | Known::StillPrepared | Known::Old | Known::Expired
                if is_guessed =>
            {
                Decision::Abort
            }
            Known::Newest(Progress::Committed) => Decision::Commit,
            Known::Newest(Progress::Aborted | Progress::Refused(_)) => Decision::Abort,
            Known::New => {
                // Aborts on its own, as it may until it votes; then it cannot vote yes any more.
                let record = ShardRecord::Refused(txn, Abort::Unavailable);
                if !self.has(Bug::AbortUnrecorded) {
                    Self::log(state.to_mut(), record, o);
                }
                Decision::Abort
            }
            Known::Newest(Progress::Prepared)
            | Known::StillPrepared
            | Known::Old
            | Known::Expired => return,
        };
        o.send(src, Service::Peer(Peer::Decide { txn, decision }));
    }

    /// The coordinator does not know the transaction. It never forgets a commit that this
    /// participant has not acknowledged, so it did not commit (presumed abort; Mohan, Lindsay and
    /// Obermarck 1986).
    pub(super) fn on_no_information(
        &self,
        state: &mut Cow<'_, ParticipantState>,
        txn: TxnId,
        o: &mut Outbox,
    ) {
        if state.shard.prepared.contains_key(&txn) || self.has(Bug::UndoUninformed) {
            let decision = match self.config.bug {
                Some(Bug::PresumeCommit) => Decision::Commit,
                _ => Decision::Abort,
            };
            self.finish(state.to_mut(), txn, decision, o);
        }
    }

    /// The coordinator was down, and has no information about anything begun before but what it
    /// lists; that, it tells separately.
    pub(super) fn on_recovered(
        &self,
        state: &mut Cow<'_, ParticipantState>,
        epoch: u64,
        committed: &BTreeSet<TxnId>,
        o: &mut Outbox,
    ) {
        let is_earlier = |txn: &TxnId| txn.epoch < epoch || self.has(Bug::AbortNewer);
        let is_listed = |txn: &TxnId| committed.contains(txn) && !self.has(Bug::AbortListed);
        let unknown: Vec<TxnId> = (state.shard.prepared.keys().copied())
            .filter(|txn| is_earlier(txn) && !is_listed(txn))
            .collect();
        for txn in unknown {
            self.on_no_information(state, txn, o);
        }
    }
}
