//! What Kafka guarantees under each choice of acknowledgment, minimum and election: the rows of the
//! table.

use super::config::{Acks, Config, Kafka, Timing};
use super::message::Op;
use super::properties;
use super::state::State;
use crate::guarantee::{Guarantee, Reading, Sample, numbered};
use crate::kv::{self, ClientState};
use crate::world::rehearsal::{Rehearsal, answered};
use stateright::actor::Id;

/// The instances in which more is lost, or less is asked for, than the protocol is made for.
const OTHERS: [&str; 4] = ["acks-one", "unclean-election", "two-lost", "not-idempotent"];
/// The instances in which consumers read elsewhere than at the leader.
const STALE: [&str; 2] = ["stale-follower", "zombie-read"];

/// The instances of brokers that write to disk before they answer, and those of the map.
const DEPLOYED: [&str; 5] =
    ["synchronous", "map", "map-failover", "retention", "retention-failover"];

pub(super) fn guarantees() -> Vec<Guarantee> {
    let map = Sample {
        write: |count| cost(Acks::All, puts, count),
        read: Some(|count| cost(Acks::All, gets, count)),
        ..sample()
    };
    let all = Sample { write: |count| cost(Acks::All, produce, count), ..sample() };
    let one = Sample {
        write: |count| cost(Acks::Leader, produce, count),
        survives: |crashed| survives(Acks::Leader, crashed),
        ..sample()
    };
    let row = |mode, covers, sample: &Sample| Guarantee {
        mode,
        covers,
        consistency: consistency(),
        durable: durable(),
        sample: sample.clone(),
    };
    vec![
        Guarantee {
            mode: "the map, flush=sync",
            covers: |name| DEPLOYED.contains(&name),
            consistency: vec![Reading::linearizable(properties::LINEARIZABLE)],
            durable: durable(),
            sample: map,
        },
        row(
            "acks=all, fewer page caches lost than the minimum in sync",
            |name| !OTHERS.contains(&name) && !STALE.contains(&name),
            &all,
        ),
        row("acks=all, reads at followers and deposed leaders", |name| STALE.contains(&name), &all),
        row("acks=all, as many page caches lost", |name| name == "two-lost", &all),
        row("acks=all, unclean elections", |name| name == "unclean-election", &all),
        row("acks=1", |name| name == "acks-one", &one),
        row("acks=all, producers without numbers", |name| name == "not-idempotent", &all),
    ]
}

fn consistency() -> Vec<Reading> {
    vec![
        Reading {
            property: properties::LINEARIZABLE,
            holds: "appends are linearizable, and reads while no leader is deposed",
            violated: "**reads are not linearizable**",
        },
        Reading {
            property: properties::LOG_MATCHING,
            holds: "replicas agree on what is committed",
            violated: "**replicas differ**",
        },
        Reading {
            property: properties::ONCE,
            holds: "a record is committed once",
            violated: "**a record may be committed twice**",
        },
    ]
}

fn durable() -> Vec<Reading> {
    vec![Reading {
        property: properties::NO_LOSS,
        holds: "what is acknowledged",
        violated: "**not even what is acknowledged**",
    }]
}

/// A controller and 3 brokers, of which 2 must be in sync.
fn sample() -> Sample {
    Sample {
        about: "a controller, 3 brokers, 2 to commit",
        servers: 4,
        name: |id| numbered(id, "the controller", "broker"),
        write: |_| None,
        read: Some(|count| cost(Acks::All, consume, count)),
        survives: |crashed| survives(Acks::All, crashed),
    }
}

fn produce(count: usize) -> Vec<Op> {
    (1..=count as u64).map(|sequence| Op::Produce { sequence, value: "a".into() }).collect()
}

fn consume(count: usize) -> Vec<Op> {
    vec![Op::Consume { from: 0 }; count]
}

fn puts(count: usize) -> Vec<Op> {
    vec![Op::Map(kv::Op::put("k", "v")); count]
}

fn gets(count: usize) -> Vec<Op> {
    vec![Op::Map(kv::Op::get("k")); count]
}

fn cost(
    acks: Acks,
    script: fn(usize) -> Vec<Op>,
    count: usize,
) -> Option<crate::world::rehearsal::Cost> {
    rehearsed(acks, script(count)).cost()
}

fn survives(acks: Acks, crashed: &[Id]) -> bool {
    Rehearsal::survives(|| rehearsed(acks, produce(1)), crashed)
}

fn rehearsed(acks: Acks, script: Vec<Op>) -> Rehearsal<Kafka> {
    let config = Config { acks, ..Config::new(3, 2, Timing::model()) };
    let mut actors = config.servers();
    let (servers, count) = (actors.len(), script.len());
    actors.push(config.client(1, script));
    let is_done = answered(servers, count, |state| match state {
        State::Client(ClientState { done, .. }) => Some(*done),
        _ => None,
    });
    Rehearsal { actors, servers, is_done }
}
