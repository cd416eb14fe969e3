//! The guarantees of two-phase commit: its row of the table.

use super::{Config, MAX_RESEND, Sharding, State, Timing, TwoPhaseCommit, properties};
use crate::guarantee::{Guarantee, Reading, Sample, numbered};
use crate::kv::{Op, Outcome, SessionLimits, Transaction};
use crate::world::Nodes;
use crate::world::rehearsal::Rehearsal;
use stateright::actor::Id;

pub(super) fn guarantees() -> Vec<Guarantee> {
    vec![Guarantee {
        mode: "presumed abort",
        covers: |_| true,
        consistency: vec![
            Reading {
                property: properties::SERIALIZABLE,
                holds: "strictly serializable transactions",
                violated: "**not serializable**",
            },
            Reading {
                property: properties::NON_BLOCKING,
                holds: "never blocks",
                violated: "**blocks while its coordinator is dead**",
            },
        ],
        durable: vec![Reading {
            property: properties::AC2,
            holds: "votes and decisions",
            violated: "not even decisions",
        }],
        sample: Sample {
            about: "a coordinator, 2 participants, transactions over both",
            servers: 3,
            name: |id| numbered(id, "the coordinator", "participant"),
            write: |count| rehearsed(&|key| Op::put(key, "a"), count).cost(),
            read: Some(|count| rehearsed(&|key| Op::get(key), count).cost()),
            survives: |crashed| {
                Rehearsal::survives(|| rehearsed(&|key| Op::put(key, "a"), 1), crashed)
            },
        },
    }]
}

/// Transactions over a key of each of two participants; done if all commit.
fn rehearsed(op: &dyn Fn(&str) -> Op, count: usize) -> Rehearsal<TwoPhaseCommit> {
    let sharding = Sharding::Ranges(vec!["y".into()]);
    let (timing, batch) = (Timing::model(), MAX_RESEND);
    let sessions = SessionLimits::default();
    let config = Config { participants: 2, sharding, timing, batch, sessions, bug: None };
    let mut actors: Vec<TwoPhaseCommit> = config.servers();
    let servers = actors.len();
    let both: Transaction = [op("x"), op("y")].into();
    actors.push(config.client(vec![both; count]));
    let is_done = Box::new(move |nodes: &Nodes<'_, TwoPhaseCommit>| {
        let Some(State::Client(client)) = nodes.state(Id::from(servers)) else { return false };
        client.done == count && matches!(client.last, Some(Ok(Outcome::Committed(_))))
    });
    Rehearsal { actors, servers, is_done }
}
