//! What must hold, and what is reached, where concurrent writes stay side by side.

use super::history::History;
use super::properties::{Actor, Claim, stables};
use super::several_history::Several;
use super::siblings::Siblings;
use super::version::{Content, Stamp, Version};
use crate::kv::Bytes;
use crate::statements;
use crate::world::{Condition, Property, View};

statements! {
    pub(super) NO_LOST_UPDATE = "no-lost-update",
        "an acknowledged write is present, or a write whose context includes it is",
        "DeCandia et al. 2007, section 4.4; Preguiça et al. 2010";
    pub(super) NO_FALSE_SIBLING = "no-false-sibling",
        "of two siblings neither was written by a client that had read the other",
        "DeCandia et al. 2007, section 4.4";
    pub(super) SEES_ACKNOWLEDGED = "sees-acknowledged",
        "a read returns each write that was acknowledged before it began, or one that replaced it",
        "DeCandia et al. 2007, section 4.5";
    pub(super) TRUE_CONTEXT = "true-context",
        "a context covers only the writes that its read returned, and those that these replaced",
        "Preguiça et al. 2010";
    pub(super) SIBLINGS = "siblings", "a key had siblings at a node";
    pub(super) RESOLVED = "siblings-resolved", "a write replaced siblings at a node";
}

type World<'a> = View<'a, Actor, History>;

/// All that must hold.
pub(super) fn all() -> Vec<Claim> {
    vec![no_lost_update(), no_false_sibling(), sees_acknowledged(), true_context()]
}

/// What must hold with quorums that meet, where so many replicas hold what is acknowledged; and more.
pub(super) fn with(held: usize, more: impl IntoIterator<Item = Claim>) -> Vec<Claim> {
    all().into_iter().chain([super::properties::held(held)]).chain(more).collect()
}

/// Whether a version that includes a write shows it, or includes one that was to replace it.
fn keeps(several: &Several, version: &Version, write: Stamp) -> bool {
    let is_shown = match &version.content {
        Content::Siblings(row) => row.values.contains_key(&write.dot()),
        Content::Value(_) => version.stamp == write,
    };
    is_shown
        || !version.includes(write)
        || several.is_replaced(write, |later| version.includes(later))
}

/// Every node that knows an acknowledged put shows it, or knows one that was to replace it.
pub(super) fn no_lost_update() -> Claim {
    Property::always(
        NO_LOST_UPDATE,
        Condition::world(|world: &World<'_>| {
            let nodes = world.nodes();
            let Some(several) = &world.history().several else { return true };
            several.put().all(|(key, stamp, _)| {
                let mut versions = stables(&nodes).filter_map(|stable| stable.version(key));
                versions.all(|version| keeps(several, version, stamp))
            })
        }),
    )
}

fn rows(version: &Version) -> Option<&Siblings> {
    match &version.content {
        Content::Siblings(row) => Some(row),
        Content::Value(_) => None,
    }
}

/// What is side by side was written by clients that had not read each other's.
pub(super) fn no_false_sibling() -> Claim {
    Property::always(
        NO_FALSE_SIBLING,
        Condition::world(|world: &World<'_>| {
            let nodes = world.nodes();
            let Some(several) = &world.history().several else { return true };
            stables(&nodes).flat_map(|stable| stable.rows.values()).all(|row| {
                rows(&row.version).is_none_or(|row| {
                    let mut siblings = row.values.values();
                    siblings.all(|value| !row.values.keys().any(|dot| several.knew(value, *dot)))
                })
            })
        }),
    )
}

fn reads(flaw: fn(&Several) -> bool) -> Condition<Actor, History> {
    Condition::history(move |history: &History| !history.several.as_ref().is_some_and(flaw))
}

/// Reads know what was acknowledged.
pub(super) fn sees_acknowledged() -> Claim {
    Property::always(SEES_ACKNOWLEDGED, reads(|several| several.missed))
}

/// Contexts say nothing false.
pub(super) fn true_context() -> Claim {
    Property::always(TRUE_CONTEXT, reads(|several| several.hid))
}

/// A key has two values at a node.
pub(super) fn siblings() -> Claim {
    reached(SIBLINGS, |row, _| row.values.len() > 1)
}

/// A key has one value at a node, whose writer knew two that nobody had replaced before.
pub(super) fn resolved() -> Claim {
    reached(RESOLVED, |row, several| {
        let replaced = |value: &Bytes| {
            several.put().filter(|(_, put, _)| several.knew(value, put.dot())).count()
        };
        row.values.len() == 1 && row.values.values().any(|value| replaced(value) > 1)
    })
}

fn reached(statement: crate::world::Statement, is_it: fn(&Siblings, &Several) -> bool) -> Claim {
    Property::sometimes(
        statement,
        Condition::world(move |world: &World<'_>| {
            let nodes = world.nodes();
            let Some(several) = &world.history().several else { return false };
            let mut rows = stables(&nodes).flat_map(|stable| stable.rows.values());
            rows.any(|row| self::rows(&row.version).is_some_and(|row| is_it(row, several)))
        }),
    )
}
