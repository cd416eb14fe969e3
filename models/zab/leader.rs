//! The leader: it gives each request its place in the history, and commits what a quorum has
//! (Junqueira et al. 2011, phase 3).
//!
//! A proposal does not wait for the leader's disk, which writes beside those of the followers. The
//! leader's own history counts, like any other, when it is durable: it acknowledges it to itself,
//! by a message that waits for the disk. So a transaction may be committed that the leader does not
//! have on disk, by followers that do. The history with which it begins is durable before
//! `NEWLEADER` leaves, and so before anybody can acknowledge it.

use super::bugs::Bug;
use super::epoch::{Epoch, Zxid};
use super::message::{Command, MAX_OP_BYTES, Peer, Reply, Txn};
use super::state::{Leading, Role};
use super::turn::Turn;
use crate::kv::service::Refusal;
use crate::kv::sessions::RequestStatus;
use crate::kv::transfer::encoded_bytes;
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;
use std::collections::BTreeSet;

impl<M: StateMachine> Turn<'_, '_, M> {
    /// A client asks for an operation.
    pub(super) fn on_request(&mut self, seq: u64, op: M::Op) {
        let stable = &self.state.stable;
        if seq == Command::<M::Op>::OF_A_SERVER {
            return;
        }
        if !self.is_established() {
            return self.redirect(seq);
        }
        let zxid = stable.delivered;
        match stable.image.sessions.status(self.src, seq) {
            RequestStatus::Repeated(reply) if !self.has(Bug::NoDedupe) => {
                let reply = Reply { zxid, reply: Some(reply.clone()) };
                self.answer(Service::Reply { seq, reply });
            }
            RequestStatus::Old if !self.has(Bug::NoDedupe) => {}
            RequestStatus::Refused(why) => self.answer(Service::Refused { seq, why }),
            _ if encoded_bytes(&op) > MAX_OP_BYTES => {
                self.answer(Service::Refused { seq, why: Refusal::TooLarge });
            }
            _ if self.has(Bug::AnswerLocally) && self.state.stable.image.machine.is_query(&op) => {
                self.answer_read(self.src, seq, &op);
            }
            _ => self.order(seq, Some(op)),
        }
    }

    /// A client asks for a transaction that changes nothing. Only the leader remembers it: to do it
    /// again does no harm.
    pub(super) fn on_sync(&mut self, seq: u64) {
        if self.has(Bug::SyncLocally) {
            let reply = Reply { zxid: self.state.stable.delivered, reply: None };
            return self.answer(Service::Reply { seq, reply });
        }
        if !self.is_established() {
            return self.redirect(seq);
        }
        let last = self.state.leading().and_then(|leading| leading.syncs.get(&self.src)).copied();
        if last.is_none_or(|last| last < seq) {
            self.note_sync(seq);
            self.order(seq, None);
        } else if last == Some(seq) && !self.is_open(seq) {
            let reply = Reply { zxid: self.state.stable.delivered, reply: None };
            self.answer(Service::Reply { seq, reply });
        }
    }

    fn note_sync(&mut self, seq: u64) {
        let (src, most) = (self.src, self.config.sessions.clients);
        if let Role::Leading(leading) = &mut self.state.to_mut().role {
            leading.syncs.insert(src, seq);
            if leading.syncs.len() > most {
                leading.syncs.pop_first();
            }
        }
    }

    /// Whether a request of the sender is in the history and not delivered.
    fn is_open(&self, seq: u64) -> bool {
        let stable = &self.state.stable;
        let mut open = stable.log.range(stable.image.slot + 1..);
        open.any(|(_, txn)| txn.command.is_request(self.src, seq))
    }

    /// Says who leads, if it knows.
    fn redirect(&mut self, seq: u64) {
        if let Role::Following { .. } = self.state.role {
            let (epoch, leader) = (self.epoch().number(), self.epoch().leader);
            self.answer(Service::Redirect { seq, epoch, leader });
        }
    }

    /// Proposes a request, unless it is in the history already.
    pub(super) fn order(&mut self, seq: u64, op: Option<M::Op>) {
        let is_own = seq == Command::<M::Op>::OF_A_SERVER;
        if !is_own && self.is_open(seq) && !self.has(Bug::NoDedupe) {
            return;
        }
        let (client, stable) = (self.src, &self.state.stable);
        if stable.end() - stable.image.slot >= self.config.open && !self.has(Bug::EndlessOpen) {
            return self.answer(Service::Refused { seq, why: Refusal::Busy });
        }
        let mut zxid = self.last().next(self.epoch());
        if self.has(Bug::ReuseZxid) {
            zxid.counter = 1;
        }
        self.append(Txn { zxid, command: Command { client, seq, op } });
        let (epoch, end) = (self.epoch(), self.state.stable.end());
        for (follower, acked) in self.followers() {
            if end <= acked + self.config.window {
                self.propose(follower, end, end);
            }
        }
        if self.has(Bug::InformEarly) {
            self.inform_all(end, end);
        }
        self.send(self.id, Peer::Ack { epoch, last: zxid });
        if self.has(Bug::CountEarly) {
            self.on_own_ack(zxid);
        }
    }

    fn followers(&self) -> Vec<(Id, u64)> {
        let leading = self.state.leading();
        leading.map_or_else(Vec::new, |it| it.followers.iter().map(|(id, at)| (*id, *at)).collect())
    }

    /// `PROPOSE`: the transactions at these positions.
    fn propose(&mut self, to: Id, from: u64, upto: u64) {
        let epoch = self.epoch();
        for (prev, txns) in self.batches(from, upto) {
            self.send(to, Peer::Propose { epoch, prev, txns });
        }
    }

    /// The transactions at these positions, as many in each batch as fit a message, with the one
    /// before the first.
    pub(super) fn batches(&self, mut from: u64, upto: u64) -> Vec<(Zxid, Vec<Txn<M::Op>>)> {
        let (stable, mut batches) = (&self.state.stable, Vec::new());
        while from <= upto {
            let prev = match stable.log.get(&(from - 1)) {
                Some(txn) => txn.zxid,
                None if from == 1 => Zxid::default(),
                None if from == stable.image.slot + 1 => stable.delivered,
                None => break,
            };
            let txns = self.batch(from, upto);
            if txns.is_empty() {
                break;
            }
            from += txns.len() as u64;
            batches.push((prev, txns));
        }
        batches
    }

    /// Whether a quorum took over the history.
    pub(super) fn is_established(&self) -> bool {
        let followers = self.state.leading().map(|leading| leading.followers.len());
        let quorum = if self.has(Bug::CommitOldByCount) { 1 } else { self.config.quorum() };
        followers.is_some_and(|followers| followers + 1 >= quorum)
    }

    /// `ACK-LD`: a follower took over the history. It misses what was proposed since.
    pub(super) fn on_ack_leader(&mut self, epoch: Epoch, last: Zxid) {
        if !self.leads(epoch) {
            return;
        }
        self.heard_of();
        let Some(at) = self.state.stable.position(last) else { return };
        if !self.config.votes(self.src) && !self.has(Bug::CountObserver) {
            return self.admit_observer(at, last);
        }
        let was_established = self.is_established();
        let (src, is_new) = (self.src, self.raise(self.src, at, true));
        self.commit();
        if !self.is_established() {
            return;
        }
        if was_established {
            self.up_to_date(src, last);
        } else {
            let others = self.followers().into_iter().chain(self.observers());
            others.for_each(|(other, _)| self.up_to_date(other, last));
        }
        if is_new && !self.has(Bug::ProposeToSyncedOnly) {
            let end = self.state.stable.end();
            self.propose(src, at + 1, end.min(at + self.config.window));
        }
    }

    pub(super) fn up_to_date(&mut self, to: Id, last: Zxid) {
        let own = self.state.stable.delivered;
        let committed = if self.has(Bug::UpToDateWithAckZxid) { last } else { own };
        self.send(to, Peer::UpToDate { epoch: self.epoch(), committed });
    }

    /// Notes how far a follower has acknowledged; whether that is news.
    fn raise(&mut self, follower: Id, at: u64, admit: bool) -> bool {
        let known = self.state.leading().and_then(|leading| leading.followers.get(&follower));
        let is_news = known.map_or(admit, |known| *known < at);
        if is_news && let Role::Leading(leading) = &mut self.state.to_mut().role {
            leading.followers.insert(follower, at);
        }
        is_news
    }

    /// Its own history is durable up to here.
    fn on_own_ack(&mut self, last: Zxid) {
        let Some(at) = self.state.stable.position(last) else { return };
        if let Role::Leading(leading) = &mut self.state.to_mut().role {
            leading.own = at.max(leading.own);
        }
        self.commit();
    }

    /// `ACK`: cumulative. Makes room for more.
    pub(super) fn on_ack(&mut self, epoch: Epoch, last: Zxid) {
        if !self.leads(epoch) {
            return;
        }
        if self.src == self.id {
            return self.on_own_ack(last);
        }
        self.heard_of();
        if !self.config.votes(self.src) && !self.has(Bug::CountObserver) {
            return self.on_observer_ack(last);
        }
        let src = self.src;
        let before = self.state.leading().and_then(|leading| leading.followers.get(&src)).copied();
        let Some(before) = before else {
            if self.has(Bug::AckProposalFirst) {
                self.look_again();
            }
            return;
        };
        let Some(at) = self.state.stable.position(last).filter(|at| *at > before) else { return };
        self.raise(src, at, false);
        self.commit();
        let (window, end) = (self.config.window, self.state.stable.end());
        self.propose(src, before + window + 1, end.min(at + window));
    }

    /// Delivers what a quorum has, answers, and informs the followers.
    pub(super) fn commit(&mut self) {
        if !self.is_established() || self.has(Bug::CommitOldByCount) && self.is_short_of_followers()
        {
            return;
        }
        let mut acked: Vec<u64> = self.followers().into_iter().map(|(_, at)| at).collect();
        acked.extend(self.state.leading().map(|leading| leading.own));
        acked.sort_unstable_by(|one, other| other.cmp(one));
        let quorum = self.config.quorum() - usize::from(self.has(Bug::SmallQuorum));
        let upto = acked[quorum.max(1) - 1];
        if upto <= self.state.stable.image.slot {
            return;
        }
        let from = self.state.stable.image.slot + 1;
        while self.state.stable.image.slot < upto {
            if let Some((client, msg)) = self.deliver() {
                self.send(client, msg);
            }
        }
        let (epoch, committed) = (self.epoch(), self.state.stable.delivered);
        for (follower, _) in self.followers() {
            self.send(follower, Peer::Commit { epoch, committed });
        }
        self.inform_all(from, upto);
    }

    fn is_short_of_followers(&self) -> bool {
        self.followers().len() + 1 < self.config.quorum()
    }

    /// A follower was heard of. An observer helps no leader to a quorum.
    pub(super) fn heard_of(&mut self) {
        let src = self.src;
        if !self.config.votes(src) && !self.has(Bug::HearObservers) {
            return;
        }
        let heard = self.state.leading().and_then(|leading| leading.heard.as_ref());
        if heard.is_some_and(|heard| !heard.contains(&src))
            && let Role::Leading(Leading { heard: Some(heard), .. }) = &mut self.state.to_mut().role
        {
            heard.insert(src);
        }
    }

    /// Gives up, unless a quorum was heard of since the timer last fired: a leader does not know
    /// that it lost its followers.
    pub(super) fn on_quorum_timer(&mut self) {
        let Some(Leading { heard, .. }) = self.state.leading() else { return };
        let heard = heard.as_ref().map_or(0, BTreeSet::len);
        if heard + 1 < self.config.quorum() && !self.has(Bug::NeverGiveUp) {
            return self.look_again();
        }
        if let Role::Leading(leading) = &mut self.state.to_mut().role
            && leading.heard.is_some()
        {
            leading.heard = None;
        }
        self.await_quorum();
    }

    /// Time to send again what was not answered.
    pub(super) fn on_resend_timer(&mut self) {
        match self.state.role {
            Role::Discovering(_) => self.discover_again(),
            Role::Leading(_) => self.remind(),
            _ => return,
        }
        if !self.has(Bug::ResendOnce) {
            self.await_resend();
        }
    }

    fn remind(&mut self) {
        let (epoch, committed) = (self.epoch(), self.state.stable.delivered);
        if let Role::Leading(Leading { heard: heard @ None, .. }) = &mut self.state.to_mut().role {
            *heard = Some(BTreeSet::new());
        }
        self.broadcast(Peer::Ping { epoch, committed });
        self.tell_observers(&Peer::Ping { epoch, committed });
        if self.has(Bug::NoResend) {
            return;
        }
        let (window, end) = (self.config.window, self.state.stable.end());
        for (follower, acked) in self.followers() {
            self.propose(follower, acked + 1, end.min(acked + window));
        }
        self.inform_all(1, self.state.stable.image.slot);
    }
}
