//! The guarantees of primary-backup: its rows of the table.

use super::{Config, Mode, PrimaryBackup, State, Timing, properties};
use crate::guarantee::{Guarantee, Reading, Sample, numbered};
use crate::kv::{ClientState, Map, Op};
use crate::world::rehearsal::{Rehearsal, answered};

pub(super) fn guarantees() -> Vec<Guarantee> {
    vec![
        Guarantee {
            mode: "synchronous",
            covers: |name| name != "asynchronous",
            consistency: vec![Reading::linearizable(properties::LINEARIZABLE)],
            durable: vec![Reading {
                property: properties::PROMOTABLE,
                holds: "acknowledged writes, at every replica that may be promoted",
                violated: "not even acknowledged writes",
            }],
            sample: Sample {
                about: "a view service, 3 replicas",
                servers: 4,
                name: |id| numbered(id, "the view service", "replica"),
                write: |count| rehearsed(Mode::Synchronous, put(), count).cost(),
                read: Some(|count| rehearsed(Mode::Synchronous, get(), count).cost()),
                survives: |crashed| {
                    Rehearsal::survives(|| rehearsed(Mode::Synchronous, put(), 1), crashed)
                },
            },
        },
        Guarantee {
            mode: "asynchronous",
            covers: |name| name == "asynchronous",
            consistency: vec![
                Reading {
                    property: properties::PREFIX,
                    holds: "backups hold prefixes",
                    violated: "",
                },
                Reading::linearizable(properties::LINEARIZABLE),
            ],
            durable: vec![Reading {
                property: properties::PROMOTABLE,
                holds: "acknowledged writes, at every replica that may be promoted",
                violated: "acknowledged writes, at the primary only: **lost at failover**",
            }],
            sample: Sample {
                about: "a view service, 3 replicas",
                servers: 4,
                name: |id| numbered(id, "the view service", "replica"),
                write: |count| rehearsed(Mode::Asynchronous, put(), count).cost(),
                read: Some(|count| rehearsed(Mode::Asynchronous, get(), count).cost()),
                survives: |crashed| {
                    Rehearsal::survives(|| rehearsed(Mode::Asynchronous, put(), 1), crashed)
                },
            },
        },
    ]
}

fn put() -> Op {
    Op::put("x", "a")
}

fn get() -> Op {
    Op::get("x")
}

fn rehearsed(mode: Mode, op: Op, count: usize) -> Rehearsal<PrimaryBackup<Map>> {
    let config = Config::new(3, mode, Timing::model());
    let mut actors = config.servers();
    let servers = actors.len();
    actors.push(config.client(vec![op; count]));
    let is_done = answered(servers, count, |state| match state {
        State::Client(ClientState { done, .. }) => Some(*done),
        _ => None,
    });
    Rehearsal { actors, servers, is_done }
}
