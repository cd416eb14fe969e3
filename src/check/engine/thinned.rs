//! A state with fewer messages, in three ways.

use crate::check::space::Space;

/// States with fewer messages than one, none of which need be reachable.
#[derive(Default)]
pub(super) struct Thinned {
    states: [Vec<u32>; 3],
    /// By message: its hash, where it is known.
    hashes: Vec<u64>,
}

/// A message whose hash was not asked for yet.
const UNKNOWN: u64 = 0;
/// A message that is counted.
const COUNTED: u64 = 1;

impl Thinned {
    /// The state with all messages that are counted, and of the others: none; those whose hash has an
    /// odd number of bits in common with `by`; and the rest.
    pub(super) fn of(&mut self, space: &dyn Space, state: &[u32], by: u64) -> &[Vec<u32>; 3] {
        let messages = space.split(state).messages;
        let core = &state[..state.len() - messages.len()];
        for thinned in &mut self.states {
            thinned.clear();
            thinned.extend_from_slice(core);
        }
        for message in messages {
            let hash = self.hash(space, *message);
            let [none, odd, even] = &mut self.states;
            if hash == COUNTED {
                [none, odd, even].into_iter().for_each(|thinned| thinned.push(*message));
            } else if (hash & by).count_ones() & 1 == 1 {
                odd.push(*message);
            } else {
                even.push(*message);
            }
        }
        &self.states
    }

    fn hash(&mut self, space: &dyn Space, message: u32) -> u64 {
        let at = message as usize;
        if at >= self.hashes.len() {
            self.hashes.resize(at + 1, UNKNOWN);
        }
        if self.hashes[at] == UNKNOWN {
            // The two lowest values are taken.
            self.hashes[at] = space.uncounted(message).map_or(COUNTED, |hash| hash | 2);
        }
        self.hashes[at]
    }

    /// The memory that it takes, but for the states.
    pub(super) fn bytes(&self) -> u64 {
        (self.hashes.capacity() * size_of::<u64>()) as u64
    }
}
