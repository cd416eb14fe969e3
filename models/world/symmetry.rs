//! Nodes that are alike: which may be exchanged, and what a state becomes when they are.

use super::cluster::{Channel, Cluster, Inner};
use super::observer::Observer;
use super::parts::{Checkable, Disk, Node, NodeOf, Process};
use super::setup::NetworkKind;
use stateright::actor::{Envelope, Id};
use stateright::{Rewrite, RewritePlan};
use std::collections::{BTreeMap, BTreeSet};

/// Where each node goes: node `i` becomes node `self[i]`.
pub type Permutation = Vec<usize>;

/// Groups of nodes that may be exchanged, and how to rewrite what names them.
pub struct Symmetry<A: Checkable, H> {
    permutations: Vec<Permutation>,
    node: fn(&NodeOf<A>, &Permutation) -> NodeOf<A>,
    message: fn(&A::Msg, &Permutation) -> A::Msg,
    history: fn(&H, &Permutation) -> H,
}

impl<A: Checkable, H> Clone for Symmetry<A, H> {
    fn clone(&self) -> Self {
        Self { permutations: self.permutations.clone(), ..*self }
    }
}

fn plan(permutation: &Permutation) -> RewritePlan<Id, &Permutation> {
    RewritePlan::new(permutation, |id, permutation| {
        let id = usize::from(*id);
        Id::from(permutation.get(id).copied().unwrap_or(id))
    })
}

impl<A: Checkable, H: Rewrite<Id>> Symmetry<A, H>
where
    A::Msg: Rewrite<Id>,
    A::State: Rewrite<Id>,
    A::Timer: Rewrite<Id>,
    A::Random: Rewrite<Id>,
    A::Storage: Rewrite<Id>,
{
    /// Within each group of ids, every node may take the place of every other.
    pub fn among(groups: &[&[usize]]) -> Self {
        let nodes = groups.iter().flat_map(|group| group.iter()).max().map_or(0, |max| max + 1);
        let mut permutations = vec![(0..nodes).collect::<Permutation>()];
        for group in groups {
            permutations = (permutations.iter())
                .flat_map(|known| arrangements(group).into_iter().map(|new| (known.clone(), new)))
                .map(|(mut known, new)| {
                    for (from, to) in group.iter().zip(new) {
                        known[*from] = to;
                    }
                    known
                })
                .collect();
        }
        // The first is the identity.
        permutations.remove(0);
        Self {
            permutations,
            node: rewrite_node::<A>,
            message: |message, permutation| message.rewrite(&plan(permutation)),
            history: |history, permutation| history.rewrite(&plan(permutation)),
        }
    }
}

impl<A: Checkable, H> Symmetry<A, H> {
    /// The exchanges, without the one that changes nothing.
    pub fn permutations(&self) -> &[Permutation] {
        &self.permutations
    }
}

/// All orders of `of`, the given one first.
fn arrangements(of: &[usize]) -> Vec<Vec<usize>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    (0..of.len())
        .flat_map(|at| {
            let mut rest = of.to_vec();
            let first = rest.remove(at);
            arrangements(&rest).into_iter().map(move |mut rest| {
                rest.insert(0, first);
                rest
            })
        })
        .collect()
}

fn rewrite_node<A: Checkable>(node: &NodeOf<A>, permutation: &Permutation) -> NodeOf<A>
where
    A::State: Rewrite<Id>,
    A::Timer: Rewrite<Id>,
    A::Random: Rewrite<Id>,
    A::Storage: Rewrite<Id>,
{
    let plan = &plan(permutation);
    let process = match &node.process {
        Process::Up { state, timers, choices } => Process::Up {
            state: state.rewrite(plan),
            timers: timers.iter().map(|timer| timer.rewrite(plan)).collect::<BTreeSet<_>>(),
            choices: (choices.iter())
                .map(|(key, options)| {
                    (key.clone(), options.iter().map(|option| option.rewrite(plan)).collect())
                })
                .collect(),
        },
        Process::Down { ghost } => {
            Process::Down { ghost: ghost.as_ref().map(|state| state.rewrite(plan)) }
        }
    };
    let disk = Disk {
        durable: node.disk.durable.as_ref().map(|image| image.rewrite(plan)),
        pending: node.disk.pending.iter().map(|delta| delta.rewrite(plan)).collect(),
    };
    Node { id: node.id.rewrite(plan), process, disk }
}

/// Images of parts under one permutation, remembered.
#[derive(Default)]
pub struct Images {
    nodes: BTreeMap<u32, u32>,
    histories: BTreeMap<u32, u32>,
    items: BTreeMap<u32, u32>,
}

impl<A: Checkable, H: Observer<A::Msg>> Cluster<A, H> {
    /// What `state` becomes when the nodes are exchanged by permutation `at`, appended to `out`.
    pub fn permute(
        &self,
        symmetry: &Symmetry<A, H>,
        at: usize,
        images: &mut Images,
        state: &[u32],
        out: &mut Vec<u32>,
    ) {
        let inner = &*self.0;
        let permutation = &symmetry.permutations[at];
        let start = out.len();
        out.extend_from_slice(state);
        let image = &mut out[start..];
        for (from, id) in state[..inner.budget_at()].iter().enumerate() {
            let to = permutation.get(from).copied().unwrap_or(from);
            image[to] = *images.nodes.entry(*id).or_insert_with(|| {
                inner.intern_node((symmetry.node)(inner.tables.nodes.value(*id), permutation))
            });
        }
        let history = state[inner.history_at()];
        image[inner.history_at()] = *images.histories.entry(history).or_insert_with(|| {
            let history = inner.tables.histories.value(history);
            inner.intern_history((symmetry.history)(history, permutation))
        });
        for item in &mut image[inner.items_at()..] {
            *item = *(images.items.entry(*item))
                .or_insert_with(|| inner.image_of_item(symmetry, permutation, *item));
        }
        image[inner.items_at()..].sort_unstable();
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
    fn image_of_item(
        &self,
        symmetry: &Symmetry<A, H>,
        permutation: &Permutation,
        item: u32,
    ) -> u32 {
        let plan = &plan(permutation);
        let envelope = |envelope: u32| {
            let Envelope { src, dst, msg } = self.tables.envelopes.value(envelope);
            let msg = (symmetry.message)(msg, permutation);
            self.intern_envelope(Envelope { src: src.rewrite(plan), dst: dst.rewrite(plan), msg })
        };
        if self.setup.network != NetworkKind::Ordered {
            return envelope(item);
        }
        let Channel { src, dst, queue } = self.tables.channels.value(item);
        let queue = queue.iter().map(|item| envelope(*item)).collect();
        self.intern_channel(Channel { src: src.rewrite(plan), dst: dst.rewrite(plan), queue })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_every_arrangement_once_the_given_one_first() {
        let all: BTreeSet<_> = arrangements(&[4, 7, 9]).into_iter().collect();
        assert_eq!(all.len(), 6, "each once: {all:?}");
        assert_eq!(arrangements(&[4, 7, 9])[0], [4, 7, 9]);
    }
}
