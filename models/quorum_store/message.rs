//! The messages of clients and nodes.

use super::version::{Digest, Mark, Stamp, Version};
use crate::causal::Context;
pub use crate::kv::Level;
use crate::kv::{Bytes, Op, Service};
use crate::membership::{Change, Epoch, RingState, View};
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

/// A message of the store.
pub type Msg = Service<Request, Answer, InEpoch>;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Request {
    /// An operation on a key.
    Key {
        /// The operation. A compare-and-swap is serial whatever the level.
        op: Op,
        /// How many replicas it waits for.
        level: Level,
        /// For a put or a delete where writes stay side by side: what it replaces, as an earlier get of the
        /// key said. `None`: whatever its coordinator holds. Empty: nothing, it becomes a sibling.
        context: Option<Context>,
    },
    /// What the node knows of the ring.
    Ring,
    /// To move the ring.
    Move(Order),
}

/// An operator's order to a node, to carry out a change of the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Order {
    /// The change.
    pub change: Change,
    /// The view that it changes: it means nothing in another one.
    pub epoch: Epoch,
    /// The proof that it comes from one that has the servers' key: clients must not move the ring.
    pub seal: [u8; 16],
}

/// Why a node does not carry out an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Unfit {
    /// Its seal is not one of this cluster's servers.
    Forged,
    /// It is of another view than that of the node.
    OtherView,
    /// A move is under way.
    UnderWay,
    /// The node that is to come is no server of the cluster, or is on the ring.
    NotSpare,
    /// The node that is to come has left, or was replaced, before.
    Retired,
    /// The node that is to go is not on the ring.
    NotMember,
    /// There would be fewer members than a key has replicas, or of so few none can be taken to be lost.
    TooFew,
    /// The node that is to be replaced was asked to replace itself.
    Itself,
    /// Tombstones are purged, or hints count as acknowledgments: such a ring does not move.
    Settings,
}

/// The reply to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Answer {
    /// To a get.
    Value {
        /// The value; `None` where the key is absent.
        value: Option<Bytes>,
        /// Its timestamp; that of the tombstone, if there is one.
        stamp: Stamp,
    },
    /// To a get where writes stay side by side.
    Values {
        /// The values, more than one if they are siblings, in the order of their dots.
        values: Vec<Bytes>,
        /// The writes that they make up: for a later put or delete that is to replace them.
        context: Context,
    },
    /// To a put or a delete: enough replicas have it.
    Done {
        /// The timestamp that it got, which names it where writes stay side by side.
        stamp: Stamp,
    },
    /// To a put or a delete: it was not done, no node gave that context for that key.
    BadContext,
    /// To a put: it was not done, the key has as many siblings as a node makes, or as fit a message. Get and
    /// resolve.
    Crowded,
    /// To a compare-and-swap.
    Swapped {
        /// Whether the value was the expected one, and so was replaced.
        swapped: bool,
        /// The value before the operation.
        found: Option<Bytes>,
        /// The timestamp of the new value, or of the one that was found.
        stamp: Stamp,
    },
    /// Not enough replicas answered in time. A write may have reached some of them, and may be read
    /// now or later.
    TimedOut,
    /// Of the ring; to an order: it is carried out.
    Ring(RingState),
    /// To an order: it is not carried out.
    NotMoved(Unfit),
}

/// The request that a message between nodes belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Call {
    /// The client.
    pub client: Id,
    /// Its number of the request.
    pub seq: u64,
}

/// A write where writes stay side by side.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Informed {
    /// The request.
    pub call: Call,
    /// The key.
    pub key: Bytes,
    /// How many replicas it waits for.
    pub level: Level,
    /// What it writes; `None` deletes.
    pub value: Option<Bytes>,
    /// What it replaces, as in [`Request::Key`]; a node has seen that one gave it.
    pub context: Option<Context>,
}

/// Why a version is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Cause {
    /// For a request: a write, or the repair of what a read found.
    Call(Call),
    /// It was kept for this replica.
    Hint,
    /// It is a tombstone that is to go.
    Repair,
}

/// What a serial request does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Update {
    /// Nothing: it only keeps smaller ballots from being accepted.
    Nothing,
    /// It writes this value; `None` deletes.
    Value(Option<Bytes>),
}

/// What a replica has of a key when it makes a promise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Promised {
    /// Its version.
    pub version: Option<Version>,
    /// The last proposal that it accepted, unless that was committed.
    pub accepted: Option<(Stamp, Update)>,
    /// The most recent commit.
    pub committed: Option<Version>,
}

/// All that a replica has of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Moved {
    /// The key.
    pub key: Bytes,
    /// What it promised.
    pub promised: Stamp,
    /// What else it has.
    pub has: Promised,
}

impl Moved {
    /// At most how long it is, encoded.
    pub fn bytes(&self) -> usize {
        /// Of all but the key and the values.
        const MORE: usize = 128;
        let Promised { version, accepted, committed } = &self.has;
        let accepted = accepted.as_ref().and_then(|(_, update)| match update {
            Update::Nothing => None,
            Update::Value(value) => value.as_ref(),
        });
        let versions = [version, committed].into_iter().flatten();
        let values =
            versions.map(|version| version.content.bytes()).chain(accepted.map(Bytes::len));
        MORE + self.key.len() + values.sum::<usize>()
    }
}

/// What a node says, and in which view of the ring: it counts in that one only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InEpoch {
    /// The name of the sender's view.
    pub epoch: Epoch,
    /// What it says.
    pub msg: Peer,
}

/// What two nodes know of each other's horizons in an exchange: that a version was sent after the
/// tombstones went that the receiver purged.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Horizons {
    /// The sender's.
    pub sender: Stamp,
    /// The receiver's, as it said itself in this exchange.
    pub receiver: Stamp,
}

/// What nodes say to each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Peer {
    /// Take this version, unless you have a newer one.
    Write {
        /// Why.
        cause: Cause,
        /// The key.
        key: Bytes,
        /// The version.
        version: Version,
    },
    /// The sender has it, or a newer one, on its disk.
    Wrote {
        /// Why.
        cause: Cause,
        /// The key.
        key: Bytes,
        /// What was written.
        mark: Mark,
    },
    /// Take this write in the place of the sender, which holds no copy of the key, and answer its client.
    Coordinate(Informed),
    /// Keep this version for another node.
    Keep {
        /// For a request.
        call: Call,
        /// The node.
        target: Id,
        /// The key.
        key: Bytes,
        /// The version.
        version: Version,
    },
    /// It is kept.
    Kept {
        /// For this request.
        call: Call,
    },
    /// What do you have?
    Read {
        /// For a request.
        call: Call,
        /// The key.
        key: Bytes,
        /// Whether to send the version, or its digest.
        full: bool,
        /// The round of the read.
        round: u32,
    },
    /// The version.
    Value {
        /// For this request.
        call: Call,
        /// `None` where the key is absent.
        version: Option<Version>,
        /// The round of the read, and the sender's horizon.
        round: (u32, Stamp),
    },
    /// Its digest.
    Digest {
        /// For this request.
        call: Call,
        /// `None` where the key is absent.
        digest: Option<Digest>,
        /// The round of the read, and the sender's horizon.
        round: (u32, Stamp),
    },
    /// Anti-entropy: sums over the keys whose places begin so.
    Tree {
        /// How they begin.
        path: Vec<u8>,
        /// The sums of the branches.
        sums: Vec<u64>,
        /// The horizons of both.
        horizons: Horizons,
    },
    /// Anti-entropy: the sender's versions there.
    Leaf {
        /// How the places of their keys begin.
        path: Vec<u8>,
        /// The key after which they begin; `None` for all.
        after: Option<Bytes>,
        /// The keys and versions, in the order of keys.
        rows: Vec<(Bytes, Version)>,
        /// The last key of them, if there are more.
        next: Option<Bytes>,
        /// Whether the receiver is to send what it has beside.
        wants: bool,
        /// The horizons of both.
        horizons: Horizons,
    },
    /// Anti-entropy: send the rest of them.
    More {
        /// How the places of their keys begin.
        path: Vec<u8>,
        /// The last key that came.
        after: Bytes,
        /// Whether the sender is to be sent what it lacks.
        wants: bool,
        /// The sender's horizon.
        horizon: Stamp,
    },
    /// Promise to accept nothing of a smaller ballot.
    Prepare {
        /// For a request.
        call: Call,
        /// The key.
        key: Bytes,
        /// The ballot.
        ballot: Stamp,
    },
    /// It is promised.
    Promise {
        /// For this request.
        call: Call,
        /// The ballot.
        ballot: Stamp,
        /// What the sender has.
        promised: Promised,
    },
    /// Accept this update.
    Propose {
        /// For a request.
        call: Call,
        /// The key.
        key: Bytes,
        /// The ballot.
        ballot: Stamp,
        /// The update.
        update: Update,
    },
    /// It is accepted.
    Accepted {
        /// For this request.
        call: Call,
        /// The ballot.
        ballot: Stamp,
    },
    /// Neither promised nor accepted nor taken: the sender promised a larger ballot, or its horizon is
    /// above the timestamp.
    Nack {
        /// For this request.
        call: Call,
        /// That ballot, or the horizon.
        promised: Stamp,
    },
    /// A quorum accepted this update.
    Commit {
        /// For a request.
        call: Call,
        /// The key.
        key: Bytes,
        /// The value, with the ballot for its timestamp.
        version: Version,
    },
    /// The sender has it.
    Committed {
        /// For this request.
        call: Call,
        /// The ballot.
        ballot: Stamp,
    },
    /// All replicas have this tombstone.
    Repaired {
        /// The key.
        key: Bytes,
        /// The timestamp.
        stamp: Stamp,
    },
    /// The sender's view of the ring: adopt it, if it is newer.
    View(View),
    /// The sender has adopted the view, and copied what it gains in it.
    Ready,
    /// Send what the sender gains, of the keys after this one.
    Copy {
        /// The last key that came; `None` for all.
        after: Option<Bytes>,
    },
    /// A piece of that.
    Copied {
        /// The key after which it begins.
        after: Option<Bytes>,
        /// What the sender has of each, in the order of keys.
        moved: Vec<Moved>,
        /// The last key of them, if there are more.
        next: Option<Bytes>,
    },
}
