//! The messages of clients and nodes.
//!
//! The map's own vocabulary has no place for a context, so requests and answers wrap it. Both
//! conflict rules speak it, and the command line maps to it thus:
//!
//! | command | request | answer |
//! |---|---|---|
//! | `get k` | `Get`, no context | prints each value; the encoded context is the token for `--context` |
//! | `put k v`, `delete k` | no context: replaces what the node that takes it holds | `Done` |
//! | `put k v --context T`, `delete k --context T` | that context: replaces what its reader saw | `Done`, `Crowded` or `BadContext` |
//! | `cas` | `Cas` | refused, [`NotOffered`](crate::kv::service::Refusal::NotOffered): no node can compare and swap alone |
//!
//! With last-writer-wins there is at most one value and contexts are ignored, so the plain map's
//! commands lose nothing.

use super::store::Update;
use crate::causal::{Context, Dot, VersionVector};
use crate::clock::Stamp;
use crate::kv::{Bytes, Op, Service};
use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

/// A message of the replicated map.
pub type Msg = Service<Request, Answer, Peer>;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Request {
    /// The operation.
    pub op: Op,
    /// For a put or a delete with multi-value: what it replaces, as an earlier get of the same key
    /// said. `None`: whatever the node that takes it holds. Empty: nothing, it becomes a sibling.
    pub context: Option<Context>,
}

impl From<Op> for Request {
    fn from(op: Op) -> Self {
        Self { op, context: None }
    }
}

/// The reply to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Answer {
    /// To a get: the values, more than one if they are siblings.
    Values {
        /// The values, in the order of their dots.
        values: Vec<Bytes>,
        /// The writes that they make up: for a later put or delete that is to replace them.
        context: Context,
        /// Whether there are more siblings than fit a datagram. The context does not cover those:
        /// replace these and get again.
        more: bool,
    },
    /// To a put or a delete: it was done. It carries no context: a version vector cannot say
    /// "this write" without saying "and all before it at this node" (Preguiça et al. 2010).
    Done,
    /// To a put or a delete: it was not done, no node gave that context for that key.
    BadContext,
    /// To a put: it was not done, the key has as many siblings as a node makes. Get and resolve.
    Crowded,
}

/// What nodes say to each other. Each message fits one datagram: vectors have an entry per node,
/// and updates travel one by one or in pieces of bounded size.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Peer {
    /// A write that the sender took: its delta (Almeida et al. 2018).
    Delta(Update),
    /// Anti-entropy: what the sender has.
    Digest {
        /// The writes whose effect it has.
        vector: VersionVector,
        /// Its clock: what it writes later has a higher timestamp.
        clock: Stamp,
    },
    /// Send me what I do not have.
    Pull {
        /// The writes that the sender has.
        have: VersionVector,
        /// Where an earlier piece ended.
        resume: Option<Resume>,
    },
    /// Versions that the receiver did not have.
    Piece(Piece),
    /// The sender lost its disk: hear no former life of it from here on.
    Return(Return),
    /// The newest return of the receiver that the sender knows, or above which it must be.
    Known(Return),
    /// From a node that lost its disk, when all have heard of its return: send me all that you
    /// have.
    Restore {
        /// Its return.
        back: Return,
        /// What it has already.
        have: VersionVector,
        /// Where an earlier piece ended.
        resume: Option<Resume>,
    },
    /// The answer.
    Restored {
        /// The return that asked.
        back: Return,
        /// Versions that the receiver did not have.
        piece: Piece,
        /// The sender's clock.
        clock: Stamp,
        /// The returns that the sender has heard of, and its own, without its life if it is back.
        returns: BTreeMap<Id, Return>,
    },
}

/// A return of a node that lost its disk.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Return {
    /// The node's generation from here on; above those of all its former lives.
    pub generation: u16,
    /// Which of its lives it is: no two are the same.
    pub life: u64,
}

impl Peer {
    /// The generation of the sender `src`, if the message depends on what that has.
    pub(super) fn generation(&self, src: Id) -> Option<u16> {
        match self {
            Self::Delta(update) => Some(update.dot.generation()),
            Self::Digest { vector, .. } => Some(vector.generation(src)),
            Self::Piece(piece) => Some(piece.upto.generation(src)),
            Self::Restored { piece, returns, .. } => {
                let own = returns.get(&src).map_or(0, |back| back.generation);
                Some(own.max(piece.upto.generation(src)))
            }
            Self::Pull { .. } | Self::Return(_) | Self::Known(_) | Self::Restore { .. } => None,
        }
    }
}

/// A piece of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Piece {
    /// The writes that the sender had when it sent the first piece: the receiver has them with the
    /// last one.
    pub upto: VersionVector,
    /// Where the piece before this one ended; `None` if this is the first.
    pub after: Option<Mark>,
    /// The versions, by key and dot.
    pub updates: Vec<Update>,
    /// Where this piece ended; `None` for the last.
    pub next: Option<Mark>,
}

/// How to go on with a transfer. The sender remembers nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Resume {
    /// From the first piece.
    pub upto: VersionVector,
    /// From the last piece that came.
    pub after: Mark,
}

/// A place in the order of keys and dots.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mark {
    /// The last key of the piece.
    pub key: Bytes,
    /// How far the piece got with that key; `None` if the key was finished.
    pub partly: Option<Partly>,
}

/// Some of the versions of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Partly {
    /// The last of the dots that were sent.
    pub last: Dot,
    /// The dots that the key had then. As long as it still has the same, its versions are the same.
    pub of: BTreeSet<Dot>,
}
