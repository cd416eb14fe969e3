//! The states of the nodes, and their timers.

use super::client::SessionState;
use super::epoch::{Epoch, Zxid};
use super::storage::Stable;
use crate::kv::snapshot::SnapshotInstall;
use crate::kv::{Image, Retry, StateMachine};
use crate::turn::Persistent;
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

/// The state of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::large_enum_variant, reason = "there are few, and servers are the rule")]
pub enum State<M: StateMachine> {
    /// The state of a server.
    Server(ServerState<M>),
    /// The state of a client.
    Client(SessionState<M::Reply>),
}

/// The timers of all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Server that does not lead: no leader was heard of for too long.
    Look,
    /// Leader: time to see whether a quorum was heard of.
    Quorum,
    /// Leader, established or not: time to send again what was not answered.
    Resend,
    /// Server: it is to stop.
    Stop,
    /// Client: the service has not answered.
    Retry(Retry),
}

impl From<Retry> for Timer {
    fn from(retry: Retry) -> Self {
        Self::Retry(retry)
    }
}

/// A server's state. Only `stable` is durable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerState<M: StateMachine> {
    /// The state that it must never forget.
    pub stable: Stable<M>,
    /// Its part in the protocol.
    pub role: Role,
    /// Whether it is an observer: it follows, and does not vote.
    pub observes: bool,
    /// The last transaction that the leader said is committed, while that is not delivered here.
    pub commit: Option<Zxid>,
    /// A snapshot of which some pieces came.
    pub install: Option<SnapshotInstall<M>>,
    /// The snapshot that it gives to others.
    pub served: Option<Served<M>>,
    /// The reads that wait until as much is delivered here as their clients know of, one per
    /// client.
    pub waiting: BTreeMap<Id, WaitingRead<M::Op>>,
    /// The size of its log.
    pub log_bytes: usize,
}

/// A read that waits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaitingRead<O> {
    /// The client's sequence number.
    pub seq: u64,
    /// The operation.
    pub op: O,
    /// The last transaction that the client knows of.
    pub seen: Zxid,
}

impl<M: StateMachine> Default for ServerState<M> {
    fn default() -> Self {
        let (stable, role, waiting) = (Stable::default(), Role::Looking, BTreeMap::new());
        Self {
            stable,
            role,
            observes: false,
            commit: None,
            install: None,
            served: None,
            waiting,
            log_bytes: 0,
        }
    }
}

impl<M: StateMachine> ServerState<M> {
    /// Whether its history is that of the epoch that it accepted.
    pub fn is_synchronized(&self) -> bool {
        self.stable.current == self.stable.accepted
    }

    /// Its work as a leader, established or not.
    pub fn leading(&self) -> Option<&Leading> {
        match &self.role {
            Role::Leading(leading) => Some(leading),
            _ => None,
        }
    }
}

impl<M: StateMachine> Persistent for ServerState<M> {
    type Durable = Stable<M>;

    fn durable(&mut self) -> &mut Stable<M> {
        &mut self.stable
    }
}

/// A snapshot for others, cut as they ask for its pieces: a copy, which stands still while the
/// state goes on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Served<M: StateMachine> {
    /// The state.
    pub image: Image<M>,
    /// The last transaction in it.
    pub zxid: Zxid,
}

/// A server's part in the protocol. Volatile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It knows no leader.
    Looking,
    /// It knows no leader and would lead: the epochs that the others accepted.
    Soliciting(BTreeMap<Id, Epoch>),
    /// It accepted the epoch of another server, and knows that server for its leader.
    Following {
        /// Whether the epoch is established, as far as it knows (`UPTODATE`).
        up_to_date: bool,
    },
    /// The epoch that it accepted is its own, and it looks for the most recent history.
    Discovering(Discovering),
    /// The epoch that it accepted is its own, and it has that history.
    Leading(Leading),
}

/// Discovery, as far as it got.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Discovering {
    /// The servers that accepted the epoch, and how far their histories are.
    pub accepted_by: BTreeMap<Id, Standing>,
    /// The server whose history it fetches, once a quorum accepted.
    pub source: Option<Id>,
}

/// How recent a history is: the larger, the more recent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Standing {
    /// The last epoch whose history was taken over.
    pub current: Epoch,
    /// The last transaction.
    pub last: Zxid,
}

/// A leader's knowledge besides its own history.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Leading {
    /// The followers that took over the history, and up to which position of it they have
    /// acknowledged.
    pub followers: BTreeMap<Id, u64>,
    /// The observers that took over what was committed, and up to which position of it they have
    /// acknowledged.
    pub observers: BTreeMap<Id, u64>,
    /// Up to which position its own history is durable, as it has acknowledged to itself.
    pub own: u64,
    /// The followers that were heard of since a ping; `None` before a ping.
    pub heard: Option<BTreeSet<Id>>,
    /// The last sync of each client, of as many clients as sessions are kept.
    pub syncs: BTreeMap<Id, u64>,
}
