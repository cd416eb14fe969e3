//! What an effect comes to under an exchange of nodes, so that it can be compared with that of the image.

use super::alike::Alike;
use super::local::Effect;
use super::observer::Observer;
use super::parts::{Checkable, Spend};
use super::setup::NetworkKind;

/// What an effect comes to, by what an exchange makes of it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    spend: Spend,
    node: Option<u32>,
    sends: Vec<u32>,
    observed: Vec<(bool, u32)>,
}

impl<'c, A: Checkable, H: Observer<A::Msg>> Alike<'c, A, H> {
    /// What can happen at a node alone and is a step, by shape (under an exchange), with its
    /// position.
    pub(super) fn locals(
        &mut self,
        node: u32,
        at: Option<usize>,
    ) -> Vec<(Shape, usize, &'c Effect)> {
        let inner = self.inner();
        let mut found = Vec::new();
        for (position, local) in inner.locals(node).iter().enumerate() {
            let effect = &inner.tables.effects[local.effect as usize];
            if !effect.no_op {
                found.push((self.shape(at, effect, local.spend), position, effect));
            }
        }
        found.sort_by(|one, other| one.0.cmp(&other.0));
        found
    }

    pub(super) fn shape(&mut self, at: Option<usize>, effect: &Effect, spend: Spend) -> Shape {
        let inner = self.inner();
        let node_of = |this: &mut Self| match at {
            Some(at) => this.node(at, effect.node),
            None => effect.node,
        };
        let envelope = |this: &Self, id: u32| at.map_or(id, |at| this.envelope(at, id));
        // The text of a panic may name the node.
        let panicked = inner.tables.nodes.head(effect.node).extra.panicked;
        let node = (!panicked).then(|| node_of(self));
        let mut sends: Vec<u32> = effect.sends.iter().map(|id| envelope(self, *id)).collect();
        if inner.setup.network == NetworkKind::Ordered {
            // On ordered links the order counts for each receiver.
            sends.sort_by_key(|id| inner.tables.envelopes.head(*id).extra.receiver);
        } else {
            sends.sort_unstable();
        }
        let mut observed: Vec<_> = effect
            .observed
            .iter()
            .map(|(delivered, id)| (*delivered, envelope(self, *id)))
            .collect();
        observed.sort_unstable();
        Shape { spend, node, sends, observed }
    }

    /// What an exchange makes of what is observed of an effect, in order.
    pub(super) fn observed(&self, at: usize, effect: &Effect) -> Box<[(bool, u32)]> {
        let observed = effect.observed.iter();
        observed.map(|(delivered, id)| (*delivered, self.envelope(at, *id))).collect()
    }
}
