//! The guarantees of Multi-Paxos: its row of the table.

use super::{Config, Paxos, Quorums, State, Timing, properties};
use crate::guarantee::{Guarantee, Reading, Sample};
use crate::kv::{ClientState, Map, Op};
use crate::world::rehearsal::{Rehearsal, answered};

pub(super) fn guarantees() -> Vec<Guarantee> {
    vec![Guarantee {
        mode: "majorities",
        covers: |_| true,
        consistency: vec![Reading::linearizable(properties::LINEARIZABLE)],
        durable: vec![Reading {
            property: properties::PROMISE,
            holds: "promises, accepted proposals and chosen commands",
            violated: "not even promises",
        }],
        sample: Sample {
            about: "3 replicas",
            servers: 3,
            name: |id| format!("replica {}", usize::from(id)),
            write: |count| rehearsed(put(), count).cost(),
            read: Some(|count| rehearsed(get(), count).cost()),
            survives: |crashed| Rehearsal::survives(|| rehearsed(put(), 1), crashed),
        },
    }]
}

fn put() -> Op {
    Op::put("x", "a")
}

fn get() -> Op {
    Op::get("x")
}

fn rehearsed(op: Op, count: usize) -> Rehearsal<Paxos<Map>> {
    let servers = 3;
    // Majorities intersect.
    let config = Config::new(servers, Quorums::majorities(servers), Timing::model()).ok();
    let actors = config.map_or_else(Vec::new, |config| {
        let replicas = config.server_ids().map(|_| config.server());
        replicas.chain([config.client(vec![op; count])]).collect()
    });
    let is_done = answered(servers, count, |state| match state {
        State::Client(ClientState { done, .. }) => Some(*done),
        State::Replica(_) => None,
    });
    Rehearsal { actors, servers, is_done }
}
