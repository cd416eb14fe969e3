//! Aspects of a state: what is taken from each of its nodes, or of its messages, by itself.
//!
//! Most steps change a node or add a message without changing what a condition wants to know of them: a
//! client that waits is no vote. So what a condition derives from an aspect is the same in many states,
//! and it is remembered by the aspect's share of the state: the sum of the hashes of what was taken from
//! each part, which of each part is found once.

use super::cluster::Inner;
use super::derived::Derived;
use super::interner::{content_hash, short};
use super::observer::Observer;
use super::panics::guarded;
use super::parts::{Checkable, NodeOf};
use super::reads::Reads;
use super::state::View;
use stateright::actor::Envelope;
use std::any::{Any, TypeId};
use std::hash::Hash;

/// An aspect, as one thread knows it.
pub(super) struct Aspect {
    /// The function that takes.
    taken_by: TypeId,
    of_messages: bool,
    /// By part: its share.
    shares: Vec<u64>,
    share: ShareOf,
}

/// The share of a part, by its id, in a cluster.
type ShareOf = Box<dyn Fn(&dyn Any, u32) -> u64 + Send>;

/// The share of a part that was not asked for yet.
const UNKNOWN: u64 = u64::MAX;

impl Aspect {
    pub(super) fn new(taken_by: TypeId, of_messages: bool, share: ShareOf) -> Self {
        Self { taken_by, of_messages, shares: Vec::new(), share }
    }

    pub(super) fn is_taken_by(&self, other: TypeId) -> bool {
        self.taken_by == other
    }

    pub(super) fn is_of_messages(&self) -> bool {
        self.of_messages
    }

    pub(super) fn bytes(&self) -> u64 {
        (self.shares.capacity() * size_of::<u64>()) as u64
    }

    /// The share of parts together.
    pub(super) fn share_of(&mut self, parts: &[u32], cluster: &dyn Any) -> u64 {
        parts.iter().fold(0, |sum: u64, part| {
            let known = self.shares.get(*part as usize).copied().filter(|share| *share != UNKNOWN);
            sum.wrapping_add(known.unwrap_or_else(|| self.first_share(*part, cluster)))
        })
    }

    #[cold]
    fn first_share(&mut self, part: u32, cluster: &dyn Any) -> u64 {
        let at = part as usize;
        if at >= self.shares.len() {
            self.shares.resize(at + 1, UNKNOWN);
        }
        self.shares[at] = (self.share)(cluster, part).min(UNKNOWN - 1);
        self.shares[at]
    }
}

impl<'a, A: Checkable, H: Observer<A::Msg>> View<'a, A, H> {
    /// The messages in flight of which `which` says so, each as often as it is in flight, in no particular
    /// order. What depends on no other messages is asked once for all states that have these in common.
    ///
    /// `which` captures nothing: it is known by its type.
    pub fn envelopes_where<F>(&self, which: F) -> impl Iterator<Item = &'a Envelope<A::Msg>>
    where
        F: Fn(&Envelope<A::Msg>) -> bool + Copy + Send + 'static,
    {
        const { assert!(size_of::<F>() == 0, "what chooses captures nothing") };
        let share = move |inner: &Inner<A, H>, item: u32| {
            let envelopes = &inner.tables.envelopes;
            inner.envelopes_of(&item).iter().fold(0, |sum: u64, id| {
                // If it panics, the condition that asks for it does too.
                let counts = guarded(|| which(envelopes.value(*id))).unwrap_or(true);
                sum.wrapping_add(if counts { short(envelopes.head(*id).hash) } else { 0 })
            })
        };
        self.note_aspect(Reads::MESSAGES, TypeId::of::<F>(), share);
        self.envelopes_unnoted().filter(move |envelope| which(envelope))
    }

    /// What `take` takes from each node by itself, in no particular order. What depends on nothing else
    /// of the nodes is asked once for all states in which this is the same.
    ///
    /// `take` captures nothing: it is known by its type.
    pub fn gather<T, F>(&self, take: F) -> Vec<T>
    where
        T: Hash,
        F: Fn(&NodeOf<A>, &mut Vec<T>) + Copy + Send + 'static,
    {
        const { assert!(size_of::<F>() == 0, "what takes captures nothing") };
        let share = move |inner: &Inner<A, H>, id: u32| {
            let nodes = &inner.tables.nodes;
            let taken = guarded(|| {
                let mut taken = Vec::new();
                take(nodes.value(id), &mut taken);
                taken
            });
            match taken {
                Ok(taken) if taken.is_empty() => 0,
                Ok(taken) => short(content_hash(0, &taken)),
                // The condition that asks for it will panic too.
                Err(_) => short(nodes.head(id).hash),
            }
        };
        self.note_aspect(Reads::NODES, TypeId::of::<F>(), share);
        let mut all = Vec::new();
        self.nodes_unnoted().iter().for_each(|node| take(node, &mut all));
        all
    }

    /// Notes that something of the nodes or the messages is looked at; `share` is what each part has of
    /// it.
    fn note_aspect(
        &self,
        of: Reads,
        taken_by: TypeId,
        share: impl Fn(&Inner<A, H>, u32) -> u64 + Send + 'static,
    ) {
        if self.tracker.is_none() {
            return;
        }
        let share = move |cluster: &dyn Any, part: u32| {
            // What is derived belongs to the states of one cluster.
            let inner = cluster.downcast_ref().expect("the cluster in which it was asked first");
            share(inner, part)
        };
        let aspect = || Aspect::new(taken_by, of == Reads::MESSAGES, Box::new(share));
        let known = self.derived.and_then(|derived| derived.aspect(taken_by, aspect));
        self.note(known.unwrap_or(of));
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
    /// A number that two states in which these parts are the same have in common, and others have with
    /// a probability of 2^-64.
    pub(super) fn key(&self, state: &[u32], reads: Reads, derived: &Derived) -> u64 {
        let (nodes, items) = (&state[..self.budget_at()], &state[self.items_at()..]);
        reads.key(|part| {
            derived.share(part, || {
                self.share(state, part).unwrap_or_else(|aspect| {
                    derived.share_of_aspect(aspect, (nodes, items), self)
                })
            })
        })
    }
}
