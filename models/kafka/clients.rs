//! What a broker does for producers and consumers.

use super::bugs::Bug;
use super::config::Acks;
use super::log::Record;
use super::message::Reply;
use super::state::{BrokerState, Role};
use super::turn::Turn;
use crate::kv::service::Refusal;
use crate::kv::{Bytes, Service};

impl Turn<'_, '_> {
    /// A producer's record. What the log has already is not appended again: the producer asks
    /// again when an answer was lost (KIP-98).
    pub(super) fn on_produce(&mut self, seq: u64, sequence: u64, value: Bytes) {
        let state = &**self.state;
        let Some(leading) = state.leading() else { return self.redirect(seq) };
        let known_from = if self.has(Bug::NoDedupeAfterFailover) { leading.start } else { 0 };
        if self.config.idempotent {
            let found = state.log.find(self.src, sequence).filter(|offset| *offset >= known_from);
            if let Some(offset) = found {
                return self.acknowledge_later(seq, offset);
            }
            let last = state.log.last_sequence(self.src, known_from);
            if sequence != last + 1 && !self.has(Bug::AcceptGap) {
                return self.answer(Service::Reply { seq, reply: Reply::OutOfOrder });
            }
        }
        let enough = state.partition().isr.len() >= self.config.min_isr;
        let acceptable = enough || self.config.acks == Acks::Leader;
        if !acceptable || state.log.end() >= self.config.max_records {
            return self.answer(Service::Refused { seq, why: Refusal::Busy });
        }
        self.append(seq, sequence, value);
    }

    fn append(&mut self, seq: u64, sequence: u64, value: Bytes) {
        let producer = self.src;
        let state = self.state.to_mut();
        let (epoch, offset) = (state.partition().leader_epoch, state.log.end());
        state.log.0.push(Record { epoch, producer, sequence, value });
        self.appended();
        self.acknowledge_later(seq, offset);
        self.commit();
    }

    /// Answers a producer when the record at `offset` is as safe as is configured.
    fn acknowledge_later(&mut self, seq: u64, offset: u64) {
        let waits = self.config.acks == Acks::All && !self.has(Bug::AnswerAtAppend);
        if self.state.hw > offset || !waits {
            return self.answer(Service::Reply { seq, reply: Reply::Produced { offset } });
        }
        let waiting = (self.src, seq);
        let known = self.state.leading().and_then(|leading| leading.waiting.get(&offset));
        if known == Some(&waiting) {
            return;
        }
        if let Some(leading) = self.state.to_mut().leading_mut() {
            leading.waiting.insert(offset, waiting);
        }
    }

    /// A consumer reads what is committed, as far as this broker knows.
    pub(super) fn on_consume(&mut self, seq: u64, from: u64) {
        let BrokerState { log, hw, role, .. } = &**self.state;
        let serves = match role {
            Role::Leader(_) => true,
            Role::Follower => self.config.follower_reads,
            Role::Starting(_) | Role::Stopped => false,
        };
        if !serves {
            return self.redirect(seq);
        }
        let end = if self.has(Bug::ServeToEnd) { log.end() } else { *hw };
        let records = log.between(from, end).to_vec();
        self.answer(Service::Reply { seq, reply: Reply::Consumed { from, records } });
    }

    /// Another broker leads.
    fn redirect(&mut self, seq: u64) {
        let partition = self.state.partition();
        let epoch = partition.leader_epoch;
        if let Some(leader) = partition.leader.filter(|leader| *leader != self.id) {
            self.answer(Service::Redirect { seq, epoch, leader });
        }
    }
}
