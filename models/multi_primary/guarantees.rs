//! The guarantees of multi-primary: its rows of the table.

use super::{Config, MultiPrimary, Rule, ScriptedOp, SessionState, State, Timing, properties};
use crate::guarantee::{Guarantee, Reading, Sample};
use crate::kv::Op;
use crate::world::rehearsal::{Rehearsal, answered};

pub(super) fn guarantees() -> Vec<Guarantee> {
    vec![
        Guarantee {
            mode: "last-writer-wins",
            covers: |name| name.starts_with("lww-"),
            consistency: consistency(),
            durable: vec![Reading {
                property: properties::NO_LOSS,
                holds: "acknowledged writes, or writes that won over them",
                violated: "not even acknowledged writes",
            }],
            sample: Sample {
                about: "3 nodes",
                servers: 3,
                name: |id| format!("node {}", usize::from(id)),
                write: |count| rehearsed(Rule::LastWriterWins, put(), count).cost(),
                read: Some(|count| rehearsed(Rule::LastWriterWins, get(), count).cost()),
                survives: |crashed| {
                    Rehearsal::survives(|| rehearsed(Rule::LastWriterWins, put(), 1), crashed)
                },
            },
        },
        Guarantee {
            mode: "multi-value",
            covers: |name| name.starts_with("mv-"),
            consistency: consistency(),
            durable: vec![Reading {
                property: properties::COVERED,
                holds: "acknowledged writes, until a write whose context includes them replaces them",
                violated: "not even acknowledged writes",
            }],
            sample: Sample {
                about: "3 nodes",
                servers: 3,
                name: |id| format!("node {}", usize::from(id)),
                write: |count| rehearsed(Rule::MultiValue, put(), count).cost(),
                read: Some(|count| rehearsed(Rule::MultiValue, get(), count).cost()),
                survives: |crashed| {
                    Rehearsal::survives(|| rehearsed(Rule::MultiValue, put(), 1), crashed)
                },
            },
        },
    ]
}

fn consistency() -> Vec<Reading> {
    vec![
        Reading {
            property: properties::CONVERGED,
            holds: "strong eventual",
            violated: "**does not converge**",
        },
        Reading {
            property: properties::COVERED,
            holds: "concurrent writes are kept as siblings",
            violated: "**loses one of two concurrent updates**",
        },
        Reading::linearizable(properties::LINEARIZABLE),
    ]
}

fn put() -> Op {
    Op::put("x", "a")
}

fn get() -> Op {
    Op::get("x")
}

fn rehearsed(rule: Rule, op: Op, count: usize) -> Rehearsal<MultiPrimary> {
    let config = Config::new(3, rule, Timing::model());
    let mut actors = config.servers();
    let servers = actors.len();
    actors.push(config.client(0, vec![ScriptedOp::Plain(op); count]));
    let is_done = answered(servers, count, |state| match state {
        State::Client(SessionState { done, .. }) => Some(*done),
        State::Replica(_) => None,
    });
    Rehearsal { actors, servers, is_done }
}
