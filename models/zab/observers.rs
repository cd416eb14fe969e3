//! Observers: servers that learn and do not vote, for reads near to clients (ZooKeeper 3.3, ticket
//! ZOOKEEPER-368).
//!
//! An observer follows a leader, and is given only what is committed: it takes over the committed part
//! of the history (`NEWLEADER`), and is told of each transaction when it is committed (`INFORM`).
//! So nothing of an observer's history is ever cut off. It has no part in choosing a leader, in
//! establishing an epoch, in committing, or in what a leader must hear to go on.

use super::epoch::{Epoch, Zxid};
use super::message::{Peer, Txn};
use super::state::Role;
use super::turn::Turn;
use crate::kv::StateMachine;
use stateright::actor::Id;

impl<M: StateMachine> Turn<'_, '_, M> {
    /// The observers that took over what is committed, and how far they have acknowledged.
    pub(super) fn observers(&self) -> Vec<(Id, u64)> {
        let leading = self.state.leading();
        leading.map_or_else(Vec::new, |it| it.observers.iter().map(|(id, at)| (*id, *at)).collect())
    }

    /// Sends to all observers.
    pub(super) fn tell_observers(&mut self, msg: &Peer<M>) {
        for observer in self.config.observer_ids() {
            self.send(observer, msg.clone());
        }
    }

    /// Tells the observers of the transactions at these positions, of each those that it has not
    /// acknowledged, and as far ahead of that as its window reaches.
    pub(super) fn inform_all(&mut self, from: u64, upto: u64) {
        for (observer, acked) in self.observers() {
            self.inform(observer, from.max(acked + 1), upto.min(acked + self.config.window));
        }
    }

    fn inform(&mut self, to: Id, from: u64, upto: u64) {
        let epoch = self.epoch();
        for (prev, txns) in self.batches(from, upto) {
            self.send(to, Peer::Inform { epoch, prev, txns });
        }
    }

    /// `ACK-LD` of an observer: it took over what was committed. It misses what was since.
    pub(super) fn admit_observer(&mut self, at: u64, last: Zxid) {
        let src = self.src;
        let is_news = self.note_observer(at, true);
        if !self.is_established() {
            return;
        }
        self.up_to_date(src, last);
        if is_news {
            let committed = self.state.stable.image.slot;
            self.inform(src, at + 1, committed.min(at + self.config.window));
        }
    }

    /// `ACK` of an observer: makes room for more.
    pub(super) fn on_observer_ack(&mut self, last: Zxid) {
        let src = self.src;
        let before = self.state.leading().and_then(|leading| leading.observers.get(&src)).copied();
        let (Some(before), Some(at)) = (before, self.state.stable.position(last)) else { return };
        if self.note_observer(at, false) {
            let (window, committed) = (self.config.window, self.state.stable.image.slot);
            self.inform(src, before + window + 1, committed.min(at + window));
        }
    }

    /// Notes how far an observer has acknowledged; whether that is news.
    fn note_observer(&mut self, at: u64, admit: bool) -> bool {
        let src = self.src;
        let known = self.state.leading().and_then(|leading| leading.observers.get(&src));
        let is_news = known.map_or(admit, |known| *known < at);
        if is_news && let Role::Leading(leading) = &mut self.state.to_mut().role {
            leading.observers.insert(src, at);
        }
        is_news
    }

    /// `INFORM`: these are committed.
    pub(super) fn on_inform(&mut self, epoch: Epoch, prev: Zxid, txns: &[Txn<M::Op>]) {
        if !self.follows(epoch) || !self.state.is_synchronized() {
            return;
        }
        let Some(offered) = txns.last().map(|txn| txn.zxid) else { return };
        self.await_leader();
        self.append_after(prev, txns);
        self.commit_upto(offered);
        self.deliver_committed();
        let last = self.last();
        if last >= offered {
            self.answer(Peer::Ack { epoch, last });
        }
    }
}
