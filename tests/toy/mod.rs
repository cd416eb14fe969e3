//! A toy: one server that keeps the map on its disk.
//!
//! It replicates nothing and is unavailable while its server is down. It is here to show what a
//! protocol is made of: this folder, its `pub mod` line in `models/lib.rs`, and its line in
//! `models/protocols.rs`. `.ci/toy` adds it to a copy of the sources, checks it and deploys it.
//!
//! # How it works
//!
//! The server applies each request once and saves it before it answers, a read too. After a crash
//! it starts from what it saved.
//!
//! # Bounds
//!
//! Two clients and one crash, or one client and messages that are lost without end.
//!
//! # Where things are
//!
//! `server.rs` has the handlers, `storage.rs` what is durable, `config.rs` the nodes, `protocol.rs`
//! what the tools need to know.

mod bugs;
mod config;
mod guarantees;
mod instances;
pub(crate) mod mutants;
mod properties;
mod protocol;
mod server;
mod storage;

pub use config::{Config, State, Timer, Toy};
pub use storage::{Applied, Table};

use crate::Recoverable;
use crate::durable::Saved;
use crate::kv::{Op, Reply, Service};
use crate::lend::lend;
use server::Turn;
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;

/// The messages. One server has no peer to talk to.
pub type Msg = Service<Op, Reply, ()>;

impl Actor for Toy {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Saved<Table>;
    type Random = ();

    fn on_start(&self, id: Id, saved: &Option<Saved<Table>>, o: &mut Out<Self>) -> State {
        match self {
            Self::Server(config) => {
                State::Server(Turn::start(config, id, o, |mut turn| turn.on_start(saved.as_ref())))
            }
            Self::Client(client) => State::Client(client.on_start(o)),
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
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, _: &Timer, o: &mut Out<Self>) {
        if let Self::Client(client) = self {
            lend!(state, State::Client, |state| client.on_retry(state, o));
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

impl Recoverable for Toy {
    fn checkpoint(&self, _: Id, state: &State) -> Option<Saved<Table>> {
        match state {
            State::Server(table) => Some(Saved::Complete(table.clone())),
            State::Client(_) => None,
        }
    }
}
