//! The messages between the nodes.
//!
//! Every message between replicas carries the number of the view it was sent in, and is ignored
//! in any other: that is the fence around an old primary.

use super::recent::Entry;
use super::view::View;
use crate::kv::transfer::{Cut, Held, Piece};
use crate::kv::{Service, StateMachine};
use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::collections::BTreeSet;

/// A message of the replicated service.
pub type Msg<M> = Service<<M as StateMachine>::Op, <M as StateMachine>::Reply, Peer<M>>;

/// The protocol's own vocabulary.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Peer<M: StateMachine> {
    /// Replica to view service: I am alive.
    Ping {
        /// The newest view the sender knows.
        view: u64,
        /// Whether it acts as the primary of that view: then every backup of the view holds the
        /// state, and the view is acknowledged.
        acting: bool,
        /// The backups that do not acknowledge in time to the sender, the primary, or cannot: go
        /// on without them.
        lagging: BTreeSet<Id>,
        /// The outsider that has copied the state, all but what may be in flight: let it join.
        ready: Option<Id>,
    },
    /// Replica to view service, instead of a ping: I lost my disk, and my former life counts no
    /// more.
    Newcomer {
        /// The sender's life.
        life: u64,
    },
    /// View service to replica: the current view.
    View(View),
    /// Primary to backup, before it acts: this is the state we start from.
    Begin {
        /// The view that begins.
        view: u64,
        /// How many operations that state has applied.
        op: u64,
    },
    /// Outsider to primary: send me a piece of your state. Backup to primary: I hold another state
    /// than the view begins from.
    Fetch {
        /// The view.
        view: u64,
        /// The pieces that it has.
        held: Option<Held>,
    },
    /// Primary to outsider: a piece of the state.
    Chunk {
        /// The view.
        view: u64,
        /// The state it is a piece of.
        op: u64,
        /// Which piece, from 0.
        index: u32,
        /// The piece itself.
        piece: Piece<M>,
        /// Where the next piece begins; `None` if this is the last.
        next: Option<Cut>,
    },
    /// Primary to backup, or to the outsider that copies: the operations from number `op` on.
    Replicate {
        /// The view.
        view: u64,
        /// The number of the first operation, from 1.
        op: u64,
        /// The requests, in order; at least one.
        entries: Vec<Entry<M::Op>>,
    },
    /// Backup, or replica that has copied the state, to primary: in this view I hold the state, and
    /// every operation up to this one.
    Ack {
        /// The view.
        view: u64,
        /// The last operation held.
        op: u64,
    },
    /// Backup, or replica that has copied the state, to primary: operations are missing, send them
    /// again.
    Refill {
        /// The view.
        view: u64,
        /// The first operation that is missing.
        from: u64,
    },
    /// Replica to view service, as it stops: go on without me.
    Leave {
        /// The view.
        view: u64,
    },
    /// Replica to view service, instead of a ping: I was the primary of this view, came back, and may
    /// have forgotten operations that its backups hold. I lead no more in it.
    Resign {
        /// The view.
        view: u64,
    },
}

impl<M: StateMachine> Peer<M> {
    /// The view it was sent in.
    pub(super) fn view(&self) -> u64 {
        match self {
            Self::View(view) => view.number,
            Self::Newcomer { .. } => 0,
            Self::Ping { view, .. }
            | Self::Begin { view, .. }
            | Self::Fetch { view, .. }
            | Self::Chunk { view, .. }
            | Self::Replicate { view, .. }
            | Self::Ack { view, .. }
            | Self::Refill { view, .. }
            | Self::Leave { view }
            | Self::Resign { view } => *view,
        }
    }
}
