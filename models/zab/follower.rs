//! The follower: it appends what the leader proposes, in order, and delivers what is committed.

use super::bugs::Bug;
use super::epoch::{Epoch, Zxid};
use super::message::{Peer, Txn};
use super::state::Role;
use super::turn::Turn;
use crate::kv::StateMachine;

impl<M: StateMachine> Turn<'_, '_, M> {
    /// `PROPOSE`: appends, if it has what is before. An acknowledgment is of the whole history, so
    /// what came out of order is acknowledged with what comes between.
    pub(super) fn on_propose(&mut self, epoch: Epoch, prev: Zxid, txns: &[Txn<M::Op>]) {
        let is_current = self.follows(epoch) && self.state.is_synchronized();
        if !is_current && !self.has(Bug::LateLogWrite) && !self.has(Bug::TakeOldProposal) {
            return;
        }
        let Some(offered) = txns.last().map(|txn| txn.zxid) else { return };
        self.append_after(prev, txns);
        if !is_current {
            return;
        }
        self.await_leader();
        let last = self.last();
        if last >= offered {
            self.answer(Peer::Ack { epoch, last });
        }
        self.deliver_committed();
    }

    /// `COMMIT`. It counts before `UPTODATE` came, too.
    pub(super) fn on_commit(&mut self, epoch: Epoch, committed: Zxid) {
        let drops = self.has(Bug::DropCommitInSync)
            && self.state.role == Role::Following { up_to_date: false };
        if self.follows(epoch) && self.state.is_synchronized() && !drops {
            self.await_leader();
            self.commit_upto(committed);
        }
    }

    /// `UPTODATE`: the epoch is established.
    pub(super) fn on_up_to_date(&mut self, epoch: Epoch, committed: Zxid) {
        if !self.follows(epoch) || !self.state.is_synchronized() {
            return;
        }
        self.await_leader();
        if self.state.role != (Role::Following { up_to_date: true }) {
            self.state.to_mut().role = Role::Following { up_to_date: true };
        }
        self.commit_upto(committed);
    }

    /// The leader leads. Says again what it may not have heard, or that it is not followed.
    pub(super) fn on_ping(&mut self, epoch: Epoch, committed: Zxid) {
        if !self.follows(epoch) {
            if !self.leads(epoch) {
                self.answer(Peer::CEpoch { accepted: self.epoch() });
            }
            return;
        }
        self.await_leader();
        let last = self.last();
        if !self.state.is_synchronized() {
            self.answer(self.ack_epoch());
        } else if self.state.role == (Role::Following { up_to_date: false })
            && !self.has(Bug::AckProposalFirst)
        {
            self.answer(Peer::AckLeader { epoch, last });
        } else {
            self.commit_upto(committed);
            self.answer(Peer::Ack { epoch, last });
        }
    }

    /// Delivers up to here, as far as it has it, and the rest when it comes.
    pub(super) fn commit_upto(&mut self, committed: Zxid) {
        let known = self.state.commit.unwrap_or(self.state.stable.delivered);
        if committed > known {
            self.state.to_mut().commit = Some(committed);
            self.deliver_committed();
        }
    }

    pub(super) fn deliver_committed(&mut self) {
        let Some(commit) = self.state.commit else { return };
        while let Some(next) = self.state.stable.log.get(&(self.state.stable.image.slot + 1))
            && next.zxid <= commit
        {
            self.deliver();
        }
        if self.state.stable.delivered >= commit {
            self.state.to_mut().commit = None;
        }
    }
}
