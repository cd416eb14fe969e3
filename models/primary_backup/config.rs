//! The configuration of a cluster, and the nodes of a cluster.

use super::bugs::Bug;
use super::recent::MAX_RECENT;
use crate::kv::machine::FRAGMENT_BYTES;
use crate::kv::{ScriptedClient, SessionLimits, StateMachine};
use crate::turn::Setting;
use stateright::actor::{Id, model_timeout};
use std::ops::Range;
use std::time::Duration;

/// When the primary acknowledges a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// When every backup of the view has it.
    #[default]
    Synchronous,
    /// At once. Faster, and loses acknowledged writes at failover.
    Asynchronous,
}

/// How long things take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between the pings of a replica.
    pub ping: Range<Duration>,
    /// How long a member may be silent: several pings. It is left out when it has been silent for
    /// twice as long.
    pub suspect: Range<Duration>,
    /// How long the primary waits for a backup's answer before it sends again.
    pub resend: Range<Duration>,
    /// How long the primary waits for a backup before it goes on without: several times `resend`.
    pub overdue: Range<Duration>,
    /// How long it waits for the outsider that copies its state, which may take a while to write it
    /// to its disk.
    pub copy: Range<Duration>,
    /// The longest that a client waits for an answer before it asks another replica.
    pub retry: Range<Duration>,
}

impl Timing {
    /// For checking, where a timer may fire at any time.
    pub fn model() -> Self {
        let any = model_timeout;
        Self {
            ping: any(),
            suspect: any(),
            resend: any(),
            overdue: any(),
            copy: any(),
            retry: any(),
        }
    }
}

impl Default for Timing {
    /// For a local network.
    fn default() -> Self {
        let millis = |from, to| Duration::from_millis(from)..Duration::from_millis(to);
        Self {
            ping: millis(15, 25),
            suspect: millis(50, 65),
            resend: millis(40, 60),
            overdue: millis(600, 800),
            copy: millis(3000, 4000),
            retry: millis(150, 250),
        }
    }
}

/// A cluster: a view service with id 0, replicas 1 to `replicas`, then clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How many replicas; at least one.
    pub replicas: usize,
    /// When requests are acknowledged.
    pub mode: Mode,
    /// How long things take.
    pub timing: Timing,
    /// About how many encoded bytes of state travel in one message.
    pub piece_bytes: usize,
    /// About how many encoded bytes of operations are sent again in one message, or to the outsider
    /// that copies.
    pub batch_bytes: usize,
    /// How many such messages may be under way to the outsider that copies.
    pub burst: usize,
    /// About how many encoded bytes of operations the primary keeps for the outsider that copies
    /// its state; it orders nothing while they are more.
    pub copy_bytes: usize,
    /// How many requests may wait for the backups, and how far behind a replica that joins may be.
    /// At most [`MAX_RECENT`].
    pub max_pending: u64,
    /// How many requests more may wait for their turn; the others are refused as
    /// [busy](crate::kv::service::Refusal::Busy).
    pub max_waiting: usize,
    /// How many clients are remembered.
    pub sessions: SessionLimits,
    /// Whether replicas are to stop, each when a timer fires. Only the checker ever sets it: a node
    /// that is asked to stop fires that timer.
    pub(crate) stops: bool,
    /// The seeded bug, if this cluster is to have one. Only the checker ever sets it: the runtime
    /// always builds its nodes with `None`.
    pub(crate) bug: Option<Bug>,
}

impl Config {
    /// A correct cluster.
    pub fn new(replicas: usize, mode: Mode, timing: Timing) -> Self {
        Self {
            replicas,
            mode,
            timing,
            piece_bytes: FRAGMENT_BYTES,
            batch_bytes: FRAGMENT_BYTES,
            burst: 4,
            copy_bytes: 64 << 20,
            max_pending: MAX_RECENT as u64,
            max_waiting: 1024,
            sessions: SessionLimits::default(),
            stops: false,
            bug: None,
        }
    }

    /// The ids of the replicas.
    pub fn replica_ids(&self) -> impl Iterator<Item = Id> + use<> {
        (1..=self.replicas).map(Id::from)
    }

    /// The server with this id.
    pub fn server<M: StateMachine>(&self, id: Id) -> PrimaryBackup<M> {
        if id == view_service() {
            PrimaryBackup::ViewService(ViewService { config: self.clone() })
        } else {
            PrimaryBackup::Replica(Replica { config: self.clone() })
        }
    }

    /// All servers, by id.
    pub fn servers<M: StateMachine>(&self) -> Vec<PrimaryBackup<M>> {
        (0..=self.replicas).map(|id| self.server(Id::from(id))).collect()
    }

    /// A client that has not asked for anything yet.
    pub fn client<M: StateMachine>(&self, script: Vec<M::Op>) -> PrimaryBackup<M> {
        let (servers, retry) = (self.replica_ids().collect(), self.timing.retry.clone());
        PrimaryBackup::Client(ScriptedClient { script, first_seq: 1, slots: 1, servers, retry })
    }
}

impl Setting for Config {
    type Bug = Bug;

    fn bug(&self) -> Option<Bug> {
        self.bug
    }

    fn server_ids(&self) -> impl Iterator<Item = Id> {
        (0..=self.replicas).map(Id::from)
    }
}

/// The view service's id.
pub fn view_service() -> Id {
    Id::from(0)
}

/// A node of a primary-backup cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrimaryBackup<M: StateMachine> {
    /// The view service.
    ViewService(ViewService),
    /// A replica.
    Replica(Replica),
    /// A client.
    Client(ScriptedClient<M::Op>),
}

/// The view service.
///
/// Its invariant: every certified member holds every acknowledged write, and the primary is
/// certified. So it may promote any certified member, even when the current view was never
/// acknowledged: a replica that was certified before and is still a member holds the acknowledged
/// writes of the last acknowledged view because it is certified, and those of every view since
/// because it is a member of them, and a write is acknowledged only when all members have it.
///
/// When no member is heard, the network or the view service itself is at fault, and to leave
/// members out would lead to a view none of whose members is there. So a member is left out only if
/// a certified member of the next view was heard while it was silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewService {
    /// The cluster.
    pub config: Config,
}

/// A replica of the state machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// The cluster.
    pub config: Config,
}
