//! What Kafka guarantees under each choice of acknowledgment, minimum and election: the rows of the
//! table.

use super::bounds::controllers;
use super::config::{Acks, Config, Kafka, Timing};
use super::message::Op;
use super::properties;
use super::state::State;
use crate::guarantee::{Guarantee, Reading, Sample, numbered};
use crate::kv::{self, ClientState};
use crate::world::rehearsal::{Cost, Rehearsal, answered};
use stateright::actor::Id;

/// The instances in which more is lost, or less is asked for, than the protocol is made for.
const OTHERS: &[&str] =
    &["acks-one", "acks-zero", "unclean-election", "two-lost", "not-idempotent"];
/// The instances with several controllers.
const SEVERAL: &[&str] =
    &["controllers", "controllers-lossy", "controllers-produce", "controller-paxos"];
/// The instances in which consumers read elsewhere than at the leader.
const STALE: &[&str] = &["stale-follower", "zombie-read"];

/// The instances of brokers that write to disk before they answer, and those of the map.
const DEPLOYED: &[&str] =
    &["synchronous", "map", "map-failover", "retention", "retention-failover"];

pub(super) fn guarantees() -> Vec<Guarantee> {
    let map = Sample {
        write: |count| cost(1, puts(count)),
        read: Some(|count| cost(1, gets(count))),
        ..sample()
    };
    let all = Sample { write: |count| cost(1, produce(Acks::All, count)), ..sample() };
    let one = Sample {
        write: |count| cost(1, produce(Acks::Leader, count)),
        survives: |crashed| survives(1, Acks::Leader, crashed),
        ..sample()
    };
    // Its producer goes on whatever happens.
    let zero = Sample { survives: |_| true, ..sample() };
    let several = Sample {
        about: "3 controllers, 3 brokers, 2 to commit",
        servers: 6,
        name: |id| {
            let role = if usize::from(id) < 3 { "controller" } else { "broker" };
            format!("{role} {}", usize::from(id))
        },
        write: |count| cost(3, produce(Acks::All, count)),
        read: Some(|count| cost(3, consume(count))),
        survives: |crashed| survives(3, Acks::All, crashed),
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
            |name| [OTHERS, STALE, DEPLOYED, SEVERAL].iter().all(|row| !row.contains(&name)),
            &all,
        ),
        row("acks=all, several controllers", |name| SEVERAL.contains(&name), &several),
        row("acks=all, reads at followers and deposed leaders", |name| STALE.contains(&name), &all),
        row("acks=all, as many page caches lost", |name| name == "two-lost", &all),
        row("acks=all, unclean elections", |name| name == "unclean-election", &all),
        row("acks=1", |name| name == "acks-one", &one),
        row("acks=0", |name| name == "acks-zero", &zero),
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
        read: Some(|count| cost(1, consume(count))),
        survives: |crashed| survives(1, Acks::All, crashed),
    }
}

fn produce(acks: Acks, count: usize) -> Vec<Op> {
    (1..=count as u64)
        .map(|sequence| Op::Produce { sequence, messages: vec!["a".into()], acks })
        .collect()
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

fn cost(number: usize, script: Vec<Op>) -> Option<Cost> {
    rehearsed(number, script).cost()
}

fn survives(number: usize, acks: Acks, crashed: &[Id]) -> bool {
    Rehearsal::survives(|| rehearsed(number, produce(acks, 1)), crashed)
}

/// So many controllers, and 3 brokers.
fn rehearsed(number: usize, script: Vec<Op>) -> Rehearsal<Kafka> {
    let mut config = Config::new(3, 2, Timing::model());
    if number > 1 {
        config.quorum = controllers(number);
    }
    let mut actors = config.servers();
    let (servers, count) = (actors.len(), script.len());
    actors.push(config.client(1, script));
    let is_done = answered(servers, count, |state| match state {
        State::Client(ClientState { done, .. }) => Some(*done),
        _ => None,
    });
    Rehearsal { actors, servers, is_done }
}
