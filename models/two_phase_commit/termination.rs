//! The termination protocol: how a participant that is in doubt learns the decision.
//!
//! It asks the coordinator, and the other participants (cooperative termination; Bernstein,
//! Hadzilacos and Goodman 1987, section 7.4). A participant that knows the decision reports it; one
//! that has not voted aborts, on which both can then rely; one that is in doubt itself cannot help.
//! When all participants that can be reached are in doubt, they are blocked until the coordinator
//! is back.

use super::bugs::{Bug, is_guessed, known};
use super::config::coordinator;
use super::message::{Decision, Peer, TxnId};
use super::state::ParticipantState;
use super::storage::{Known, Progress, ShardRecord, Storage};
use super::turn::Participating;
use crate::Saved;
use crate::kv::Abort;
use std::collections::BTreeSet;

impl ParticipantState {
    /// The transactions in doubt, from where it stopped to ask; round and round.
    fn in_doubt(&self) -> impl Iterator<Item = TxnId> {
        let (later, earlier): (Vec<TxnId>, Vec<TxnId>) =
            self.shard.prepared.keys().partition(|txn| Some(**txn) > self.asked);
        later.into_iter().chain(earlier)
    }
}

impl Participating<'_, '_> {
    /// Asks for the decisions that it misses: about a bounded number of transactions, and the next
    /// time about the next ones, so that one that stays in doubt for long does not keep it from
    /// asking about the rest.
    pub(super) fn resolve(&mut self) {
        if self.state.shard.prepared.is_empty() {
            return;
        }
        if !self.has(Bug::AskOnce) {
            self.ask_later();
        }
        let asked: Vec<TxnId> = self.state.in_doubt().take(self.config.batch).collect();
        for txn in &asked {
            let participants = &self.state.shard.prepared[txn].participants;
            let others = participants.iter().copied().filter(|other| *other != self.id);
            for other in [coordinator()].into_iter().chain(others) {
                self.out.send(other, Peer::DecisionReq { txn: *txn });
            }
        }
        let is_part = asked.len() < self.state.shard.prepared.len() && !self.has(Bug::AskFirst);
        let last = asked.last().copied().filter(|_| is_part);
        if self.state.asked != last {
            self.state.to_mut().asked = last;
        }
    }

    /// It has been in doubt for a while.
    pub(super) fn on_doubt_timer(&mut self) {
        if self.has(Bug::NeverAsk) {
            return;
        }
        if !self.has(Bug::AbortAlone) {
            return self.resolve();
        }
        let in_doubt: Vec<TxnId> = self.state.shard.prepared.keys().copied().collect();
        for txn in in_doubt {
            self.finish(txn, Decision::Abort);
        }
    }

    /// Another participant is in doubt.
    pub(super) fn on_decision_req(&mut self, txn: TxnId) {
        let known = known(self.config.bug, &self.state.shard, txn);
        let is_guessed = is_guessed(self.config.bug, &known);
        let decision = match known {
            Known::New | Known::Newest(_) | Known::StillPrepared | Known::Old | Known::Expired
                if is_guessed =>
            {
                Decision::Abort
            }
            Known::Newest(Progress::Committed) => Decision::Commit,
            Known::Newest(Progress::Aborted | Progress::Refused(_)) => {
                // It will not be in doubt again: that it aborted must be durable.
                if !self.has(Bug::PassOnUndurable) {
                    self.save(Storage::Participant(Saved::barrier()));
                }
                Decision::Abort
            }
            Known::New => {
                // Aborts on its own, as it may until it votes; then it cannot vote yes any more.
                if !self.has(Bug::AbortUnrecorded) {
                    self.change(ShardRecord::Refused(txn, Abort::Unavailable));
                }
                Decision::Abort
            }
            Known::Newest(Progress::Prepared)
            | Known::StillPrepared
            | Known::Old
            | Known::Expired => return,
        };
        self.answer(Peer::Decide { txn, decision });
    }

    /// The coordinator does not know the transaction. It never forgets a commit that this
    /// participant has not acknowledged, so it did not commit (presumed abort; Mohan, Lindsay and
    /// Obermarck 1986).
    pub(super) fn on_no_information(&mut self, txn: TxnId) {
        if self.state.shard.prepared.contains_key(&txn) || self.has(Bug::UndoUninformed) {
            let presumed = self.has(Bug::PresumeCommit);
            self.finish(txn, if presumed { Decision::Commit } else { Decision::Abort });
        }
    }

    /// The coordinator was down, and has no information about any earlier transaction but those
    /// that it lists; their commits it reports separately.
    pub(super) fn on_recovered(&mut self, epoch: u64, committed: &BTreeSet<TxnId>) {
        let is_earlier = |txn: &TxnId| txn.epoch < epoch || self.has(Bug::AbortNewer);
        let is_listed = |txn: &TxnId| committed.contains(txn) && !self.has(Bug::AbortListed);
        let unknown: Vec<TxnId> = (self.state.shard.prepared.keys().copied())
            .filter(|txn| is_earlier(txn) && !is_listed(txn))
            .collect();
        for txn in unknown {
            self.on_no_information(txn);
        }
    }
}
