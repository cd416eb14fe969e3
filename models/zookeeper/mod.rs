//! ZooKeeper's data tree on [Zab](crate::zab): versions, sessions, ephemeral and sequential nodes,
//! watches, and the lock that is made of them.
//!
//! # Sources
//!
//! * **Hunt et al. 2010**, *ZooKeeper: wait-free coordination for internet-scale systems*: the tree,
//!   sessions, watches and what clients may rely on (section 2.3), the recipe of the lock (2.4), and
//!   who ends a session (4.4). ZooKeeper's guide for programmers: the order of watches and replies.
//! * **Kleppmann 2016**, *How to do distributed locking*: fencing tokens. **Burrows 2006**, *The
//!   Chubby lock service*: its sequencers, which are the same.
//! * ZooKeeper's tickets: ZOOKEEPER-2355, where an ephemeral node outlived its session.
//!   **Herlihy and Wing 1990**: linearizability.
//!
//! # How it works
//!
//! * The **tree** is a pure state machine. Every server applies the requests that Zab orders. A node
//!   counts how often its data was set: a request that names a version is done if that is the node's
//!   (compare-and-set).
//! * A **session** is opened by a request, and has the number of that transaction. An ephemeral node has
//!   an owner, `ephemeralOwner`, and goes with it, in the transaction that closes the session. The
//!   client closes it, or the leader does, which has not heard of the client for
//!   [`Config::session_timeout`]: the leader then proposes to close it (`sessions.rs`).
//! * A **sequential** node gets its parent's counter at the end of its name: how many children the
//!   parent ever had, so no number comes twice.
//! * **Reads** are answered by any server from its own tree, as in [Zab](crate::zab); a sync before
//!   makes one linearizable. A read may be ordered like a write instead.
//! * A **watch** fires once. Its event comes before the state that fired it, whichever server shows
//!   that (`watches.rs`).
//!
//! # The lock
//!
//! Two instances take a lock by the recipe and use a resource. While a session may expire, its
//! holder may go on for a while and not know, so **two clients hold the lock at once** (expected),
//! and a resource that does not look at tokens takes a late write of the former (`lock-unfenced`).
//! With the node's `czxid` as a token, and a resource that remembers the largest, it does not
//! (`lock-fenced`; `lock-fenced-any-order` on links that lose, repeat and reorder). While no session
//! expires, one client holds the lock at a time (`lock`).
//!
//! # Deviations, and why
//!
//! * **Requests are ordered, not what they do.** ZooKeeper's leader looks at each request and turns
//!   it into a transaction with the result in it, which may be applied twice. Here requests are
//!   applied exactly once ([`Sessions`](crate::kv::Sessions)), and every server finds the same.
//! * `czxid`, `mzxid` and `pzxid` count the tree's own transactions. They are in the same order as Zab's
//!   identifiers, which the state machine does not see.
//! * **A connection is nothing here.** Links are not FIFO, so answers carry events, and requests
//!   carry the client's watches, which ZooKeeper's client sends when it connects to another server.
//! * A watch compares what was read with what is there when the server looks, which is after each batch
//!   that Zab delivers, or when the client comes. So a node that was created and deleted in between is
//!   not told of, and of one that was deleted and created again, that its data changed. ZooKeeper does
//!   the same for a client that comes back, and tells each change to one that stays.
//! * A client pings the leader, where ZooKeeper's pings its server, which tells the leader.
//! * All sessions have one timeout. A request need not be in a session, but for an ephemeral node.
//! * Two requests are not ZooKeeper's: a put that creates a node or sets its data, and a compare-and-swap
//!   by data ([`Request::Put`], [`Request::Swap`]). They are the map's, so that its commands, storms and
//!   benchmarks work on nodes.
//! * No access lists, quotas, containers, nodes that expire, or transactions of several requests.
//! * The path and the data of a node have the limits of the map's key and value
//!   ([`MAX_KEY_BYTES`](crate::kv::map::MAX_KEY_BYTES),
//!   [`MAX_VALUE_BYTES`](crate::kv::map::MAX_VALUE_BYTES)), because a node fits a message. Names of children are
//!   read a message at a time. A path is bytes.
//!
//! # Bounds
//!
//! [`MAX_SESSIONS`] sessions, [`MAX_WATCHES`] watches of a client, [`MAX_WATCHERS`] clients with
//! watches that a server tells of events unasked, and [`MAX_TREE_BYTES`] of nodes.
//!
//! # Deployed
//!
//! `quorate cluster zookeeper`, with Zab's roles and timings, and the timing `session`: for how long a
//! session lives of whose client nothing is heard ([`SESSION_TIMEOUT`]). A client pings three times as
//! often. What a client carries from server to server is [`Known`], in the checker and deployed, and
//! it takes no answer that leaves events out ([`Offer::takes`](crate::kv::offer::Offer::takes)). What
//! is not checked: the sizes, and that a client which waits for an event asks under new numbers.
//!
//! # Where things are
//!
//! `tree.rs` is the state machine, `op.rs` its requests, `watch.rs` what fires. [`Ask`] and
//! [`Answer`] are what clients and servers say, [`ServerState`] the state. The handlers are in
//! `server.rs`, which lets the server of Zab in it do its part, `sessions.rs` and `watches.rs`.
//! `known.rs` is what a client carries, `offer.rs` what users ask, `client.rs` is the client, `lock.rs` the resource that a lock protects.

mod bounds;
mod bugs;
mod choice;
mod client;
mod config;
mod fragment;
mod guarantees;
pub mod history;
pub mod instances;
mod known;
mod lock;
mod message;
pub mod mutants;
mod offer;
mod op;
mod path;
pub mod properties;
mod protocol;
mod server;
mod sessions;
mod state;
#[cfg(test)]
mod tests;
mod tree;
mod turn;
mod watch;
mod watches;

pub use client::{ClientState, Lock, TreeClient};
pub use config::{Config, SESSION_TIMEOUT, ZooKeeper};
pub use fragment::Fragment;
pub use history::History;
pub use known::Known;
pub use message::{Answer, Ask, Msg, What};
pub use offer::{Carrying, TreeOffer};
pub use op::{CreateMode, Error, Node, Op, Reply, Request, Response, SessionId, Stat};
pub use state::{ResourceState, ServerState, State, Timer, Watcher};
pub use tree::{MAX_SESSIONS, MAX_TREE_BYTES, Tree};
pub use watch::{EventType, MAX_WATCHES, Watch, WatchKind, WatchedEvent};
pub use watches::MAX_WATCHERS;

pub use crate::zab::Timing;

use crate::Recoverable;
use crate::kv::Service;
use crate::lend::lend;
use crate::zab::{self, Saved};
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use turn::Turn;

impl Actor for ZooKeeper {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Saved<Tree>;
    type Random = ();

    fn on_start(&self, id: Id, storage: &Option<Saved<Tree>>, o: &mut Out<Self>) -> State {
        match self {
            Self::Server(config) => {
                let start = |mut turn: Turn<'_, '_>| turn.on_start(storage.as_ref());
                State::Server(Turn::start(config, id, o, start))
            }
            Self::Client(client) => State::Client(client.on_start(o)),
            Self::Resource { .. } => State::Resource(ResourceState::default()),
        }
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match self {
            Self::Server(config) => lend!(state, State::Server, |state| {
                Turn::on_message(config, id, src, state, o).on_msg(msg);
            }),
            Self::Client(client) => {
                lend!(state, State::Client, |state| client.on_msg(state, msg, o));
            }
            Self::Resource { fenced } => {
                lend!(state, State::Resource, |state| lock::on_msg(*fenced, state, &msg));
            }
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        match self {
            Self::Server(config) => lend!(state, State::Server, |state| {
                Turn::of_its_own(config, id, state, o).on_timer(*timer);
            }),
            Self::Client(client) => {
                lend!(state, State::Client, |state| client.on_retry_timer(state, o));
            }
            Self::Resource { .. } => {}
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Server(_) => "server",
            Self::Client(_) => "client",
            Self::Resource { .. } => "resource",
        }
        .to_owned()
    }
}

/// As Zab's server says.
impl Recoverable for ZooKeeper {
    fn stop_timer(&self) -> Option<Timer> {
        self.zab().map(|_| Timer::Zab(zab::Timer::Stop))
    }

    fn checkpoint(&self, _id: Id, state: &State) -> Option<Saved<Tree>> {
        match state {
            State::Server(server) => Some(Saved::Complete(server.zab.stable.clone())),
            State::Client(_) | State::Resource(_) => None,
        }
    }

    fn waits_for_disk(&self, msg: &Msg) -> bool {
        let Some(zab) = self.zab() else { return false };
        match msg {
            Service::Request { .. } | Service::Redirect { .. } | Service::Refused { .. } => false,
            Service::Reply { .. } => zab.reply_waits(),
            Service::Peer(msg) => zab.waits(msg),
        }
    }

    fn is_lazy(&self, saved: &Saved<Tree>) -> bool {
        zab::Server::is_lazy(saved)
    }
}
