//! A server: how it starts, which handler takes which message, and how its history changes.

use super::bugs::Bug;
use super::message::{Ask, Msg, Peer, Txn};
use super::state::{Leading, Role, Timer};
use super::storage::{Record, Saved, Stable};
use super::turn::Turn;
use crate::kv::transfer::encoded_bytes;
use crate::kv::{Image, Service, Sessions, StateMachine};
use serde::Serialize;
use stateright::actor::Id;

/// The size of an entry of the log beside its encoding.
const ENTRY_BYTES: usize = 64;

/// How much a transaction counts in the bounds of the log.
pub(super) fn weight<O: Serialize>(txn: &Txn<O>) -> usize {
    encoded_bytes(txn).saturating_add(ENTRY_BYTES)
}

impl<M: StateMachine> Turn<'_, '_, M> {
    /// Starts, from what it saved if it did. The first epoch, 0.0, needs no discovery: no history
    /// is before it, and all accept it as they first start. No server leads it a second time.
    pub(super) fn on_start(&mut self, saved: Option<&Saved<M>>, prepared: Option<&Stable<M>>) {
        if self.config.stops {
            self.set_timer(Timer::Stop, &self.config.timing.candidacy);
        }
        let is_first = saved.is_none() && prepared.is_none();
        let stable = match (saved, prepared) {
            (Some(saved), _) => saved.state(),
            (None, Some(prepared)) => prepared.clone(),
            (None, None) => Stable { image: Image::new(self.config.sessions), ..Stable::default() },
        };
        if saved.is_none() {
            self.save(Saved::Complete(stable.clone()));
        }
        let votes = self.config.votes(self.id);
        let state = self.state.to_mut();
        state.observes = !votes;
        state.log_bytes = stable.log.values().map(weight).sum();
        state.stable = stable;
        self.forget_log();
        if is_first && self.epoch().leader == self.id {
            let followers = self.peers().map(|peer| (peer, 0)).collect();
            let observers = self.config.observer_ids().map(|id| (id, 0)).collect();
            let leading = Leading { followers, observers, ..Leading::default() };
            self.state.to_mut().role = Role::Leading(leading);
            self.await_resend();
            self.await_quorum();
        } else {
            if is_first {
                self.state.to_mut().role = Role::Following { up_to_date: true };
            }
            self.await_leader();
        }
    }

    /// Gives up what it leads or follows.
    pub(super) fn look_again(&mut self) {
        if self.has(Bug::KeepMemory) {
            self.deliver_all();
        }
        self.state.to_mut().role = Role::Looking;
        self.forget_transfers();
        self.cancel_timer(Timer::Quorum);
        self.cancel_timer(Timer::Resend);
        self.await_leader();
    }

    /// Forgets what concerned the former leader.
    pub(super) fn forget_transfers(&mut self) {
        let state = self.state.to_mut();
        (state.commit, state.install, state.served) = (None, None, None);
    }

    pub(super) fn on_msg(&mut self, msg: Msg<M>) {
        match msg {
            Service::Request { seq, op: Ask::Do { op } } => self.on_request(seq, op),
            Service::Request { seq, op: Ask::Read { op, seen } } => self.on_read(seq, op, seen),
            Service::Request { seq, op: Ask::Sync } => self.on_sync(seq),
            Service::Peer(msg) => self.on_peer(msg),
            Service::Reply { .. } | Service::Redirect { .. } | Service::Refused { .. } => {}
        }
        self.answer_waiting();
    }

    fn on_peer(&mut self, msg: Peer<M>) {
        match msg {
            Peer::Solicit { accepted, left } => self.on_solicit(accepted, left),
            Peer::Leaving { epoch } => self.on_leaving(epoch),
            Peer::CEpoch { accepted } => self.on_cepoch(accepted),
            Peer::NewEpoch { epoch } => self.on_new_epoch(epoch),
            Peer::AckEpoch { epoch, current, last } => self.on_ack_epoch(epoch, current, last),
            Peer::Fetch { epoch, last, held } => self.on_fetch(epoch, last, held),
            Peer::History { epoch, part } => self.on_history(epoch, &part),
            Peer::NewLeader { epoch, part } => self.on_new_leader(epoch, &part),
            Peer::Snapshot { epoch, zxid, slot, index, piece, next, ask } => {
                self.on_snapshot(epoch, (zxid, slot), index, piece, next, ask);
            }
            Peer::AckLeader { epoch, last } => self.on_ack_leader(epoch, last),
            Peer::UpToDate { epoch, committed } => self.on_up_to_date(epoch, committed),
            Peer::Propose { epoch, prev, txns } => self.on_propose(epoch, prev, &txns),
            Peer::Inform { epoch, prev, txns } => self.on_inform(epoch, prev, &txns),
            Peer::Ack { epoch, last } => self.on_ack(epoch, last),
            Peer::Commit { epoch, committed } => self.on_commit(epoch, committed),
            Peer::Ping { epoch, committed } => self.on_ping(epoch, committed),
        }
    }

    pub(super) fn on_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Look => self.on_look_timer(),
            Timer::Quorum => self.on_quorum_timer(),
            Timer::Resend => self.on_resend_timer(),
            Timer::Stop => self.on_stop_timer(),
            Timer::Retry(_) => {}
        }
        self.answer_waiting();
    }

    /// Appends a transaction to the history.
    pub(super) fn append(&mut self, txn: Txn<M::Op>) {
        self.state.to_mut().log_bytes += weight(&txn);
        self.change(Record::Appended(txn));
    }

    /// Cuts off the history after a position. Nothing that is delivered is cut off.
    pub(super) fn cut(&mut self, after: u64) {
        if after >= self.state.stable.end() {
            return;
        }
        let cut: usize = self.state.stable.log.range(after + 1..).map(|(_, txn)| weight(txn)).sum();
        self.change(Record::Cut { after });
        self.state.to_mut().log_bytes -= cut;
    }

    /// Delivers the next transaction. Gives the message for its client, which a leader sends.
    pub(super) fn deliver(&mut self) -> Option<(Id, Msg<M>)> {
        let upto = self.state.stable.image.slot + 1;
        self.save(Record::Delivered { upto });
        let forgets_sessions = self.has(Bug::NoDedupe);
        let stable = &mut self.state.to_mut().stable;
        if forgets_sessions {
            stable.image.sessions = Sessions::default();
        }
        let (delivered, zxid) = (stable.deliver()?, stable.delivered);
        self.forget_log();
        delivered.answer(zxid)
    }

    /// For the mutant that counts all of its history as committed.
    fn deliver_all(&mut self) {
        while self.state.stable.image.slot < self.state.stable.end() {
            self.deliver();
        }
    }

    /// Keeps the log short. What is forgotten was delivered, so a server that misses it can have
    /// the state instead. While a snapshot is given to one, as much again is kept behind it.
    pub(super) fn forget_log(&mut self) {
        if self.has(Bug::KeepLog) {
            return;
        }
        let (keep, bytes) = (self.config.keep, self.config.keep_bytes);
        let held = self.state.served.as_ref().map(|served| served.image.slot + 1);
        self.forget_upto(keep, bytes, held);
        if held.is_some() && !self.is_short(keep.saturating_mul(2).max(1), bytes.saturating_mul(2))
        {
            self.state.to_mut().served = None;
            self.forget_upto(keep, bytes, None);
        }
    }

    fn is_short(&self, keep: usize, keep_bytes: usize) -> bool {
        self.state.stable.delivered_len() <= keep && self.state.log_bytes <= keep_bytes
    }

    /// Forgets the surplus of the log, before position `held` at most.
    fn forget_upto(&mut self, keep: usize, keep_bytes: usize, held: Option<u64>) {
        let stable = &self.state.stable;
        let (mut len, mut bytes) = (stable.delivered_len(), self.state.log_bytes);
        let mut start = None;
        for (at, txn) in stable.log.range(..=stable.image.slot) {
            if len <= keep && bytes <= keep_bytes || held.is_some_and(|held| *at >= held) {
                break;
            }
            len -= 1;
            bytes -= weight(txn);
            start = Some(at + 1);
        }
        let Some(start) = start else { return };
        self.state.to_mut().log_bytes = bytes;
        self.change(Record::Forgotten { start });
    }
}
