//! Zab: the atomic broadcast of ZooKeeper, over links that lose, repeat and reorder.
//!
//! # Sources
//!
//! * **Junqueira, Reed and Serafini 2011**, *Zab: high-performance broadcast for primary-backup
//!   systems*: the phases discovery, synchronisation and broadcast, and the properties.
//! * **Hunt et al. 2010**, *ZooKeeper: wait-free coordination for internet-scale systems*: the
//!   service, its local reads, and what a session promises.
//! * **Ouyang et al. 2025**, *Multi-grained specifications for distributed system model checking and
//!   verification*, with its TLA+ specifications of Zab and of ZooKeeper's synchronisation: the
//!   properties beside the paper's, and the traces of the tickets.
//! * ZooKeeper's tickets, in the table below. **Lev-Ari et al. 2017**: what its reads amount to.
//!   **Ongaro 2014**: a leader that steps down. **Lamport 1979**: sequential consistency. **Herlihy and Wing 1990**: linearizability.
//!
//! # How it works
//!
//! 1. **Discovery.** A server that hears of no leader asks who would follow. Once a quorum said
//!    which epochs they accepted, it takes a larger one of its own, and asks all to accept it
//!    (`NEWEPOCH`). Who does saves that, and reports the last epoch whose history it took over and
//!    its last transaction (`ACK-E`). Of a quorum's histories the largest by these two is the
//!    initial history of the epoch: the prospective leader fetches it if it is not its own.
//! 2. **Synchronisation.** The leader sends each follower what its history lacks (`NEWLEADER`). The
//!    follower makes its history equal, then saves the epoch as its current one, then acknowledges
//!    (`ACK-LD`). With a quorum of that the epoch is established, the initial history is committed,
//!    and the leader says so (`UPTODATE`).
//! 3. **Broadcast.** The leader gives each request the next transaction identifier, proposes it,
//!    and commits in order what a quorum acknowledged.
//!
//! Writes are linearizable. So are reads, which are transactions too unless the client asks for a
//! local one ([`Ask::Read`]): that any server answers from its own state, as ZooKeeper's do, and the
//! client carries the last transaction that it knows of, so that it never goes back. A sync is a
//! transaction that changes nothing, so a read after it is linearizable; ZooKeeper's sync asks no
//! quorum.
//!
//! **Observers** ([`Config::observers`]) learn what is committed, serve local reads, and do not vote.
//!
//! # What each guard is for
//!
//! Each guard has a mutant without it. The steps are those of the shortest run from the start of the
//! mutant's instance to the violation; the published ones are of traces of coarser steps (Ouyang et
//! al. 2025). Generated from [`tickets`], which a test compares with what a check finds.
//!
//! <!-- guards -->
//! | ticket | guard | mutant | property | steps | published |
//! |---|---|---|---|---:|---|
//! | ZOOKEEPER-1154 | a follower that is ahead truncates before it takes a DIFF | `diff-without-trunc` | `prefix-consistency` | 8 | – |
//! | ZOOKEEPER-2845 | only what the leader says is committed is delivered | `keep-memory` | `committed-durability` | 5 | 10 |
//! | ZOOKEEPER-3642 | a snapshot counts when all of it came | `partial-snap-kept` | `snapshot` | 6 | – |
//! | ZOOKEEPER-3911 | the history of NEWLEADER is durable before ACK-LD, not after UPTODATE | `history-after-uptodate` | `leader-completeness` | 13 | 14 |
//! | ZOOKEEPER-4394 | a COMMIT between ACK-LD and UPTODATE counts | `drop-commit-in-sync` | `caught-up` | 14 | 17 |
//! | ZOOKEEPER-4643 | the history is durable before the current epoch | `epoch-before-history` | `leader-completeness` | 13 | 20 |
//! | ZOOKEEPER-4646 | the history is durable before it is acknowledged | `ack-before-history` | `leader-completeness` | 13 | 23 |
//! | ZOOKEEPER-4685 | an acknowledgment of a follower that is not synchronised is ignored | `ack-proposal-first` | `steady-leader` | 9 | 12 |
//! | ZOOKEEPER-4712 | a proposal counts in its own epoch only | `late-log-write` | `process-consistency` | 8 | 11 |
//! | ZOOKEEPER-4925 | a DIFF has no hole | `hole-in-diff` | `prefix-consistency` | 8 | – |
//! | FLE | the most recent history of a quorum becomes the initial history | `own-history` | `leader-completeness` | 11 | – |
//! | FLE | the current epoch decides before the transaction identifier | `most-entries-wins` | `leader-completeness` | 14 | – |
//! | Zab 1.0 | a leader broadcasts when a quorum has its initial history | `commit-old-by-count` | `primary-integrity` | 10 | – |
//! | DSN 2011 | an accepted epoch is durable before it is acknowledged | `forget-accepted-epoch` | `accepted-epoch` | 4 | – |
//! | DSN 2011 | an epoch is accepted of one leader only | `accept-equal-epoch` | `one-leader` | 14 | – |
//! | TLA+ issue 1 | a follower gets what was proposed while it synchronised | `propose-to-synced-only` | `caught-up` | 21 | – |
//! | TLA+ issue 3 | UPTODATE carries what is committed now | `uptodate-with-ackld-zxid` | `caught-up` | 23 | – |
//! | links | a proposal is appended after its predecessor only | `accept-gap` | `local-primary-order` | 10 | – |
//! | links | a NEWLEADER that comes again truncates nothing | `reinstall-newleader` | `committed-durability` | 12 | – |
//! | links | a snapshot never replaces a history that has all of it | `install-older` | `acknowledged-history` | 15 | – |
//! | sessions | a server that is behind a client does not serve it | `ignore-last-zxid` | `session-order` | 9 | – |
//! | sessions | a sync is ordered by a quorum | `sync-locally` | `linearizable` | 13 | – |
//! | sessions | a read that waits is answered when its server has caught up | `forget-waiting` | `reads-served` | 9 | – |
//! | disks | a leader counts its own history when that is durable | `count-early` | `committed-durability` | 6 | – |
//! | disks | a history is durable at the leader before NEWLEADER leaves | `lead-early` | `committed-durability` | 12 | – |
//! | observers | an observer has no part in choosing a leader | `observer-elects` | `committed-durability` | 13 | – |
//! | observers | an observer makes no quorum | `count-observer` | `primary-integrity` | 14 | – |
//! | observers | an observer is told of what is committed only | `inform-early` | `observer-committed` | 2 | – |
//! <!-- end of guards -->
//!
//! # Sizes
//!
//! The sizes published for the improved protocol (Ouyang et al. 2025) are of three servers and two requests.
//! Their states have variables for the properties too, and their steps are coarser, so only orders of
//! magnitude can be compared. A partition there cuts both directions at both ends; here any message may be
//! lost, but in `twice`, which is on ordered links.
//!
//! | crashes, partitions | distinct | generated | time |
//! |---|---:|---:|---|
//! | 1, 0 | 159,502 | 394,524 | – |
//! | 0, 1 | 645,233 | 1,453,916 | – |
//! | 2, 0 | 7,091,514 | 17,096,433 | – |
//! | 1, 1 | 28,668,647 | 64,444,503 | – |
//! | 0, 2 | 99,783,994 | 220,459,167 | 4 h 18 min |
//! | 2, 1 | 979,941,557 | 2,199,118,599 | 22 h 47 min |
//! | here, `twice`: 2 crashes and restarts | 9,439,525 | 40,823,941 | 12 s |
//! | here, `recovery`: 2 takeovers, losses | 3,321,981 | 48,831,191 | 6 s |
//!
//! # Deviations, and why
//!
//! * **Links lose, repeat and reorder**, where Zab has FIFO connections. Every message carries its
//!   epoch. A proposal names its predecessor, and is appended only after that; `ACK` and `COMMIT`
//!   are cumulative; pings have everything that was not answered said again. A `NEWLEADER` that
//!   comes again never truncates: once a history is taken over, nothing of it is cut off in its
//!   epoch. A late acknowledgment is still true, because it was durable before it was sent.
//! * An epoch is a round and a server, so two servers never have one epoch. ZooKeeper's is a number,
//!   which a quorum accepts strictly increasing.
//! * There is no leader election of its own: what Fast Leader Election guarantees is the rule by
//!   which the initial history is chosen.
//! * The first epoch, 0.0, is led by server 0 with no discovery: no history is before it. Nobody
//!   leads it a second time.
//! * A follower gets proposals once its `ACK-LD` was heard, and then those that were made since its
//!   `NEWLEADER`: on links without order none could count earlier.
//! * A leader proposes before its own disk has the transaction, and counts itself when it has.
//! * How far the history is delivered is saved, lazily. A server that starts goes on from there, and
//!   does not take the rest of its history for committed.
//! * A leader that is shut down hands over to the next server (Ongaro 2014, section 3.10).
//! * A follower redirects clients to its leader, where ZooKeeper's forwards.
//! * Sessions, ephemeral nodes and watches are [ZooKeeper's](crate::zookeeper), which this orders. No change
//!   of the servers.
//!
//! # Bounds
//!
//! A leader has at most [`Config::open`] transactions that are not committed, and sends a follower
//! at most [`Config::window`] ahead of its acknowledgment; a server keeps [`Config::keep`] delivered
//! transactions and [`Config::keep_bytes`] of them, twice as much while it gives a snapshot. Every
//! message fits a datagram.
//!
//! # Where things are
//!
//! [`Peer`] has the messages, [`ServerState`] the state, [`Stable`] its durable part. The handlers
//! are in `discovery.rs`, `sync.rs`, `leader.rs`, `follower.rs`, `reads.rs` and `leaving.rs` (how a
//! leader that stops is succeeded at once) and `observers.rs`; `server.rs` dispatches, or, for a service that
//! has a server of this in its own, `embedded.rs`. All are
//! methods of one context, `turn.rs`. `bugs.rs` lists the seeded bugs, `mutants.rs` the properties
//! that notice them, [`tickets`] where they come from.

mod bounds;
mod bugs;
mod choice;
mod client;
mod config;
mod deployed;
mod discovery;
mod embedded;
mod epoch;
mod follower;
mod guarantees;
mod history;
pub mod instances;
mod leader;
mod leaving;
mod message;
pub mod mutants;
mod observers;
mod offer;
pub mod properties;
mod protocol;
mod reads;
mod server;
mod situations;
mod state;
mod storage;
mod sync;
#[cfg(test)]
mod tests;
pub mod tickets;
mod turn;

pub use client::{Seen, SessionClient, SessionState};
pub use config::{BURST, Config, KEEP, KEEP_BYTES, OPEN, Server, WINDOW, Zab};
pub(crate) use deployed::{FORGOTTEN, config_of};
pub use epoch::{Epoch, Zxid};
pub use history::{InSession, SessionHistory};
pub use message::{Ask, BATCH_BYTES, Command, MAX_OP_BYTES, Msg, Part, Peer, Reply, Txn};
pub use offer::Ordered;
pub use state::{
    Discovering, Leading, Role, Served, ServerState, Standing, State, Timer, WaitingRead,
};
pub use storage::{Record, Saved, Stable};

pub use crate::timing::leader::LeaderTiming as Timing;

use crate::Recoverable;
use crate::kv::{Service, StateMachine};
use crate::lend::lend;
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use turn::Turn;

impl<M: StateMachine> Actor for Zab<M> {
    type Msg = Msg<M>;
    type Timer = Timer;
    type State = State<M>;
    type Storage = Saved<M>;
    type Random = ();

    fn on_start(&self, id: Id, storage: &Option<Saved<M>>, o: &mut Out<Self>) -> State<M> {
        match self {
            Self::Server(Server { config, prepared }) => {
                let (saved, prepared) = (storage.as_ref(), prepared.as_ref());
                let start = |mut turn: Turn<'_, '_, M>| turn.on_start(saved, prepared);
                State::Server(Turn::start(config, id, o, start))
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
            Self::Server(Server { config, .. }) => lend!(state, State::Server, |state| {
                Turn::on_message(config, id, src, state, o).on_msg(msg);
            }),
            Self::Client(client) => {
                lend!(state, State::Client, |state| client.on_msg(state, msg, o));
            }
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, State<M>>, timer: &Timer, o: &mut Out<Self>) {
        match self {
            Self::Server(Server { config, .. }) => lend!(state, State::Server, |state| {
                Turn::of_its_own(config, id, state, o).on_timer(*timer);
            }),
            Self::Client(client) => {
                lend!(state, State::Client, |state| client.on_retry(state, o));
            }
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Server(_) => "server",
            Self::Client(_) => "client",
        }
        .to_owned()
    }
}

impl<M: StateMachine> Recoverable for Zab<M> {
    fn stop_timer(&self) -> Option<Timer> {
        matches!(self, Self::Server(_)).then_some(Timer::Stop)
    }

    fn checkpoint(&self, _id: Id, state: &State<M>) -> Option<Saved<M>> {
        match state {
            State::Server(server) => Some(Saved::Complete(server.stable.clone())),
            State::Client(_) => None,
        }
    }

    fn waits_for_disk(&self, msg: &Msg<M>) -> bool {
        let Self::Server(server) = self else { return false };
        match msg {
            Service::Request { .. } | Service::Redirect { .. } | Service::Refused { .. } => false,
            Service::Reply { .. } => server.reply_waits(),
            Service::Peer(msg) => server.waits(msg),
        }
    }

    fn is_lazy(&self, saved: &Saved<M>) -> bool {
        Server::is_lazy(saved)
    }
}
