//! Nodes that are alike: which may be exchanged, and what a state becomes when they are.

use super::cluster::{Channel, Cluster, Inner};
use super::observer::Observer;
use super::parts::{Checkable, Disk, Node, NodeOf, Process};
use super::setup::NetworkKind;
use stateright::actor::{Envelope, Id};
use stateright::{Rewrite, RewritePlan};
use std::collections::BTreeSet;

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
    A::Msg: Rewrite<Id>,
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

    /// Why the exchanges cannot be carried out on so many nodes, if they cannot: a node that is
    /// not there, or groups that name one twice.
    pub(super) fn refusal(&self, nodes: usize) -> Option<String> {
        for permutation in &self.permutations {
            if permutation.len() > nodes {
                return Some(format!("it exchanges {} nodes of {nodes}", permutation.len()));
            }
            let all: BTreeSet<usize> = permutation.iter().copied().collect();
            let is_identity = permutation.iter().enumerate().all(|(from, to)| from == *to);
            if all.len() < permutation.len() || is_identity {
                return Some("its groups name a node twice".into());
            }
        }
        None
    }

    /// Of exchanges of two nodes enough to make up all: each with its position, and, by the
    /// position of another exchange, that of doing the other first and it then. `None`: nothing
    /// changes.
    pub(super) fn products(&self) -> Vec<(usize, Vec<Option<usize>>)> {
        let swaps = |one: &Permutation| (0..one.len()).filter(|at| one[*at] != *at).count() == 2;
        let mut joined: Vec<usize> =
            (0..self.permutations.iter().map(Vec::len).max().unwrap_or(0)).collect();
        let mut products = Vec::new();
        for (position, swap) in self.permutations.iter().enumerate().filter(|(_, one)| swaps(one)) {
            let Some(one) = (0..swap.len()).find(|at| swap[*at] != *at) else { continue };
            let (from, to) = (joined[one], joined[swap[one]]);
            if from == to {
                continue;
            }
            joined.iter_mut().filter(|group| **group == from).for_each(|group| *group = to);
            let product = |first: &Permutation| {
                let both: Permutation = first.iter().map(|id| swap[*id]).collect();
                self.permutations.iter().position(|known| *known == both)
            };
            products.push((position, self.permutations.iter().map(product).collect()));
        }
        products
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
    A::Msg: Rewrite<Id>,
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
        Process::Panicked { message } => Process::Panicked { message: message.clone() },
    };
    let disk = Disk {
        durable: node.disk.durable.as_ref().map(|image| image.rewrite(plan)),
        pending: node.disk.pending.iter().map(|delta| delta.rewrite(plan)).collect(),
        blocks: node.disk.blocks,
    };
    let held = node.held.iter().map(|(dst, msg)| (dst.rewrite(plan), msg.rewrite(plan))).collect();
    Node { id: node.id.rewrite(plan), life: node.life, process, disk, held }
}

/// Images of parts under one permutation, remembered by the ids of the parts.
#[derive(Default)]
pub struct Images {
    nodes: Vec<u32>,
    histories: Vec<u32>,
    items: Vec<u32>,
}

impl Images {
    pub(super) fn bytes(&self) -> u64 {
        let words = self.nodes.capacity() + self.histories.capacity() + self.items.capacity();
        (words * size_of::<u32>()) as u64
    }
}

/// The image of a part that was not needed yet.
const UNKNOWN: u32 = u32::MAX;

fn remembered(images: &mut Vec<u32>, id: u32, find: impl FnOnce() -> u32) -> u32 {
    let at = id as usize;
    match images.get(at) {
        Some(known) if *known != UNKNOWN => return *known,
        Some(_) => {}
        None => images.resize(at + 1, UNKNOWN),
    }
    let image = find();
    images[at] = image;
    image
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
            image[to] = inner.image_of_node(symmetry, at, images, *id);
        }
        let history = &mut image[inner.history_at()];
        *history = inner.image_of_history(symmetry, at, images, *history);
        for item in &mut image[inner.items_at()..] {
            *item = inner.image_of_item(symmetry, at, images, *item);
        }
        image[inner.items_at()..].sort_unstable();
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
    pub(super) fn image_of_node(
        &self,
        symmetry: &Symmetry<A, H>,
        at: usize,
        images: &mut Images,
        id: u32,
    ) -> u32 {
        remembered(&mut images.nodes, id, || {
            let node = self.tables.nodes.value(id);
            self.intern_node((symmetry.node)(node, &symmetry.permutations[at]))
        })
    }

    pub(super) fn image_of_history(
        &self,
        symmetry: &Symmetry<A, H>,
        at: usize,
        images: &mut Images,
        id: u32,
    ) -> u32 {
        remembered(&mut images.histories, id, || {
            let history = self.tables.histories.value(id);
            self.intern_history((symmetry.history)(history, &symmetry.permutations[at]))
        })
    }

    pub(super) fn image_of_item(
        &self,
        symmetry: &Symmetry<A, H>,
        at: usize,
        images: &mut Images,
        item: u32,
    ) -> u32 {
        let permutation = &symmetry.permutations[at];
        remembered(&mut images.items, item, || {
            if self.setup.network != NetworkKind::Ordered {
                return self.image_of_envelope(symmetry, permutation, item);
            }
            let plan = &plan(permutation);
            let Channel { src, dst, queue } = self.tables.channels.value(item);
            let queue = (queue.iter())
                .map(|envelope| self.image_of_envelope(symmetry, permutation, *envelope))
                .collect();
            self.intern_channel(Channel { src: src.rewrite(plan), dst: dst.rewrite(plan), queue })
        })
    }

    pub(super) fn image_of_envelope(
        &self,
        symmetry: &Symmetry<A, H>,
        permutation: &Permutation,
        envelope: u32,
    ) -> u32 {
        let plan = &plan(permutation);
        let Envelope { src, dst, msg } = self.tables.envelopes.value(envelope);
        let msg = (symmetry.message)(msg, permutation);
        self.intern_envelope(Envelope { src: src.rewrite(plan), dst: dst.rewrite(plan), msg })
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
