//! Stable storage: the part of a server's state that survives a crash, and the records that it
//! saves.

use super::epoch::{Epoch, Zxid};
use super::message::{Command, Msg, Reply, Txn};
use crate::Replay;
use crate::kv::snapshot::Answer;
use crate::kv::{Image, Service, StateMachine};
use crate::shared_map::SharedMap;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use stateright::actor::Id;

/// The state that a server must never forget.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "M: Serialize", deserialize = "M: DeserializeOwned"))]
pub struct Stable<M: StateMachine> {
    /// The last epoch that it accepted: nothing of a smaller one counts (the paper's `f.p`).
    pub accepted: Epoch,
    /// The last epoch whose history it took over (the paper's `f.a`).
    pub current: Epoch,
    /// The history, by position from 1; it may begin later, where the first part was forgotten.
    /// Some of it is delivered, the rest may be cut off by another leader.
    pub log: SharedMap<u64, Txn<M::Op>>,
    /// The state that the delivered part makes; its slot is the last position that is delivered.
    pub image: Image<M>,
    /// The last transaction that was delivered.
    pub delivered: Zxid,
}

impl<M: StateMachine> Default for Stable<M> {
    fn default() -> Self {
        let (accepted, current) = (Epoch::default(), Epoch::default());
        let (log, image) = (SharedMap::new(), Image::default());
        Self { accepted, current, log, image, delivered: Zxid::default() }
    }
}

impl<M: StateMachine> Stable<M> {
    /// The position of the last transaction of the history.
    pub fn end(&self) -> u64 {
        self.log.last_key_value().map_or(self.image.slot, |(at, _)| *at)
    }

    /// The last transaction of the history.
    pub fn last(&self) -> Zxid {
        self.log.last_key_value().map_or(self.delivered, |(_, txn)| txn.zxid)
    }

    /// The last position of the history whose transaction is `zxid` or smaller, and which that is;
    /// `None` if that part of the history was forgotten.
    pub fn upto(&self, zxid: Zxid) -> Option<(u64, Zxid)> {
        let found = self.log.iter().rev().find(|(_, txn)| txn.zxid <= zxid);
        if let Some((at, txn)) = found {
            return Some((*at, txn.zxid));
        }
        let first = self.log.first_key_value().map_or(self.image.slot + 1, |(at, _)| *at);
        if first == self.image.slot + 1 && self.delivered <= zxid {
            return Some((self.image.slot, self.delivered));
        }
        (first == 1).then(|| (0, Zxid::default()))
    }

    /// The position of a transaction, or of the beginning; `None` if the history does not show it.
    pub fn position(&self, zxid: Zxid) -> Option<u64> {
        let (at, found) = self.upto(zxid)?;
        (found == zxid).then_some(at)
    }

    /// How many delivered transactions the log still has.
    pub fn delivered_len(&self) -> usize {
        let first = self.log.first_key_value().map_or(self.image.slot + 1, |(at, _)| *at);
        (self.image.slot + 1).saturating_sub(first) as usize
    }

    /// Delivers the next transaction, if there is one.
    pub(super) fn deliver(&mut self) -> Option<Delivered<M>> {
        let next = self.image.slot + 1;
        let txn = self.log.get(&next)?.clone();
        (self.image.slot, self.delivered) = (next, txn.zxid);
        let (client, seq) = (txn.command.client, txn.command.seq);
        Some(match &txn.command.op {
            None => Delivered::Sync { client, seq },
            Some(op) if seq == Command::<M::Op>::OF_A_SERVER => {
                self.image.machine.apply(client, seq, op);
                Delivered::Op(None)
            }
            Some(op) => Delivered::Op(self.image.apply_once(client, seq, op)),
        })
    }

    /// Puts a snapshot in the place of all.
    pub(super) fn install(&mut self, image: Image<M>, zxid: Zxid) {
        self.log.clear();
        (self.image, self.delivered) = (image, zxid);
    }
}

/// What became of a transaction that was delivered, for its client.
pub(super) enum Delivered<M: StateMachine> {
    /// A sync.
    Sync {
        /// The client.
        client: Id,
        /// Its sequence number.
        seq: u64,
    },
    /// An operation; without an answer, if the client has gone on, or a server proposed it.
    Op(Option<Answer<M::Reply>>),
}

impl<M: StateMachine> Delivered<M> {
    /// The message to its client.
    pub(super) fn answer(self, zxid: Zxid) -> Option<(Id, Msg<M>)> {
        let reply = |seq, reply| Service::Reply { seq, reply: Reply { zxid, reply } };
        Some(match self {
            Self::Sync { client, seq } => (client, reply(seq, None)),
            Self::Op(answer) => {
                let Answer { client, seq, result } = answer?;
                let msg = match result {
                    Ok(value) => reply(seq, Some(value)),
                    Err(why) => Service::Refused { seq, why },
                };
                (client, msg)
            }
        })
    }
}

impl<M: StateMachine> Replay for Stable<M> {
    type Record = Record<M::Op>;

    fn replay(&mut self, record: Record<M::Op>) {
        match record {
            Record::Accepted(epoch) => self.accepted = epoch,
            Record::Current(epoch) => self.current = epoch,
            Record::Appended(txn) => {
                self.log.insert(self.end() + 1, txn);
            }
            Record::Cut { after } => {
                while self.end() > after.max(self.image.slot) {
                    self.log.remove(&self.end());
                }
            }
            Record::Delivered { upto } => {
                while self.image.slot < upto && self.deliver().is_some() {}
            }
            Record::Forgotten { start } => {
                while self.log.first_key_value().is_some_and(|(at, _)| *at < start) {
                    self.log.pop_first();
                }
            }
        }
    }
}

/// A change of [`Stable`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Record<O> {
    /// A larger epoch was accepted.
    Accepted(Epoch),
    /// The history of this epoch was taken over.
    Current(Epoch),
    /// A transaction was appended to the history.
    Appended(Txn<O>),
    /// The history was cut off.
    Cut {
        /// After this position.
        after: u64,
    },
    /// The history was delivered.
    Delivered {
        /// Up to this position.
        upto: u64,
    },
    /// The history before this position was forgotten; it is delivered.
    Forgotten {
        /// The first position kept.
        start: u64,
    },
}

impl<O> Record<O> {
    /// Whether a crash may lose it: what is delivered is committed, and that it is, is learned
    /// again from a leader.
    pub(super) fn is_lazy(&self) -> bool {
        matches!(self, Self::Delivered { .. } | Self::Forgotten { .. })
    }
}

/// The durable state of a server, or changes of it. It is complete at the first start, and where a
/// snapshot was installed.
pub type Saved<M> = crate::Saved<Stable<M>>;

impl<M: StateMachine> From<Record<M::Op>> for Saved<M> {
    fn from(record: Record<M::Op>) -> Self {
        Self::record(record)
    }
}
