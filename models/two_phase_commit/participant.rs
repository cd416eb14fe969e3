//! A participant: holds a part of the map, locks and votes, and does what is decided.

use super::coordinator::coordinator;
use super::locks::Locks;
use super::message::{Decision, Msg, Part, Peer, TxnId, Vote};
use super::mutants::known;
use super::storage::{
    Known, Prepared, Progress, Replay, Saved, Shard, ShardRecord, Storage, numbered,
};
use super::{Bug, Config, MAX_LIVE, Outbox, Timer};
use crate::kv::txn::{Execution, MAX_OUTCOME_BYTES, reply_bytes};
use crate::kv::{Abort, Map, Op, Reply, Service, Sessions};
use stateright::actor::Id;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A participant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// The cluster.
    pub config: Config,
}

/// A participant's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParticipantState {
    /// What is durable.
    pub shard: Shard,
    /// Who holds which lock: what the prepared transactions need. Not durable, because it follows
    /// from them.
    pub locks: Locks,
    /// The last transaction that it asked about, if it could not ask about all.
    pub asked: Option<TxnId>,
}

impl Participant {
    pub(super) fn on_start(
        &self,
        id: Id,
        saved: Option<&Saved<Shard>>,
        o: &mut Outbox,
    ) -> ParticipantState {
        let mut state = ParticipantState::default();
        let Some(saved) = saved else {
            state.shard.newest = Sessions::new(self.config.sessions);
            o.save(Storage::Participant(Saved::Image(state.shard.clone())));
            return state;
        };
        state.shard = saved.image();
        // Locks again what is in doubt, before anything else can be asked for.
        let relocked = state.shard.prepared.iter();
        for (txn, prepared) in relocked.filter(|_| !self.has(Bug::ForgetLocks)) {
            state.locks.take(*txn, &prepared.part);
        }
        let mut state = Cow::Owned(state);
        self.resolve(id, &mut state, o);
        state.into_owned()
    }

    pub(super) fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<'_, ParticipantState>,
        src: Id,
        msg: Msg,
        o: &mut Outbox,
    ) {
        let Service::Peer(msg) = msg else { return };
        let from_coordinator = src == coordinator();
        match msg {
            Peer::Prepare { txn, part, participants } if from_coordinator => {
                self.on_prepare(id, state, txn, part, participants, o);
            }
            Peer::Decide { txn, decision } => self.on_decide(state, src, txn, decision, o),
            Peer::NoInformation { txn } if from_coordinator => {
                self.on_no_information(state, txn, o);
            }
            Peer::Recovered { epoch, committed } if from_coordinator => {
                self.on_recovered(state, epoch, &committed, o);
            }
            Peer::DecisionReq { txn } => self.on_decision_req(state, src, txn, o),
            _ => {}
        }
    }

    /// Votes. Whatever it votes is durable first, so that it votes the same if it is asked again.
    fn on_prepare(
        &self,
        id: Id,
        state: &mut Cow<'_, ParticipantState>,
        txn: TxnId,
        part: Part,
        participants: BTreeSet<Id>,
        o: &mut Outbox,
    ) {
        let forgetful = self.has(Bug::TakeOldPrepare);
        match known(self.config.bug, &state.shard, txn) {
            Known::New => self.vote(id, state.to_mut(), txn, part, participants, o),
            Known::Newest(Progress::Committed | Progress::Aborted) if forgetful => {
                self.vote(id, state.to_mut(), txn, part, participants, o);
            }
            Known::Newest(Progress::Prepared) | Known::StillPrepared if self.has(Bug::VoteOnce) => {
            }
            Known::Newest(Progress::Prepared) | Known::StillPrepared => {
                if let Some(prepared) = state.shard.prepared.get(&txn)
                    && let Ok(replies) = Self::run(&state.shard.map, &prepared.part)
                {
                    Self::send_vote(txn, Vote::Yes(replies), o);
                }
            }
            Known::Newest(Progress::Refused(_)) if self.has(Bug::RefuseOnce) => {}
            Known::Newest(Progress::Refused(why)) => {
                Self::send_vote(txn, Vote::No(why.clone()), o);
            }
            Known::Expired => {
                let no = Vote::No(Abort::Forgotten);
                let vote = if self.has(Bug::RefuseForgotten) { no } else { Vote::Forgotten };
                Self::send_vote(txn, vote, o);
            }
            Known::Newest(Progress::Committed | Progress::Aborted) | Known::Old => {}
        }
    }

    fn vote(
        &self,
        id: Id,
        state: &mut ParticipantState,
        txn: TxnId,
        part: Part,
        participants: BTreeSet<Id>,
        o: &mut Outbox,
    ) {
        match self.judge(id, state, txn, &part) {
            Ok(replies) => {
                self.lock(state, txn, &part);
                if state.shard.prepared.is_empty() {
                    self.ask_later(o);
                }
                let record = ShardRecord::Prepared(txn, Prepared { part, participants });
                if self.has(Bug::ForgetVote) {
                    state.shard.replay(record);
                } else {
                    Self::log(state, record, o);
                }
                Self::send_vote(txn, Vote::Yes(replies), o);
            }
            Err(why) => {
                let record = ShardRecord::Refused(txn, why.clone());
                if self.has(Bug::ForgetRefusal) {
                    state.shard.replay(record);
                } else {
                    Self::log(state, record, o);
                }
                Self::send_vote(txn, Vote::No(why), o);
            }
        }
    }

    /// Whether it can do its part, and with what replies.
    fn judge(
        &self,
        id: Id,
        state: &ParticipantState,
        txn: TxnId,
        part: &Part,
    ) -> Result<Vec<(u32, Reply)>, Abort> {
        if part.iter().any(|(_, op)| self.config.owner(op.key()) != id) {
            return Err(Abort::UnknownShard);
        }
        if state.shard.prepared.len() >= MAX_LIVE {
            return Err(Abort::Unavailable);
        }
        if !state.locks.are_free(txn, part) {
            return Err(Abort::Conflict);
        }
        let replies = Self::run(&state.shard.map, part)?;
        if reply_bytes(replies.iter().map(|(_, reply)| reply)) > MAX_OUTCOME_BYTES {
            return Err(Abort::TooLarge);
        }
        Ok(replies)
    }

    fn run(map: &Map, part: &Part) -> Result<Vec<(u32, Reply)>, Abort> {
        Execution::run(map, numbered(part)).map(|execution| execution.replies)
    }

    fn lock(&self, state: &mut ParticipantState, txn: TxnId, part: &Part) {
        match self.config.bug {
            Some(Bug::DropLocks) => {}
            Some(Bug::NoReadLocks) => {
                let is_write = |(_, op): &&(u32, Op)| !matches!(op, Op::Get { .. });
                let writes = part.iter().filter(is_write).cloned().collect();
                state.locks.take(txn, &writes);
            }
            _ => state.locks.take(txn, part),
        }
    }

    /// Learns the decision, from whoever knows it. A commit is acknowledged to the coordinator,
    /// again if it says so again: it must not forget the commit before.
    fn on_decide(
        &self,
        state: &mut Cow<'_, ParticipantState>,
        src: Id,
        txn: TxnId,
        decision: Decision,
        o: &mut Outbox,
    ) {
        let is_prepared = state.shard.prepared.contains_key(&txn);
        let is_new = matches!(known(self.config.bug, &state.shard, txn), Known::New);
        match decision {
            _ if is_prepared => self.finish(state.to_mut(), txn, decision, o),
            // It was not asked yet, and now it never need be.
            Decision::Abort if is_new => {
                Self::log(state.to_mut(), ShardRecord::Decided(txn, decision), o);
            }
            Decision::Commit if self.has(Bug::AckOnce) => {}
            Decision::Commit if !is_new && src == coordinator() => Self::acknowledge(txn, o),
            _ => {}
        }
    }

    /// Does what was decided and releases the locks. (Strict two-phase locking: no lock goes
    /// before the decision, and all go with it.)
    pub(super) fn finish(
        &self,
        state: &mut ParticipantState,
        txn: TxnId,
        decision: Decision,
        o: &mut Outbox,
    ) {
        let part = state.shard.prepared.get(&txn).map(|prepared| prepared.part.clone());
        let keep = self.has(Bug::KeepLocks) && decision == Decision::Abort;
        if let Some(part) = part
            && !keep
        {
            state.locks.release(txn, &part);
        }
        let record = ShardRecord::Decided(txn, decision);
        if self.has(Bug::ForgetOutcome) {
            state.shard.replay(record);
        } else {
            Self::log(state, record, o);
        }
        if decision == Decision::Commit {
            Self::acknowledge(txn, o);
        }
        if state.shard.prepared.is_empty() || self.has(Bug::CancelDoubt) {
            o.cancel_timer(Timer::Doubt);
        }
    }

    pub(super) fn has(&self, bug: Bug) -> bool {
        self.config.bug == Some(bug)
    }

    pub(super) fn log(state: &mut ParticipantState, record: ShardRecord, o: &mut Outbox) {
        o.save(Storage::Participant(Saved::Records(vec![record.clone()])));
        state.shard.replay(record);
    }

    pub(super) fn ask_later(&self, o: &mut Outbox) {
        o.set_timer(Timer::Doubt, self.config.timing.doubt.clone());
    }

    fn send_vote(txn: TxnId, vote: Vote, o: &mut Outbox) {
        o.send(coordinator(), Service::Peer(Peer::Vote { txn, vote }));
    }

    fn acknowledge(txn: TxnId, o: &mut Outbox) {
        o.send(coordinator(), Service::Peer(Peer::Ack { txn }));
    }
}
