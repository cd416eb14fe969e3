//! The parts that properties look at: the states of the nodes, up or down.

use super::super::config::MultiPrimary;
use super::super::history::{History, Write};
use super::super::state::State;
use super::super::storage::{Image, Storage};
use super::super::store::Store;
use crate::causal::Dot;
use crate::kv::Bytes;
use crate::world::{NodeOf, Nodes, Property};

/// A node of a checked instance.
pub type Actor = MultiPrimary;
/// A property of an instance.
pub type Claim = Property<Actor, History>;

/// Whether some node was shown the write and has not lost its disk since. Of nodes that lost theirs
/// only the write's own counts, with the writes of its last life.
pub(super) fn is_kept(nodes: &Nodes<'_, Actor>, history: &History, dot: Dot) -> bool {
    nodes.iter().filter(|node| history.shown.get(&node.id).is_some_and(|s| s.contains(&dot))).any(
        |node| {
            let is_own = |image: &Image| image.vector.generation(node.id) == dot.generation();
            node.life == 0 || node.id == dot.node && image(node).is_some_and(is_own)
        },
    )
}

/// What each node has, up or down, by id.
pub(super) fn images<'a>(nodes: &Nodes<'a, Actor>) -> impl Iterator<Item = &'a Image> + use<'a> {
    let images: Vec<_> = nodes.iter().filter_map(image).collect();
    images.into_iter()
}

pub(super) fn image(node: &NodeOf<Actor>) -> Option<&Image> {
    match (node.state(), &node.disk.durable) {
        (Some(State::Replica(replica)), _) => Some(&replica.image),
        (None, Some(Storage::Image(image))) => Some(image),
        _ => None,
    }
}

/// Whether the effect of a write has come to a node.
pub(super) fn has(image: &Image, write: &Write) -> bool {
    image.vector.covers(write.update.dot) || holds(&image.store, write)
}

/// Whether a store has the version that a write made.
pub(super) fn holds(store: &Store, write: &Write) -> bool {
    let entry = store.entry(&write.update.key);
    entry.is_some_and(|entry| entry.get(&write.update.dot) == Some(&write.update.version))
}

/// The values of a store that clients can read.
pub(super) fn live(store: &Store) -> impl Iterator<Item = (&Bytes, Dot, &Bytes)> {
    store.versions().filter_map(|(key, dot, version)| Some((key, dot, version.value.as_ref()?)))
}
