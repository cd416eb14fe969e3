//! The coordinator: gives each participant its part, counts the votes, decides, and remembers a
//! commit until every participant knows it.

use super::bugs::Bug;
use super::config::MAX_LIVE;
use super::message::{Decision, Msg, Peer, TxnId, Vote};
use super::state::{CoordinatorState, Timer, Voting};
use super::storage::{Ledger, LedgerRecord, Storage};
use super::turn::Coordinating;
use crate::Saved;
use crate::kv::sessions::RequestStatus;
use crate::kv::txn::{MAX_OUTCOME_BYTES, reply_bytes};
use crate::kv::{Abort, Outcome, Reply, Service, Sessions, Transaction};
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

impl Voting {
    fn participants(&self) -> BTreeSet<Id> {
        self.parts.keys().copied().collect()
    }

    fn prepare(&self, txn: TxnId, participant: Id) -> Option<Peer> {
        let (part, participants) = (self.parts.get(&participant)?.clone(), self.participants());
        Some(Peer::Prepare { txn, part, participants })
    }
}

impl CoordinatorState {
    /// Whether no participant owes an answer.
    fn is_idle(&self) -> bool {
        self.voting.is_empty() && self.ledger.committed.is_empty()
    }

    fn has_acked(&self, txn: TxnId, participant: Id) -> bool {
        self.acked.get(&txn).is_some_and(|acked| acked.contains(&participant))
    }
}

impl Coordinating<'_, '_> {
    /// Starts, from what it saved if it did.
    pub(super) fn on_start(&mut self, saved: Option<&Saved<Ledger>>) {
        if let Some(saved) = saved {
            self.state.to_mut().ledger = saved.state();
            return self.recover();
        }
        self.state.to_mut().ledger.sessions = Sessions::new(self.config.sessions);
        self.save(Storage::Coordinator(Saved::Complete(self.state.ledger.clone())));
    }

    /// Resolves the participants' doubts: sends the participants of each transaction that it
    /// committed, and that it has no information about any other one.
    fn recover(&mut self) {
        if !self.has(Bug::ReuseId) {
            self.change(LedgerRecord::Epoch(self.state.ledger.epoch + 1));
        }
        if self.has(Bug::ForgetSessions) {
            self.state.to_mut().ledger.sessions = Sessions::new(self.config.sessions);
        }
        let ledger = &self.state.ledger;
        for (txn, participants) in &ledger.committed {
            for participant in participants {
                let (txn, decision) = (*txn, Decision::Commit);
                self.out.send(*participant, Peer::Decide { txn, decision });
            }
        }
        if !self.state.ledger.committed.is_empty() && !self.has(Bug::NoResendAfterRestart) {
            self.resend_later();
        }
        let ledger = &self.state.ledger;
        for participant in self.config.participant_ids() {
            let is_part = |participants: &BTreeSet<Id>| participants.contains(&participant);
            let committed = ledger.committed.iter().filter(|(_, them)| is_part(them));
            let (epoch, committed) = (ledger.epoch, committed.map(|(txn, _)| *txn).collect());
            self.out.send(participant, Peer::Recovered { epoch, committed });
        }
    }

    pub(super) fn on_msg(&mut self, msg: Msg) {
        match msg {
            Service::Request { seq, op } => self.on_request(seq, &op),
            Service::Peer(Peer::Vote { txn, vote }) => self.on_vote(txn, vote),
            Service::Peer(Peer::Ack { txn }) => self.on_ack(txn),
            Service::Peer(Peer::DecisionReq { txn }) => self.on_decision_req(txn),
            _ => {}
        }
    }

    pub(super) fn on_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Resend => self.on_resend_timer(),
            Timer::Deadline(txn) => self.on_deadline_timer(txn),
            Timer::Doubt | Timer::Retry(_) => {}
        }
    }

    fn on_request(&mut self, seq: u64, request: &Transaction) {
        let (client, epoch) = (self.src, self.state.ledger.epoch);
        let is_busy = self.state.voting.keys().any(|txn| txn.client == client);
        match self.state.ledger.sessions.status(client, seq) {
            RequestStatus::New => {
                let live = self.state.voting.len() + self.state.ledger.committed.len();
                if !is_busy && live < MAX_LIVE {
                    self.begin(TxnId { client, seq, epoch }, request);
                }
            }
            RequestStatus::Repeated(_) if self.has(Bug::AnswerOnce) => {}
            RequestStatus::Repeated(outcome) => {
                let reply = outcome.clone();
                self.answer(Service::Reply { seq, reply });
            }
            RequestStatus::Old => {}
            // Its transaction is at work; its session was evicted to make room for others.
            RequestStatus::Refused(_) if is_busy => {}
            RequestStatus::Refused(why) => self.answer(Service::Refused { seq, why }),
        }
    }

    /// Asks every participant for its vote.
    fn begin(&mut self, txn: TxnId, request: &Transaction) {
        let mut voting = Voting { parts: BTreeMap::new(), yes: BTreeMap::new() };
        if request.check().is_err() {
            return self.decide(txn, Outcome::Aborted(Abort::TooLarge), &voting);
        }
        for (number, op) in (0..).zip(&request.ops) {
            let owner = self.config.owner(op.key());
            voting.parts.entry(owner).or_default().push((number, op.clone()));
        }
        for participant in voting.participants() {
            if let Some(prepare) = voting.prepare(txn, participant) {
                self.send(participant, prepare);
            }
        }
        self.set_timer(Timer::Deadline(txn), &self.config.timing.deadline);
        // Re-arming a pending timer postpones it; under steady load it would never fire.
        if self.state.is_idle() {
            self.resend_later();
        }
        self.state.to_mut().voting.insert(txn, voting);
        self.decide_if_all_voted(txn);
    }

    fn on_vote(&mut self, txn: TxnId, vote: Vote) {
        let Some(voting) = self.state.voting.get(&txn) else {
            // A yes that comes too late to count: its sender waits for the decision. About earlier
            // epochs all was said when this one began.
            if matches!(vote, Vote::Yes(_)) && txn.epoch == self.state.ledger.epoch {
                self.on_decision_req(txn);
            }
            return;
        };
        if !voting.parts.contains_key(&self.src) || voting.yes.contains_key(&self.src) {
            return;
        }
        match vote {
            Vote::Yes(replies) => {
                if let Some(voting) = self.state.to_mut().voting.get_mut(&txn) {
                    voting.yes.insert(self.src, replies);
                }
                self.decide_if_all_voted(txn);
            }
            Vote::No(why) => self.on_no(txn, why),
            Vote::Forgotten => self.on_no(txn, Abort::Forgotten),
        }
    }

    /// Aborts a transaction that a participant does not vote yes to; that participant knows.
    fn on_no(&mut self, txn: TxnId, why: Abort) {
        if let Some(mut voting) = self.state.to_mut().voting.remove(&txn) {
            voting.parts.remove(&self.src);
            self.decide(txn, Outcome::Aborted(why), &voting);
        }
    }

    fn decide_if_all_voted(&mut self, txn: TxnId) {
        let is_early = self.has(Bug::CommitEarly);
        let have_all = |voting: &Voting| voting.yes.len() == voting.parts.len() || is_early;
        if !self.state.voting.get(&txn).is_some_and(have_all) {
            return;
        }
        let Some(voting) = self.state.to_mut().voting.remove(&txn) else { return };
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
        self.decide(txn, outcome, &voting);
    }

    /// Decides: logs the decision first, and then announces it.
    fn decide(&mut self, txn: TxnId, outcome: Outcome, voting: &Voting) {
        let (decision, participants) = match outcome {
            Outcome::Committed(_) => (Decision::Commit, voting.participants()),
            Outcome::Aborted(_) => (Decision::Abort, BTreeSet::new()),
        };
        let reply = outcome.clone();
        self.change(LedgerRecord::Decided { txn, outcome, participants });
        if !self.has(Bug::TellNobody) {
            for participant in voting.parts.keys() {
                self.send(*participant, Peer::Decide { txn, decision });
            }
        }
        self.send(txn.client, Service::Reply { seq: txn.seq, reply });
        self.cancel_timer(Timer::Deadline(txn));
        self.rest_if_idle();
    }

    /// The votes did not come in time.
    fn on_deadline_timer(&mut self, txn: TxnId) {
        if self.state.voting.contains_key(&txn)
            && let Some(voting) = self.state.to_mut().voting.remove(&txn)
        {
            self.decide(txn, Outcome::Aborted(Abort::Unavailable), &voting);
        }
    }

    /// Forgets a commit that every participant knows.
    fn on_ack(&mut self, txn: TxnId) {
        let Some(participants) = self.state.ledger.committed.get(&txn) else { return };
        if self.state.has_acked(txn, self.src) || !participants.contains(&self.src) {
            return;
        }
        let count = participants.len();
        let acked = self.state.to_mut().acked.entry(txn).or_default();
        acked.insert(self.src);
        if acked.len() == count || self.has(Bug::EndEarly) {
            self.state.to_mut().acked.remove(&txn);
            self.change(LedgerRecord::Ended(txn));
            self.rest_if_idle();
        }
    }

    /// A participant is in doubt. While the votes come in there is nothing to say yet, and it will
    /// receive the decision.
    fn on_decision_req(&mut self, txn: TxnId) {
        if self.state.voting.contains_key(&txn) && !self.has(Bug::InformEarly) {
            return;
        }
        let decision = Decision::Commit;
        let answer = match self.state.ledger.committed.get(&txn) {
            Some(them) if them.contains(&self.src) => Peer::Decide { txn, decision },
            _ => Peer::NoInformation { txn },
        };
        if self.config.participant_ids().any(|id| id == self.src) {
            self.answer(answer);
        }
    }

    /// Sends again the requests for votes, and the decisions, that were not answered: to each
    /// participant a bounded number, oldest first, so that one that is down does not stand in the
    /// way of others.
    fn on_resend_timer(&mut self) {
        if self.state.is_idle() {
            return;
        }
        if !self.has(Bug::ResendOnce) {
            self.resend_later();
        }
        for participant in self.config.participant_ids() {
            if !self.has(Bug::TellNobody) && !self.has(Bug::TellOnce) {
                self.tell_again(participant);
            }
            if !self.has(Bug::PrepareOnce) {
                self.prepare_again(participant);
            }
        }
    }

    fn tell_again(&mut self, participant: Id) {
        let (state, decision) = (&self.state, Decision::Commit);
        let untold = state.ledger.committed.iter().filter(|(txn, participants)| {
            participants.contains(&participant) && !state.has_acked(**txn, participant)
        });
        for (txn, _) in untold.take(self.config.batch) {
            self.out.send(participant, Peer::Decide { txn: *txn, decision });
        }
    }

    fn prepare_again(&mut self, participant: Id) {
        let unasked = (self.state.voting.iter())
            .filter(|(_, voting)| !voting.yes.contains_key(&participant))
            .filter_map(|(txn, voting)| voting.prepare(*txn, participant));
        for prepare in unasked.take(self.config.batch) {
            self.out.send(participant, prepare);
        }
    }

    fn rest_if_idle(&mut self) {
        let rests_early = self.has(Bug::RestEarly) && self.state.voting.is_empty();
        if self.state.is_idle() || rests_early {
            self.cancel_timer(Timer::Resend);
        }
    }
}
