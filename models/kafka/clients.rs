//! What a broker does for producers and consumers.

use super::bugs::Bug;
use super::config::Acks;
use super::log::Record;
use super::message::{Op, Reply};
use super::state::{BrokerState, Leading, Role};
use super::topic::{Applied, Entry};
use super::turn::Turn;
use crate::kv::Service;
use crate::kv::service::Refusal;
use crate::kv::sessions::RequestStatus;
use stateright::actor::Id;

impl Turn<'_, '_> {
    pub(super) fn on_request(&mut self, seq: u64, op: Op) {
        match op {
            Op::Produce { sequence, messages, acks } => {
                self.on_produce(seq, sequence, Entry::of(messages), acks);
            }
            Op::Map(op) => self.on_produce(seq, seq, Entry::Map(op), Acks::All),
            Op::Consume { from } => self.on_consume(seq, from),
            Op::Offsets => self.on_offsets(seq),
        }
    }

    /// A producer's record. What the log has already is not appended again: the producer asks
    /// again when an answer was lost (KIP-98). The numbers of records on the map are those of the
    /// client's requests, and so may jump: a client has one request open, and when it goes on to the
    /// next, it has given up those before. So has a producer that waits for no answer.
    fn on_produce(&mut self, seq: u64, sequence: u64, entry: Entry, acks: Acks) {
        let Some(leading) = self.state.leading() else { return self.redirect(seq) };
        let may_jump = matches!(entry, Entry::Map(_)) || acks == Acks::None;
        if self.config.idempotent {
            match leading.status(self.src, sequence) {
                Known::New { follows } if follows || may_jump || self.has(Bug::AcceptGap) => {}
                Known::New { .. } => {
                    return self.answer(Service::Reply { seq, reply: Reply::OutOfOrder });
                }
                Known::At(offset) => return self.acknowledge_later(seq, offset, acks),
                Known::Answered(applied) => {
                    return self.answer(Service::Reply { seq, reply: applied.into() });
                }
                Known::Old => return,
                Known::Refused(why) => return self.answer(Service::Refused { seq, why }),
            }
        }
        if !self.has_room(acks) {
            return self.answer(Service::Refused { seq, why: Refusal::Busy });
        }
        self.append(seq, sequence, entry, acks);
    }

    /// Whether the in-sync replicas suffice for such a record, and the log is not full.
    fn has_room(&self, acks: Acks) -> bool {
        let BrokerState { log, .. } = &**self.state;
        let enough = self.state.partition().isr.len() >= self.config.min_isr;
        let holds = log.end() - log.start() < self.config.max_records;
        let is_full = !holds || log.bytes() >= self.config.max_log_bytes;
        (enough || acks != Acks::All) && !is_full
    }

    fn append(&mut self, seq: u64, sequence: u64, entry: Entry, acks: Acks) {
        let producer = self.src;
        let state = self.state.to_mut();
        let (epoch, offset) = (state.partition().leader_epoch, state.log.end());
        state.log.extend([Record { epoch, producer, sequence, entry }]);
        if let Some(leading) = state.leading_mut() {
            leading.tail.insert(producer, (sequence, offset));
        }
        self.appended(offset);
        self.acknowledge_later(seq, offset, acks);
        self.commit();
        self.answer_waiting(offset);
        self.watch_lag();
    }

    /// Answers a producer when the record at `offset` is as safe as it asked for.
    fn acknowledge_later(&mut self, seq: u64, offset: u64, acks: Acks) {
        if acks == Acks::None {
            return;
        }
        let waits = acks == Acks::All && !self.has(Bug::AnswerAtAppend);
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

    /// A consumer reads what is committed, as far as this broker knows. Of a batch it gets all, and is
    /// told where it begins.
    fn on_consume(&mut self, seq: u64, from: u64) {
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
        let from = from.max(log.start());
        let records = log.read(from, end, self.config.max_fetch_bytes).to_vec();
        let is_known = !records.is_empty() && !self.has(Bug::OffsetWithinBatch);
        let from = if is_known { log.start_of(from) } else { from };
        self.answer(Service::Reply { seq, reply: Reply::Consumed { from, records } });
    }

    fn on_offsets(&mut self, seq: u64) {
        let BrokerState { log, hw, .. } = &**self.state;
        if self.state.leading().is_none() {
            return self.redirect(seq);
        }
        let reply = Reply::Offsets { start: log.start(), committed: *hw, end: log.end() };
        self.answer(Service::Reply { seq, reply });
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

/// What a leader knows of a producer's record.
enum Known {
    /// It is not in the log; whether it follows the producer's last.
    New { follows: bool },
    /// It is at this offset, and not committed.
    At(u64),
    /// It is committed, and this is the reply.
    Answered(Applied),
    /// A later one is in the log, so its producer has the reply.
    Old,
    /// Whether it is in the log is not known any more.
    Refused(Refusal),
}

impl Leading {
    fn status(&self, producer: Id, sequence: u64) -> Known {
        match self.tail.get(&producer) {
            Some((last, offset)) if *last == sequence => return Known::At(*offset),
            Some((last, _)) if *last > sequence => return Known::Old,
            Some((last, _)) => return Known::New { follows: last + 1 == sequence },
            None => {}
        }
        let sessions = &self.view.image.sessions;
        match sessions.status(producer, sequence) {
            RequestStatus::New => {
                let before = sessions.status(producer, sequence.saturating_sub(1));
                let follows = sequence == 1 || matches!(before, RequestStatus::Repeated(_));
                Known::New { follows }
            }
            RequestStatus::Repeated(reply) => Known::Answered(reply.clone()),
            RequestStatus::Old => Known::Old,
            RequestStatus::Refused(why) => Known::Refused(why),
        }
    }
}
