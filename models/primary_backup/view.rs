//! Views: numbered memberships, each with a primary and its backups.

use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

/// A numbered configuration of the replicas.
///
/// Only the view service makes views, and it never uses a number twice: a number names one
/// primary, for ever. That is how "at all times at most one server is the primary" (Budhiraja et
/// al. 1993, property Pb1) becomes "at most one per view" in a system without a common clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct View {
    /// Its number; 1 is the view that the cluster is configured with.
    pub number: u64,
    /// The one replica that orders requests in it.
    pub primary: Id,
    /// The replicas that must have a request before it is acknowledged in it.
    pub backups: BTreeSet<Id>,
    /// Of each replica that lost its disk, the life that the view service knows: it is in no view
    /// that does not name its own.
    pub lives: BTreeMap<Id, u64>,
}

impl View {
    /// The view that every node knows from the start: replicas 1 to `replicas`, led by 1.
    pub fn first(replicas: usize) -> Self {
        let backups = (2..=replicas).map(Id::from).collect();
        Self { number: 1, primary: Id::from(1), backups, lives: BTreeMap::new() }
    }

    /// The view of a newcomer before the view service knows of it: no view, and its life.
    pub(super) fn none(id: Id, life: u64) -> Self {
        Self { lives: BTreeMap::from([(id, life)]), ..Self::default() }
    }

    /// The life of a newcomer that knows no view yet.
    pub(super) fn unknown_life(&self) -> Option<u64> {
        self.lives.values().next().filter(|_| self.number == 0).copied()
    }

    /// Whether both mean the same life of this replica.
    pub fn same_life(&self, other: &Self, id: Id) -> bool {
        self.lives.get(&id) == other.lives.get(&id)
    }

    /// Its members, the primary first.
    pub fn members(&self) -> impl Iterator<Item = Id> {
        std::iter::once(self.primary).chain(self.backups.iter().copied())
    }

    /// Whether `id` is a member.
    pub fn contains(&self, id: Id) -> bool {
        self.primary == id || self.backups.contains(&id)
    }

    /// The next view, in which `primary` leads those of the members and `joining` that it
    /// still contains.
    #[must_use]
    pub fn next(&self, primary: Id, leaving: &BTreeSet<Id>, joining: Option<Id>) -> Self {
        let backups = (self.members().chain(joining))
            .filter(|id| *id != primary && !leaving.contains(id))
            .collect();
        Self { number: self.number + 1, primary, backups, lives: self.lives.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[usize]) -> BTreeSet<Id> {
        ids.iter().map(|id| Id::from(*id)).collect()
    }

    #[test]
    fn the_first_view_is_led_by_replica_1() {
        let view = View::first(3);
        assert_eq!(
            view,
            View { number: 1, primary: Id::from(1), backups: ids(&[2, 3]), ..View::default() }
        );
        assert_eq!(view.members().collect::<Vec<_>>(), Id::vec_from(1..=3));
    }

    #[test]
    fn a_next_view_loses_who_leaves_and_gains_who_joins() {
        let first = View { lives: [(Id::from(1), 5)].into(), ..View::first(3) };
        let second = first.next(Id::from(2), &ids(&[1]), None);
        let lives = first.lives;
        let expected = View { number: 2, primary: Id::from(2), backups: ids(&[3]), lives };
        assert_eq!(second, expected);
        let third = second.next(Id::from(2), &ids(&[]), Some(Id::from(1)));
        assert_eq!((third.number, &third.backups), (3, &ids(&[1, 3])));
        assert!(third.same_life(&second, Id::from(1)));
        assert!(third.contains(Id::from(1)) && !second.contains(Id::from(1)));
    }
}
