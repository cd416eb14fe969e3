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
//!   primary. **Ongaro 2014**: sessions of clients. **Herlihy and Wing 1990**: linearizability.
//!
//! # How it works
//!
//! 1. In its view the primary numbers each request, applies it, saves it, and sends it to every
//!    backup. Backups apply in order and acknowledge. When all have it, and the primary's own disk
//!    too, the client is answered.
//!    Reads go the same way, and so a primary that was replaced cannot answer one: a backup of
//!    its that is also a member of the newer view no longer listens to it, and there always is one.
//! 2. When a member's pings stop while others are heard, the view service makes the next view
//!    without it, and promotes a *certified* backup if it was the primary ([`ViewService`]). When a
//!    backup does not acknowledge in time, its primary reports it, and the next view is without it:
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
//! # What waits for which disk
//!
//! A write is one sync and two hops between servers: the primary and its backups write it at once.
//!
//! * **Operations** (`Replicate`) leave the primary before it has them on disk.
//! * **Answers** wait for the primary's disk. It counts itself among those that have a request, and
//!   nothing else follows from that: a crash undoes what was not answered.
//! * **A backup's acknowledgement** waits: the request counts as held there.
//! * **`Begin`** waits: a replica that takes over may have applied what its disk does not hold yet, and
//!   once its view acts, all of it counts as acknowledged.
//! * **Pings** wait, because a primary says in them that its view acts, and then each member, itself too,
//!   may be promoted. A primary whose disk stands still acknowledges nothing, and falls silent.
//! * **Views** wait: the view service must not use a number twice. So does all that is not on the way
//!   of a write, because nothing is gained: pieces of a state, and requests for what is missing, which
//!   also say what their sender has.
//!
//! No save is lazy: a replica saves operations and views, and how far requests are acknowledged it
//! does not save at all.
//!
//! A primary that comes back may have forgotten operations that its backups hold, and would give
//! their numbers to others. So it **resigns**: it leads no more in that view, and says so to the view
//! service until there is the next one. That has the same members, and another certified one leads it,
//! if one was heard: it may hold what the old primary forgot, so that usually nobody need copy. A backup
//! that is ahead of the new primary is left out and copies, as after any failover. Whatever the old
//! primary sent belongs to the old view.
//!
//! A replica that is asked to stop *leaves*: it says so to the view service, which goes on without it
//! at once, if a certified member was heard; a primary that left leads no more.
//!
//! In [`Mode::Asynchronous`] everything waits for the primary's disk, because an answer says that it is
//! there and nowhere else; and a primary that comes back leads the next view too.
//!
//! # A disk that is lost
//!
//! A replica that comes back without its disk reports this to the view service, with the number of
//! its life, until it gets a view that names this life. Meanwhile it answers no request, because
//! requests that reach it were meant for its former life. The view service makes the next view without it, promotes a certified
//! backup if it was the primary, and lets it copy the state and join as any outsider. Views of its
//! former life have smaller numbers than each that it may be in, so nothing that its former life
//! acknowledged counts there.
//!
//! If no other replica is certified, what was acknowledged may be lost with the disk, and the service
//! stops rather than go on without it. The view service itself is not taken back: no other node
//! knows which view is the newest and which replicas are certified in it, and a replica that it
//! left out may still believe in an older one.
//!
//! # Deviations, and why
//!
//! * 6.824's view service never moves on from a view that its primary has not acknowledged, and is
//!   stuck if that primary dies first. This one remembers which replicas are certified and moves on
//!   to one of those: safe, because a replica that was certified before and is still a member has
//!   every acknowledged write of every view since, acknowledged or not.
//! * The first view is configured rather than formed by the first pings: all replicas start
//!   empty, so all hold the state, and two replicas that cannot see each other cannot both start.
//! * Replicas keep their state on disk and may come back with it, where the sources consider
//!   servers that stop for good. A view whose last certified member is down waits for it. A primary
//!   that comes back needs the view service for the next view; while that is down, it leads nobody.
//! * Pb1 needs synchronised clocks or bounded delays to hold in real time. An old primary may
//!   believe in its role for a while here; what is guaranteed is that it cannot acknowledge
//!   anything (synchronous mode).
//! * The sources let the primary forward an update to one backup, which passes it on. It sends to
//!   all of them here: fewer delays, and one place that knows what each replica has.
//! * Clients do not ask the view service for the primary: any replica redirects them.
//!
//! # Where things are
//!
//! [`Peer`] is the vocabulary, [`ReplicaState`] and [`Watching`] are the states, [`Storage`] is
//! what is durable; the roles are in `view_service.rs`, `replica.rs` (which dispatches),
//! `primary.rs`, `backup.rs`, and, for replicas that copy the state, `copy.rs` (the primary's side) and
//! `transfer.rs`. All handlers are methods of one context per server, `turn.rs`. `bugs.rs` lists
//! the seeded bugs, `mutants.rs` the properties that notice them.

mod backup;
mod bounds;
mod bugs;
mod choice;
mod config;
mod copy;
mod guarantees;
pub mod instances;
mod message;
pub mod mutants;
mod primary;
pub mod properties;
mod protocol;
mod queue;
mod recent;
mod replica;
mod resend;
mod state;
mod storage;
#[cfg(test)]
mod tests;
mod transfer;
mod turn;
mod view;
mod view_service;

pub use crate::kv::snapshot::SnapshotInstall;
pub use config::{Config, Mode, PrimaryBackup, Replica, Timing, ViewService, view_service};
pub use message::{Msg, Peer};
pub use recent::{Entry, MAX_RECENT, Recent};
pub use resend::MAX_RESEND;
pub use state::{Copying, Following, Leading, ReplicaState, Role, State, Timer, Watching};
pub use storage::{Content, Image, Registry, Saved, Storage};
pub use view::View;

use crate::kv::{Service, StateMachine};
use crate::lend::lend;
use crate::{Newcomer, Recoverable};
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use turn::{ServiceTurn, Turn};

impl<M: StateMachine> Actor for PrimaryBackup<M> {
    type Msg = Msg<M>;
    type Timer = Timer;
    type State = State<M>;
    type Storage = Storage<M>;
    type Random = ();

    fn on_start(&self, id: Id, storage: &Option<Storage<M>>, o: &mut Out<Self>) -> State<M> {
        match self {
            Self::ViewService(ViewService { config }) => {
                let saved = match storage {
                    Some(Storage::ViewService(saved)) => Some(saved),
                    _ => None,
                };
                let start = |mut turn: ServiceTurn<'_, '_, M>| turn.on_start(saved);
                State::ViewService(ServiceTurn::start(config, id, o, start))
            }
            Self::Replica(Replica { config }) => {
                let saved = match storage {
                    Some(Storage::Replica(saved)) => Some(saved),
                    _ => None,
                };
                let start = |mut turn: Turn<'_, '_, M>| turn.on_start(saved);
                State::Replica(Turn::start(config, id, o, start))
            }
            Self::Client(client) => State::Client(client.on_start(o)),
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
            Self::ViewService(ViewService { config }) => {
                lend!(state, State::ViewService, |state| {
                    ServiceTurn::on_message(config, id, src, state, o).on_msg(msg);
                });
            }
            Self::Replica(Replica { config }) => {
                lend!(state, State::Replica, |state| {
                    Turn::on_message(config, id, src, state, o).on_msg(msg);
                });
            }
            Self::Client(client) => {
                lend!(state, State::Client, |state| client.on_msg(state, msg, o));
            }
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, State<M>>, timer: &Timer, o: &mut Out<Self>) {
        match self {
            Self::ViewService(ViewService { config }) => {
                lend!(state, State::ViewService, |state| {
                    ServiceTurn::of_its_own(config, id, state, o).on_timer(*timer);
                });
            }
            Self::Replica(Replica { config }) => {
                lend!(state, State::Replica, |state| {
                    Turn::of_its_own(config, id, state, o).on_timer(*timer);
                });
            }
            Self::Client(client) => {
                lend!(state, State::Client, |state| client.on_retry(state, o));
            }
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
            Self::Replica(Replica { config }) => {
                let start = |mut turn: Turn<'_, '_, M>| turn.on_newcomer(life);
                State::Replica(Turn::start(config, id, o, start))
            }
            Self::ViewService(_) | Self::Client(_) => panic!("only a replica is taken back"),
        }
    }
}

impl<M: StateMachine> Recoverable for PrimaryBackup<M> {
    fn stop_timer(&self) -> Option<Timer> {
        matches!(self, Self::Replica(_)).then_some(Timer::Stop)
    }

    fn checkpoint(&self, _id: Id, state: &State<M>) -> Option<Storage<M>> {
        match state {
            State::ViewService(state) => Some(Storage::ViewService(state.registry.clone())),
            State::Replica(replica) => Some(replica.checkpoint()),
            State::Client(_) => None,
        }
    }

    /// All but the primary's operations, because a primary that forgets some leads no more in their
    /// view.
    fn waits_for_disk(&self, msg: &Msg<M>) -> bool {
        let (Self::ViewService(ViewService { config }) | Self::Replica(Replica { config })) = self
        else {
            return true;
        };
        if let Service::Peer(Peer::Replicate { .. }) = msg {
            return config.mode == Mode::Asynchronous;
        }
        !config.bug.is_some_and(|bug| bug.hastens(msg))
    }
}
