//! Views: who is primary and who are backups, and since when.

use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::collections::BTreeSet;

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
}

impl View {
    /// The view that every node knows from the start: replicas 1 to `replicas`, led by 1.
    pub fn first(replicas: usize) -> Self {
        Self { number: 1, primary: Id::from(1), backups: (2..=replicas).map(Id::from).collect() }
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
        Self { number: self.number + 1, primary, backups }
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
        assert_eq!(view, View { number: 1, primary: Id::from(1), backups: ids(&[2, 3]) });
        assert_eq!(view.members().collect::<Vec<_>>(), Id::vec_from(1..=3));
    }

    #[test]
    fn a_next_view_loses_who_leaves_and_gains_who_joins() {
        let second = View::first(3).next(Id::from(2), &ids(&[1]), None);
        assert_eq!(second, View { number: 2, primary: Id::from(2), backups: ids(&[3]) });
        let third = second.next(Id::from(2), &ids(&[]), Some(Id::from(1)));
        assert_eq!(third, View { number: 3, primary: Id::from(2), backups: ids(&[1, 3]) });
        assert!(third.contains(Id::from(1)) && !second.contains(Id::from(1)));
    }
}
