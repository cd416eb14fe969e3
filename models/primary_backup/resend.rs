//! What the primary does while a backup does not answer: it sends again, and after a while goes on
//! without.

use super::copy::Copying;
use super::message::Peer;
use super::recent::Recent;
use super::replica::{Replica, ReplicaState, Role};
use super::{Bug, Outbox, Timer};
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;
use std::borrow::Cow;

/// How many requests are sent again to one backup at a time.
pub const MAX_RESEND: usize = 16;

impl Replica {
    /// Expects to hear from a backup in time.
    pub(super) fn expect<M: StateMachine>(&self, id: Id, o: &mut Outbox<M>) {
        o.set_timer(Timer::Overdue(id), self.config.timing.overdue.clone());
    }

    /// A backup misses operations. If it is so far behind that they are not kept, it must be left
    /// out, and copy.
    pub(super) fn on_refill<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        view: u64,
        from: u64,
        o: &mut Outbox<M>,
    ) {
        let Role::Primary(leading) = &state.role else { return };
        if view != state.view.number {
            return;
        }
        let acting = leading.acting;
        if !state.view.backups.contains(&src) {
            self.on_copied(state, src, from - 1, true, o);
        } else if state.image.recent.reaches(from) {
            let many = if acting { MAX_RESEND } else { usize::MAX };
            self.resend_from(state, src, from, many, o);
        } else if from <= state.image.op {
            self.leave_out(state, src, o);
        }
    }

    /// Lets the view service know that this backup cannot go on with the others.
    pub(super) fn leave_out<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        backup: Id,
        o: &mut Outbox<M>,
    ) {
        let Role::Primary(leading) = &state.role else { return };
        if !leading.lagging.contains(&backup) {
            if let Role::Primary(leading) = &mut state.to_mut().role {
                leading.lagging.insert(backup);
            }
            self.ping(state, o);
        }
    }

    /// Who was expected was not heard in time. A backup is reported, so that its silence does not
    /// stop the service; a copy is given up, so that the operations since are not kept for it.
    pub(super) fn on_overdue<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        silent: Id,
        o: &mut Outbox<M>,
    ) {
        let Role::Primary(leading) = &state.role else { return };
        if state.view.backups.contains(&silent) {
            if self.config.bug != Some(Bug::NeverLagging) {
                self.leave_out(state, silent, o);
            }
        } else if leading.copying.as_ref().is_some_and(|copying| copying.to == silent)
            && let Role::Primary(leading) = &mut state.to_mut().role
        {
            let given_up = leading.copying.take();
            if self.config.bug == Some(Bug::KeepOffer) {
                leading.copying = given_up.map(|copying| {
                    let since = Recent::default();
                    Copying { since, bytes: 0, ..copying }
                });
            }
        }
    }

    /// Sends again whatever some backup did not answer.
    pub(super) fn on_resend<M: StateMachine>(&self, state: &ReplicaState<M>, o: &mut Outbox<M>) {
        let Role::Primary(leading) = &state.role else { return };
        if leading.acting && leading.settled == state.image.op {
            return;
        }
        if self.config.bug != Some(Bug::ResendOnce) {
            o.set_timer(Timer::Resend, self.config.timing.resend.clone());
        }
        if self.config.bug == Some(Bug::NoResend) {
            return;
        }
        for backup in &state.view.backups {
            if leading.acting {
                let from = leading.acked_by(*backup) + 1;
                self.resend_from(state, *backup, from, MAX_RESEND, o);
            } else if !leading.acked.contains_key(backup) {
                o.send(*backup, Self::begin_msg(state));
            }
        }
    }

    fn resend_from<M: StateMachine>(
        &self,
        state: &ReplicaState<M>,
        backup: Id,
        from: u64,
        many: usize,
        o: &mut Outbox<M>,
    ) {
        let view = state.view.number;
        let batch_bytes = self.config.batch_bytes;
        for (op, entries) in state.image.recent.batches(from, many, batch_bytes) {
            o.send(backup, Service::Peer(Peer::Replicate { view, op, entries }));
        }
    }
}
