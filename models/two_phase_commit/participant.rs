//! A participant: holds a part of the map, locks and votes, and does what is decided.

use super::bugs::{Bug, known};
use super::config::{MAX_LIVE, coordinator};
use super::message::{Decision, Msg, Part, Peer, TxnId, Vote};
use super::state::Timer;
use super::storage::{Known, Prepared, Progress, Shard, ShardRecord, Storage, numbered};
use super::turn::Participating;
use crate::Saved;
use crate::kv::txn::{Execution, MAX_OUTCOME_BYTES, reply_bytes};
use crate::kv::{Abort, Map, Op, Reply, Service, Sessions};
use stateright::actor::Id;
use std::collections::BTreeSet;

impl Participating<'_, '_> {
    /// Starts, from what it saved if it did.
    pub(super) fn on_start(&mut self, saved: Option<&Saved<Shard>>) {
        if let Some(saved) = saved {
            self.state.to_mut().shard = saved.state();
            return self.recover();
        }
        self.state.to_mut().shard.newest = Sessions::new(self.config.sessions);
        self.save(Storage::Participant(Saved::Complete(self.state.shard.clone())));
    }

    /// Locks again the transactions that are in doubt, before it takes any other, and asks for the
    /// decisions.
    fn recover(&mut self) {
        if !self.has(Bug::ForgetLocks) {
            let state = self.state.to_mut();
            for (txn, prepared) in &state.shard.prepared {
                state.locks.take(*txn, &prepared.part);
            }
        }
        self.resolve();
    }

    pub(super) fn on_msg(&mut self, msg: Msg) {
        let Service::Peer(msg) = msg else { return };
        let from_coordinator = self.src == coordinator();
        match msg {
            Peer::Prepare { txn, part, participants } if from_coordinator => {
                self.on_prepare(txn, part, participants);
            }
            Peer::Decide { txn, decision } => self.on_decide(txn, decision),
            Peer::NoInformation { txn } if from_coordinator => self.on_no_information(txn),
            Peer::Recovered { epoch, committed } if from_coordinator => {
                self.on_recovered(epoch, &committed);
            }
            Peer::DecisionReq { txn } => self.on_decision_req(txn),
            _ => {}
        }
    }

    pub(super) fn on_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Doubt => self.on_doubt_timer(),
            Timer::Resend | Timer::Deadline(_) | Timer::Retry(_) => {}
        }
    }

    /// Votes. Its vote is durable first, so that it votes the same if it is asked again.
    fn on_prepare(&mut self, txn: TxnId, part: Part, participants: BTreeSet<Id>) {
        let forgetful = self.has(Bug::TakeOldPrepare);
        match known(self.config.bug, &self.state.shard, txn) {
            Known::New => self.vote(txn, part, participants),
            Known::Newest(Progress::Committed | Progress::Aborted) if forgetful => {
                self.vote(txn, part, participants);
            }
            Known::Newest(Progress::Prepared) | Known::StillPrepared if self.has(Bug::VoteOnce) => {
            }
            Known::Newest(Progress::Prepared) | Known::StillPrepared => {
                let shard = &self.state.shard;
                if let Some(prepared) = shard.prepared.get(&txn)
                    && let Ok(replies) = run(&shard.map, &prepared.part)
                {
                    self.send_vote(txn, Vote::Yes(replies));
                }
            }
            Known::Newest(Progress::Refused(_)) if self.has(Bug::RefuseOnce) => {}
            Known::Newest(Progress::Refused(why)) => {
                let no = Vote::No(why.clone());
                self.send_vote(txn, no);
            }
            Known::Expired => self.send_vote(txn, Vote::Forgotten),
            Known::Newest(Progress::Committed | Progress::Aborted) | Known::Old => {}
        }
    }

    fn vote(&mut self, txn: TxnId, part: Part, participants: BTreeSet<Id>) {
        match self.judge(txn, &part) {
            Ok(replies) => {
                self.lock(txn, &part);
                if self.state.shard.prepared.is_empty() {
                    self.ask_later();
                }
                self.change(ShardRecord::Prepared(txn, Prepared { part, participants }));
                self.send_vote(txn, Vote::Yes(replies));
            }
            Err(why) => {
                self.change(ShardRecord::Refused(txn, why.clone()));
                self.send_vote(txn, Vote::No(why));
            }
        }
    }

    /// Whether it can do its part, and with what replies.
    fn judge(&self, txn: TxnId, part: &Part) -> Result<Vec<(u32, Reply)>, Abort> {
        if part.iter().any(|(_, op)| self.config.owner(op.key()) != self.id) {
            return Err(Abort::UnknownShard);
        }
        if self.state.shard.prepared.len() >= MAX_LIVE {
            return Err(Abort::Unavailable);
        }
        if !self.state.locks.are_free(txn, part) {
            return Err(Abort::Conflict);
        }
        let replies = run(&self.state.shard.map, part)?;
        if reply_bytes(replies.iter().map(|(_, reply)| reply)) > MAX_OUTCOME_BYTES {
            return Err(Abort::TooLarge);
        }
        Ok(replies)
    }

    fn lock(&mut self, txn: TxnId, part: &Part) {
        let locks = &mut self.state.to_mut().locks;
        match self.config.bug {
            Some(Bug::DropLocks) => {}
            Some(Bug::NoReadLocks) => {
                let is_write = |(_, op): &&(u32, Op)| !matches!(op, Op::Get { .. });
                locks.take(txn, &part.iter().filter(is_write).cloned().collect());
            }
            _ => locks.take(txn, part),
        }
    }

    /// Learns the decision, from any server that knows it. A commit is acknowledged to the
    /// coordinator, again if it says so again: it must not forget the commit before.
    fn on_decide(&mut self, txn: TxnId, decision: Decision) {
        let is_prepared = self.state.shard.prepared.contains_key(&txn);
        let is_new = matches!(known(self.config.bug, &self.state.shard, txn), Known::New);
        match decision {
            _ if is_prepared => self.finish(txn, decision),
            // It was not asked yet, and now it never need be.
            Decision::Abort if is_new => self.change(ShardRecord::Decided(txn, decision)),
            Decision::Commit if self.has(Bug::AckOnce) => {}
            Decision::Commit if !is_new && self.src == coordinator() => {
                self.answer(Peer::Ack { txn });
            }
            _ => {}
        }
    }

    /// Carries out the decision and releases the locks. (Strict two-phase locking: no lock goes
    /// before the decision, and all go with it.)
    pub(super) fn finish(&mut self, txn: TxnId, decision: Decision) {
        let keeps_locks = self.has(Bug::KeepLocks) && decision == Decision::Abort;
        let state = self.state.to_mut();
        if let Some(prepared) = state.shard.prepared.get(&txn)
            && !keeps_locks
        {
            state.locks.release(txn, &prepared.part);
        }
        self.change(ShardRecord::Decided(txn, decision));
        if decision == Decision::Commit {
            self.send(coordinator(), Peer::Ack { txn });
        }
        if self.state.shard.prepared.is_empty() || self.has(Bug::CancelDoubt) {
            self.cancel_timer(Timer::Doubt);
        }
    }

    fn send_vote(&mut self, txn: TxnId, vote: Vote) {
        self.send(coordinator(), Peer::Vote { txn, vote });
    }
}

fn run(map: &Map, part: &Part) -> Result<Vec<(u32, Reply)>, Abort> {
    Execution::run(map, numbered(part)).map(|execution| execution.replies)
}
