//! Primary-backup replication with a view service.
//!
//! One replica, the primary, orders the requests of all clients; the others, its backups, follow.
//! A view service numbers the configurations and replaces a primary that falls silent.
//!
//! # Sources
//!
//! * **Alsberg and Day 1976**, *A principle for resilient sharing of distributed resources*: one
//!   server host is primary, the others are backups, any can take over, and a request is
//!   acknowledged only when the backups cooperated ("A technique for a resilient service").
//!   [`Mode::Synchronous`] is that rule for all backups of the view: with `b` backups the service
//!   is (b+1)-host resilient. [`Mode::Asynchronous`] is what is lost without it.
//! * **Budhiraja, Marzullo, Schneider and Toueg 1993**, *The primary-backup approach*: what such a
//!   service is. Pb1, at most one primary at a time, is here "per view" ([`View`]); Pb2, a client
//!   knows whom to ask, is the client's target; Pb3, a request that reaches another server is
//!   not queued there, is the redirect; Pb4, one server with bounded outages, is linearizability
//!   where the replicas answer.
//! * **MIT 6.824, laboratory 2** (2013): the view service, its pings, its acknowledgement by the
//!   primary.
//!
//! # How it works
//!
//! 1. In its view the primary numbers each request, applies it, saves it, and sends it to every
//!    backup. Backups apply in order and acknowledge. When all have, the client is answered.
//!    Reads go the same way, and so a primary that was replaced cannot answer one: a backup of
//!    its that is also a member of the newer view no longer listens to it, and there always is one.
//! 2. When a member's pings stop while others are heard, the view service makes the next view
//!    without it, and promotes a *certified* backup if it was the primary ([`ViewService`]). When a
//!    backup does not acknowledge in time, its primary says so, and the next view is without it:
//!    two replicas that cannot reach each other do not stop the service.
//! 3. A new view's primary makes every backup hold its state before it acts: a backup that holds
//!    the same one, by name, says so; one that holds a prefix asks for the operations that it
//!    lacks; one that holds another state is left out of the next view. A view in which all hold
//!    it is acknowledged, and all its members are certified.
//! 4. A replica outside the view copies the state from the primary, piece by piece, while requests
//!    go on, then the operations since. When it is no further behind than a backup may be, the
//!    primary says so, and it is a backup of the next view; it is certified once that view is
//!    acknowledged. So a view waits for messages when it begins, never for a state.
//!
//! # A disk that is lost
//!
//! A replica that comes back without its disk says so to the view service, and by which life, until
//! it gets a view that names this life. Meanwhile it answers nobody: what it is asked for, its
//! former life is meant. The view service makes the next view without it, promotes a certified
//! backup if it was the primary, and lets it copy the state and join as any outsider. Views of its
//! former life have smaller numbers than each that it may be in, so nothing that its former life
//! acknowledged counts there.
//!
//! If no other replica is certified, what was acknowledged may be lost with the disk, and the service
//! stops rather than go on without it. The view service itself is not taken back: which view is the
//! newest, and who is certified in it, nobody else knows, and a replica that it left out may still
//! believe in an older one.
//!
//! # Deviations, and why
//!
//! * 6.824's view service never moves on from a view that its primary has not acknowledged, and is
//!   stuck if that primary dies first. This one remembers who is certified and moves on to one of
//!   those: safe, because whoever was certified before and is still a member has every
//!   acknowledged write of every view since, acknowledged or not.
//! * The first view is configured rather than formed by the first pings: all replicas start
//!   empty, so all hold the state, and two replicas that cannot see each other cannot both start.
//! * Replicas keep their state on disk and may come back with it, where the sources consider
//!   servers that stop for good. A view whose last certified member is down waits for it.
//! * Pb1 needs synchronised clocks or bounded delays to hold in real time. An old primary may
//!   believe in its role for a while here; what is guaranteed is that it cannot acknowledge
//!   anything (synchronous mode).
//! * The sources let the primary forward an update to one backup, which passes it on. It sends to
//!   all of them here: fewer delays, and one place that knows who has what.
//! * Clients do not ask the view service who is primary: any replica redirects them.
//!
//! # Where things are
//!
//! [`Peer`] is the vocabulary, [`Storage`] what is durable; the roles are in `view_service.rs`,
//! `replica.rs` (which dispatches), `primary.rs`, `backup.rs`, and, for who copies the state,
//! `copy.rs` (the primary's side) and `transfer.rs`.

mod backup;
mod bounds;
mod copy;
pub mod instances;
mod message;
pub mod mutants;
mod primary;
pub mod properties;
mod queue;
mod recent;
mod replica;
mod resend;
mod storage;
#[cfg(test)]
mod tests;
mod transfer;
mod view;
mod view_service;

pub use backup::Following;
pub use copy::Copying;
pub use message::{Msg, Peer};
pub use mutants::Bug;
pub use primary::Leading;
pub use recent::{MAX_RECENT, Recent};
pub use replica::{Replica, ReplicaState, Role};
pub use resend::MAX_RESEND;
pub use storage::{Content, Entry, Image, Registry, Saved, Storage};
pub use transfer::Partial;
pub use view::View;
pub use view_service::{ViewService, Watching, view_service};

use crate::kv::machine::FRAGMENT_BYTES;
use crate::kv::{Client, ClientState, Retry, SessionLimits, StateMachine};
use crate::lend::lend;
use crate::{Newcomer, Recoverable};
use stateright::actor::{Actor, Id, Out, model_timeout};
use std::borrow::Cow;
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
    /// How long it waits for who copies its state, which may take a while to write it to its disk.
    pub copy: Range<Duration>,
    /// How long a client waits for an answer before it asks another replica.
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
            ping: millis(80, 120),
            suspect: millis(300, 400),
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
    /// About how many encoded bytes of operations the primary keeps for who copies its state; it
    /// orders nothing while they are more.
    pub copy_bytes: usize,
    /// How many requests may wait for the backups, and how far behind who joins may be. At most
    /// [`MAX_RECENT`].
    pub max_pending: u64,
    /// How many requests more may wait for their turn; the others are refused as
    /// [busy](crate::kv::service::Refusal::Busy).
    pub max_waiting: usize,
    /// How many clients are remembered.
    pub sessions: SessionLimits,
    /// The seeded bug, if this cluster is to have one. Only the checker ever sets it: the runtime
    /// always builds its nodes with `None`.
    pub bug: Option<Bug>,
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
        PrimaryBackup::Client(Client { script, first_seq: 1, servers, retry })
    }
}

/// A node of a primary-backup cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrimaryBackup<M: StateMachine> {
    /// The view service.
    ViewService(ViewService),
    /// A replica.
    Replica(Replica),
    /// A client.
    Client(Client<M::Op>),
}

/// The state of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::large_enum_variant, reason = "there is one state per node")]
pub enum State<M: StateMachine> {
    /// Of the view service.
    ViewService(Watching),
    /// Of a replica.
    Replica(ReplicaState<M>),
    /// Of a client.
    Client(ClientState<M::Reply>),
}

/// The timers of all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Replica: time to tell the view service that it is alive.
    Ping,
    /// View service: this member has been silent for too long.
    Suspect(Id),
    /// Primary: a backup has not answered.
    Resend,
    /// Primary: this backup, or who copies, has not answered for too long.
    Overdue(Id),
    /// Client: the service has not answered.
    Retry(Retry),
}

impl From<Retry> for Timer {
    fn from(retry: Retry) -> Self {
        Self::Retry(retry)
    }
}

/// What a handler gives out.
type Outbox<M> = Out<PrimaryBackup<M>>;

impl<M: StateMachine> Actor for PrimaryBackup<M> {
    type Msg = Msg<M>;
    type Timer = Timer;
    type State = State<M>;
    type Storage = Storage<M>;
    type Random = ();

    fn on_start(&self, id: Id, storage: &Option<Storage<M>>, o: &mut Out<Self>) -> State<M> {
        match (self, storage) {
            (Self::ViewService(service), Some(Storage::ViewService(saved))) => {
                State::ViewService(service.on_start(Some(saved), o))
            }
            (Self::ViewService(service), _) => State::ViewService(service.on_start(None, o)),
            (Self::Replica(replica), Some(Storage::Replica(saved))) => {
                State::Replica(replica.on_start(id, Some(saved), o))
            }
            (Self::Replica(replica), _) => State::Replica(replica.on_start(id, None, o)),
            (Self::Client(client), _) => State::Client(client.on_start(o)),
        }
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<'_, State<M>>,
        src: Id,
        msg: Msg<M>,
        o: &mut Out<Self>,
    ) {
        match self {
            Self::ViewService(service) => {
                lend!(state, State::ViewService, |state| service.on_msg(state, src, &msg, o));
            }
            Self::Replica(replica) => {
                lend!(state, State::Replica, |state| replica.on_msg(id, state, src, msg, o));
            }
            Self::Client(client) => {
                lend!(state, State::Client, |state| client.on_msg(state, msg, o));
            }
        }
    }

    fn on_timeout(&self, _id: Id, state: &mut Cow<'_, State<M>>, timer: &Timer, o: &mut Out<Self>) {
        match (self, timer) {
            (Self::ViewService(service), Timer::Suspect(silent)) => {
                lend!(state, State::ViewService, |state| service.on_suspect(state, *silent, o));
            }
            (Self::Replica(replica), Timer::Ping) => {
                lend!(state, State::Replica, |state| replica.on_ping_timer(state, o));
            }
            (Self::Replica(replica), Timer::Resend) => {
                lend!(state, State::Replica, |state| replica.on_resend(state, o));
            }
            (Self::Replica(replica), Timer::Overdue(silent)) => {
                lend!(state, State::Replica, |state| {
                    replica.on_overdue(state, *silent, o);
                    replica.serve_waiting(state, o);
                });
            }
            (Self::Client(client), Timer::Retry(_)) => {
                lend!(state, State::Client, |state| client.on_retry(state, o));
            }
            _ => {}
        }
    }

    fn name(&self) -> String {
        match self {
            Self::ViewService(_) => "view service",
            Self::Replica(_) => "replica",
            Self::Client(_) => "client",
        }
        .to_owned()
    }
}

impl<M: StateMachine> Newcomer for PrimaryBackup<M> {
    /// # Panics
    /// When it is no replica: see [the module](self#a-disk-that-is-lost).
    fn on_newcomer(&self, id: Id, life: u64, o: &mut Out<Self>) -> State<M> {
        match self {
            Self::Replica(replica) => State::Replica(replica.on_newcomer(id, life, o)),
            Self::ViewService(_) | Self::Client(_) => panic!("only a replica is taken back"),
        }
    }
}

impl<M: StateMachine> Recoverable for PrimaryBackup<M> {
    fn checkpoint(&self, _id: Id, state: &State<M>) -> Option<Storage<M>> {
        match state {
            State::ViewService(state) => Some(Storage::ViewService(state.registry.clone())),
            State::Replica(replica) => Some(replica.checkpoint()),
            State::Client(_) => None,
        }
    }
}
