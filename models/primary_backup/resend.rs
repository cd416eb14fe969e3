//! The primary while a backup does not answer: it sends again, and after a while goes on
//! without the backup.

use super::bugs::Bug;
use super::message::Peer;
use super::recent::Recent;
use super::state::{Copying, Role};
use super::turn::Turn;
use crate::kv::StateMachine;
use stateright::actor::Id;

/// How many requests are sent again to one backup at a time.
pub const MAX_RESEND: usize = 16;

impl<M: StateMachine> Turn<'_, '_, M> {
    /// A backup misses operations. If it is so far behind that they are not kept, it must be left
    /// out, and copy.
    pub(super) fn on_refill(&mut self, view: u64, from: u64) {
        let (src, state) = (self.src, &self.state);
        let Role::Primary(leading) = &state.role else { return };
        if view != state.view.number {
            return;
        }
        if !state.view.backups.contains(&src) {
            self.on_copied(from - 1, true);
        } else if state.image.recent.reaches(from) {
            let many = if leading.acting { MAX_RESEND } else { usize::MAX };
            self.resend_from(src, from, many);
        } else if from <= state.image.op {
            self.leave_out(src);
        }
    }

    /// Lets the view service know that this backup cannot go on with the others.
    pub(super) fn leave_out(&mut self, backup: Id) {
        let Role::Primary(leading) = &self.state.role else { return };
        if !leading.lagging.contains(&backup) {
            if let Role::Primary(leading) = &mut self.state.to_mut().role {
                leading.lagging.insert(backup);
            }
            self.ping();
        }
    }

    /// An expected message was not received in time. A backup is reported, so that its silence does
    /// not stop the service; a copy is given up, so that the operations since are not kept for it.
    pub(super) fn on_overdue_timer(&mut self, silent: Id) {
        let Role::Primary(leading) = &self.state.role else { return };
        let keeps_offer = self.has(Bug::KeepOffer);
        if self.state.view.backups.contains(&silent) {
            if !self.has(Bug::NeverLagging) {
                self.leave_out(silent);
            }
        } else if leading.copying.as_ref().is_some_and(|copying| copying.to == silent)
            && let Role::Primary(leading) = &mut self.state.to_mut().role
        {
            let given_up = leading.copying.take();
            if keeps_offer {
                leading.copying = given_up.map(|copying| {
                    let since = Recent::default();
                    Copying { since, bytes: 0, ..copying }
                });
            }
        }
    }

    /// Sends again whatever some backup did not answer.
    pub(super) fn on_resend_timer(&mut self) {
        let Role::Primary(leading) = &self.state.role else { return };
        let acting = leading.acting;
        if acting && leading.committed == self.state.image.op {
            return;
        }
        let backups = self.state.view.backups.iter();
        let acked: Vec<_> = backups.map(|id| (*id, leading.acked.get(id).copied())).collect();
        if !self.has(Bug::ResendOnce) {
            self.resend_later();
        }
        if self.has(Bug::NoResend) {
            return;
        }
        for (backup, acked) in acked {
            if acting {
                self.resend_from(backup, acked.unwrap_or(0) + 1, MAX_RESEND);
            } else if acked.is_none() {
                self.send(backup, self.begin_msg());
            }
        }
    }

    fn resend_from(&mut self, backup: Id, from: u64, many: usize) {
        let view = self.state.view.number;
        let batch_bytes = self.config.batch_bytes;
        for (op, entries) in self.state.image.recent.batches(from, many, batch_bytes) {
            self.out.send(backup, Peer::Replicate { view, op, entries });
        }
    }
}
