//! The messages between coordinator and participants.
//!
//! The words are those of Bernstein, Hadzilacos and Goodman 1987, section 7.4, with Mohan et al.'s
//! acknowledgements and answers of "no information".

use crate::kv::{Abort, Op, Outcome, Reply, Service, Transaction};
use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::collections::BTreeSet;
use std::fmt;

/// A message of the transaction service.
pub type Msg = Service<Transaction, Outcome, Peer>;

/// The name of a transaction: the client's request, and the coordinator's epoch in which it was
/// begun. Never used twice.
///
/// A coordinator forgets in a crash what it had not decided. When the client asks again, that
/// is another transaction, so that a message about the first one is none about the second.
/// Transactions of one client are ordered, and only the newest of them can still be undecided.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TxnId {
    /// The client.
    pub client: Id,
    /// The client's sequence number.
    pub seq: u64,
    /// How often the coordinator had restarted.
    pub epoch: u64,
}

impl fmt::Debug for TxnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "txn {}.{}@{}", usize::from(self.client), self.seq, self.epoch)
    }
}

/// The operations of a transaction at one participant, each with its number in the transaction.
pub type Part = Vec<(u32, Op)>;

/// The protocol's own vocabulary.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Peer {
    /// Coordinator to participant: prepare and vote. (The vote request.)
    Prepare {
        /// The transaction.
        txn: TxnId,
        /// The receiver's part of it.
        part: Part,
        /// All participants, which the receiver may ask when it is in doubt.
        participants: BTreeSet<Id>,
    },
    /// Participant to coordinator: its vote.
    Vote {
        /// The transaction.
        txn: TxnId,
        /// Yes or no.
        vote: Vote,
    },
    /// Coordinator to participant, or participant to participant in doubt: this was decided.
    Decide {
        /// The transaction.
        txn: TxnId,
        /// The decision.
        decision: Decision,
    },
    /// Participant to coordinator: it committed, and will not ask about it again.
    Ack {
        /// The transaction.
        txn: TxnId,
    },
    /// Participant in doubt to coordinator or participant: what was decided?
    DecisionReq {
        /// The transaction.
        txn: TxnId,
    },
    /// Coordinator to participant: it has no information about this transaction, and what a
    /// coordinator has no information about is presumed to have aborted.
    NoInformation {
        /// The transaction.
        txn: TxnId,
    },
    /// Coordinator to participant: it restarted, and this is all that it committed in earlier
    /// epochs and that the receiver may be in doubt about. Of the rest it has no information.
    Recovered {
        /// The epoch that begins.
        epoch: u64,
        /// The transactions that committed: at most [`MAX_LIVE`](super::MAX_LIVE).
        committed: BTreeSet<TxnId>,
    },
}

/// A participant's vote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Vote {
    /// It is prepared: it can commit and can abort, whatever happens. With the replies to its
    /// part.
    Yes(Vec<(u32, Reply)>),
    /// It aborted.
    No(Abort),
    /// It has forgotten the client, and so whether it ever voted. It is not prepared: if the votes
    /// are still counted, it has not voted yes and does not any more.
    Forgotten,
}

/// The decision on a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Decision {
    /// All of it happens.
    Commit,
    /// None of it happens.
    Abort,
}
