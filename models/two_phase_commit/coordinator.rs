//! The coordinator: gives each participant its part, counts the votes, decides, and remembers a
//! commit until every participant knows it.

use super::message::{Decision, Msg, Part, Peer, TxnId, Vote};
use super::storage::{Ledger, LedgerRecord, Replay, Saved, Storage};
use super::{Bug, Config, MAX_LIVE, Outbox, Timer};
use crate::kv::sessions::Standing;
use crate::kv::txn::{MAX_OUTCOME_BYTES, reply_bytes};
use crate::kv::{Abort, Outcome, Reply, Service, Sessions, Transaction};
use stateright::actor::Id;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The coordinator's id.
pub fn coordinator() -> Id {
    Id::from(0)
}

/// The coordinator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coordinator {
    /// The cluster.
    pub config: Config,
}

/// The coordinator's state. All but the ledger is forgotten in a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CoordinatorState {
    /// What is durable.
    pub ledger: Ledger,
    /// The transactions that wait for votes. At most [`MAX_LIVE`], with the committed ones.
    pub voting: BTreeMap<TxnId, Voting>,
    /// Who acknowledged a commit that others did not acknowledge yet.
    pub acked: BTreeMap<TxnId, BTreeSet<Id>>,
}

/// A transaction that waits for votes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Voting {
    /// What each participant is to do.
    pub parts: BTreeMap<Id, Part>,
    /// The replies of those that voted yes.
    pub yes: BTreeMap<Id, Vec<(u32, Reply)>>,
}

impl Voting {
    fn participants(&self) -> BTreeSet<Id> {
        self.parts.keys().copied().collect()
    }

    fn prepare(&self, txn: TxnId, participant: Id) -> Option<Msg> {
        let (part, participants) = (self.parts.get(&participant)?.clone(), self.participants());
        Some(Service::Peer(Peer::Prepare { txn, part, participants }))
    }
}

impl Coordinator {
    pub(super) fn on_start(
        &self,
        saved: Option<&Saved<Ledger>>,
        o: &mut Outbox,
    ) -> CoordinatorState {
        let mut state = CoordinatorState::default();
        let Some(saved) = saved else {
            state.ledger.sessions = Sessions::new(self.config.sessions);
            o.save(Storage::Coordinator(Saved::Image(state.ledger.clone())));
            return state;
        };
        state.ledger = saved.image();
        self.restart(&mut state, o);
        state
    }

    /// Resolves what was in doubt: tells the participants of each transaction that it committed,
    /// and that it has no information about any other one.
    fn restart(&self, state: &mut CoordinatorState, o: &mut Outbox) {
        if !self.has(Bug::ReuseId) {
            self.log(state, LedgerRecord::Epoch(state.ledger.epoch + 1), o);
        }
        if self.has(Bug::ForgetSessions) {
            state.ledger.sessions = Sessions::new(self.config.sessions);
        }
        for (txn, participants) in &state.ledger.committed {
            Self::tell(*txn, Decision::Commit, participants.iter(), o);
        }
        if !state.ledger.committed.is_empty() && !self.has(Bug::NoResendAfterRestart) {
            self.resend_later(o);
        }
        let epoch = state.ledger.epoch;
        for participant in self.config.participant_ids() {
            let committed = (state.ledger.committed.iter())
                .filter(|(_, participants)| participants.contains(&participant))
                .map(|(txn, _)| *txn)
                .collect();
            o.send(participant, Service::Peer(Peer::Recovered { epoch, committed }));
        }
    }

    pub(super) fn on_msg(
        &self,
        state: &mut Cow<'_, CoordinatorState>,
        src: Id,
        msg: Msg,
        o: &mut Outbox,
    ) {
        match msg {
            Service::Request { seq, op } => self.on_request(state, src, seq, &op, o),
            Service::Peer(Peer::Vote { txn, vote }) => self.on_vote(state, src, txn, vote, o),
            Service::Peer(Peer::Ack { txn }) => self.on_ack(state, src, txn, o),
            Service::Peer(Peer::DecisionReq { txn }) => self.inform(state, src, txn, o),
            _ => {}
        }
    }

    fn on_request(
        &self,
        state: &mut Cow<'_, CoordinatorState>,
        client: Id,
        seq: u64,
        request: &Transaction,
        o: &mut Outbox,
    ) {
        let busy = state.voting.keys().any(|txn| txn.client == client);
        match state.ledger.sessions.standing(client, seq) {
            Standing::New => {
                let live = state.voting.len() + state.ledger.committed.len();
                if !busy && live < MAX_LIVE {
                    let txn = TxnId { client, seq, epoch: state.ledger.epoch };
                    self.begin(state.to_mut(), txn, request, o);
                }
            }
            Standing::Repeated(_) if self.has(Bug::AnswerOnce) => {}
            Standing::Repeated(outcome) => {
                let reply = outcome.clone();
                o.send(client, Service::Reply { seq, reply });
            }
            Standing::Old => {}
            // It is at work; its session went to make room for others.
            Standing::Refused(_) if busy => {}
            Standing::Refused(why) => o.send(client, Service::Refused { seq, why }),
        }
    }

    /// Asks every participant for its vote.
    fn begin(
        &self,
        state: &mut CoordinatorState,
        txn: TxnId,
        request: &Transaction,
        o: &mut Outbox,
    ) {
        let mut voting = Voting { parts: BTreeMap::new(), yes: BTreeMap::new() };
        if request.check().is_err() {
            let outcome = Outcome::Aborted(Abort::TooLarge);
            return self.decide(state, txn, outcome, &voting, o);
        }
        for (number, op) in (0..).zip(&request.ops) {
            let owner = self.config.owner(op.key());
            voting.parts.entry(owner).or_default().push((number, op.clone()));
        }
        for participant in voting.participants() {
            if let Some(prepare) = voting.prepare(txn, participant) {
                o.send(participant, prepare);
            }
        }
        o.set_timer(Timer::Deadline(txn), self.config.timing.deadline.clone());
        // To set a timer that is set would put it off, for ever under steady load.
        if Self::is_idle(state) {
            self.resend_later(o);
        }
        state.voting.insert(txn, voting);
        self.decide_if_all_voted(state, txn, o);
    }

    fn on_vote(
        &self,
        state: &mut Cow<'_, CoordinatorState>,
        src: Id,
        txn: TxnId,
        vote: Vote,
        o: &mut Outbox,
    ) {
        let Some(voting) = state.voting.get(&txn) else {
            // A yes that comes too late to count: its sender waits for the decision. About earlier
            // epochs all was said when this one began.
            if matches!(vote, Vote::Yes(_)) && txn.epoch == state.ledger.epoch {
                self.inform(state, src, txn, o);
            }
            return;
        };
        if !voting.parts.contains_key(&src) || voting.yes.contains_key(&src) {
            return;
        }
        let state = state.to_mut();
        match vote {
            Vote::Yes(replies) => {
                if let Some(voting) = state.voting.get_mut(&txn) {
                    voting.yes.insert(src, replies);
                }
                self.decide_if_all_voted(state, txn, o);
            }
            Vote::No(why) => self.on_no(state, src, txn, why, o),
            Vote::Forgotten => self.on_no(state, src, txn, Abort::Forgotten, o),
        }
    }

    /// Aborts what a participant does not vote yes to; that one knows.
    fn on_no(&self, state: &mut CoordinatorState, src: Id, txn: TxnId, why: Abort, o: &mut Outbox) {
        if let Some(mut voting) = state.voting.remove(&txn) {
            voting.parts.remove(&src);
            self.decide(state, txn, Outcome::Aborted(why), &voting, o);
        }
    }

    fn decide_if_all_voted(&self, state: &mut CoordinatorState, txn: TxnId, o: &mut Outbox) {
        let early = self.has(Bug::CommitEarly);
        let all = |voting: &Voting| voting.yes.len() == voting.parts.len() || early;
        if !state.voting.get(&txn).is_some_and(all) {
            return;
        }
        let Some(voting) = state.voting.remove(&txn) else { return };
        let mut replies: Vec<(u32, Reply)> = voting.yes.values().flatten().cloned().collect();
        if !self.has(Bug::RepliesByParticipant) {
            replies.sort_unstable();
        }
        let replies: Vec<Reply> = replies.into_iter().map(|(_, reply)| reply).collect();
        let outcome = if reply_bytes(&replies) > MAX_OUTCOME_BYTES {
            Outcome::Aborted(Abort::TooLarge)
        } else if self.has(Bug::AbortAnyway) {
            Outcome::Aborted(Abort::Conflict)
        } else {
            Outcome::Committed(replies)
        };
        self.decide(state, txn, outcome, &voting, o);
    }

    /// Decides: logs it first, and then tells.
    fn decide(
        &self,
        state: &mut CoordinatorState,
        txn: TxnId,
        outcome: Outcome,
        voting: &Voting,
        o: &mut Outbox,
    ) {
        let participants = match outcome {
            Outcome::Committed(_) => voting.participants(),
            Outcome::Aborted(_) => BTreeSet::new(),
        };
        let told = outcome.clone();
        self.log(state, LedgerRecord::Decided { txn, outcome, participants }, o);
        self.announce(state, txn, told, voting, o);
    }

    fn announce(
        &self,
        state: &CoordinatorState,
        txn: TxnId,
        reply: Outcome,
        voting: &Voting,
        o: &mut Outbox,
    ) {
        let decision = match reply {
            Outcome::Committed(_) => Decision::Commit,
            Outcome::Aborted(_) => Decision::Abort,
        };
        if !self.has(Bug::TellNobody) {
            Self::tell(txn, decision, voting.parts.keys(), o);
        }
        o.send(txn.client, Service::Reply { seq: txn.seq, reply });
        o.cancel_timer(Timer::Deadline(txn));
        self.rest_if_idle(state, o);
    }

    fn tell<'a>(
        txn: TxnId,
        decision: Decision,
        participants: impl Iterator<Item = &'a Id>,
        o: &mut Outbox,
    ) {
        for participant in participants {
            o.send(*participant, Service::Peer(Peer::Decide { txn, decision }));
        }
    }

    /// The votes did not come in time.
    pub(super) fn on_deadline(
        &self,
        state: &mut Cow<'_, CoordinatorState>,
        txn: TxnId,
        o: &mut Outbox,
    ) {
        if state.voting.contains_key(&txn) {
            let state = state.to_mut();
            if let Some(voting) = state.voting.remove(&txn) {
                self.decide(state, txn, Outcome::Aborted(Abort::Unavailable), &voting, o);
            }
        }
    }

    /// Forgets a commit that every participant knows.
    fn on_ack(&self, state: &mut Cow<'_, CoordinatorState>, src: Id, txn: TxnId, o: &mut Outbox) {
        let Some(participants) = state.ledger.committed.get(&txn) else { return };
        let known = state.acked.get(&txn).is_some_and(|acked| acked.contains(&src));
        if known || !participants.contains(&src) {
            return;
        }
        let count = participants.len();
        let state = state.to_mut();
        let acked = state.acked.entry(txn).or_default();
        acked.insert(src);
        if acked.len() == count || self.has(Bug::EndEarly) {
            state.acked.remove(&txn);
            self.log(state, LedgerRecord::Ended(txn), o);
            self.rest_if_idle(state, o);
        }
    }

    /// Answers a participant in doubt. While the votes come in there is nothing to say yet, and it
    /// will be told.
    fn inform(&self, state: &CoordinatorState, src: Id, txn: TxnId, o: &mut Outbox) {
        if state.voting.contains_key(&txn) && !self.has(Bug::InformEarly) {
            return;
        }
        let decision = Decision::Commit;
        let answer = match state.ledger.committed.get(&txn) {
            Some(participants) if participants.contains(&src) => Peer::Decide { txn, decision },
            _ => Peer::NoInformation { txn },
        };
        if self.config.participant_ids().any(|id| id == src) {
            o.send(src, Service::Peer(answer));
        }
    }

    /// Asks again those that did not vote, and tells again those that did not acknowledge: to
    /// each participant a bounded number, oldest first, so that one that is down does not stand
    /// in the way of others.
    pub(super) fn on_resend(&self, state: &CoordinatorState, o: &mut Outbox) {
        if Self::is_idle(state) {
            return;
        }
        if !self.has(Bug::ResendOnce) {
            self.resend_later(o);
        }
        for participant in self.config.participant_ids() {
            let untold = state.ledger.committed.iter().filter(|(txn, participants)| {
                let acked = state.acked.get(txn).is_some_and(|acked| acked.contains(&participant));
                participants.contains(&participant) && !acked
            });
            let silent = self.has(Bug::TellNobody) || self.has(Bug::TellOnce);
            for (txn, _) in untold.take(if silent { 0 } else { self.config.batch }) {
                Self::tell(*txn, Decision::Commit, [participant].iter(), o);
            }
            let unasked = (state.voting.iter())
                .filter(|(_, voting)| !voting.yes.contains_key(&participant))
                .filter_map(|(txn, voting)| voting.prepare(*txn, participant));
            let silent = self.has(Bug::PrepareOnce);
            for prepare in unasked.take(if silent { 0 } else { self.config.batch }) {
                o.send(participant, prepare);
            }
        }
    }

    fn has(&self, bug: Bug) -> bool {
        self.config.bug == Some(bug)
    }

    fn log(&self, state: &mut CoordinatorState, record: LedgerRecord, o: &mut Outbox) {
        let forget = match record {
            LedgerRecord::Epoch(_) => false,
            LedgerRecord::Decided { .. } => self.has(Bug::ForgetDecision),
            LedgerRecord::Ended(_) => self.has(Bug::ForgetEnd),
        };
        if !forget {
            o.save(Storage::Coordinator(Saved::Records(vec![record.clone()])));
        }
        state.ledger.replay(record);
    }

    fn resend_later(&self, o: &mut Outbox) {
        o.set_timer(Timer::Resend, self.config.timing.resend.clone());
    }

    /// Whether nobody owes an answer.
    fn is_idle(state: &CoordinatorState) -> bool {
        state.voting.is_empty() && state.ledger.committed.is_empty()
    }

    fn rest_if_idle(&self, state: &CoordinatorState, o: &mut Outbox) {
        let rests_early = self.has(Bug::RestEarly) && state.voting.is_empty();
        if Self::is_idle(state) || rests_early {
            o.cancel_timer(Timer::Resend);
        }
    }
}
