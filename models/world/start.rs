//! The initial state: every node starts, in the order of their ids.

use super::cluster::{Cluster, Inner};
use super::observation::PANICS;
use super::observer::Observer;
use super::parts::Checkable;
use super::setup::NetworkKind;
use stateright::actor::Id;
use std::collections::BTreeSet;

impl<A: Checkable, H: Observer<A::Msg>> Cluster<A, H> {
    /// The initial state, packed.
    pub fn initial(&self) -> &[u32] {
        self.0.initial.get_or_init(|| self.0.start())
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
    fn start(&self) -> Box<[u32]> {
        let mut state = Vec::new();
        let mut history = self.intern_history(self.setup.history.clone());
        let in_flight = self.setup.in_flight.iter().cloned();
        let mut sent: Vec<u32> = in_flight.map(|envelope| self.intern_envelope(envelope)).collect();
        for index in 0..self.setup.actors.len() {
            let effect = self.on_restart(&Self::blank_node(Id::from(index)));
            state.push(effect.node);
            for (delivered, envelope) in &effect.observed {
                let next = self.on_observation(history, *envelope, *delivered);
                if next == PANICS {
                    state[index] =
                        self.after_observer_panic(effect.node, history, *envelope, *delivered);
                    break;
                }
                history = next;
            }
            sent.extend_from_slice(&effect.sends);
        }
        let items = match self.setup.network {
            NetworkKind::Ordered => self.channels_of(&sent),
            NetworkKind::Multiset => sorted(sent),
            NetworkKind::Set | NetworkKind::Single => {
                sorted(sent.into_iter().collect::<BTreeSet<_>>())
            }
        };
        state.push(self.intern_budget(self.first_budget()));
        state.push(history);
        state.extend(items);
        state.into_boxed_slice()
    }
}

fn sorted(items: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut items: Vec<u32> = items.into_iter().collect();
    items.sort_unstable();
    items
}
