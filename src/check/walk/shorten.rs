//! Shortens the behaviour that a walk found: steps are left out while the rest still shows it.
//!
//! The result is one from which no single step can be left out (Zeller and Hildebrandt 2002), not
//! the shortest behaviour there is; a search in which the states fit finds that.

use super::walker::Judge;
use crate::models::world::step::Move;
use crate::models::world::{ActionOf, Checkable, Observer, State};
use stateright::Model;
use std::collections::BTreeMap;

/// How many steps may be tried in all: a bound on the time that this takes.
const TRIES: usize = 200_000;

/// The actions of a behaviour, as few as are found, that ends in a state that decides property `at`.
pub(super) fn shortened<A: Checkable, H: Observer<A::Msg>>(
    judge: &Judge<'_, A, H>,
    at: usize,
    moves: &[Move],
) -> Vec<ActionOf<A>> {
    let mut shortener = Shortener { judge, at, tries: TRIES };
    let mut actions = shortener.without_detours(moves);
    let mut size = actions.len() / 2;
    while size > 0 {
        let before = actions.len();
        // The last first, since earlier steps may be there for their sake alone.
        let mut end = actions.len();
        while end > 0 && shortener.tries > 0 {
            let start = end.saturating_sub(size);
            let fewer = [&actions[..start], &actions[end.min(actions.len())..]].concat();
            if let Some(shorter) = shortener.follow(&fewer) {
                actions = shorter;
            }
            end = start.min(actions.len());
        }
        if shortener.tries == 0 {
            break;
        }
        let is_shorter = actions.len() < before;
        size = if is_shorter { size.min(actions.len()) } else { size / 2 };
    }
    actions
}

struct Shortener<'j, 'c, A: Checkable, H> {
    judge: &'j Judge<'c, A, H>,
    at: usize,
    tries: usize,
}

impl<A: Checkable, H: Observer<A::Msg>> Shortener<'_, '_, A, H> {
    /// The actions, but for those that lead back to where the behaviour was before.
    fn without_detours(&self, moves: &[Move]) -> Vec<ActionOf<A>> {
        let cluster = self.judge.cluster;
        let mut expander = cluster.expander();
        let (mut state, mut actions) = (cluster.initial().to_vec(), Vec::new());
        let mut places = BTreeMap::from([(cluster.fingerprint(&state), 0)]);
        for what in moves {
            let fingerprint = cluster.fingerprint(&state);
            // A move of the walk, which leads along the same states.
            let Some(step) = expander.step(&state, fingerprint, *what) else { break };
            let mut next = Vec::new();
            expander.write(&state, &step, &mut next);
            actions.push(cluster.action(&state, *what));
            let place = *places.entry(step.fingerprint).or_insert(actions.len());
            if place < actions.len() {
                actions.truncate(place);
                places.retain(|_, known| *known <= place);
            }
            state = next;
        }
        actions
    }

    /// The actions up to a state that decides, if they are possible one after the other and there is
    /// one.
    fn follow(&mut self, actions: &[ActionOf<A>]) -> Option<Vec<ActionOf<A>>> {
        let cluster = self.judge.cluster;
        let mut state: State<A, H> = cluster.state(cluster.initial());
        for taken in 0..=actions.len() {
            if self.judge.decided(state.packed(), 1 << self.at) != 0 {
                return Some(actions[..taken].to_vec());
            }
            self.tries = self.tries.checked_sub(1)?;
            let next = cluster.next_state(&state, actions.get(taken)?.clone())?;
            state = Some(next).filter(|next| self.judge.is_within_boundary(next.packed()))?;
        }
        None
    }
}
