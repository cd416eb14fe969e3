//! The fingerprints of the images of a state, by all exchanges of nodes at once.
//!
//! An image's fingerprint is a sum of hashes, one for each part of the state, as the state's own is. A
//! state that is asked about differs little from the one before (it comes of the same state, or of one
//! beside it), so the sums are carried from there, and only what differs is weighed.

use super::cluster::{Cluster, Tables};
use super::interner::Fingerprint;
use super::observer::Observer;
use super::parts::Checkable;
use super::symmetry::{Images, Symmetry};

/// The fingerprints of the images of the state that was asked about last.
#[derive(Default)]
pub(super) struct Orbit {
    state: Vec<u32>,
    /// One for each exchange.
    sums: Vec<Fingerprint>,
    hashes: [Rows; 4],
}

/// The kinds of parts, by where they stand in a packed state.
#[derive(Clone, Copy)]
enum Kind {
    Node,
    Budget,
    History,
    Item,
}

/// The hashes of the images of each part of a kind, found once: as many for each id as there are exchanges.
#[derive(Default)]
struct Rows(Vec<Fingerprint>);

impl Rows {
    /// The row of a part. None is zero in all likelihood: such a one is found again.
    fn of(
        &mut self,
        id: u32,
        length: usize,
        find: impl FnMut(usize) -> Fingerprint,
    ) -> &[Fingerprint] {
        let start = id as usize * length;
        let end = start + length;
        if self.0.len() < end {
            self.0.resize(end, 0);
        }
        let row = &mut self.0[start..end];
        if row.first() == Some(&0) {
            row.iter_mut().zip((0..length).map(find)).for_each(|(hash, found)| *hash = found);
        }
        row
    }
}

impl Orbit {
    /// The fingerprints of what each exchange makes of a state.
    pub(super) fn fingerprints<A: Checkable, H: Observer<A::Msg>>(
        &mut self,
        cluster: &Cluster<A, H>,
        symmetry: &Symmetry<A, H>,
        images: &mut [Images],
        state: &[u32],
    ) -> &[Fingerprint] {
        let before = std::mem::take(&mut self.state);
        if before.is_empty() {
            // The first; or rewriting a part panicked, and left sums of no state.
            self.sums.clear();
        }
        self.sums.resize(images.len(), 0);
        let mut finder = Finder { cluster, symmetry, images };
        let mut weigh = |kind, id, what| self.weigh(&mut finder, (kind, id), what);
        let inner = &*cluster.0;
        let first = before.len().min(inner.items_at());
        for (at, new) in state[..inner.items_at()].iter().enumerate() {
            let kind = match at {
                _ if at < inner.budget_at() => Kind::Node,
                _ if at < inner.history_at() => Kind::Budget,
                _ => Kind::History,
            };
            let old = before.get(at);
            if old != Some(new) {
                old.into_iter().for_each(|old| weigh(kind, *old, Fingerprint::wrapping_sub));
                weigh(kind, *new, Fingerprint::wrapping_add);
            }
        }
        each_difference(&before[first..], &state[inner.items_at()..], |item, is_new| {
            let what = if is_new { Fingerprint::wrapping_add } else { Fingerprint::wrapping_sub };
            weigh(Kind::Item, item, what);
        });
        self.state = before;
        self.state.clear();
        self.state.extend_from_slice(state);
        &self.sums
    }

    /// Adds the hashes of the images of a part to the sums, or takes them away.
    fn weigh<A: Checkable, H: Observer<A::Msg>>(
        &mut self,
        finder: &mut Finder<'_, '_, A, H>,
        (kind, id): (Kind, u32),
        what: fn(Fingerprint, Fingerprint) -> Fingerprint,
    ) {
        let find = |at| finder.hash(kind, id, at);
        let row = self.hashes[kind as usize].of(id, self.sums.len(), find);
        self.sums.iter_mut().zip(row).for_each(|(sum, hash)| *sum = what(*sum, *hash));
    }

    pub(super) fn bytes(&self) -> u64 {
        let rows = self.hashes.iter().map(|rows| rows.0.capacity());
        let hashes = rows.sum::<usize>() + self.sums.capacity();
        (hashes * size_of::<Fingerprint>() + self.state.capacity() * size_of::<u32>()) as u64
    }
}

/// Calls `show` with each item that only one of two sorted lists has, or that it has more often, and
/// whether that is the second.
fn each_difference(mut old: &[u32], mut new: &[u32], mut show: impl FnMut(u32, bool)) {
    loop {
        match (old, new) {
            ([one, olds @ ..], [other, news @ ..]) if one == other => (old, new) = (olds, news),
            ([one, olds @ ..], [other, ..]) if one < other => {
                show(*one, false);
                old = olds;
            }
            (_, [other, news @ ..]) => {
                show(*other, true);
                new = news;
            }
            ([one, olds @ ..], []) => {
                show(*one, false);
                old = olds;
            }
            ([], []) => return,
        }
    }
}

/// Finds images and their hashes.
struct Finder<'c, 'i, A: Checkable, H> {
    cluster: &'c Cluster<A, H>,
    symmetry: &'c Symmetry<A, H>,
    images: &'i mut [Images],
}

impl<A: Checkable, H: Observer<A::Msg>> Finder<'_, '_, A, H> {
    /// The hash of what exchange `at` makes of a part.
    fn hash(&mut self, kind: Kind, id: u32, at: usize) -> Fingerprint {
        let inner = &*self.cluster.0;
        let Tables { nodes, budgets, histories, .. } = &inner.tables;
        let (symmetry, images) = (self.symmetry, &mut self.images[at]);
        match kind {
            Kind::Node => nodes.head(inner.image_of_node(symmetry, at, images, id)).hash,
            // No budget names a node: cuts have no images.
            Kind::Budget => budgets.head(id).hash,
            Kind::History => histories.head(inner.image_of_history(symmetry, at, images, id)).hash,
            Kind::Item => inner.item_hash(inner.image_of_item(symmetry, at, images, id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::alike::Alike;
    use super::*;

    use crate::paxos::synod::instances::instances;
    use proptest::prelude::*;

    /// States that come one of the other, and again and again from the first.
    #[test]
    fn the_fingerprints_are_those_of_the_images() {
        let mut compared = 0;
        for instance in instances() {
            let Some(symmetry) = instance.symmetry else { continue };
            let (cluster, symmetry) = ((instance.cluster)(), symmetry());
            let alike = Alike::new(&cluster, &symmetry);
            let mut alike = alike.unwrap_or_else(|unlike| panic!("{}: {unlike:?}", instance.name));
            let mut expander = cluster.expander();
            for seed in 0..40_usize {
                let mut state = cluster.initial().to_vec();
                for turn in 0..25_usize {
                    let fingerprints = alike.fingerprints(&state).to_vec();
                    for (at, fingerprint) in fingerprints.iter().enumerate() {
                        let mut image = Vec::new();
                        alike.image(at, &state, &mut image);
                        let place = (instance.name, seed, turn, at);
                        assert_eq!(cluster.fingerprint(&image), *fingerprint, "{place:?}");
                        compared += usize::from(image != state);
                    }
                    let mut steps = Vec::new();
                    expander.steps(&state, cluster.fingerprint(&state), &mut steps);
                    let which = (seed * 31 + turn * turn * 7) % steps.len().max(1);
                    let Some((_, step)) = steps.get(which) else { break };
                    let mut next = Vec::new();
                    expander.write(&state, step, &mut next);
                    state = next;
                }
            }
        }
        assert!(compared > 5000, "{compared}");
    }

    fn items() -> impl Strategy<Value = Vec<u32>> {
        proptest::collection::vec(0..12_u32, 0..12).prop_map(|mut items| {
            items.sort_unstable();
            items
        })
    }

    proptest! {
        #[test]
        fn the_difference_turns_the_one_list_into_the_other(old in items(), new in items()) {
            let mut turned = old.clone();
            let mut differences = 0;
            each_difference(&old, &new, |item, is_new| {
                differences += 1;
                let at = turned.iter().position(|known| *known == item);
                match (at, is_new) {
                    (_, true) => turned.push(item),
                    (Some(at), false) => _ = turned.remove(at),
                    (None, false) => panic!("{item} is not there"),
                }
            });
            turned.sort_unstable();
            prop_assert_eq!(&turned, &new);
            let count = |items: &[u32], item| items.iter().filter(|other| **other == item).count();
            let least: usize =
                (0..12).map(|item| count(&old, item).abs_diff(count(&new, item))).sum();
            prop_assert_eq!(differences, least);
        }
    }
}
