//! The durable state of each server, and the records that it saves.
//!
//! As in the sources, durable state is a log of records: a step saves the records of what it did,
//! and replaying them in order gives the state again. A node's durable state in memory changes
//! only by the same replay, so the two cannot come apart.

use super::message::{Decision, Part, TxnId};
use crate::kv::sessions::RequestStatus;
use crate::kv::txn::Execution;
use crate::kv::{Abort, Map, Outcome, Sessions};
use crate::{Durable, Replay, Saved};
use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

/// The durable state of a node, or a delta of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Storage {
    /// The durable state of the coordinator.
    Coordinator(Saved<Ledger>),
    /// The durable state of a participant.
    Participant(Saved<Shard>),
}

impl Durable for Storage {
    fn absorb(&mut self, delta: Self) {
        match (self, delta) {
            (Self::Coordinator(saved), Self::Coordinator(delta)) => saved.absorb(delta),
            (Self::Participant(saved), Self::Participant(delta)) => saved.absorb(delta),
            (saved, delta) => *saved = delta,
        }
    }
}

impl From<LedgerRecord> for Storage {
    fn from(record: LedgerRecord) -> Self {
        Self::Coordinator(Saved::record(record))
    }
}

impl From<ShardRecord> for Storage {
    fn from(record: ShardRecord) -> Self {
        Self::Participant(Saved::record(record))
    }
}

/// The coordinator's certain knowledge.
///
/// Bounded: sessions are, and a committed transaction stays only until all its participants have
/// acknowledged it. Aborted ones are not kept at all, which is what presuming them buys.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ledger {
    /// How often it restarted.
    pub epoch: u64,
    /// Transactions that it committed and that some participant may still be in doubt about, each
    /// with its participants.
    pub committed: BTreeMap<TxnId, BTreeSet<Id>>,
    /// The last answer to each client.
    pub sessions: Sessions<Outcome>,
}

/// A record of the coordinator's log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LedgerRecord {
    /// It restarted.
    Epoch(u64),
    /// It decided. For an abort only the client's session needs this: so that a request which was
    /// answered is not done when it comes again.
    Decided {
        /// The transaction.
        txn: TxnId,
        /// Its outcome.
        outcome: Outcome,
        /// Its participants.
        participants: BTreeSet<Id>,
    },
    /// All participants acknowledged the commit. (The end record.)
    Ended(TxnId),
}

impl LedgerRecord {
    /// Whether a crash may lose it: the commit is sent and acknowledged again.
    pub(super) fn is_lazy(&self) -> bool {
        matches!(self, Self::Ended(_))
    }
}

impl Replay for Ledger {
    type Record = LedgerRecord;

    fn replay(&mut self, record: LedgerRecord) {
        match record {
            LedgerRecord::Epoch(epoch) => self.epoch = epoch,
            LedgerRecord::Decided { txn, outcome, participants } => {
                let is_commit = matches!(outcome, Outcome::Committed(_));
                self.sessions.record(txn.client, txn.seq, outcome);
                if is_commit && !participants.is_empty() {
                    self.committed.insert(txn, participants);
                }
            }
            LedgerRecord::Ended(txn) => {
                self.committed.remove(&txn);
            }
        }
    }
}

/// A participant's certain knowledge: its part of the map, and its part in transactions.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Shard {
    /// The committed values of its keys.
    pub map: Map,
    /// The transactions that it voted yes to and whose decision it does not know.
    pub prepared: BTreeMap<TxnId, Prepared>,
    /// How far each client's newest transaction here has come, with its epoch: it distinguishes old
    /// messages from new ones, and answers other participants in doubt.
    pub newest: Sessions<(u64, Progress)>,
}

/// A transaction that is prepared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Prepared {
    /// Its operations here.
    pub part: Part,
    /// All its participants.
    pub participants: BTreeSet<Id>,
}

/// How far a transaction has come at a participant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Progress {
    /// It voted yes.
    Prepared,
    /// It voted no, or would if it were asked, and so has aborted.
    Refused(Abort),
    /// It learned that it committed.
    Committed,
    /// It learned that it aborted.
    Aborted,
}

/// A record of a participant's log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ShardRecord {
    /// It votes yes.
    Prepared(TxnId, Prepared),
    /// It votes no.
    Refused(TxnId, Abort),
    /// It learned the decision.
    Decided(TxnId, Decision),
}

impl ShardRecord {
    /// Whether a crash may lose it: the participant is in doubt again, and learns the same again.
    pub(super) fn is_lazy(&self) -> bool {
        matches!(self, Self::Decided(_, Decision::Abort))
    }
}

impl Replay for Shard {
    type Record = ShardRecord;

    fn replay(&mut self, record: ShardRecord) {
        match record {
            ShardRecord::Prepared(txn, prepared) => {
                self.prepared.insert(txn, prepared);
                self.note(txn, Progress::Prepared);
            }
            ShardRecord::Refused(txn, why) => self.note(txn, Progress::Refused(why)),
            ShardRecord::Decided(txn, Decision::Commit) => {
                // The locks kept all that it depends on as it was when it was prepared.
                if let Some(Prepared { part, .. }) = self.prepared.remove(&txn)
                    && let Ok(execution) = Execution::run(&self.map, numbered(&part))
                {
                    execution.apply_to(&mut self.map);
                }
                self.note(txn, Progress::Committed);
            }
            ShardRecord::Decided(txn, Decision::Abort) => {
                self.prepared.remove(&txn);
                self.note(txn, Progress::Aborted);
            }
        }
    }
}

/// How a participant knows a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known<'a> {
    /// Never heard of.
    New,
    /// It is the client's newest here.
    Newest(&'a Progress),
    /// It is prepared, and its client has made a newer one since.
    StillPrepared,
    /// Its client has made a newer one since, so it is decided, and what was decided is forgotten.
    Old,
    /// Its client is forgotten.
    Expired,
}

impl Shard {
    /// How this participant knows a transaction.
    pub fn known(&self, txn: TxnId) -> Known<'_> {
        match self.newest.status(txn.client, txn.seq) {
            RequestStatus::Repeated((epoch, progress)) if *epoch == txn.epoch => {
                Known::Newest(progress)
            }
            RequestStatus::New => Known::New,
            RequestStatus::Repeated((epoch, _)) if *epoch < txn.epoch => Known::New,
            _ if self.prepared.contains_key(&txn) => Known::StillPrepared,
            RequestStatus::Repeated(_) | RequestStatus::Old => Known::Old,
            RequestStatus::Refused(_) => Known::Expired,
        }
    }

    fn note(&mut self, txn: TxnId, progress: Progress) {
        // A late decision on an older transaction is no news of the newest.
        if matches!(self.known(txn), Known::New | Known::Newest(_)) {
            self.newest.record(txn.client, txn.seq, (txn.epoch, progress));
        }
    }
}

/// A part as [`Execution::run`] takes it.
pub(super) fn numbered(part: &Part) -> impl Iterator<Item = (u32, &crate::kv::Op)> {
    part.iter().map(|(number, op)| (*number, op))
}
