//! The states of the nodes.

use super::recent::{Entry, Recent};
use super::storage::{Image, Registry, Saved, Storage};
use super::view::View;
use crate::kv::snapshot::SnapshotInstall;
use crate::kv::{self, ClientState, Retry, StateMachine};
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The state of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::large_enum_variant, reason = "there is one state per node")]
pub enum State<M: StateMachine> {
    /// The state of the view service.
    ViewService(Watching),
    /// The state of a replica.
    Replica(ReplicaState<M>),
    /// The state of a client.
    Client(ClientState<M::Reply>),
}

/// The timers of all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Replica: time for the next ping to the view service.
    Ping,
    /// View service: this member has been silent for too long.
    Suspect(Id),
    /// Primary: a backup has not answered.
    Resend,
    /// Primary: this backup, or the outsider that copies, has not answered for too long.
    Overdue(Id),
    /// Client: the service has not answered.
    Retry(Retry),
    /// Replica: it is to stop.
    Stop,
}

impl From<Retry> for Timer {
    fn from(retry: Retry) -> Self {
        Self::Retry(retry)
    }
}

/// The view service's state. Only the registry is durable.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Watching {
    /// What it decided.
    pub registry: Registry,
    /// The members that fell silent, and for each the members that were heard since.
    pub silent: BTreeMap<Id, BTreeSet<Id>>,
    /// The replica that lost its disk while no other was certified: there is no next view.
    pub stopped_by: Option<Id>,
}

/// A replica's state. All but `role` is durable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaState<M: StateMachine> {
    /// The newest view it knows.
    pub view: View,
    /// The number of the last view in which it held the state.
    pub synced: u64,
    /// The replicated state.
    pub image: Image<M>,
    /// What it is in `view`.
    pub role: Role<M>,
}

impl<M: StateMachine> Default for ReplicaState<M> {
    /// A replica that knows nothing; no node starts as this.
    fn default() -> Self {
        let (view, image) = (View::default(), Image::default());
        Self { view, synced: 0, image, role: Role::Outsider(Following::default()) }
    }
}

/// What a replica is in a view.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role<M: StateMachine> {
    /// Not a member: it copies the state from the primary.
    Outsider(Following<M>),
    /// A backup.
    Backup(Following<M>),
    /// The primary.
    Primary(Leading<M>),
    /// It was the primary before it crashed, and waits for the next view. It may have forgotten
    /// operations that it sent to its backups.
    Resigned,
}

/// What a replica that follows knows besides its state. Volatile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Following<M: StateMachine> {
    /// The pieces that came so far of the state it copies.
    pub install: Option<SnapshotInstall<M>>,
    /// The operation at which its view begins, if it holds a prefix of that state.
    pub target: Option<u64>,
}

impl<M: StateMachine> Default for Following<M> {
    fn default() -> Self {
        Self { install: None, target: None }
    }
}

/// What a primary knows about its backups. Volatile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Leading<M: StateMachine> {
    /// Whether it orders requests: every backup held its state when it began to.
    pub acting: bool,
    /// The last operation that each backup acknowledged in this view.
    pub acked: BTreeMap<Id, u64>,
    /// The backups that did not acknowledge in time, or cannot: the view service leaves them out.
    pub lagging: BTreeSet<Id>,
    /// The last operation that was acknowledged to its client, with all before it.
    pub committed: u64,
    /// The replies to the operations since, by number: until they are sent, their sessions may be
    /// evicted.
    pub replies: BTreeMap<u64, M::Reply>,
    /// The requests that wait for their turn, in the order in which they came.
    pub waiting: VecDeque<Entry<M::Op>>,
    /// The outsider that copies its state.
    pub copying: Option<Copying<M>>,
}

/// A copy on its way to an outsider. Volatile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Copying<M: StateMachine> {
    /// The replica that copies the state.
    pub to: Id,
    /// The last operation in the state that it copies.
    pub op: u64,
    /// That state, until all its pieces are there. It stands still while the primary goes on.
    pub state: Option<kv::Image<M>>,
    /// The last operation that the copy has, once it has all pieces.
    pub acked: Option<u64>,
    /// The messages with operations that are under way to it: of each, the last operation.
    pub under_way: VecDeque<u64>,
    /// The operations that it lacks.
    pub since: Recent<M::Op>,
    /// How large those are.
    pub bytes: usize,
}

impl<M: StateMachine> ReplicaState<M> {
    /// Whether it holds the state of its view: it takes part.
    pub fn is_synced(&self) -> bool {
        !self.is_newcomer() && self.synced == self.view.number
    }

    /// Whether it lost its disk, and the view service does not know that yet, or it does not know
    /// that the view service does. It holds nothing and counts for nothing.
    pub fn is_newcomer(&self) -> bool {
        self.view.unknown_life().is_some()
    }

    /// Whether it is the primary of its view, acting or not.
    pub fn is_primary(&self) -> bool {
        matches!(self.role, Role::Primary(_))
    }

    /// Whether it acts as primary.
    pub fn is_acting(&self) -> bool {
        matches!(&self.role, Role::Primary(leading) if leading.acting)
    }

    /// Whether view `number` is its own, and `src`, another, is that view's primary.
    pub(super) fn follows(&self, src: Id, number: u64) -> bool {
        !self.is_primary() && number == self.view.number && src == self.view.primary
    }

    /// The state that must be on disk.
    pub(super) fn checkpoint(&self) -> Storage<M> {
        Saved::complete(self.view.clone(), self.synced, self.image.clone())
    }

    /// What it knows as one that follows.
    pub(super) fn following(&self) -> Option<&Following<M>> {
        match &self.role {
            Role::Backup(following) | Role::Outsider(following) => Some(following),
            Role::Primary(_) | Role::Resigned => None,
        }
    }

    /// The same, to be changed.
    pub(super) fn following_mut(&mut self) -> Option<&mut Following<M>> {
        match &mut self.role {
            Role::Backup(following) | Role::Outsider(following) => Some(following),
            Role::Primary(_) | Role::Resigned => None,
        }
    }
}

impl<M: StateMachine> Leading<M> {
    /// Does not act yet, and owes nothing to clients.
    pub(super) fn beginning(committed: u64) -> Self {
        Self {
            acting: false,
            acked: BTreeMap::new(),
            lagging: BTreeSet::new(),
            committed,
            replies: BTreeMap::new(),
            waiting: VecDeque::new(),
            copying: None,
        }
    }

    /// Acts, and every backup of `view` has acknowledged `op`.
    pub(super) fn acting(view: &View, op: u64) -> Self {
        let acked = view.backups.iter().map(|backup| (*backup, op)).collect();
        Self { acting: true, acked, ..Self::beginning(op) }
    }

    /// The last operation that every backup of `view` has; `op` is the primary's last.
    pub(super) fn held_by_all(&self, view: &View, op: u64) -> u64 {
        view.backups.iter().map(|backup| self.acked_by(*backup)).min().unwrap_or(op)
    }

    /// The last operation that a backup acknowledged.
    pub(super) fn acked_by(&self, backup: Id) -> u64 {
        self.acked.get(&backup).copied().unwrap_or(0)
    }
}
