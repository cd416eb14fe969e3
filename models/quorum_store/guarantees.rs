//! The guarantees of the quorum store: its rows of the table. What each setting provides is a table of
//! its own: [`levels`](super::levels).

use super::{
    Answer, Config, Level, QuorumStore, Request, Session, SessionState, State, Timing, WriteMode,
    properties, several_claims,
};
use crate::causal::Rule;
use crate::guarantee::{Guarantee, Reading, Sample};
use crate::kv::Op;
use crate::world::rehearsal::{Rehearsal, answered};

/// The instances whose settings make a register atomic whatever the clocks: those of a cluster file
/// without a mode.
const QUERY: [&str; 4] =
    ["query-in-turn", "query-two-writers", "query-crash", "query-three-clients"];
/// The instances whose settings make a register of one writer atomic.
const ATOMIC: [&str; 2] = ["abd", "abd-crash"];
/// The instances of which every request is serial.
const SERIAL: [&str; 3] = ["lwt-rivalry", "lwt-serial-read", "lwt-crash"];
/// The instances in which nodes join, leave and are replaced, and requests ask a quorum.
const MOVES: [&str; 12] = [
    "move",
    "move-two-clients",
    "move-crash",
    "move-lossy",
    "move-answered",
    "join",
    "leave",
    "replace",
    "two-orders",
    "move-twice",
    "join-three",
    "replace-return",
];

pub(super) fn guarantees() -> Vec<Guarantee> {
    vec![
        Guarantee {
            mode: "quorums that read and repair, writes that query",
            covers: |name| QUERY.contains(&name),
            consistency: vec![Reading::linearizable(properties::LINEARIZABLE)],
            durable: vec![held("acknowledged writes, at a quorum")],
            sample: Sample {
                write: |count| querying(count).cost(),
                survives: |crashed| Rehearsal::survives(|| querying(1), crashed),
                ..sample("3 nodes that all hold the key", Level::Quorum)
            },
        },
        Guarantee {
            mode: "quorums that read and repair, one writer at one node",
            covers: |name| ATOMIC.contains(&name),
            consistency: vec![Reading::linearizable(properties::LINEARIZABLE)],
            durable: vec![held("acknowledged writes, at a quorum")],
            sample: sample("3 nodes that all hold the key", Level::Quorum),
        },
        Guarantee {
            mode: "other levels, repairs and clocks",
            covers: |name| {
                let others = [&QUERY[..], &ATOMIC, &SERIAL, &MOVES].concat();
                !others.contains(&name) && !keeps_siblings(name)
            },
            consistency: vec![
                Reading {
                    property: properties::CONVERGES,
                    holds: "eventual, or what the levels below say",
                    violated: "**does not converge**",
                },
                Reading::linearizable(properties::LINEARIZABLE),
            ],
            durable: vec![held("acknowledged writes, at as many replicas as the level says")],
            sample: sample("3 nodes that all hold the key, level one", Level::One),
        },
        Guarantee {
            mode: "quorums while nodes join, leave and are replaced, one writer at a time",
            covers: |name| MOVES.contains(&name),
            consistency: vec![Reading::linearizable(properties::LINEARIZABLE)],
            durable: vec![Reading {
                property: properties::OWNED,
                holds: "acknowledged writes, at a quorum of the members",
                violated: "acknowledged writes, **until a range moves**",
            }],
            sample: sample("3 nodes that all hold the key, between moves", Level::Quorum),
        },
        Guarantee {
            mode: "several values, quorums that meet",
            covers: keeps_siblings,
            consistency: vec![
                Reading {
                    property: several_claims::NO_LOST_UPDATE,
                    holds: "concurrent writes are kept as siblings",
                    violated: "**loses one of two concurrent updates**",
                },
                Reading {
                    property: several_claims::SEES_ACKNOWLEDGED,
                    holds: "a read returns each acknowledged write, or what replaced it",
                    violated: "**stale reads**",
                },
            ],
            durable: vec![Reading {
                property: properties::HELD,
                holds: "acknowledged writes, at a quorum, until a write whose context includes them replaces them",
                violated: "not even acknowledged writes",
            }],
            sample: Sample {
                write: |count| beside(write, count).cost(),
                read: Some(|count| beside(read, count).cost()),
                survives: |crashed| Rehearsal::survives(|| beside(write, 1), crashed),
                ..sample("3 nodes that all hold the key", Level::Quorum)
            },
        },
        Guarantee {
            mode: "serial requests",
            covers: |name| SERIAL.contains(&name),
            consistency: vec![Reading::linearizable(properties::LINEARIZABLE)],
            durable: vec![Reading {
                property: properties::KNOWN,
                holds: "committed updates, at a quorum",
                violated: "not even committed updates",
            }],
            sample: sample("3 nodes that all hold the key", Level::Serial),
        },
    ]
}

/// The instances whose concurrent writes stay side by side, and whose levels meet.
fn keeps_siblings(name: &str) -> bool {
    name.starts_with("siblings") && name != "siblings-one"
}

fn held(holds: &'static str) -> Reading {
    let violated = "acknowledged writes, at fewer replicas than the level says where hints count";
    Reading { property: properties::HELD, holds, violated }
}

fn sample(about: &'static str, level: Level) -> Sample {
    let sample = Sample {
        about,
        servers: 3,
        name: |id| format!("node {}", usize::from(id)),
        write: |count| rehearsed(Level::Quorum, write, count).cost(),
        read: Some(|count| rehearsed(Level::Quorum, read, count).cost()),
        survives: |crashed| Rehearsal::survives(|| rehearsed(Level::Quorum, write, 1), crashed),
    };
    match level {
        Level::One => Sample {
            write: |count| rehearsed(Level::One, write, count).cost(),
            read: Some(|count| rehearsed(Level::One, read, count).cost()),
            survives: |crashed| Rehearsal::survives(|| rehearsed(Level::One, write, 1), crashed),
            ..sample
        },
        Level::Serial => Sample {
            write: |count| rehearsed(Level::Serial, swap, count).cost(),
            read: Some(|count| rehearsed(Level::Serial, read, count).cost()),
            survives: |crashed| Rehearsal::survives(|| rehearsed(Level::Serial, swap, 1), crashed),
            ..sample
        },
        Level::Quorum | Level::All => sample,
    }
}

fn write(_: usize) -> Op {
    Op::put("x", "a")
}

fn read(_: usize) -> Op {
    Op::get("x")
}

/// Swaps what the one before left.
fn swap(at: usize) -> Op {
    let expected = (at > 0).then(|| "a".into());
    Op::Cas { key: "x".into(), expected, new: Some("a".into()) }
}

/// Writes that ask for the newest timestamp first.
fn querying(count: usize) -> Rehearsal<QuorumStore> {
    let config = Config { write: WriteMode::Query, ..Config::new(3, 3, Timing::model()) };
    rehearsed_with(&config, Level::Quorum, write, count)
}

/// Writes that stay side by side; each replaces what its coordinator holds.
fn beside(op: fn(usize) -> Op, count: usize) -> Rehearsal<QuorumStore> {
    let config = Config { conflicts: Rule::MultiValue, ..Config::new(3, 3, Timing::model()) };
    rehearsed_with(&config, Level::Quorum, op, count)
}

fn rehearsed(level: Level, op: fn(usize) -> Op, count: usize) -> Rehearsal<QuorumStore> {
    rehearsed_with(&Config::new(3, 3, Timing::model()), level, op, count)
}

fn rehearsed_with(
    config: &Config,
    level: Level,
    op: fn(usize) -> Op,
    count: usize,
) -> Rehearsal<QuorumStore> {
    let mut actors: Vec<_> = config.node_ids().map(|_| config.server()).collect();
    let servers = actors.len();
    // A client that begins asks a node that is up.
    let client = |script| match config.client(script) {
        QuorumStore::Client(session) => {
            QuorumStore::Client(Session { wanders: true, is_informed: false, ..session })
        }
        node @ QuorumStore::Replica(_) => node,
    };
    let script =
        (0..count).map(|at| (0, Request::Key { op: op(at), level, context: None })).collect();
    actors.push(client(script));
    let is_done = answered(servers, count, |state| match state {
        // A request that failed was not answered.
        State::Client(SessionState { call, .. }) if call.last == Some(Ok(Answer::TimedOut)) => {
            Some(0)
        }
        State::Client(SessionState { done, .. }) => Some(*done),
        State::Replica(_) => None,
    });
    Rehearsal { actors, servers, is_done }
}
