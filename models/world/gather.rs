//! What conditions take from a state part by part, and the keys by which that is remembered.

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

impl<A: Checkable, H: Observer<A::Msg>> View<'_, A, H> {
    /// What `take` takes from each node by itself, in no particular order. A condition that looks at
    /// nothing else of the nodes is asked once for all states in which this is the same.
    ///
    /// `take` captures nothing: it is known by its type.
    pub fn gather_nodes<T, F>(&self, take: F) -> Vec<T>
    where
        T: Hash,
        F: Fn(&NodeOf<A>, &mut Vec<T>) + Copy + Send + 'static,
    {
        const { assert!(size_of::<F>() == 0, "what takes captures nothing") };
        let share = move |inner: &Inner<A, H>, id: u32| {
            let nodes = &inner.tables.nodes;
            share_of(|taken| take(nodes.value(id), taken), short(nodes.head(id).hash))
        };
        self.note_aspect(Reads::NODES, TypeId::of::<F>(), share);
        let mut all = Vec::new();
        self.nodes_unnoted().iter().for_each(|node| take(node, &mut all));
        all
    }

    /// The same of each message in flight.
    pub fn gather_messages<T, F>(&self, take: F) -> Vec<T>
    where
        T: Hash,
        F: Fn(&Envelope<A::Msg>, &mut Vec<T>) + Copy + Send + 'static,
    {
        const { assert!(size_of::<F>() == 0, "what takes captures nothing") };
        let share = move |inner: &Inner<A, H>, item: u32| {
            let envelopes = &inner.tables.envelopes;
            inner.envelopes_of(&item).iter().fold(0, |sum: u64, id| {
                let own = short(envelopes.head(*id).hash);
                sum.wrapping_add(share_of(|taken| take(envelopes.value(*id), taken), own))
            })
        };
        self.note_aspect(Reads::MESSAGES, TypeId::of::<F>(), share);
        let mut all = Vec::new();
        self.envelopes_unnoted().for_each(|envelope| take(envelope, &mut all));
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
        let of_messages = of == Reads::MESSAGES;
        let known = self
            .derived
            .and_then(|derived| derived.aspect(taken_by, of_messages, || Box::new(share)));
        self.note(known.unwrap_or(of));
    }
}

/// The share of a part: a hash of what is taken from it, 0 if that is nothing. Of one where taking panics,
/// its own hash: the condition that asks for it panics too.
fn share_of<T: Hash>(take: impl Fn(&mut Vec<T>), own: u64) -> u64 {
    let taken = guarded(|| {
        let mut taken = Vec::new();
        take(&mut taken);
        taken
    });
    match taken {
        Ok(taken) if taken.is_empty() => 0,
        Ok(taken) => short(content_hash(0, &taken)),
        Err(_) => own,
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
    /// A number that two states in which these parts are the same have in common, and others have with
    /// a probability of 2^-64.
    pub(super) fn key(&self, state: &[u32], reads: Reads, derived: &Derived) -> u64 {
        let (nodes, items) = (&state[..self.budget_at()], &state[self.items_at()..]);
        reads.key(|part| derived.share(part, || self.share(state, part), [nodes, items], self))
    }

    /// What a part that is whole is known by.
    fn share(&self, state: &[u32], part: usize) -> u64 {
        match part {
            0 => self.nodes_hash(state),
            1 => short(self.tables.budgets.head(state[self.budget_at()]).hash),
            2 => short(self.tables.histories.head(state[self.history_at()]).hash),
            _ => short(self.items_hash(&state[self.items_at()..])),
        }
    }

    pub(super) fn nodes_hash(&self, state: &[u32]) -> u64 {
        let nodes = state[..self.budget_at()].iter();
        nodes.fold(0, |sum: u64, id| sum.wrapping_add(short(self.tables.nodes.head(*id).hash)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::reads::{EACH, Tracker};
    use super::*;
    use crate::paxos::synod::Synod;
    use crate::paxos::synod::instances::instances;

    fn number<const N: usize>(node: &NodeOf<Synod>, all: &mut Vec<usize>) {
        all.push(N + usize::from(node.id));
    }

    /// What was looked at, where so many functions took from the nodes of a state.
    fn looked_at(derived: &Derived, view: &View<'_, Synod, ()>, functions: usize) -> Reads {
        let tracker = Tracker::default();
        let view = View { tracker: Some(&tracker), derived: Some(derived), ..*view };
        let take = [
            |view: &View<'_, Synod, ()>| view.gather_nodes(number::<0>),
            |view: &View<'_, Synod, ()>| view.gather_nodes(number::<1>),
            |view: &View<'_, Synod, ()>| view.gather_nodes(number::<2>),
            |view: &View<'_, Synod, ()>| view.gather_nodes(number::<3>),
            |view: &View<'_, Synod, ()>| view.gather_nodes(number::<4>),
            |view: &View<'_, Synod, ()>| view.gather_nodes(number::<5>),
            |view: &View<'_, Synod, ()>| view.gather_nodes(number::<6>),
            |view: &View<'_, Synod, ()>| view.gather_nodes(number::<7>),
            |view: &View<'_, Synod, ()>| view.gather_nodes(number::<8>),
        ];
        for (first, take) in take[..functions].iter().enumerate() {
            assert_eq!(take(&view)[0], first);
        }
        tracker.reads()
    }

    #[test]
    fn where_too_many_functions_take_the_nodes_are_noted_as_a_whole() {
        let cluster = (instances()[0].cluster)();
        let (derived, view) = (Derived::default(), cluster.view(cluster.initial()));
        assert!(!looked_at(&derived, &view, EACH).contains(Reads::NODES));
        assert!(looked_at(&derived, &view, EACH + 1).contains(Reads::NODES));
    }

    #[test]
    fn what_is_first_taken_in_a_state_counts_there_too() {
        let cluster = (instances()[0].cluster)();
        let (state, derived) = (cluster.initial(), Derived::default());
        let one = looked_at(&derived, &cluster.view(state), 1);
        let before = cluster.key(state, one, &derived);
        let two = looked_at(&derived, &cluster.view(state), 2);
        let at_once = cluster.key(state, two, &derived);
        assert_eq!(cluster.key(state, one, &derived), before);
        derived.begin();
        assert_eq!(cluster.key(state, two, &derived), at_once);
    }
}
