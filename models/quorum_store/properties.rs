//! The properties of the quorum store: what must hold, and what must be reachable.
//!
//! What a setting provides is a matter of the settings, so each instance claims what its own provide;
//! the instances in which a claim is violated show that more is not provided.

use super::config::{Config, QuorumStore};
use super::history::History;
use super::message::{InEpoch, Peer, Update};
use super::state::{Phase, Progress, ReplicaState, State};
use super::storage::{Saved, Serial, Stable};
use super::version::{Stamp, Version};
use crate::kv::registers::Registers;
use crate::kv::{Bytes, Service};
use crate::statements;
use crate::world::{Condition, NodeOf, Nodes, Property, Statement, View};
use std::collections::BTreeMap;

/// A node of a checked instance.
pub type Actor = QuorumStore;
/// A property of an instance.
pub type Claim = Property<Actor, History>;

statements! {
    pub LINEARIZABLE = "linearizable", "the requests and replies are linearizable",
        "Herlihy and Wing 1990; Attiya et al. 1995";
    pub REGULAR = "regular", "a read returns no version that was overwritten before the read began",
        "Lamport 1986; Shao et al. 2003";
    pub MONOTONIC = "monotonic-reads", "a read returns no older version than a read that ended before it began",
        "Terry et al. 1994";
    pub WRITTEN = "written", "a read returns what somebody wrote",
        "Kingsbury 2013";
    pub NOT_OUTLIVED = "not-outlived", "an acknowledged write has a higher timestamp than every write that was acknowledged before it began",
        "Lynch and Shvartsman 1997";
    pub CAUSAL = "causal-writes", "a write has a higher timestamp than what its client was shown before",
        "Kulkarni et al. 2014";
    pub DELETED = "stays-deleted", "no read returns a value that was deleted before the read began",
        "Lamport 1986";
    pub NO_EFFECT = "failed-without-effect", "no read returns the value of a write that failed";
    pub HELD = "acknowledged-held", "as many replicas as its level says hold an acknowledged write or a newer one",
        "DeCandia et al. 2007, section 4.5";
    pub SETTLED = "serial-settles", "a request that failed took place before it failed or never does, once serial requests have ended",
        "Lamport 1998";
    pub KEPT = "promises-kept", "an acceptor knows what it promised and what it accepted",
        "Lamport 1998";
    pub ONE_UPDATE = "one-update-per-ballot", "replicas that accepted or committed in one ballot have one update",
        "Lamport 1998";
    pub KNOWN = "commits-known", "a quorum knows each committed update or a later one, as committed or as accepted",
        "Lamport 1998";
    pub ANSWERED = "answered", "every request is eventually answered", "DeCandia et al. 2007, section 4.5";
    pub CONVERGES = "converges", "replicas that differ become equal", "DeCandia et al. 2007, section 4.7";
    pub HINTS_ARRIVE = "hints-arrive", "a hint eventually reaches its node", "DeCandia et al. 2007, section 4.6";
    pub OWNED = "held-by-owners", "in the newest view as many of the members' replicas as its level says hold an acknowledged write or a newer one",
        "DeCandia et al. 2007, section 6.2";
    pub PLACED = "holds-its-own", "a node holds only keys of which it is a replica in its view",
        "DeCandia et al. 2007, section 4.9";
    pub MOVES_END = "moves-end", "a move that has begun ends, and all nodes know it",
        "DeCandia et al. 2007, section 4.9";
    pub ONE_VIEW = "one-view", "nodes whose views have one name have one view, and moves that end, end in one view of each number",
        "DeCandia et al. 2007, section 4.9";
    pub MOVED = "moved", "a move ended";
    pub MOVED_TWICE = "moved-twice", "a second move ended";
    pub APART = "apart", "two nodes were in different views of one number";
    pub MEANWHILE = "written-meanwhile", "a request was under way in a move";
    pub OVERLAP = "overlap", "requests of two clients overlapped";
    pub BLOCKED = "read-repaired", "a read waited for its repair";
    pub TIMED_OUT = "timed-out", "a request failed";
    pub HINTED = "hinted", "a node kept a hint";
    pub FINISHED = "finished", "a request finished the update of another";
    pub COLLECTED = "collected", "a tombstone went at every replica";
}

fn replica(node: &NodeOf<Actor>) -> Option<&ReplicaState> {
    match node.state() {
        Some(State::Replica(replica)) => Some(replica),
        _ => None,
    }
}

/// The durable state of a node, up or down.
fn stable(node: &NodeOf<Actor>) -> Option<&Stable> {
    match (node.state(), &node.disk.durable) {
        (Some(State::Replica(replica)), _) => Some(&replica.stable),
        (None, Some(Saved::Complete(stable))) => Some(stable),
        _ => None,
    }
}

pub(super) fn stables<'a>(nodes: &Nodes<'a, Actor>) -> impl Iterator<Item = &'a Stable> {
    nodes.iter().filter_map(stable)
}

fn judged(stated: Statement, judge: fn(&Registers<Stamp>) -> bool) -> Claim {
    Property::always(stated, Condition::history(move |it: &History| judge(&it.registers)))
}

/// The history is linearizable.
pub fn linearizable() -> Claim {
    judged(LINEARIZABLE, Registers::is_atomic)
}

/// Reads return what was not overwritten.
pub fn regular() -> Claim {
    judged(REGULAR, Registers::is_regular)
}

/// Reads do not go back.
pub fn monotonic() -> Claim {
    judged(MONOTONIC, Registers::is_monotonic)
}

/// Reads return what was written.
pub fn written() -> Claim {
    judged(WRITTEN, Registers::is_written)
}

/// Timestamps agree with real time.
pub fn not_outlived() -> Claim {
    judged(NOT_OUTLIVED, Registers::is_never_outlived)
}

/// Timestamps agree with what clients know.
pub fn causal() -> Claim {
    judged(CAUSAL, Registers::is_causal)
}

/// What was deleted is not read.
pub fn deleted() -> Claim {
    judged(DELETED, Registers::stays_deleted)
}

/// What failed is not read.
pub fn no_effect() -> Claim {
    judged(NO_EFFECT, Registers::is_failure_without_effect)
}

/// So many replicas hold what was acknowledged. Of what is not above its horizon a replica may have
/// forgotten that it was deleted.
pub fn held(count: usize) -> Claim {
    Property::always(
        HELD,
        Condition::world(move |world: &View<'_, Actor, History>| {
            let nodes = world.nodes();
            let registers = &world.history().registers;
            world.history().acknowledged().all(|(key, stamp)| {
                let may_be_gone = registers.may_be_deleted(key, &stamp);
                let covering = stables(&nodes).filter(|stable| {
                    covers(stable, key, stamp) || may_be_gone && stable.horizon >= stamp
                });
                covering.count() >= count
            })
        }),
    )
}

fn covers(stable: &Stable, key: &Bytes, stamp: Stamp) -> bool {
    stable.version(key).is_some_and(|version| version.includes(stamp))
}

/// Requests that failed are settled by those that follow.
pub fn settled() -> Claim {
    judged(SETTLED, Registers::is_settled)
}

/// On the set network, where what was sent is in flight: what acceptors said is true of their disks.
pub fn kept() -> Claim {
    Property::always(
        KEPT,
        Condition::each_message(|envelope, around| {
            let serials = || {
                let stable = stable(around.nodes().node(envelope.src));
                stable.into_iter().flat_map(|stable| stable.serial.values())
            };
            match &envelope.msg {
                Service::Peer(InEpoch { msg: Peer::Promise { ballot, .. }, .. }) => {
                    serials().any(|serial| serial.promised >= *ballot)
                }
                Service::Peer(InEpoch { msg: Peer::Accepted { ballot, .. }, .. }) => {
                    serials().any(|serial| {
                        let accepted = serial.accepted.as_ref().map(|(accepted, _)| accepted);
                        accepted.is_some_and(|it| it >= ballot) || serial.covers(*ballot)
                    })
                }
                _ => true,
            }
        }),
    )
}

/// A quorum knows of each commit: the next ballot meets it.
pub fn known(quorum: usize) -> Claim {
    fn knows(serial: &Serial, ballot: Stamp) -> bool {
        let accepted = serial.accepted.as_ref();
        serial.covers(ballot)
            || accepted.is_some_and(|(at, update)| *at >= ballot && *update != Update::Nothing)
    }
    Property::always(
        KNOWN,
        Condition::nodes(move |nodes| {
            let serials = || stables(nodes).flat_map(|stable| stable.serial.iter());
            let mut commits =
                serials().filter_map(|(key, serial)| Some((key, serial.committed.as_ref()?)));
            commits.all(|(key, commit)| {
                let knowing = serials().filter(|(of, it)| *of == key && knows(it, commit.stamp));
                knowing.count() >= quorum
            })
        }),
    )
}

/// Of one ballot all replicas have one update.
pub fn one_update() -> Claim {
    Property::always(
        ONE_UPDATE,
        Condition::nodes(|nodes| {
            let mut updates = BTreeMap::new();
            stables(nodes).flat_map(|stable| stable.serial.iter()).all(|(key, serial)| {
                let accepted = serial.accepted.clone();
                let committed = serial.committed.clone();
                let committed = committed.map(|it| (it.stamp, Update::Value(it.value().cloned())));
                [accepted, committed].into_iter().flatten().all(|(ballot, update)| {
                    *updates.entry((key, ballot)).or_insert(update.clone()) == update
                })
            })
        }),
    )
}

/// Once a client waits, it is answered.
pub fn answered() -> Claim {
    Property::leads_to(
        ANSWERED,
        Condition::history(|history: &History| history.open() > 0),
        Condition::history(|history: &History| history.open() == 0),
    )
}

/// The first so many nodes come to hold the same.
pub fn converges(replicas: usize) -> Claim {
    let are_equal = move |nodes: &Nodes<'_, Actor>| {
        let versions = |stable: &Stable| -> Vec<(Bytes, Version)> {
            stable.rows.iter().map(|(key, row)| (key.clone(), row.version.clone())).collect()
        };
        let mut held = stables(nodes).take(replicas).map(versions);
        let first = held.next();
        held.all(|other| Some(other) == first)
    };
    Property::leads_to(
        CONVERGES,
        Condition::nodes(move |nodes| !are_equal(nodes)),
        Condition::nodes(move |nodes| are_equal(nodes)),
    )
}

/// Who keeps a hint comes to keep none.
pub fn hints_arrive() -> Claim {
    fn keeps(nodes: &Nodes<'_, Actor>) -> bool {
        stables(nodes).any(|stable| !stable.hints.is_empty())
    }
    Property::leads_to(
        HINTS_ARRIVE,
        Condition::nodes(keeps),
        Condition::nodes(|nodes| !keeps(nodes)),
    )
}

/// In the newest view that a node has adopted, so many of the members' replicas hold what was
/// acknowledged.
pub fn owned(config: &Config, count: usize) -> Claim {
    let config = config.clone();
    Property::always(
        OWNED,
        Condition::world(move |world: &View<'_, Actor, History>| {
            let nodes = world.nodes();
            let views = stables(&nodes).map(|stable| &stable.view);
            let Some(view) = views.max_by_key(|view| view.epoch) else { return true };
            world.history().acknowledged().all(|(key, stamp)| {
                let placed = config.placed(view, key);
                let owners = placed.replicas.len() - placed.pending;
                let owners = placed.replicas.iter().take(owners);
                let holding = owners.filter(|node| {
                    stable(nodes.node(**node)).is_some_and(|stable| covers(stable, key, stamp))
                });
                holding.count() >= count
            })
        }),
    )
}

/// A node holds what is its own.
pub fn placed(config: &Config) -> Claim {
    let config = config.clone();
    Property::always(
        PLACED,
        Condition::nodes(move |nodes| {
            nodes.iter().all(|node| {
                let stable = stable(node);
                let keys = stable.iter().flat_map(|it| it.rows.keys().chain(it.serial.keys()));
                let view = stable.map(|stable| &stable.view);
                let mut placed = keys.filter_map(|key| Some(config.placed(view?, key).replicas));
                placed.all(|replicas| replicas.contains(&node.id))
            })
        }),
    )
}

/// Views come to be the same everywhere, without a move.
pub fn moves_end() -> Claim {
    let has_ended = |nodes: &Nodes<'_, Actor>| {
        let mut views = stables(nodes).map(|stable| &stable.view);
        let first = views.next();
        first.is_some_and(|view| !view.is_moving) && views.all(|view| Some(view) == first)
    };
    Property::leads_to(
        MOVES_END,
        Condition::nodes(move |nodes| !has_ended(nodes)),
        Condition::nodes(move |nodes| has_ended(nodes)),
    )
}

/// A move has ended at some node.
pub fn moved() -> Claim {
    Property::sometimes(
        MOVED,
        Condition::nodes(|nodes| {
            stables(nodes).any(|stable| stable.view.epoch > 0 && !stable.view.is_moving)
        }),
    )
}

/// A request is open at a node that knows of a move.
pub fn meanwhile() -> Claim {
    let has_one = |node: &NodeOf<Actor>| {
        replica(node).is_some_and(|it| it.stable.view.is_moving && !it.open.is_empty())
    };
    Property::sometimes(MEANWHILE, Condition::some_node(has_one))
}

/// Two clients wait at once.
pub fn overlap() -> Claim {
    Property::sometimes(OVERLAP, Condition::history(|it: &History| it.open() > 1))
}

/// A read waits for its repair.
pub fn blocked() -> Claim {
    let waits = |node: &NodeOf<Actor>| {
        let mut open = replica(node).into_iter().flat_map(|it| it.open.values());
        open.any(|open| matches!(open.phase, Phase::Repairing { .. }))
    };
    Property::sometimes(BLOCKED, Condition::some_node(waits))
}

/// A request failed.
pub fn timed_out() -> Claim {
    Property::sometimes(TIMED_OUT, Condition::history(|it: &History| it.registers.failures() > 0))
}

/// A node keeps a hint.
pub fn hinted() -> Claim {
    Property::sometimes(
        HINTED,
        Condition::nodes(|nodes| stables(nodes).any(|stable| !stable.hints.is_empty())),
    )
}

/// A tombstone went at all of the first so many nodes.
pub fn collected(replicas: usize) -> Claim {
    Property::sometimes(
        COLLECTED,
        Condition::nodes(move |nodes| {
            let mut held = stables(nodes).take(replicas);
            held.all(|stable| stable.rows.is_empty() && stable.horizon > Stamp::default())
        }),
    )
}

/// A request proposes again what another had proposed.
pub fn finished() -> Claim {
    let finishes = |node: &NodeOf<Actor>| {
        let mut open = replica(node).into_iter().flat_map(|it| it.open.values());
        open.any(|open| match &open.phase {
            Phase::Serial(attempt) => {
                matches!(attempt.progress, Progress::Committing { answer: None, .. })
            }
            _ => false,
        })
    };
    Property::sometimes(FINISHED, Condition::some_node(finishes))
}

/// What an atomic register of three replicas promises.
pub fn atomic() -> Vec<Claim> {
    vec![linearizable(), regular(), monotonic(), written(), not_outlived(), held(2)]
}

/// That, and more.
pub fn atomic_and(more: impl IntoIterator<Item = Claim>) -> Vec<Claim> {
    atomic().into_iter().chain(more).collect()
}

/// What serial requests promise, with three replicas.
pub fn serial() -> Vec<Claim> {
    atomic_and([settled(), kept(), one_update(), known(2)])
}
