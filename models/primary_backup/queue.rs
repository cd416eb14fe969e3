//! The requests that wait for their turn at the primary: while its view begins, and while as many
//! requests as its window allows are on their way to the backups. First come, first served; a
//! client that comes to a full queue is refused.

use super::bugs::Bug;
use super::recent::Entry;
use super::state::{ReplicaState, Role};
use super::turn::Turn;
use crate::kv::service::Refusal;
use crate::kv::sessions::slots;
use crate::kv::{Service, StateMachine};

impl<M: StateMachine> Turn<'_, '_, M> {
    /// Lets a request wait. A slot has one request open, so a newer one takes the place of an
    /// older.
    pub(super) fn wait(&mut self, entry: Entry<M::Op>) {
        let Role::Primary(leading) = &self.state.role else { return };
        let slot = |entry: &Entry<M::Op>| (entry.client, slots::of(entry.seq));
        let at = leading.waiting.iter().position(|other| slot(other) == slot(&entry));
        let room = leading.waiting.len() < self.config.max_waiting;
        if at.is_some_and(|at| leading.waiting[at].seq >= entry.seq) {
            return;
        }
        if at.is_none() && !room && !self.has(Bug::QueueForever) {
            let (seq, why) = (entry.seq, Refusal::Busy);
            return self.send(entry.client, Service::Refused { seq, why });
        }
        let Role::Primary(leading) = &mut self.state.to_mut().role else { return };
        match at {
            Some(at) => leading.waiting[at] = entry,
            None => leading.waiting.push_back(entry),
        }
    }

    /// Serves those that wait, as far as there is room.
    pub(super) fn serve_waiting(&mut self) {
        while self.state.has_waiting()
            && self.state.has_room(self.config)
            && !self.has(Bug::NoServe)
        {
            let Role::Primary(leading) = &mut self.state.to_mut().role else { return };
            let Some(entry) = leading.waiting.pop_front() else { return };
            self.serve(entry);
        }
    }
}

impl<M: StateMachine> ReplicaState<M> {
    /// Whether a request waits.
    pub(super) fn has_waiting(&self) -> bool {
        matches!(&self.role, Role::Primary(leading) if !leading.waiting.is_empty())
    }
}
