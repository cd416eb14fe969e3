//! The way to the state that was looked at last, so that those near to it are made again with few steps.

use std::sync::Arc;

/// States that each lead to the next.
pub(super) struct Way<S> {
    /// By what the states are known, from the first one on: a word more for each.
    words: Vec<u32>,
    states: Vec<Arc<S>>,
}

impl<S> Default for Way<S> {
    fn default() -> Self {
        Self { words: Vec::new(), states: Vec::new() }
    }
}

impl<S> Way<S> {
    /// Leads to a state that begins with `first`: along this way as far as that leads there too, then by
    /// steps, each from a state by a word and the word before it.
    pub(super) fn lead(
        &mut self,
        words: &[u32],
        first: &Arc<S>,
        mut step: impl FnMut(&S, u32, u32) -> S,
    ) -> Arc<S> {
        let pairs = words.iter().zip(&self.words);
        let mut common = pairs.take_while(|(one, other)| one == other).count();
        // A word may have become another's.
        if common == 0 || !Arc::ptr_eq(first, &self.states[0]) {
            common = 0;
        }
        self.words.truncate(common);
        self.states.truncate(common);
        let mut last = self.states.last().unwrap_or(first).clone();
        for at in common..words.len() {
            if at > 0 {
                last = Arc::new(step(&last, words[at - 1], words[at]));
            }
            self.words.push(words[at]);
            self.states.push(last.clone());
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_made_again_from_the_nearest_on_the_way() {
        let (mut way, mut taken) = (Way::default(), 0);
        let [first, other] = [vec![], vec![9]].map(Arc::new);
        let mut lead = |first: &Arc<Vec<u32>>, words: &[u32]| {
            let state = way.lead(words, first, |state, before, word| {
                taken += 1;
                [state.as_slice(), &[word - before]].concat()
            });
            ((*state).clone(), std::mem::take(&mut taken))
        };
        assert_eq!(lead(&first, &[5]), (vec![], 0));
        assert_eq!(lead(&first, &[5, 6, 9]), (vec![1, 3], 2));
        assert_eq!(lead(&first, &[5, 6, 8]), (vec![1, 2], 1));
        assert_eq!(lead(&first, &[5, 6]), (vec![1], 0));
        assert_eq!(lead(&first, &[5, 7]), (vec![2], 1));
        assert_eq!(lead(&other, &[5, 7]), (vec![9, 2], 1));
        assert_eq!(lead(&other, &[5]), (vec![9], 0));
    }
}
