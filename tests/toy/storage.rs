//! What is durable: the map, and the last reply to each client.

use crate::durable::{Replay, Saved};
use crate::kv::{Image, Map, Op};
use crate::turn::Persistent;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

/// The map and the sessions of the clients.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Table(pub Image<Map>);

/// A record of the log: a request that was applied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Applied {
    /// Whose request it was.
    pub client: Id,
    /// The client's sequence number.
    pub seq: u64,
    /// What it asked for.
    pub op: Op,
}

impl Replay for Table {
    type Record = Applied;

    fn replay(&mut self, Applied { client, seq, op }: Applied) {
        self.0.apply_once(client, seq, &op);
    }
}

impl Persistent for Table {
    type Durable = Self;

    fn durable(&mut self) -> &mut Self {
        self
    }
}

impl From<Applied> for Saved<Table> {
    fn from(applied: Applied) -> Self {
        Self::record(applied)
    }
}
