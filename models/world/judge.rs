//! Which conditions hold in a state, with what is known of its parts.

use super::cluster::Cluster;
use super::observer::Observer;
use super::parts::Checkable;
use super::property::Condition;

/// The conditions of a cluster by what they look at, a bit each, in the order of
/// [`Cluster::holds`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    /// About every node by itself.
    pub each_node: u64,
    /// About some node by itself.
    pub some_node: u64,
    /// About the history.
    pub history: u64,
    /// About the nodes together.
    pub nodes: u64,
    /// About everything.
    pub world: u64,
}

impl<A: Checkable, H: Observer<A::Msg>> Cluster<A, H> {
    /// What the conditions look at.
    pub fn scopes(&self) -> Scopes {
        let mut scopes = Scopes::default();
        for (at, condition) in self.0.conditions.iter().enumerate() {
            let scope = match condition {
                Condition::EachNode(_) => &mut scopes.each_node,
                Condition::SomeNode(_) => &mut scopes.some_node,
                Condition::History(_) => &mut scopes.history,
                Condition::Nodes(_) => &mut scopes.nodes,
                Condition::World(_) => &mut scopes.world,
            };
            *scope |= 1 << at;
        }
        scopes
    }

    /// The conditions about single nodes or the history that hold, a bit each. Cheap: each part
    /// was judged when it was first met.
    pub fn facts(&self, state: &[u32], scopes: &Scopes) -> u64 {
        let inner = &*self.0;
        let history = inner.tables.histories.head(state[inner.history_at()]).extra;
        if scopes.each_node | scopes.some_node == 0 {
            return history & scopes.history;
        }
        let nodes = state[..inner.budget_at()].iter();
        let (all, any) = (nodes.map(|id| inner.tables.nodes.head(*id).extra.holds))
            .fold((u64::MAX, 0), |(all, any), holds| (all & holds, any | holds));
        all & scopes.each_node | any & scopes.some_node | history & scopes.history
    }

    /// The nodes' share of the fingerprint.
    pub fn fingerprint_of_nodes(&self, state: &[u32]) -> u64 {
        let nodes = state[..self.0.budget_at()].iter();
        nodes.fold(0, |sum, id| sum.wrapping_add(self.0.tables.nodes.head(*id).hash))
    }
}
