//! Writes that stay side by side (Dynamo, section 4.4): each gets a dot, replaces what its client knew, and
//! goes to all replicas as the whole row of its coordinator.
//!
//! Only a replica gives dots, and of the key it is one already: what it gave before is in its row then, and a
//! version vector that covers its newest dot says nothing false of the others. A node that is no replica hands
//! the write to one that is, always the same for the same request, which answers the client. One that is
//! pending may have held the key before, and given dots that it has not copied yet.

use super::bugs::Bug;
use super::message::{Answer, Call, Informed, Msg, Peer};
use super::storage::Record;
use super::turn::Turn;
use super::version::{Content, Stamp, Version};
use crate::causal::{Context, MAX_SIBLINGS, VersionVector};
use crate::kv::service::Refusal;
use crate::kv::sessions::RequestStatus;
use crate::kv::{Bytes, Level, Op};
use stateright::actor::Id;

impl Turn<'_, '_> {
    /// A client's request. Nothing is serial here: there is no one value to compare.
    pub(super) fn on_several(
        &mut self,
        call: Call,
        op: Op,
        level: Level,
        context: Option<Context>,
    ) {
        let (key, value) = match op {
            Op::Get { key } if level != Level::Serial => return self.on_get(call, key, level),
            Op::Put { key, value } if level != Level::Serial => (key, Some(value)),
            Op::Delete { key } if level != Level::Serial => (key, None),
            _ => return self.refuse(call, Refusal::NotOffered),
        };
        if context.as_ref().is_some_and(|context| !self.config.contexts.accepts(&key, context)) {
            return self.reply(call, Answer::BadContext);
        }
        self.coordinate(Informed { call, key, level, value, context });
    }

    /// Another node's client asks for a write of a key that this one holds.
    pub(super) fn on_coordinate(&mut self, write: Informed) {
        if !self.is_repeated(write.call) && self.givers(&write.key).contains(&self.id) {
            self.coordinate(write);
        }
    }

    fn coordinate(&mut self, write: Informed) {
        let Call { client, seq } = write.call;
        match self.state.stable.sessions.status(client, seq) {
            RequestStatus::New => {}
            RequestStatus::Repeated(stamp) => {
                let stamp = *stamp;
                return self.write_again(write, stamp);
            }
            RequestStatus::Old => return,
            RequestStatus::Refused(why) => return self.refuse(write.call, why),
        }
        let givers = self.givers(&write.key);
        if givers.contains(&self.id) || self.has(Bug::DotsAnywhere) {
            return self.give(write);
        }
        // There is at least one: no view has fewer members than a key has replicas.
        let at = (usize::from(client) as u64).wrapping_add(seq) % givers.len().max(1) as u64;
        if let Some(to) = givers.get(at as usize) {
            self.tell(*to, Peer::Coordinate(write));
        }
    }

    /// The nodes that may give a write of a key its dot.
    fn givers(&self, key: &Bytes) -> Vec<Id> {
        let placed = self.placed(key);
        let pending = if self.has(Bug::PendingGives) { 0 } else { placed.pending };
        let count = placed.replicas.len() - pending;
        placed.replicas.into_iter().take(count).collect()
    }

    /// Gives a write its dot, and sends the row that it makes.
    fn give(&mut self, write: Informed) {
        let Informed { call, key, level, value, context } = write;
        let mut row = match self.version(&key).map(|version| version.content) {
            Some(Content::Siblings(row)) => row,
            Some(Content::Value(_)) | None => super::Siblings::default(),
        };
        let stamp = Stamp { time: self.state.stable.clock.tick(0), node: self.id };
        let mut knew = match context {
            _ if self.has(Bug::BlindWrites) => VersionVector::default(),
            Some(context) if !self.has(Bug::IgnoreContext) => context.known,
            _ => row.known.clone(),
        };
        // Where clients are believed, at least this write is not among what they knew.
        knew.limit(self.id, stamp.dot().counter - 1);
        let is_put = value.is_some();
        row.write(stamp.dot(), value, &knew);
        if is_put && (row.values.len() > MAX_SIBLINGS || row.bytes() > self.config.row_bytes()) {
            return self.reply(call, Answer::Crowded);
        }
        self.change(Record::Taken(call.client, call.seq, stamp));
        self.change(Record::Clock(stamp.time));
        self.write(call, key, level, &row.into());
    }

    /// A write that has its dot: a row that includes it goes to all replicas again. Where there is none, the
    /// key has moved, and what came of the write is not known here.
    fn write_again(&mut self, write: Informed, stamp: Stamp) {
        let Informed { call, key, level, .. } = write;
        match self.version(&key).filter(|version| version.includes(stamp)) {
            Some(version) => self.write(call, key, level, &version),
            None => self.reply(call, Answer::TimedOut),
        }
    }

    fn refuse(&mut self, call: Call, why: Refusal) {
        self.send(call.client, Msg::Refused { seq: call.seq, why });
    }

    /// The timestamp that a write got: that of its version, or the one that is its dot.
    pub(super) fn given(&self, call: Call, version: &Version) -> Stamp {
        if let Content::Value(_) = version.content {
            return version.stamp;
        }
        match self.state.stable.sessions.status(call.client, call.seq) {
            RequestStatus::Repeated(stamp) => *stamp,
            _ => Stamp::default(),
        }
    }

    /// The answer to a get: all values, and what they make up.
    pub(super) fn values(&self, call: Call, version: Option<Version>) -> Answer {
        let row = match version.map(|version| version.content) {
            Some(Content::Siblings(row)) => row,
            Some(Content::Value(_)) | None => super::Siblings::default(),
        };
        let key = self.state.open.get(&call).map(|open| open.key.clone()).unwrap_or_default();
        let context = self.config.contexts.context(&key, row.known);
        let mut values: Vec<Bytes> = row.values.into_values().collect();
        if self.has(Bug::OneSibling) {
            values.truncate(1);
        }
        Answer::Values { values, context }
    }
}
