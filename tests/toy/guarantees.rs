//! The guarantees of the toy: its row of the table.

use super::properties::{self as claims};
use super::{Config, State, Toy};
use crate::guarantee::{Guarantee, Reading, Sample};
use crate::kv::Op;
use crate::world::rehearsal::{Rehearsal, answered};

pub(super) fn guarantees() -> Vec<Guarantee> {
    vec![Guarantee {
        mode: "on disk",
        covers: |_| true,
        consistency: vec![Reading::linearizable(claims::LINEARIZABLE)],
        durable: vec![Reading {
            property: claims::LINEARIZABLE,
            holds: "acknowledged writes",
            violated: "not even acknowledged writes",
        }],
        sample: Sample {
            about: "a server",
            servers: 1,
            name: |_| "the server".into(),
            write: |count| rehearsed(Op::put("x", "a"), count).cost(),
            read: Some(|count| rehearsed(Op::get("x"), count).cost()),
            survives: |crashed| Rehearsal::survives(|| rehearsed(Op::put("x", "a"), 1), crashed),
        },
    }]
}

fn rehearsed(op: Op, count: usize) -> Rehearsal<Toy> {
    let (config, servers) = (Config::default(), 1);
    let actors = vec![config.server(), config.client(vec![op; count])];
    let is_done = answered(servers, count, |state| match state {
        State::Client(client) => Some(client.done),
        State::Server(_) => None,
    });
    Rehearsal { actors, servers, is_done }
}
