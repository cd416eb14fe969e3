//! What the observer makes of a step: asked once per history and message, and remembered.

use super::cluster::Inner;
use super::effect::borrowed;
use super::interner::Fingerprint;
use super::local::Effect;
use super::memory::recall;
use super::observer::Observer;
use super::panics::guarded;
use super::parts::Checkable;
use super::step::{Expander, Step};
use super::successor::Removed;

/// In the place of a history: the observer panics.
pub(super) const PANICS: u32 = u32::MAX;

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
    /// What a history becomes, or [`PANICS`].
    pub(super) fn on_observation(&self, history: u32, envelope: u32, delivered: bool) -> u32 {
        self.observed(history, envelope, delivered).unwrap_or(PANICS)
    }

    fn observed(&self, history: u32, envelope: u32, delivered: bool) -> Result<u32, String> {
        let before = self.tables.histories.value(history);
        let envelope = borrowed(self.tables.envelopes.value(envelope));
        guarded(|| {
            let after =
                if delivered { before.on_deliver(envelope) } else { before.on_send(envelope) };
            after.map_or(history, |after| self.intern_history(after))
        })
    }

    /// What a node becomes when the observer panics at what it did.
    pub(super) fn after_observer_panic(
        &self,
        node: u32,
        history: u32,
        envelope: u32,
        delivered: bool,
    ) -> u32 {
        let said = self.observed(history, envelope, delivered).err();
        let said = said.unwrap_or_else(|| "it panicked once, but not when asked again".into());
        let node = self.tables.nodes.value(node);
        self.panicked(node, format!("the observer of messages: {said}")).node
    }
}

impl<'c, A: Checkable, H: Observer<A::Msg>> Expander<'c, A, H> {
    /// What the history becomes; or, if the observer panics, what the node becomes.
    pub(super) fn observe(&mut self, history: u32, effect: &Effect) -> Result<u32, u32> {
        let inner = self.inner;
        let mut now = history;
        for (delivered, envelope) in &effect.observed {
            let key = (now, envelope << 1 | u32::from(*delivered));
            let next = recall(&mut self.observations, &inner.tables.observations, key, || {
                inner.on_observation(now, *envelope, *delivered)
            });
            if next == PANICS {
                return Err(inner.after_observer_panic(effect.node, now, *envelope, *delivered));
            }
            now = next;
        }
        Ok(now)
    }

    /// The step that ends in a panic of the observer: nothing changes but the node.
    #[cold]
    pub(super) fn panic(
        &mut self,
        state: &[u32],
        fingerprint: Fingerprint,
        (node, node_now): (u32, u32),
        budget: u32,
    ) -> Step<'c> {
        let inner = self.inner;
        let node_hash = |id: u32| inner.tables.nodes.head(id).hash;
        let budget_hash = |id: u32| inner.tables.budgets.head(id).hash;
        let (old_node, old_budget) = (state[node as usize], state[inner.budget_at()]);
        let fingerprint = fingerprint
            .wrapping_sub(node_hash(old_node))
            .wrapping_add(node_hash(node_now))
            .wrapping_sub(budget_hash(old_budget))
            .wrapping_add(budget_hash(budget));
        Step {
            fingerprint,
            changed_node: Some(node),
            changed_history: false,
            node: node_now,
            budget,
            history: state[inner.history_at()],
            removed: Removed::Nothing,
            added: &[],
        }
    }
}
