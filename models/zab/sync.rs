//! Synchronisation: a server takes over the history of another (Junqueira et al. 2011, phase 2).
//!
//! Two servers do so: a prospective leader that of the follower with the most recent history, and
//! then each follower that of the leader. Who takes over says what its last transaction is; who
//! has the history sends what comes after it (`DIFF`), from an earlier point where its own history
//! does not have that transaction (`TRUNC`), or a snapshot where its log was forgotten (`SNAP`).
//!
//! Two histories that have one transaction in common are equal up to it: it was proposed by the
//! leader of its epoch, and who appends it has that leader's history up to it. So the receiver, if
//! it has the transaction before the part that came, cuts off what is after that, and appends. If
//! it does not, it names an earlier one.
//!
//! What the two have in common is never cut off, whatever part comes late or twice: a part of this
//! epoch begins where the histories part, or later, as far as the receiver said. And once the
//! history is taken over, nothing is cut off at all in this epoch: a follower then has a prefix of
//! its leader's history, and may have acknowledged it.

use super::bugs::Bug;
use super::epoch::{Epoch, Zxid};
use super::message::{Part, Peer, Txn};
use super::state::{Role, Served};
use super::storage::{Record, Saved};
use super::turn::Turn;
use crate::kv::StateMachine;
use crate::kv::snapshot::SnapshotInstall;
use crate::kv::transfer::{Cut, Held, Piece, encoded_bytes};
use stateright::actor::Id;

impl<M: StateMachine> Turn<'_, '_, M> {
    /// Another server asks for what comes next in this history.
    pub(super) fn on_fetch(&mut self, epoch: Epoch, last: Zxid, held: Option<Held>) {
        if self.leads(epoch) || self.follows(epoch) {
            self.serve(self.src, last, held);
        }
    }

    /// Sends what comes after `last`, which is the last that `to` has.
    pub(super) fn serve(&mut self, to: Id, last: Zxid, held: Option<Held>) {
        match self.state.stable.upto(last) {
            Some((at, prev)) if prev == last || !self.has(Bug::DiffWithoutTrunc) => {
                self.send_history(to, at, prev);
            }
            Some((at, _)) => self.send_history(to, at, last),
            None => self.send_snapshot(to, held),
        }
    }

    /// As much of the history after a position as is sent at once; to an observer, of its committed
    /// part.
    fn send_history(&mut self, to: Id, mut at: u64, mut prev: Zxid) {
        let (epoch, stable) = (self.epoch(), &self.state.stable);
        let (upto, end) = if self.config.votes(to) {
            (u64::MAX, self.last())
        } else {
            (stable.image.slot, stable.delivered)
        };
        for left in (0..self.config.burst).rev() {
            let txns = self.batch(at + 1, upto);
            let last = txns.last().map_or(prev, |txn| txn.zxid);
            let ask = left == 0 || last == end;
            at += txns.len() as u64;
            let part = Part { prev, txns, end, ask };
            let is_leader = matches!(self.state.role, Role::Leading(_));
            let msg = if is_leader {
                Peer::NewLeader { epoch, part }
            } else {
                Peer::History { epoch, part }
            };
            self.send(to, msg);
            if last == end {
                return;
            }
            prev = last;
        }
    }

    /// As many transactions from one position to another as fit a message.
    pub(super) fn batch(&self, from: u64, to: u64) -> Vec<Txn<M::Op>> {
        let (mut txns, mut bytes) = (Vec::new(), 0_usize);
        for (_, txn) in self.state.stable.log.range(from..).take_while(|(at, _)| **at <= to) {
            bytes = bytes.saturating_add(encoded_bytes(txn));
            if bytes > self.config.batch_bytes && !txns.is_empty() {
                break;
            }
            txns.push(txn.clone());
        }
        txns
    }

    /// As many pieces of a snapshot as are sent at once, after those that `to` has.
    fn send_snapshot(&mut self, to: Id, held: Option<Held>) {
        let stable = &self.state.stable;
        let first = stable.log.first_key_value().map_or(stable.image.slot + 1, |(at, _)| *at);
        let fits = |served: &Served<M>| served.image.slot + 1 >= first;
        if !self.state.served.as_ref().is_some_and(fits) {
            let (image, zxid) = (stable.image.clone(), stable.delivered);
            self.state.to_mut().served = Some(Served { image, zxid });
        }
        let Some(Served { image, zxid }) = self.state.served.clone() else { return };
        let epoch = self.epoch();
        let held = held.filter(|held| held.of == image.slot);
        let first = held.as_ref().map_or(0, |held| held.count);
        let end = first.saturating_add(self.config.burst as u32);
        let pieces =
            image.pieces_after(held.as_ref().map(|held| &held.end), self.config.piece_bytes);
        for (index, (piece, next)) in (first..end).zip(pieces) {
            let ask = next.is_none() || index + 1 == end;
            let slot = image.slot;
            self.out.send(to, Peer::Snapshot { epoch, zxid, slot, index, piece, next, ask });
        }
    }

    /// Asks a server for what comes after `last`.
    pub(super) fn fetch_from(&mut self, source: Id, last: Zxid) {
        let held = self.state.install.as_ref().and_then(SnapshotInstall::held);
        self.send(source, Peer::Fetch { epoch: self.epoch(), last, held });
    }

    /// `NEWLEADER`: a part of the leader's history came.
    pub(super) fn on_new_leader(&mut self, epoch: Epoch, part: &Part<M::Op>) {
        if !self.follows(epoch) {
            return;
        }
        let is_up_to_date = self.state.role == Role::Following { up_to_date: true };
        if is_up_to_date
            && !self.has(Bug::ReinstallNewLeader)
            && !self.has(Bug::HistoryAfterUpToDate)
        {
            return;
        }
        self.await_establishment();
        if self.splits(is_up_to_date, part) {
            return;
        }
        if self.take(part) {
            self.synchronized();
        }
    }

    /// For the mutants that take the history and the epoch over in two steps: whether this was the
    /// first.
    fn splits(&mut self, is_up_to_date: bool, part: &Part<M::Op>) -> bool {
        let is_news = !self.state.is_synchronized();
        if self.has(Bug::EpochBeforeHistory) && is_news && !part.txns.is_empty() {
            self.change(Record::Current(self.epoch()));
            return true;
        }
        let early = self.has(Bug::AckBeforeHistory) && is_news
            || self.has(Bug::HistoryAfterUpToDate) && !is_up_to_date;
        if early {
            let epoch = self.epoch();
            if is_news {
                self.change(Record::Current(epoch));
            }
            self.answer(Peer::AckLeader { epoch, last: part.end });
        }
        early
    }

    /// The history is that of the leader, and durable: now its epoch is current, and only then the
    /// leader hears of it.
    fn synchronized(&mut self) {
        let epoch = self.epoch();
        if !self.state.is_synchronized() {
            self.change(Record::Current(epoch));
        }
        self.answer(Peer::AckLeader { epoch, last: self.last() });
    }

    /// Makes the history equal to that from which a part came. Whether it is; if not, asks for
    /// more.
    pub(super) fn take(&mut self, part: &Part<M::Op>) -> bool {
        let is_synchronized = self.state.is_synchronized();
        if is_synchronized && !self.has(Bug::ReinstallNewLeader) {
            self.append_after(part.prev, &part.txns);
        } else {
            let Some(at) = self.state.stable.position(part.prev) else {
                if self.has(Bug::DiffWithoutTrunc) {
                    return self.take_anyway(part);
                }
                // An earlier one, or one that is delivered, which the other has too.
                let earlier = self.state.stable.upto(part.prev);
                let last = earlier.map_or(self.state.stable.delivered, |(_, zxid)| zxid);
                self.fetch_from(self.src, last);
                return false;
            };
            if at < self.state.stable.image.slot {
                return false;
            }
            self.cut(at);
            for txn in &part.txns {
                self.append(txn.clone());
            }
        }
        let last = self.last();
        if last < part.end && part.ask {
            self.fetch_from(self.src, last);
        }
        last >= part.end
    }

    /// For the mutant that does not truncate.
    fn take_anyway(&mut self, part: &Part<M::Op>) -> bool {
        for txn in &part.txns {
            self.append(txn.clone());
        }
        true
    }

    /// Appends those of the transactions that come next. Each is known by its predecessor, so none
    /// is left out.
    pub(super) fn append_after(&mut self, mut prev: Zxid, txns: &[Txn<M::Op>]) {
        let (accepts_gaps, accepts_any) =
            (self.has(Bug::AcceptGap), self.has(Bug::TakeOldProposal));
        for txn in txns {
            let last = self.last();
            let is_gap = accepts_gaps && txn.zxid > last;
            let is_old = accepts_any && self.state.stable.position(txn.zxid).is_none();
            if prev == last || is_gap || is_old {
                self.append(txn.clone());
            }
            prev = txn.zxid;
        }
    }

    /// `SNAP`: a piece of a snapshot came. One whose last transaction is in the history is of no
    /// use, and could take away what comes after.
    pub(super) fn on_snapshot(
        &mut self,
        epoch: Epoch,
        (zxid, slot): (Zxid, u64),
        index: u32,
        piece: Piece<M>,
        next: Option<Cut>,
        ask: bool,
    ) {
        let takes = self.follows(epoch) || epoch == self.epoch() && self.fetches_from(self.src);
        let stable = &self.state.stable;
        let is_news = slot > stable.image.slot && stable.position(zxid).is_none();
        if !takes || !is_news && !self.has(Bug::InstallOlder) {
            return;
        }
        let is_held = |held: &SnapshotInstall<M>| held.image.slot == slot;
        let held = self.state.install.as_ref();
        let newest = held.map_or(0, |held| held.image.slot);
        let received = held.filter(|held| is_held(held)).map_or(0, |held| held.received);
        if slot < newest || index != received {
            return;
        }
        self.await_establishment();
        let held = self.state.to_mut().install.take().filter(is_held);
        let mut install = held.unwrap_or_else(|| SnapshotInstall::begin(slot));
        let is_last = next.is_none();
        install.add(piece, next);
        if is_last || self.has(Bug::PartialSnapKept) {
            self.install(install, zxid, is_last);
        } else {
            self.state.to_mut().install = Some(install);
        }
        if ask {
            self.fetch_from(self.src, self.last());
        }
    }

    /// A snapshot takes the place of the history.
    fn install(&mut self, install: SnapshotInstall<M>, zxid: Zxid, is_last: bool) {
        let state = self.state.to_mut();
        state.stable.install(install.image.clone(), zxid);
        (state.log_bytes, state.served) = (0, None);
        if !is_last {
            state.install = Some(install);
        }
        self.save(Saved::Complete(self.state.stable.clone()));
    }
}
