//! Counterexamples: the lineage gives the tags of the states on a shortest path. Walking forward from
//! the initial state by those successors that have the tags gives the path; a successor that has a tag
//! by chance leads nowhere, and the walk goes back.

use super::lineage::{Lineage, Target, tag};
use super::outcome::Behaviour;
use super::visited::{Key, VisitedSet, key_of};
use crate::models::world::step::Move;
use crate::models::world::{ActionOf, Checkable, Cluster, Fingerprint, Observer};
use std::collections::BTreeMap;

/// A shortest path to a state, where `key` says by what the visited set knows a state. The same
/// whatever the number of threads.
pub(super) fn path<A: Checkable, H: Observer<A::Msg>>(
    cluster: &Cluster<A, H>,
    (visited, lineage): (&VisitedSet, &Lineage),
    target: Target,
    mut key: impl FnMut(&[u32], Fingerprint) -> Key,
) -> Option<Behaviour> {
    let mut expander = cluster.expander();
    let visited = visited.all();
    let first = (None, cluster.initial().to_vec());
    let way = walk(&lineage.tags_to(target.index), target.key, first, |(_, state), wanted| {
        let fingerprint = cluster.fingerprint(state);
        let mut moves = Vec::new();
        expander.moves(state, &mut moves);
        let mut found = Found::<ActionOf<A>, (Option<Move>, Vec<u32>)>::new();
        for what in moves {
            let Some(step) = expander.step(state, fingerprint, what) else { continue };
            let mut next = Vec::new();
            expander.write(state, &step, &mut next);
            let key = key(&next, step.fingerprint);
            if tag(key) == wanted && visited.contains(key) {
                add(&mut found, key, cluster.action(state, what), (Some(what), next));
            }
        }
        found
    })?;
    let moves = way.iter().filter_map(|(what, _)| *what).collect();
    let states = way.into_iter().map(|(_, state)| state.into()).collect();
    Some(Behaviour { states, moves, cycle: None })
}

/// The key of a state, where it is its fingerprint.
pub(super) fn plain(_: &[u32], fingerprint: Fingerprint) -> Key {
    key_of(fingerprint)
}

/// Successors by key, each by the way that is listed first.
pub(super) type Found<W, N> = BTreeMap<Key, (W, N)>;

/// Adds a successor to which this way leads.
pub(super) fn add<W: PartialOrd, N>(found: &mut Found<W, N>, key: Key, way: W, next: N) {
    if found.get(&key).is_none_or(|(known, _)| way < *known) {
        found.insert(key, (way, next));
    }
}

/// A way from `first` on over states with these tags, that of the first among them, which ends in the
/// state with the key `target`. `next` gives the successors of a state that have a tag.
pub(super) fn walk<W, N>(
    tags: &[u8],
    target: Key,
    first: N,
    mut next: impl FnMut(&N, u8) -> Found<W, N>,
) -> Option<Vec<N>> {
    let mut way = vec![first];
    let mut open = Vec::new();
    while way.len() < tags.len() {
        if open.len() < way.len() {
            open.push(next(way.last()?, tags[way.len()]).into_iter());
        }
        match open.last_mut()?.next() {
            Some((key, (_, state))) if way.len() + 1 < tags.len() || key == target => {
                way.push(state);
            }
            Some(_) => {}
            None => {
                open.pop();
                way.pop();
            }
        }
    }
    Some(way)
}
