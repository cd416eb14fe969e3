//! States with a panic in them: what holds there, and which panic it was.

use super::cluster::{Cluster, MAX_CONDITIONS};
use super::observer::Observer;
use super::panics::guarded;
use super::parts::{Checkable, Process};
use super::property::{Condition, Kind};
use std::sync::atomic::Ordering;

/// The position of [`NO_PANIC`](super::NO_PANIC) among the conditions: after all that a cluster may
/// have.
pub const NO_PANIC_AT: usize = MAX_CONDITIONS;

impl<A: Checkable, H: Observer<A::Msg>> Cluster<A, H> {
    /// Whether a node of this state panicked.
    pub(super) fn has_panicked(&self, state: &[u32]) -> bool {
        let inner = &*self.0;
        inner.tables.panicked.load(Ordering::Relaxed)
            && state[..inner.budget_at()]
                .iter()
                .any(|id| inner.tables.nodes.head(*id).extra.panicked)
    }

    /// What a condition is after a panic, where nothing is left to judge: nothing is violated
    /// but [`NO_PANIC`](super::NO_PANIC), and nothing is reached.
    pub(super) fn holds_after_panic(&self, at: usize) -> bool {
        let kind = self.setup().properties.get(at).map(|property| &property.kind);
        !matches!(kind, Some(Kind::Sometimes | Kind::LeadsTo(_)))
    }

    /// Which panic there is in this state, in words.
    pub fn panic_in(&self, state: &[u32]) -> Option<String> {
        let view = self.view(state);
        for node in view.nodes().iter() {
            if let Process::Panicked { message } = &node.process {
                return Some(format!("{}: {message}", self.0.name(node.id)));
            }
        }
        (self.0.conditions.iter().enumerate()).find_map(|(at, condition)| {
            let panic = guarded(|| match condition {
                // Every node is asked, whatever the others say.
                Condition::EachNode(f) | Condition::SomeNode(f) => {
                    view.nodes().iter().filter(|node| f(node)).count() > 0
                }
                Condition::Nodes(f) => f(&view.nodes()),
                Condition::History(f) => f(view.history()),
                Condition::EachMessage(f) | Condition::SomeMessage(f) => {
                    view.count_messages(|message, around| f(message, around)) > 0
                }
                Condition::World(f) => f(&view),
            });
            Some(format!("{}: {}", self.name_of(at), panic.err()?))
        })
    }

    /// What a condition belongs to, in words.
    fn name_of(&self, at: usize) -> String {
        let properties = &self.setup().properties;
        let owner = (0..properties.len())
            .find(|property| *property == at || self.target_of(*property) == Some(at));
        match owner {
            Some(owner) => format!("the property {:?}", properties[owner].name),
            None => "the boundary".to_string(),
        }
    }
}
