//! Messages between clients and servers, which enclose each protocol's own messages.

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

/// A message of a replicated service: the client's part is the same for every protocol, `Peer`
/// is the protocol's own vocabulary.
///
/// A request is named by its sender and its sequence number. A client has one request open at a
/// time and numbers them 1, 2, 3 and so on, or it does so in each of several
/// [slots](super::sessions::slots).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Service<O, R, P> {
    /// Client to server: do this.
    Request {
        /// The client's sequence number, from 1.
        seq: u64,
        /// What to do.
        op: O,
    },
    /// Server to client: it is done.
    Reply {
        /// The request's sequence number.
        seq: u64,
        /// What came of it.
        reply: R,
    },
    /// Server to client: not here, ask `leader`.
    Redirect {
        /// The request's sequence number.
        seq: u64,
        /// How new this knowledge is (a view or ballot number): older hints are ignored.
        epoch: u64,
        /// The leader of that epoch.
        leader: Id,
    },
    /// Server to client: this request was not done, and, unless the server is only
    /// [busy](Refusal::Busy), will never be done here.
    Refused {
        /// The request's sequence number.
        seq: u64,
        /// Why.
        why: Refusal,
    },
    /// Between servers: the protocol's own messages.
    Peer(P),
}

impl<O, R, P> From<P> for Service<O, R, P> {
    fn from(msg: P) -> Self {
        Self::Peer(msg)
    }
}

/// Why a server will not do a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Refusal {
    /// The client's session was evicted to make room for others, so whether this request was done
    /// before is unknown. Nothing more is done for this client id: what is left to do is for a
    /// new one.
    SessionExpired,
    /// The protocol does not offer this operation, or a session has no such slot.
    NotOffered,
    /// The operation is larger than the protocol's messages can carry.
    TooLarge,
    /// This server has as many requests waiting as it takes; nothing was done; ask again later.
    /// The only refusal that does not end a request: its client asks again when its timer fires.
    Busy,
}
