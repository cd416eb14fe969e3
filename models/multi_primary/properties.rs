//! The properties of multi-primary: what must hold, what does not hold, and what must be reachable.
//!
//! A node that is down counts with what is on its disk, because it may come back.

mod newcomers;
mod nodes;
mod sessions;

pub use newcomers::*;
pub use nodes::{Actor, Claim};
pub use sessions::*;

use self::nodes::{has, holds, image, images, is_kept, live};
use super::history::{Fault, History, Write};
use super::message::Answer;
use super::state::State;
use super::storage::Image;
use super::store::Order;
use crate::causal::Dot;
use crate::kv::{Bytes, ClientState, KvHistory};
use crate::statements;
use crate::world::{Condition, NodeOf, Nodes, Property, Statement, View};
use std::collections::BTreeSet;

type World<'a> = View<'a, Actor, History>;

statements! {
    pub CONVERGED = "strong-convergence", "nodes that have the same writes have the same state",
        "Shapiro et al. 2011, strong convergence";
    pub NO_LOSS = "no-loss", "an acknowledged write is present, or a write that wins over it is",
        "Shapiro et al. 2011";
    /// Last-writer-wins violates it.
    pub COVERED = "no-lost-update",
        "an acknowledged write is present, or a write whose context includes it is",
        "Preguiça et al. 2010";
    /// A tombstone outlives every copy of the value that it deleted.
    pub NO_RESURRECTION = "no-resurrection",
        "a node never shows a write that it knows to be covered";
    pub HAPPENED_BEFORE = "happened-before",
        "a write has a higher timestamp than every write that its node knew",
        "Kulkarni et al. 2014, theorem 1";
    pub UNIQUE_DOTS = "unique-dots", "a dot names one write", "Preguiça et al. 2010";
    pub READ_YOUR_WRITES = "read-your-writes",
        "a client reads its own writes at the node that took them", "Terry et al. 1994";
    pub TRUE_CONTEXT = "true-context",
        "a context covers only the writes that its reader was shown, and those that they replaced",
        "Preguiça et al. 2010";
    pub TAKEN_ONCE = "at-most-once", "a node makes at most one write of a request";
    /// Neither rule has it.
    pub LINEARIZABLE = "linearizable", "the history that clients see is linearizable",
        "Herlihy and Wing 1990";
    pub CONVERGES = "eventual-delivery", "nodes that differ eventually have the same writes",
        "Shapiro et al. 2011, eventual delivery";
    pub TOMBSTONES_GO = "tombstone-collection", "every tombstone is eventually discarded";
    pub SIBLINGS = "siblings", "a key had siblings at a node";
    pub RESOLVED = "siblings-resolved", "a write replaced two concurrent writes";
    pub REPAIRED = "anti-entropy", "anti-entropy brought a node a write that it lacked";
    pub COLLECTED = "tombstone-collected", "every node had discarded the tombstone of a delete";
    /// The later write wins, a delete too, over a value that its node does not have yet: so it must
    /// be a write.
    pub WRITTEN = "written", "every acknowledged put or delete made a write";
    pub BAD_CONTEXT = "bad-context", "a node refused a context that no node had issued";
    pub OVERLAP = "overlap", "requests of two clients overlapped";
}

/// Nodes whose vectors are equal have equal values. A node in the middle of a transfer has more
/// than its vector says; it is not compared.
pub fn converged() -> Claim {
    let is_settled =
        |image: &&Image| image.store.versions().all(|(_, dot, _)| image.vector.covers(dot));
    Property::always(
        CONVERGED,
        Condition::nodes(move |nodes| {
            let images: Vec<&Image> = images(nodes).filter(is_settled).collect();
            images.iter().enumerate().all(|(at, one)| {
                (images[at + 1..].iter())
                    .filter(|other| other.vector == one.vector)
                    .all(|other| live(&other.store).eq(live(&one.store)))
            })
        }),
    )
}

/// Every node that has an acknowledged write shows it, or has one that wins over it. A write that
/// only a node that lost its disk had is gone with the disk; it is acknowledged by one node.
pub fn no_loss() -> Claim {
    unless(NO_LOSS, |write, later| later.update.covers(&write.update))
}

/// Every node that has an acknowledged write shows it, or has one that was to replace it.
pub fn covered() -> Claim {
    unless(COVERED, |write, later| later.replaced.contains(&write.update.dot))
}

fn unless(statement: Statement, excuses: fn(&Write, &Write) -> bool) -> Claim {
    Property::always(
        statement,
        Condition::world(move |world: &World<'_>| {
            let (nodes, history) = (world.nodes(), world.history());
            let images: Vec<(usize, &Image)> = images(&nodes).enumerate().collect();
            history.acknowledged.iter().filter(|dot| is_kept(&nodes, history, **dot)).all(|dot| {
                let write = &history.writes[dot];
                images.iter().all(|(node, image)| {
                    let is_origin = *node == usize::from(dot.node) && image.newcomer.is_none();
                    if write.value().is_none() || !has(image, write) {
                        return write.value().is_none() || !is_origin;
                    }
                    holds(&image.store, write)
                        || (history.writes.values())
                            .any(|later| excuses(write, later) && has(image, later))
                })
            })
        }),
    )
}

/// No node shows a write although it has one that covers it.
pub fn no_resurrection() -> Claim {
    Property::always(
        NO_RESURRECTION,
        Condition::world(|world: &World<'_>| {
            let (nodes, history) = (world.nodes(), world.history());
            images(&nodes).all(|image| {
                let shown = |dot: &Dot, write: &Write| {
                    write.value().is_some()
                        && holds(&image.store, write)
                        && history.writes.values().any(|later| {
                            let covers = match later.update.version.order {
                                Order::Written(_) => later.update.covers(&write.update),
                                Order::Knowing(_) => later.replaced.contains(dot),
                            };
                            covers
                                && image.vector.covers(later.update.dot)
                                && !history.is_lost(later.update.dot)
                        })
                };
                !history.writes.iter().any(|(dot, write)| shown(dot, write))
            })
        }),
    )
}

/// Timestamps do not contradict causality.
pub fn happened_before() -> Claim {
    let stamp = |write: &Write| match write.update.version.order {
        Order::Written(stamp) => Some(stamp),
        Order::Knowing(_) => None,
    };
    Property::always(
        HAPPENED_BEFORE,
        Condition::history(move |history: &History| {
            history.writes.values().all(|write| {
                let mut before = write.before.iter().map(|dot| stamp(&history.writes[dot]));
                before.all(|before| stamp(write).is_none() || before < stamp(write))
            })
        }),
    )
}

fn without(statement: Statement, fault: Fault) -> Claim {
    Property::always(
        statement,
        Condition::history(move |history: &History| !history.faults.contains(&fault)),
    )
}

/// No two writes have one dot.
pub fn unique_dots() -> Claim {
    without(UNIQUE_DOTS, Fault::DotReused)
}

/// A client that wrote at a node reads there its write, or one that came after it.
pub fn read_your_writes() -> Claim {
    without(READ_YOUR_WRITES, Fault::StaleRead)
}

/// A context names only writes that its get returned, directly or by what replaced it: no
/// context that was given, and none that a get would be given now.
pub fn true_context() -> Claim {
    Property::always(
        TRUE_CONTEXT,
        Condition::world(|world: &World<'_>| {
            let (nodes, history) = (world.nodes(), world.history());
            !history.faults.contains(&Fault::FalseContext)
                && images(&nodes).all(|image| has_true_contexts(image, history))
        }),
    )
}

fn has_true_contexts(image: &Image, history: &History) -> bool {
    image.store.entries().all(|(key, _)| {
        let context = image.store.context(key);
        let values: BTreeSet<&Bytes> = image.store.values(key).map(|(_, value)| value).collect();
        let is_told = |write: &Write| write.value().is_none_or(|value| values.contains(value));
        let is_replaced = |dot: &Dot| {
            let mut writes = history.writes.values();
            writes.any(|later| later.replaced.contains(dot) && has(image, later))
        };
        (history.writes.iter())
            .filter(|(dot, write)| context.covers(**dot) && write.update.key == *key)
            .filter(|(dot, _)| !history.is_lost(**dot))
            .all(|(dot, write)| is_told(write) || is_replaced(dot))
    })
}

/// A put or a delete makes a write, whatever its node holds.
pub fn written() -> Claim {
    without(WRITTEN, Fault::NotWritten)
}

/// No request makes two writes at one node.
pub fn taken_once() -> Claim {
    without(TAKEN_ONCE, Fault::TakenTwice)
}

/// The history is linearizable.
pub fn linearizable() -> Claim {
    Property::always(
        LINEARIZABLE,
        Condition::history(|history: &History| {
            history.service.as_ref().is_none_or(KvHistory::is_consistent)
        }),
    )
}

/// What must always hold with last-writer-wins.
pub fn last_writer_wins() -> Vec<Claim> {
    let mut claims = vec![converged(), no_loss(), no_resurrection(), happened_before()];
    claims.extend([unique_dots(), read_your_writes(), taken_once(), written()]);
    claims
}

/// What must hold where there is room for few sessions, with last-writer-wins.
pub fn few_sessions() -> Vec<Claim> {
    let mut claims = last_writer_wins();
    claims.extend([linearizable(), active()]);
    claims
}

/// What must always hold with multi-value.
pub fn multi_value() -> Vec<Claim> {
    let mut claims = vec![converged(), covered(), no_resurrection(), unique_dots()];
    claims.extend([read_your_writes(), true_context(), taken_once()]);
    claims
}

/// Nodes that differ come to have the same writes.
pub fn converges() -> Claim {
    let is_one = |nodes: &Nodes<'_, Actor>| {
        let vectors: BTreeSet<_> = images(nodes).map(|image| &image.vector).collect();
        vectors.len() <= 1
    };
    Property::leads_to(
        CONVERGES,
        Condition::nodes(move |nodes| !is_one(nodes)),
        Condition::nodes(move |nodes| is_one(nodes)),
    )
}

/// A node that has tombstones comes to have none.
pub fn tombstones_go() -> Claim {
    let has_some = |nodes: &Nodes<'_, Actor>| images(nodes).any(|i| i.store.has_tombstones());
    Property::leads_to(
        TOMBSTONES_GO,
        Condition::nodes(move |nodes| has_some(nodes)),
        Condition::nodes(move |nodes| !has_some(nodes)),
    )
}

/// A key has two values at a node.
pub fn siblings() -> Claim {
    Property::sometimes(
        SIBLINGS,
        Condition::some_node(|node| {
            image(node).is_some_and(|image| {
                let mut keys = image.store.entries().map(|(key, _)| key);
                keys.any(|key| image.store.values(key).count() > 1)
            })
        }),
    )
}

/// A write that replaces two concurrent ones was taken.
pub fn resolved() -> Claim {
    Property::sometimes(
        RESOLVED,
        Condition::history(|history: &History| {
            let concurrent = |a: &Dot, b: &Dot| {
                let (a, b) = (&history.writes[a], &history.writes[b]);
                !a.replaced.contains(&b.update.dot) && !b.replaced.contains(&a.update.dot)
            };
            history.writes.values().any(|write| {
                let pairs = write.replaced.iter().zip(write.replaced.iter().skip(1));
                pairs.into_iter().any(|(a, b)| concurrent(a, b))
            })
        }),
    )
}

/// A transfer brought a node something.
pub fn repaired() -> Claim {
    let is_repaired = |history: &History| history.repaired == Some(true);
    Property::sometimes(REPAIRED, Condition::history(is_repaired))
}

/// A delete was taken, and every node has it and has no tombstone.
pub fn collected() -> Claim {
    Property::sometimes(
        COLLECTED,
        Condition::world(|world: &World<'_>| {
            let nodes = world.nodes();
            let mut deletes = world.history().writes.values().filter(|w| w.value().is_none());
            deletes.any(|delete| {
                images(&nodes).all(|image| {
                    image.vector.covers(delete.update.dot) && !image.store.has_tombstones()
                })
            })
        }),
    )
}

/// A node refused a context that no node had issued.
pub fn bad_context() -> Claim {
    let is_told = |node: &NodeOf<Actor>| match node.state() {
        Some(State::Client(client)) => matches!(client.call.last, Some(Ok(Answer::BadContext))),
        _ => false,
    };
    Property::sometimes(BAD_CONTEXT, Condition::some_node(is_told))
}

/// Two clients wait at once.
pub fn overlap() -> Claim {
    let waits = |state: &State| match state {
        State::Client(client) => matches!(client.call, ClientState { done: 0, .. }),
        State::Replica(_) => false,
    };
    Property::sometimes(
        OVERLAP,
        Condition::nodes(move |nodes| nodes.up().filter(|(_, state)| waits(state)).count() > 1),
    )
}
