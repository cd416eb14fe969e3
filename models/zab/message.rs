//! The messages: what clients ask for, and what servers say to each other.
//!
//! Every message between servers carries an epoch, by which an old one is recognised, and fits a
//! datagram: a history travels in pieces.

use super::epoch::{Epoch, Zxid};
use crate::kv::machine::FRAGMENT_BYTES;
use crate::kv::map::MAX_OPERATION_BYTES;
use crate::kv::transfer::{Cut, Held, Piece};
use crate::kv::{Service, StateMachine};
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

/// A message of the replicated service.
pub type Msg<M> = Service<Ask<<M as StateMachine>::Op>, Reply<<M as StateMachine>::Reply>, Peer<M>>;

/// About how many encoded bytes of transactions travel in one message of a deployed cluster.
pub const BATCH_BYTES: usize = FRAGMENT_BYTES;
/// The largest operation, in encoded bytes: as large as the map allows, and what its encoding has
/// beside keys and values. A message has room for it and for all its own fields.
pub const MAX_OP_BYTES: usize = MAX_OPERATION_BYTES + 64;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Ask<O> {
    /// An operation, as a transaction: a read too, which is then linearizable.
    Do {
        /// The operation.
        op: O,
    },
    /// A read that the server which is asked answers from its own state, as ZooKeeper's do.
    Read {
        /// The operation, which changes nothing.
        op: O,
        /// The last transaction that the client knows of: a server that has delivered less does
        /// not answer yet.
        seen: Zxid,
    },
    /// A transaction that changes nothing (ZooKeeper's `sync`, but ordered by a quorum): what the
    /// client reads afterwards is at least as new.
    Sync,
}

/// What a client is answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reply<R> {
    /// The last transaction that the server had delivered.
    pub zxid: Zxid,
    /// What came of the operation; `None` of a sync.
    pub reply: Option<R>,
}

/// What a transaction does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Command<O> {
    /// The client that asked for it, or the leader that proposed it unasked.
    pub client: Id,
    /// The client's sequence number; [`Command::OF_A_SERVER`], if none asked.
    pub seq: u64,
    /// The operation; `None` of a sync.
    pub op: Option<O>,
}

impl<O> Command<O> {
    /// The number of all transactions that a leader proposes of its own accord. They have no
    /// session: applying one twice must do the same as applying it once.
    pub const OF_A_SERVER: u64 = 0;

    /// Whether it is the request `seq` of `client`.
    pub fn is_request(&self, client: Id, seq: u64) -> bool {
        self.client == client && self.seq == seq
    }
}

/// A transaction of the history.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Txn<O> {
    /// Its identifier.
    pub zxid: Zxid,
    /// What it does.
    pub command: Command<O>,
}

/// Transactions that follow each other in a history.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Part<O> {
    /// The transaction before the first.
    pub prev: Zxid,
    /// The transactions.
    pub txns: Vec<Txn<O>>,
    /// The last transaction of the history that they are from.
    pub end: Zxid,
    /// Whether it is the last message of those sent at once: time to ask for more.
    pub ask: bool,
}

/// What the servers say to each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Peer<M: StateMachine> {
    /// A server that would lead: which epoch have you accepted?
    Solicit {
        /// The epoch that the sender accepted.
        accepted: Epoch,
        /// Whether the leader of that epoch said that it stops, so that nobody is to wait for it.
        left: bool,
    },
    /// The leader of this epoch is to stop, and leads no more.
    Leaving {
        /// The epoch.
        epoch: Epoch,
    },
    /// `CEPOCH`: this one. Also the answer to messages of a smaller epoch, and of a server that
    /// would join a larger one.
    CEpoch {
        /// The epoch that the sender accepted.
        accepted: Epoch,
    },
    /// `NEWEPOCH`, of a prospective leader: accept this epoch, and nothing of smaller ones.
    NewEpoch {
        /// The epoch.
        epoch: Epoch,
    },
    /// `ACK-E`: accepted; so far is my history.
    AckEpoch {
        /// The epoch that was accepted.
        epoch: Epoch,
        /// The last epoch whose history the sender took over.
        current: Epoch,
        /// The last transaction of its history.
        last: Zxid,
    },
    /// From who takes over a history to who has it: what comes next?
    Fetch {
        /// The epoch.
        epoch: Epoch,
        /// After this transaction.
        last: Zxid,
        /// I have these pieces of a snapshot.
        held: Option<Held>,
    },
    /// To the prospective leader, from the follower with the most recent history: a part of it.
    History {
        /// The epoch.
        epoch: Epoch,
        /// The part.
        part: Part<M::Op>,
    },
    /// `NEWLEADER`: the leader's history (`DIFF`), from the point where the follower's may differ
    /// (`TRUNC`).
    NewLeader {
        /// The epoch.
        epoch: Epoch,
        /// A part of the history.
        part: Part<M::Op>,
    },
    /// `SNAP`: a piece of the state that the history up to `zxid` makes, where the sender's log no
    /// longer has what the receiver misses.
    Snapshot {
        /// The epoch.
        epoch: Epoch,
        /// The last transaction in it.
        zxid: Zxid,
        /// How many transactions are in it.
        slot: u64,
        /// Which piece, from 0.
        index: u32,
        /// The piece itself.
        piece: Piece<M>,
        /// Where the next piece begins; `None` if this is the last.
        next: Option<Cut>,
        /// Whether it is the last of those sent at once: time to ask for more.
        ask: bool,
    },
    /// `ACK-LD`: the history is taken over, and durable.
    AckLeader {
        /// The epoch.
        epoch: Epoch,
        /// The last transaction of the history.
        last: Zxid,
    },
    /// `UPTODATE` (`COMMIT-LD`): the epoch is established.
    UpToDate {
        /// The epoch.
        epoch: Epoch,
        /// The last transaction that is committed.
        committed: Zxid,
    },
    /// `PROPOSE`.
    Propose {
        /// The epoch.
        epoch: Epoch,
        /// The transaction before the first.
        prev: Zxid,
        /// The transactions.
        txns: Vec<Txn<M::Op>>,
    },
    /// `INFORM`, to an observer: these transactions are committed.
    Inform {
        /// The epoch.
        epoch: Epoch,
        /// The transaction before the first.
        prev: Zxid,
        /// The transactions.
        txns: Vec<Txn<M::Op>>,
    },
    /// `ACK`: the history up to here is durable.
    Ack {
        /// The epoch.
        epoch: Epoch,
        /// The last transaction of the history.
        last: Zxid,
    },
    /// `COMMIT`: the history up to here is committed.
    Commit {
        /// The epoch.
        epoch: Epoch,
        /// The last transaction that is committed.
        committed: Zxid,
    },
    /// From a leader, now and then: I lead. The follower says again what was not answered.
    Ping {
        /// The epoch.
        epoch: Epoch,
        /// The last transaction that is committed.
        committed: Zxid,
    },
}
