//! A node that takes a request: it gives a write its timestamp, and waits for replicas.

use super::bugs::Bug;
use super::config::{Handoff, WriteMode};
use super::message::{Answer, Call, Cause, Level, Msg, Peer, Request};
use super::state::{Open, Phase, Timer};
use super::storage::Record;
use super::turn::Turn;
use super::version::{Mark, Stamp, Version};
use crate::causal::Rule;
use crate::clock;
use crate::kv::service::Refusal;
use crate::kv::sessions::RequestStatus;
use crate::kv::{Bytes, Op, Service, limits};
use stateright::actor::Id;
use std::collections::BTreeSet;

impl Turn<'_, '_> {
    pub(super) fn on_request(&mut self, seq: u64, request: Request) {
        let call = Call { client: self.src, seq };
        let (op, level, context) = match request {
            Request::Key { op, level, context } => (op, level, context),
            Request::Ring => {
                let reply = Answer::Ring(self.ring_state());
                return self.answer(Service::Reply { seq, reply });
            }
            Request::Move(order) => return self.on_order(seq, order),
        };
        if limits::check(&op).is_err() {
            return self.answer(Service::Refused { seq, why: Refusal::TooLarge });
        }
        if self.is_repeated(call) {
            return;
        }
        match op {
            op if self.config.conflicts == Rule::MultiValue => {
                self.on_several(call, op, level, context);
            }
            Op::Get { key } if level != Level::Serial => self.on_get(call, key, level),
            Op::Put { key, value } if level != Level::Serial => {
                self.on_write(call, key, level, Some(value));
            }
            Op::Delete { key } if level != Level::Serial => self.on_write(call, key, level, None),
            Op::Range(_) => self.answer(Service::Refused { seq, why: Refusal::NotOffered }),
            op => self.on_serial(call, op),
        }
    }

    /// Whether a request was answered before, or is under way. Its answer is sent again.
    pub(super) fn is_repeated(&mut self, call: Call) -> bool {
        match self.state.answered.get(&call.client) {
            Some((last, answer)) if *last == call.seq => {
                let reply = answer.clone();
                self.send(call.client, Msg::Reply { seq: call.seq, reply });
                true
            }
            Some((last, _)) if *last > call.seq => true,
            _ => self.state.open.contains_key(&call),
        }
    }

    /// A put or a delete. One that was given a timestamp before keeps it.
    fn on_write(&mut self, call: Call, key: Bytes, level: Level, value: Option<Bytes>) {
        match self.state.stable.sessions.status(call.client, call.seq) {
            RequestStatus::New if self.config.write == WriteMode::Query => {
                self.query(call, key, level, value);
            }
            RequestStatus::New => self.stamp(call, key, level, value, clock::Stamp::default()),
            RequestStatus::Repeated(stamp) => {
                let version = Version::new(*stamp, value);
                self.write(call, key, level, &version);
            }
            RequestStatus::Old => {}
            RequestStatus::Refused(why) => {
                self.answer(Service::Refused { seq: call.seq, why });
            }
        }
    }

    /// Asks as many replicas as the write must reach for their newest timestamps.
    pub(super) fn query(&mut self, call: Call, key: Bytes, level: Level, value: Option<Bytes>) {
        let mut answered = BTreeSet::new();
        let mut newest = clock::Stamp::default();
        if self.holds(&key) {
            answered.insert(self.id);
            newest = self.version(&key).map_or(newest, |version| version.stamp.time);
        }
        for node in self.first_others(&key, self.needed(&key, level)) {
            self.tell(node, Peer::Read { call, key: key.clone(), full: false, round: 0 });
        }
        self.open(call, key, level, Phase::Querying { value, answered, newest });
        self.stamp_if_asked(call);
    }

    /// A replica told its newest timestamp, or that the one of a tombstone that went is not larger.
    pub(super) fn on_queried(&mut self, call: Call, stamp: Stamp) {
        let src = self.src;
        let Some(open) = self.state.to_mut().open.get_mut(&call) else { return };
        if let Phase::Querying { answered, newest, .. } = &mut open.phase {
            answered.insert(src);
            *newest = stamp.time.max(*newest);
        }
        self.stamp_if_asked(call);
    }

    fn stamp_if_asked(&mut self, call: Call) {
        let Some(Open { key, level, phase }) = self.state.open.get(&call) else { return };
        let Phase::Querying { value, answered, newest } = phase else { return };
        let missing = usize::from(self.has(Bug::QueryOneFewer));
        if answered.len() + missing >= self.needed(key, *level) {
            let (key, level, value, newest) = (key.clone(), *level, value.clone(), *newest);
            self.stamp(call, key, level, value, newest);
        }
    }

    /// Gives a write its timestamp, above `above`.
    fn stamp(
        &mut self,
        call: Call,
        key: Bytes,
        level: Level,
        value: Option<Bytes>,
        above: clock::Stamp,
    ) {
        let stamp = self.next_stamp(above);
        self.change(Record::Taken(call.client, call.seq, stamp));
        self.change(Record::Clock(stamp.time));
        self.write(call, key, level, &Version::new(stamp, value));
    }

    /// Sends a version to all replicas.
    pub(super) fn write(&mut self, call: Call, key: Bytes, level: Level, version: &Version) {
        let mut acked = BTreeSet::new();
        if self.holds(&key) && self.take(&key, version) {
            acked.insert(self.id);
        }
        let (is_answered, is_handed) = (false, false);
        let phase = Phase::Writing { version: version.clone(), acked, is_answered, is_handed };
        self.send_write(&key, Cause::Call(call), version, &BTreeSet::new());
        self.open(call, key, level, phase);
        self.finish_write(call);
    }

    /// Sends a version to the replicas of its key but for some.
    pub(super) fn send_write(
        &mut self,
        key: &Bytes,
        cause: Cause,
        version: &Version,
        except: &BTreeSet<Id>,
    ) {
        for node in self.others(key).filter(|node| !except.contains(node)) {
            self.tell(node, Peer::Write { cause, key: key.clone(), version: version.clone() });
        }
    }

    /// A replica has a version, or another node keeps it for one.
    pub(super) fn on_acked(&mut self, call: Call, mark: Option<&Mark>) {
        let counts_twice = self.has(Bug::CountDuplicates);
        let src = self.src;
        let is_of = |version: &Version| mark.is_none_or(|mark| *mark == version.mark());
        let Some(open) = self.state.open.get(&call) else { return };
        match &open.phase {
            Phase::Writing { version, acked, .. } if is_of(version) => {
                if acked.contains(&src) && !counts_twice {
                    return;
                }
            }
            Phase::Repairing { version, holders } if is_of(version) => {
                if holders.contains(&src) {
                    return;
                }
            }
            _ => return,
        }
        let Some(open) = self.state.to_mut().open.get_mut(&call) else { return };
        match &mut open.phase {
            Phase::Writing { acked, .. } => {
                let is_new = acked.insert(src);
                if !is_new {
                    // As if another node had said so.
                    acked.insert(Id::from(usize::MAX));
                }
                self.finish_write(call);
            }
            Phase::Repairing { holders, .. } => {
                holders.insert(src);
                self.finish_repair(call);
            }
            _ => {}
        }
    }

    /// Answers a write that enough replicas have, and forgets it when nobody needs a hint.
    pub(super) fn finish_write(&mut self, call: Call) {
        let Some(Open { key, level, phase }) = self.state.open.get(&call) else { return };
        let Phase::Writing { version, acked, is_answered, .. } = phase else { return };
        let (count, stamp, was_answered) = (acked.len(), self.given(call, version), *is_answered);
        let all = self.placed(key).replicas;
        let is_everywhere = all.iter().all(|node| acked.contains(node));
        if count < self.needed(key, *level) {
            return;
        }
        if !was_answered {
            let is_lost = self.has(Bug::FailDone);
            self.reply(call, if is_lost { Answer::TimedOut } else { Answer::Done { stamp } });
        }
        if is_everywhere || self.config.handoff == Handoff::None {
            self.close(call);
        } else if let Some(open) = self.state.to_mut().open.get_mut(&call)
            && let Phase::Writing { is_answered, .. } = &mut open.phase
        {
            *is_answered = true;
        }
    }

    /// Begins, or goes on with, a request.
    pub(super) fn open(&mut self, call: Call, key: Bytes, level: Level, phase: Phase) {
        if self.state.open.is_empty() {
            self.set_timer(Timer::Resend, &self.config.timing.resend);
        }
        let open = Open { key, level, phase };
        if self.state.to_mut().open.insert(call, open).is_none() {
            self.set_timer(Timer::Deadline(call), &self.config.timing.deadline);
        }
    }

    /// Answers a client, and remembers the answer.
    pub(super) fn reply(&mut self, call: Call, answer: Answer) {
        let Call { client, seq } = call;
        let limit = self.config.sessions.clients;
        let answered = &mut self.state.to_mut().answered;
        answered.insert(client, (seq, answer.clone()));
        // Ids of clients grow, so the lowest is the oldest.
        while answered.len() > limit {
            answered.pop_first();
        }
        self.send(client, Msg::Reply { seq, reply: answer });
    }

    /// Forgets a request.
    pub(super) fn close(&mut self, call: Call) {
        if self.state.open.contains_key(&call) {
            self.state.to_mut().open.remove(&call);
            self.cancel_timer(Timer::Deadline(call));
        }
        if self.state.open.is_empty() {
            self.cancel_timer(Timer::Resend);
        }
    }

    /// Sends again what was not answered, to all replicas: another one may answer in the place of the
    /// one that does not (CASSANDRA-10726).
    pub(super) fn on_resend_timer(&mut self) {
        let calls: Vec<Call> = self.state.open.keys().copied().collect();
        for call in calls {
            self.resend(call);
        }
        if !self.state.open.is_empty() && !self.has(Bug::ResendNothing) {
            self.set_timer(Timer::Resend, &self.config.timing.resend);
        }
    }

    fn resend(&mut self, call: Call) {
        let Some(Open { key, phase, .. }) = self.state.open.get(&call).cloned() else { return };
        match phase {
            _ if self.has(Bug::ResendNothing) => {}
            Phase::Querying { answered, .. } => {
                for node in self.others(&key).filter(|node| !answered.contains(node)) {
                    self.tell(node, Peer::Read { call, key: key.clone(), full: false, round: 0 });
                }
            }
            Phase::Writing { version, acked, .. } => {
                self.send_write(&key, Cause::Call(call), &version, &acked);
            }
            Phase::Repairing { version, holders } => {
                self.send_write(&key, Cause::Call(call), &version, &holders);
                self.hold_repair(call, &key, &version);
            }
            Phase::Reading { .. } => self.read_again(call),
            Phase::Serial(_) => self.serial_again(call),
        }
    }

    /// Gives a request up. What it wrote is where it is: it may be read later.
    pub(super) fn on_deadline_timer(&mut self, call: Call) {
        let Some(open) = self.state.open.get(&call).cloned() else { return };
        if let Phase::Writing { version, acked, is_answered, is_handed } = open.phase
            && (self.hand_over(call, &open.key, &version, &acked, is_handed) || is_answered)
        {
            return self.close_if(call, is_answered);
        }
        self.reply(call, Answer::TimedOut);
        self.close(call);
    }

    fn close_if(&mut self, call: Call, is_answered: bool) {
        if is_answered {
            self.close(call);
        }
    }
}
