//! What holds, and what is reached, where orders move the ring.

use super::properties::{APART, Claim, MOVED_TWICE, ONE_VIEW, stables};
use super::storage::Stable;
use crate::world::{Condition, Property};

/// Views follow each other in one line, but for moves that never end.
pub(super) fn one_view() -> Claim {
    Property::always(
        ONE_VIEW,
        Condition::nodes(|nodes| {
            let views: Vec<_> = stables(nodes).map(|stable| &stable.view).collect();
            views.iter().all(|one| {
                views.iter().all(|other| {
                    let ended = !one.is_moving && !other.is_moving && one.epoch == other.epoch;
                    !(ended || one.name() == other.name()) || one == other
                })
            })
        }),
    )
}

/// Two nodes follow different movers.
pub(super) fn apart() -> Claim {
    Property::sometimes(
        APART,
        Condition::nodes(|nodes| {
            let mut views = stables(nodes).map(|stable| &stable.view);
            let first = views.next();
            views.any(|view| {
                first.is_some_and(|it| it.epoch == view.epoch && it.name() != view.name())
            })
        }),
    )
}

/// Two moves have ended at some node.
pub(super) fn moved_twice() -> Claim {
    let has_moved = |it: &Stable| it.view.epoch > 3 && !it.view.is_moving;
    Property::sometimes(MOVED_TWICE, Condition::nodes(move |nodes| stables(nodes).any(has_moved)))
}
