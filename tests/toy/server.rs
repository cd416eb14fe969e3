//! The server's handlers.

use super::storage::{Applied, Table};
use super::{Config, Msg, Toy};
use crate::durable::Saved;
use crate::kv::sessions::RequestStatus;
use crate::kv::{Op, Service};
use crate::turn;

/// One event at the server.
pub(super) type Turn<'a, 's> = turn::Turn<'a, 's, Config, Table, Toy>;

impl Turn<'_, '_> {
    pub(super) fn on_start(&mut self, saved: Option<&Saved<Table>>) {
        if let Some(saved) = saved {
            *self.state.to_mut() = saved.state();
        }
        self.save(Saved::Complete(self.state.as_ref().clone()));
    }

    pub(super) fn on_msg(&mut self, msg: Msg) {
        if let Service::Request { seq, op } = msg {
            self.on_request(seq, op);
        }
    }

    fn on_request(&mut self, seq: u64, op: Op) {
        let client = self.src;
        if self.state.0.sessions.status(client, seq) == RequestStatus::New {
            self.change(Applied { client, seq, op });
        }
        let answer = match self.state.0.sessions.status(client, seq) {
            RequestStatus::Repeated(reply) => Service::Reply { seq, reply: reply.clone() },
            RequestStatus::Refused(why) => Service::Refused { seq, why },
            RequestStatus::New | RequestStatus::Old => return,
        };
        self.answer(answer);
    }
}
