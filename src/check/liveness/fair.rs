//! Whether one given cycle is fair: what the search decides of components, for a lasso that comes
//! from a file.

use super::classes::{Classes, ClassesOf, Classifier, UNFAIR};
use crate::models::world::step::Move;
use crate::models::world::{Checkable, Cluster, Observer, Strength};
use std::collections::{BTreeMap, BTreeSet};

/// Whether going round for ever through `states`, each left by the move beside it, satisfies every
/// fairness constraint. A state without a move is where nothing happens any more.
pub(crate) fn is_fair<A: Checkable, H: Observer<A::Msg>>(
    cluster: &Cluster<A, H>,
    states: &[(&[u32], Option<Move>)],
) -> bool {
    let classes = ClassesOf::new(cluster, cluster.fairness());
    let mut classifier = classes.classifier();
    let mut taken = BTreeSet::new();
    // In how many of the states each class is possible.
    let mut possible: BTreeMap<u16, usize> = BTreeMap::new();
    for (state, what) in states {
        taken.extend(what.map(|what| classifier.class(state, what)));
        for class in possible_in(cluster, &mut *classifier, state) {
            *possible.entry(class).or_default() += 1;
        }
    }
    let strengths = classes.strengths();
    possible.into_iter().all(|(class, count)| {
        taken.contains(&class)
            || match strengths[usize::from(class)] {
                Strength::Strong => false,
                Strength::Weak => count < states.len(),
                Strength::None => true,
            }
    })
}

fn possible_in<A: Checkable, H: Observer<A::Msg>>(
    cluster: &Cluster<A, H>,
    classifier: &mut dyn Classifier,
    state: &[u32],
) -> BTreeSet<u16> {
    let mut expander = cluster.expander();
    let fingerprint = cluster.fingerprint(state);
    let mut moves = Vec::new();
    expander.moves(state, &mut moves);
    moves.retain(|what| expander.step(state, fingerprint, *what).is_some());
    let classes = moves.into_iter().map(|what| classifier.class(state, what));
    classes.filter(|class| *class != UNFAIR).collect()
}
