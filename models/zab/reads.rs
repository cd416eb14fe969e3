//! Reads at any server, from its own state (Hunt et al. 2010, section 4.4).
//!
//! A client sends the last transaction that it knows of with each read. A server that has delivered
//! less lets the read wait until it has delivered as much, so that no client goes back in time;
//! ZooKeeper's server refuses such a client when it connects. Nothing of this is durable: a server
//! that loses its leader forgets the reads that wait, and the client asks another one.

use super::bugs::Bug;
use super::epoch::Zxid;
use super::message::Reply;
use super::state::{Role, WaitingRead};
use super::turn::Turn;
use crate::kv::service::Refusal;
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;

impl<M: StateMachine> Turn<'_, '_, M> {
    /// A client asks this server for a read. One that gets no answer asks another server.
    pub(super) fn on_read(&mut self, seq: u64, op: M::Op, seen: Zxid) {
        if !self.state.stable.image.machine.is_query(&op) {
            return self.answer(Service::Refused { seq, why: Refusal::NotOffered });
        }
        if !self.serves_reads() {
            return;
        }
        if seen <= self.state.stable.delivered || self.has(Bug::IgnoreLastZxid) {
            return self.answer_read(self.src, seq, &op);
        }
        let (client, waiting) = (self.src, &self.state.waiting);
        if waiting.get(&client).is_some_and(|read| read.seq >= seq) {
            return;
        }
        let is_full = waiting.len() as u64 >= self.config.open && !waiting.contains_key(&client);
        if is_full && !self.has(Bug::EndlessWaiting) {
            return self.answer(Service::Refused { seq, why: Refusal::Busy });
        }
        self.state.to_mut().waiting.insert(client, WaitingRead { seq, op, seen });
    }

    /// Whether it knows an established leader, which may be itself.
    fn serves_reads(&self) -> bool {
        match self.state.role {
            Role::Following { up_to_date } => up_to_date,
            Role::Leading(_) => self.is_established(),
            _ => false,
        }
    }

    /// After each event: answers the reads that waited for what is delivered now, and forgets all
    /// where it serves no reads any more.
    pub(super) fn answer_waiting(&mut self) {
        if self.state.waiting.is_empty() {
            return;
        }
        if !self.serves_reads() {
            self.state.to_mut().waiting.clear();
            return;
        }
        let delivered = self.state.stable.delivered;
        let is_ready = |read: &WaitingRead<M::Op>| read.seen <= delivered;
        if !self.state.waiting.values().any(is_ready) || self.has(Bug::ForgetWaiting) {
            return;
        }
        let ready = self.state.to_mut().waiting.extract_if(.., |_, read| is_ready(read));
        for (client, WaitingRead { seq, op, .. }) in ready.collect::<Vec<_>>() {
            self.answer_read(client, seq, &op);
        }
    }

    /// Answers a read from the state that is delivered here.
    pub(super) fn answer_read(&mut self, client: Id, seq: u64, op: &M::Op) {
        let zxid = self.state.stable.delivered;
        if let Some(reply) = self.state.stable.image.machine.query(op) {
            self.send(client, Service::Reply { seq, reply: Reply { zxid, reply: Some(reply) } });
        }
    }
}
