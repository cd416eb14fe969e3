//! The rows of the table: each mode of each protocol, on a cluster of the usual size.

use super::super::rehearsal::{Cost, Goal, Rehearsal};
use super::{Reading, Row};
use quorate_models::kv::{ClientState, Map, Op, Outcome, Transaction};
use quorate_models::paxos::synod;
use quorate_models::world::{Checkable, Nodes};
use quorate_models::{multi_primary, paxos, primary_backup, two_phase_commit};
use stateright::actor::Id;

/// A cluster and what is tried on it.
pub(super) struct Sample {
    /// What it has.
    pub(super) about: &'static str,
    pub(super) servers: usize,
    /// What a server is called.
    pub(super) name: fn(Id) -> String,
    /// So many writes, one after the other.
    pub(super) write: fn(usize) -> Option<Cost>,
    /// So many reads.
    pub(super) read: Option<fn(usize) -> Option<Cost>>,
    /// Whether a write proceeds without these.
    pub(super) survives: fn(&[Id]) -> bool,
}

pub(super) const CLUSTERS: &[Row] = &[
    Row {
        protocol: "primary-backup",
        mode: "synchronous",
        covers: |name| name != "asynchronous",
        consistency: &[linearizable(primary_backup::properties::LINEARIZABLE)],
        durable: &[Reading {
            property: primary_backup::properties::PROMOTABLE,
            holds: "what is acknowledged, at every replica that may be promoted",
            violated: "not even what is acknowledged",
        }],
        sample: Sample {
            about: "a view service, 3 replicas",
            servers: 4,
            name: |id| numbered(id, "the view service", "replica"),
            write: |count| replicated(primary_backup::Mode::Synchronous, put(), count).cost(),
            read: Some(|count| replicated(primary_backup::Mode::Synchronous, get(), count).cost()),
            survives: |crashed| {
                Rehearsal::survives(
                    || replicated(primary_backup::Mode::Synchronous, put(), 1),
                    crashed,
                )
            },
        },
    },
    Row {
        protocol: "primary-backup",
        mode: "asynchronous",
        covers: |name| name == "asynchronous",
        consistency: &[
            Reading {
                property: primary_backup::properties::PREFIX,
                holds: "backups hold prefixes",
                violated: "",
            },
            linearizable(primary_backup::properties::LINEARIZABLE),
        ],
        durable: &[Reading {
            property: primary_backup::properties::PROMOTABLE,
            holds: "what is acknowledged, at every replica that may be promoted",
            violated: "what is acknowledged, at the primary only: **lost at failover**",
        }],
        sample: Sample {
            about: "a view service, 3 replicas",
            servers: 4,
            name: |id| numbered(id, "the view service", "replica"),
            write: |count| replicated(primary_backup::Mode::Asynchronous, put(), count).cost(),
            read: Some(|count| replicated(primary_backup::Mode::Asynchronous, get(), count).cost()),
            survives: |crashed| {
                Rehearsal::survives(
                    || replicated(primary_backup::Mode::Asynchronous, put(), 1),
                    crashed,
                )
            },
        },
    },
    Row {
        protocol: "multi-primary",
        mode: "last-writer-wins",
        covers: |name| name.starts_with("lww-"),
        consistency: MULTI_PRIMARY,
        durable: &[Reading {
            property: multi_primary::properties::NO_LOSS,
            holds: "what is acknowledged, or what won over it",
            violated: "not even what is acknowledged",
        }],
        sample: Sample {
            about: "3 nodes",
            servers: 3,
            name: |id| format!("node {}", usize::from(id)),
            write: |count| everywhere(multi_primary::Rule::LastWriterWins, put(), count).cost(),
            read: Some(|count| {
                everywhere(multi_primary::Rule::LastWriterWins, get(), count).cost()
            }),
            survives: |crashed| {
                Rehearsal::survives(
                    || everywhere(multi_primary::Rule::LastWriterWins, put(), 1),
                    crashed,
                )
            },
        },
    },
    Row {
        protocol: "multi-primary",
        mode: "multi-value",
        covers: |name| name.starts_with("mv-"),
        consistency: MULTI_PRIMARY,
        durable: &[Reading {
            property: multi_primary::properties::COVERED,
            holds: "what is acknowledged, until a write that knows it replaces it",
            violated: "not even what is acknowledged",
        }],
        sample: Sample {
            about: "3 nodes",
            servers: 3,
            name: |id| format!("node {}", usize::from(id)),
            write: |count| everywhere(multi_primary::Rule::MultiValue, put(), count).cost(),
            read: Some(|count| everywhere(multi_primary::Rule::MultiValue, get(), count).cost()),
            survives: |crashed| {
                Rehearsal::survives(
                    || everywhere(multi_primary::Rule::MultiValue, put(), 1),
                    crashed,
                )
            },
        },
    },
    Row {
        protocol: "two-phase-commit",
        mode: "presumed abort",
        covers: |_| true,
        consistency: &[
            Reading {
                property: two_phase_commit::properties::SERIALIZABLE,
                holds: "strictly serializable transactions",
                violated: "**not serializable**",
            },
            Reading {
                property: two_phase_commit::properties::NON_BLOCKING,
                holds: "never blocks",
                violated: "**blocks while its coordinator is dead**",
            },
        ],
        durable: &[Reading {
            property: two_phase_commit::properties::AC2,
            holds: "votes and decisions",
            violated: "not even decisions",
        }],
        sample: Sample {
            about: "a coordinator, 2 participants, transactions over both",
            servers: 3,
            name: |id| numbered(id, "the coordinator", "participant"),
            write: |count| transactions(&|key| Op::put(key, "a"), count).cost(),
            read: Some(|count| transactions(&|key| Op::get(key), count).cost()),
            survives: |crashed| {
                Rehearsal::survives(|| transactions(&|key| Op::put(key, "a"), 1), crashed)
            },
        },
    },
    Row {
        protocol: "synod",
        mode: "single decree",
        covers: |_| true,
        consistency: &[Reading {
            property: synod::properties::AGREEMENT,
            holds: "agreement on one value",
            violated: "**no agreement**",
        }],
        durable: &[Reading {
            property: synod::properties::PROMISE,
            holds: "promises and what is accepted",
            violated: "not even promises",
        }],
        sample: Sample {
            about: "3 acceptors",
            servers: 3,
            name: |id| format!("acceptor {}", usize::from(id)),
            // A decree is made once; it begins with a timer, not with a message.
            write: |_| None,
            read: None,
            survives: |crashed| Rehearsal::survives(decree, crashed),
        },
    },
    Row {
        protocol: "paxos",
        mode: "majorities",
        covers: |_| true,
        consistency: &[linearizable(paxos::properties::LINEARIZABLE)],
        durable: &[Reading {
            property: paxos::properties::PROMISE,
            holds: "promises, what is accepted and what is chosen",
            violated: "not even promises",
        }],
        sample: Sample {
            about: "3 replicas",
            servers: 3,
            name: |id| format!("replica {}", usize::from(id)),
            write: |count| logged(put(), count).cost(),
            read: Some(|count| logged(get(), count).cost()),
            survives: |crashed| Rehearsal::survives(|| logged(put(), 1), crashed),
        },
    },
];

const MULTI_PRIMARY: &[Reading] = &[
    Reading {
        property: multi_primary::properties::CONVERGED,
        holds: "strong eventual",
        violated: "**does not converge**",
    },
    Reading {
        property: multi_primary::properties::COVERED,
        holds: "concurrent writes are kept as siblings",
        violated: "**loses one of two concurrent updates**",
    },
    linearizable(multi_primary::properties::LINEARIZABLE),
];

const fn linearizable(property: &'static str) -> Reading {
    Reading { property, holds: "linearizable", violated: "**not linearizable**" }
}

fn numbered(id: Id, first: &str, others: &str) -> String {
    match usize::from(id) {
        0 => first.into(),
        id => format!("{others} {id}"),
    }
}

fn put() -> Op {
    Op::put("x", "a")
}

fn get() -> Op {
    Op::get("x")
}

/// The client, which comes after the servers, has had all its answers; `done` tells how many.
fn answered<A: Checkable>(
    servers: usize,
    count: usize,
    done: fn(&A::State) -> Option<usize>,
) -> Goal<A> {
    Box::new(move |nodes| nodes.state(Id::from(servers)).and_then(done) == Some(count))
}

fn replicated(
    mode: primary_backup::Mode,
    op: Op,
    count: usize,
) -> Rehearsal<primary_backup::PrimaryBackup<Map>> {
    use primary_backup::{Config, State, Timing};
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

fn everywhere(
    rule: multi_primary::Rule,
    op: Op,
    count: usize,
) -> Rehearsal<multi_primary::MultiPrimary> {
    use multi_primary::{Config, SessionState, State, Step, Timing};
    let config = Config::new(3, rule, Timing::model());
    let mut actors = config.servers();
    let servers = actors.len();
    actors.push(config.client(0, vec![Step::Plain(op); count]));
    let is_done = answered(servers, count, |state| match state {
        State::Client(SessionState { done, .. }) => Some(*done),
        State::Replica(_) => None,
    });
    Rehearsal { actors, servers, is_done }
}

/// Transactions over a key of each of two participants; done if all commit.
fn transactions(
    op: &dyn Fn(&str) -> Op,
    count: usize,
) -> Rehearsal<two_phase_commit::TwoPhaseCommit> {
    use two_phase_commit::{Config, Sharding, State, Timing, TwoPhaseCommit};
    let sharding = Sharding::Ranges(vec!["y".into()]);
    let both: Transaction = [op("x"), op("y")].into();
    // Two ranges for two participants.
    let config = Config::new(2, sharding, Timing::model()).ok();
    let servers = 3;
    let actors = config.map_or_else(Vec::new, |config| {
        let client = config.client(vec![both; count]);
        config.servers().into_iter().chain([client]).collect()
    });
    let is_done = Box::new(move |nodes: &Nodes<'_, TwoPhaseCommit>| {
        let Some(State::Client(client)) = nodes.state(Id::from(servers)) else { return false };
        client.done == count && matches!(client.last, Some(Ok(Outcome::Committed(_))))
    });
    Rehearsal { actors, servers, is_done }
}

/// Three acceptors, and a proposer and a learner that do not crash.
fn decree() -> Rehearsal<synod::Synod> {
    use synod::{Config, Learner, State};
    let config = Config::new(3, &['a']);
    let is_done = Box::new(|nodes: &Nodes<'_, synod::Synod>| {
        let learned =
            |state: &State| matches!(state, State::Learner(Learner { learned: Some(_), .. }));
        nodes.up().any(|(_, state)| learned(state))
    });
    Rehearsal { actors: config.nodes(), servers: config.acceptors, is_done }
}

fn logged(op: Op, count: usize) -> Rehearsal<paxos::Paxos<Map>> {
    use paxos::{Config, Quorums, State, Timing};
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
