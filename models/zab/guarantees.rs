//! The guarantees of Zab, by how servers read for clients: its rows of the table.

use super::{Ask, Config, State, Timing, Zab, Zxid, properties};
use crate::guarantee::{Guarantee, Reading, Sample};
use crate::kv::{Map, Op};
use crate::world::rehearsal::{Rehearsal, answered};

/// The instances in which servers read for clients from their own states.
const LOCAL: [&str; 2] = ["local-reads", "observer"];
/// The same, where clients sync before they read.
const SYNCED: &str = "session-order";

pub(super) fn guarantees() -> Vec<Guarantee> {
    let ordered = Sample { read: Some(|count| rehearsed(get(), count, false).cost()), ..sample() };
    let row = |mode, covers, sample: &Sample| {
        let (consistency, sample) = (consistency(), sample.clone());
        Guarantee { mode, covers, consistency, durable: durable(), sample }
    };
    vec![
        row("reads as transactions", |name| !LOCAL.contains(&name) && name != SYNCED, &ordered),
        row("reads at any server", |name| LOCAL.contains(&name), &sample()),
        row("reads at any server after a sync", |name| name == SYNCED, &sample()),
    ]
}

fn consistency() -> Vec<Reading> {
    vec![
        Reading::linearizable(properties::LINEARIZABLE),
        Reading {
            property: properties::SEQUENTIAL,
            holds: "sequentially consistent",
            violated: "**not sequentially consistent**",
        },
        Reading {
            property: properties::SESSION,
            holds: "no client goes back in time",
            violated: "**clients go back in time**",
        },
    ]
}

fn durable() -> Vec<Reading> {
    vec![Reading {
        property: properties::DURABLE,
        holds: "delivered transactions, at a quorum",
        violated: "not even delivered transactions",
    }]
}

fn sample() -> Sample {
    Sample {
        about: "3 servers",
        servers: 3,
        name: |id| format!("server {}", usize::from(id)),
        write: |count| rehearsed(put(), count, false).cost(),
        read: Some(|count| rehearsed(get(), count, true).cost()),
        survives: |crashed| Rehearsal::survives(|| rehearsed(put(), 1, false), crashed),
    }
}

fn put() -> Op {
    Op::put("x", "a")
}

fn get() -> Op {
    Op::get("x")
}

fn rehearsed(op: Op, count: usize, local_reads: bool) -> Rehearsal<Zab<Map>> {
    let servers = 3;
    let config = Config::new(servers, Timing::model());
    let ask = if local_reads { Ask::Read { op, seen: Zxid::default() } } else { Ask::Do { op } };
    let actors = config.map_or_else(Vec::new, |config| {
        let script = vec![ask; count];
        let all = config.server_ids().map(|_| config.server());
        all.chain([config.client(script)]).collect()
    });
    let is_done = answered(servers, count, |state| match state {
        State::Client(client) => Some(client.client.done),
        State::Server(_) => None,
    });
    Rehearsal { actors, servers, is_done }
}
