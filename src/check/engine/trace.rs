//! Counterexamples: the lineage gives the tags of the states on a shortest path. Walking forward from
//! the initial state by those successors that have the tags gives the path; a successor that has a tag
//! by chance leads nowhere, and the walk goes back.

use super::lineage::{Lineage, Target, tag};
use super::outcome::Behaviour;
use super::visited::{Key, VisitedSet, key_of};
use crate::check::space::Space;
use crate::models::world::Fingerprint;
use crate::models::world::step::Move;
use std::collections::BTreeMap;

/// A shortest path to a state, where `key` says by what the visited set knows a state. The same
/// whatever the number of threads.
pub(super) fn path(
    space: &dyn Space,
    (visited, lineage): (&VisitedSet, &Lineage),
    target: Target,
    key: impl FnMut(&[u32], Fingerprint) -> Key,
) -> Option<Behaviour> {
    let visited = visited.all();
    let tags = lineage.tags_to(target.index);
    path_over(space, (&tags, target.key), |_, key| visited.contains(key), key)
}

/// The same, where the tags on the way are known, and `is_met` says of a state and its key whether it
/// was met.
pub(super) fn path_over(
    space: &dyn Space,
    (tags, target): (&[u8], Key),
    is_met: impl Fn(&[u32], Key) -> bool,
    mut key: impl FnMut(&[u32], Fingerprint) -> Key,
) -> Option<Behaviour> {
    let mut stepper = space.stepper();
    let first = (None, space.initial().to_vec());
    let way = walk(tags, target, first, |(_, state), wanted| {
        let mut steps = Vec::new();
        stepper.steps(state, space.fingerprint(state), &mut steps);
        let mut found = Found::<(Option<Move>, Vec<u32>)>::new();
        for (what, step) in steps {
            let mut next = Vec::new();
            stepper.write(state, &step, &mut next);
            let key = key(&next, step.fingerprint);
            if tag(key) == wanted && is_met(&next, key) {
                add(&mut found, key, (space, state, what), (Some(what), next));
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
pub(super) type Found<N> = BTreeMap<Key, (Move, N)>;

/// Adds a successor to which this step of a state leads.
pub(super) fn add<N>(
    found: &mut Found<N>,
    key: Key,
    (space, state, what): (&dyn Space, &[u32], Move),
    next: N,
) {
    let is_first = |known: Move| space.compare(state, what, known).is_lt();
    if found.get(&key).is_none_or(|(known, _)| is_first(*known)) {
        found.insert(key, (what, next));
    }
}

/// A way from `first` on over states with these tags, that of the first among them, which ends in the
/// state with the key `target`. `next` gives the successors of a state that have a tag.
pub(super) fn walk<N>(
    tags: &[u8],
    target: Key,
    first: N,
    mut next: impl FnMut(&N, u8) -> Found<N>,
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
