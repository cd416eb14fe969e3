//! Requests that wait for a slot, where the window is full: first come, first served.
//!
//! Without it the same clients would be served again and again, who ask at the right moment. The
//! queue is volatile and lost with the leadership; its clients ask again, of the next leader.

use super::leader::Leading;
use super::message::Command;
use super::replica::{Replica, ReplicaState, Role};
use super::{Bug, Outbox};
use crate::kv::service::Refusal;
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;

impl<O> Leading<O> {
    /// Where a request of this client waits, and its number.
    fn place_of(&self, of: Id) -> Option<(usize, u64)> {
        self.waiting.iter().enumerate().find_map(|(at, command)| match command {
            Command::Request { client, seq, .. } if *client == of => Some((at, *seq)),
            _ => None,
        })
    }
}

impl Replica {
    /// Lets a request wait: each client once, with its last one.
    pub(super) fn wait<M: StateMachine>(
        &self,
        state: &mut ReplicaState<M>,
        command: Command<M::Op>,
        o: &mut Outbox<M>,
    ) {
        let Command::Request { client, seq, .. } = command else { return };
        let Role::Leading(leading) = &mut state.role else { return };
        match leading.place_of(client) {
            Some((at, before)) if before < seq => leading.waiting[at] = command,
            Some(_) => {}
            None if leading.waiting.len() < self.config.queue || self.has(Bug::EndlessQueue) => {
                leading.waiting.push_back(command);
            }
            None => o.send(client, Service::Refused { seq, why: Refusal::Busy }),
        }
    }

    /// Gives slots to those that wait, while there is room. Whether it did.
    pub(super) fn serve_waiting<M: StateMachine>(
        &self,
        id: Id,
        state: &mut ReplicaState<M>,
        o: &mut Outbox<M>,
    ) -> bool {
        let mut served = false;
        while (state.stable.accepted.len() as u64) < self.config.window
            && !self.has(Bug::ForgetWaiting)
            && let Role::Leading(leading) = &mut state.role
            && let Some(command) = leading.waiting.pop_front()
        {
            self.propose(id, state, state.next_slot(), command, o);
            served = true;
        }
        served
    }
}
