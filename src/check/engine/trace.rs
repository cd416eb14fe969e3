//! Counterexamples: the visited set says from where each state was first reached; walking back
//! gives the fingerprints of a shortest path, and replaying it from the initial state gives the
//! path.

use super::outcome::Behaviour;
use super::visited::VisitedSet;
use crate::models::world::step::Move;
use crate::models::world::{ActionOf, Checkable, Cluster, Observer};

/// A shortest path to the state that the visited set knows as `target`, where `key` says by what it
/// knows a state. The same whatever the number of threads.
pub(super) fn path<A: Checkable, H: Observer<A::Msg>>(
    cluster: &Cluster<A, H>,
    visited: &VisitedSet,
    target: u64,
    mut key: impl FnMut(&[u32], u64) -> u64,
) -> Option<Behaviour> {
    let mut trace =
        Behaviour { states: vec![cluster.initial().into()], moves: Vec::new(), cycle: None };
    let mut expander = cluster.expander();
    for layer in layers(visited, target)?.into_iter().rev().skip(1) {
        let state = trace.last().to_vec();
        let fingerprint = cluster.fingerprint(&state);
        let mut moves = Vec::new();
        expander.moves(&state, &mut moves);
        let mut best: Option<(ActionOf<A>, Move, Vec<u32>)> = None;
        for what in moves {
            let Some(step) = expander.step(&state, fingerprint, what) else { continue };
            let mut next = Vec::new();
            expander.write(&state, &step, &mut next);
            if !layer.contains(&key(&next, step.fingerprint)) {
                continue;
            }
            // Of several ways the one that is listed first.
            let action = cluster.action(&state, what);
            if best.as_ref().is_none_or(|(known, ..)| action < *known) {
                best = Some((action, what, next));
            }
        }
        let (_, what, next) = best?;
        trace.moves.push(what);
        trace.states.push(next.into());
    }
    Some(trace)
}

/// The keys that lie on the way, last first; each layer almost surely holds one.
pub(super) fn layers(visited: &VisitedSet, target: u64) -> Option<Vec<Vec<u64>>> {
    let mut layers = vec![vec![target]];
    loop {
        let mut parents = Vec::new();
        for key in layers.last()? {
            match visited.parents(*key) {
                None => return Some(layers),
                Some(more) => parents.extend(more),
            }
        }
        if parents.is_empty() {
            return None;
        }
        layers.push(parents);
    }
}
