//! The configuration of a cluster, its nodes, and their states.

use super::bugs::Bug;
use super::storage::Table;
use crate::kv::{ClientState, Op, Reply, Retry, ScriptedClient};
use crate::turn::Setting;
use stateright::actor::{Id, model_timeout};
use std::iter;

/// The one timer: a client that got no answer asks again.
pub type Timer = Retry;

/// A cluster: server 0, then clients.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The seeded bug; only the checker sets it.
    pub(crate) bug: Option<Bug>,
}

impl Config {
    /// The server.
    pub fn server(&self) -> Toy {
        Toy::Server(self.clone())
    }

    /// A client.
    pub fn client(&self, script: Vec<Op>) -> Toy {
        let servers = self.server_ids().collect();
        Toy::Client(ScriptedClient {
            script,
            first_seq: 1,
            slots: 1,
            servers,
            retry: model_timeout(),
        })
    }
}

impl Setting for Config {
    type Bug = Bug;

    fn bug(&self) -> Option<Bug> {
        self.bug
    }

    fn server_ids(&self) -> impl Iterator<Item = Id> {
        iter::once(Id::from(0))
    }
}

/// A node of the cluster.
#[derive(Clone, Debug)]
pub enum Toy {
    /// The server.
    Server(Config),
    /// A client.
    Client(ScriptedClient<Op>),
}

/// The state of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// The state of the server: all of it is durable.
    Server(Table),
    /// The state of a client.
    Client(ClientState<Reply>),
}
