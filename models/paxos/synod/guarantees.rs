//! The guarantees of single-decree Paxos: its row of the table.

use super::{Config, Learner, State, Synod, properties};
use crate::guarantee::{Guarantee, Reading, Sample};
use crate::world::Nodes;
use crate::world::rehearsal::Rehearsal;

pub(super) fn guarantees() -> Vec<Guarantee> {
    vec![Guarantee {
        mode: "single decree",
        covers: |_| true,
        consistency: vec![Reading {
            property: properties::AGREEMENT,
            holds: "agreement on one value",
            violated: "**no agreement**",
        }],
        durable: vec![Reading {
            property: properties::PROMISE,
            holds: "promises and accepted proposals",
            violated: "not even promises",
        }],
        sample: Sample {
            about: "3 acceptors",
            servers: 3,
            name: |id| format!("acceptor {}", usize::from(id)),
            // A decree is made once; it begins with a timer, not with a message.
            write: |_| None,
            read: None,
            survives: |crashed| Rehearsal::survives(rehearsed, crashed),
        },
    }]
}

/// Three acceptors, and a proposer and a learner that do not crash.
fn rehearsed() -> Rehearsal<Synod> {
    let config = Config::new(3, &['a']);
    let is_done = Box::new(|nodes: &Nodes<'_, Synod>| {
        let learned =
            |state: &State| matches!(state, State::Learner(Learner { learned: Some(_), .. }));
        nodes.up().any(|(_, state)| learned(state))
    });
    Rehearsal { actors: config.nodes(), servers: config.acceptors, is_done }
}
