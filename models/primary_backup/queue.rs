//! The requests that wait for their turn at the primary: while its view begins, and while as many
//! as may are on their way to the backups. First come, first served; who comes to a full queue is
//! told so.

use super::replica::{Replica, ReplicaState, Role};
use super::storage::Entry;
use super::{Bug, Outbox};
use crate::kv::service::Refusal;
use crate::kv::{Service, StateMachine};
use std::borrow::Cow;

impl Replica {
    /// Lets a request wait. A client has one request open, so a newer one takes the place of an
    /// older.
    pub(super) fn wait<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        entry: Entry<M::Op>,
        o: &mut Outbox<M>,
    ) {
        let Role::Primary(leading) = &state.role else { return };
        let at = leading.waiting.iter().position(|other| other.client == entry.client);
        let room = leading.waiting.len() < self.config.max_waiting;
        if at.is_some_and(|at| leading.waiting[at].seq >= entry.seq) {
            return;
        }
        if at.is_none() && !room && self.config.bug != Some(Bug::QueueForever) {
            let (seq, why) = (entry.seq, Refusal::Busy);
            return o.send(entry.client, Service::Refused { seq, why });
        }
        let Role::Primary(leading) = &mut state.to_mut().role else { return };
        match at {
            Some(at) => leading.waiting[at] = entry,
            None => leading.waiting.push_back(entry),
        }
    }

    /// Serves those that wait, as far as there is room.
    pub(super) fn serve_waiting<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        o: &mut Outbox<M>,
    ) {
        while Self::has_waiting(state)
            && self.has_room(state)
            && self.config.bug != Some(Bug::NoServe)
        {
            let Role::Primary(leading) = &mut state.to_mut().role else { return };
            let Some(entry) = leading.waiting.pop_front() else { return };
            self.serve(state, entry, o);
        }
    }

    /// Whether a request waits.
    pub(super) fn has_waiting<M: StateMachine>(state: &ReplicaState<M>) -> bool {
        matches!(&state.role, Role::Primary(leading) if !leading.waiting.is_empty())
    }
}
