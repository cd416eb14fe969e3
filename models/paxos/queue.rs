//! The queue of requests that wait for a slot while the window is full: first come, first served.
//!
//! Without it the same clients, those that ask at the right moment, would be served again and
//! again. The queue is volatile and lost with the leadership; its clients ask again, of the next
//! leader.

use super::bugs::Bug;
use super::message::Command;
use super::state::{Leading, Role};
use super::turn::Turn;
use crate::kv::service::Refusal;
use crate::kv::sessions::slots;
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;

impl<O> Leading<O> {
    /// Where a request in this one's slot waits, and its number.
    fn place_of(&self, of: Id, number: u64) -> Option<(usize, u64)> {
        let slot = (of, slots::of(number));
        self.waiting.iter().enumerate().find_map(|(at, command)| match command {
            Command::Request { client, seq, .. } if (*client, slots::of(*seq)) == slot => {
                Some((at, *seq))
            }
            _ => None,
        })
    }
}

impl<M: StateMachine> Turn<'_, '_, M> {
    /// Lets a request wait: each slot of a client once, with its last one.
    pub(super) fn wait(&mut self, command: Command<M::Op>) {
        let Command::Request { client, seq, .. } = command else { return };
        let is_endless = self.has(Bug::EndlessQueue);
        let Role::Leading(leading) = &mut self.state.to_mut().role else { return };
        match leading.place_of(client, seq) {
            Some((at, before)) if before < seq => leading.waiting[at] = command,
            Some(_) => {}
            None if leading.waiting.len() < self.config.queue || is_endless => {
                leading.waiting.push_back(command);
            }
            None => self.send(client, Service::Refused { seq, why: Refusal::Busy }),
        }
    }

    /// Gives slots to waiting requests, while there is room. Whether it did.
    pub(super) fn serve_waiting(&mut self) -> bool {
        let mut served = false;
        while (self.state.stable.accepted.len() as u64) < self.config.window
            && !self.has(Bug::ForgetWaiting)
            && let Role::Leading(leading) = &mut self.state.to_mut().role
            && let Some(command) = leading.waiting.pop_front()
        {
            self.propose(self.state.next_slot(), command);
            served = true;
        }
        served
    }
}
