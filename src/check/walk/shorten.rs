//! Shortens the behaviour that a walk found: steps are left out while the rest still shows it.
//!
//! The result is one from which no single step can be left out (Zeller and Hildebrandt 2002), not
//! the shortest behaviour there is; a search in which the states fit finds that.

use super::walker::Judge;
use crate::check::engine::Behaviour;
use crate::check::space::Space;
use crate::models::world::step::Move;
use std::collections::BTreeMap;
use std::ops::Range;

/// How many steps may be tried in all: a bound on the time that this takes.
const TRIES: usize = 200_000;

/// A behaviour of as few steps as are found that ends in a state that decides property `at`.
pub(super) fn shortened(judge: &Judge<'_>, at: usize, moves: &[Move]) -> Behaviour {
    let mut shortener = Shortener { judge, at, tries: TRIES };
    let mut known = shortener.without_detours(moves);
    let mut size = known.len() / 2;
    while size > 0 {
        let before = known.len();
        // The last first, since earlier steps may be there for their sake alone.
        let mut end = known.len();
        while end > 0 && shortener.tries > 0 {
            let start = end.saturating_sub(size);
            if let Some(shorter) = shortener.without(&known, start..end.min(known.len())) {
                known = shorter;
            }
            end = start.min(known.len());
        }
        if shortener.tries == 0 {
            break;
        }
        let is_shorter = known.len() < before;
        size = if is_shorter { size.min(known.len()) } else { size / 2 };
    }
    known
}

struct Shortener<'j, 'c> {
    judge: &'j Judge<'c>,
    at: usize,
    tries: usize,
}

impl Shortener<'_, '_> {
    /// The behaviour of these moves, but for those that lead back to where it was before.
    fn without_detours(&self, moves: &[Move]) -> Behaviour {
        let space = self.judge.space;
        let (mut stepper, mut behaviour) = (space.stepper(), start(space));
        let mut places = BTreeMap::from([(space.fingerprint(space.initial()), 0)]);
        for what in moves {
            let state = behaviour.last();
            // A move of the walk, which leads along the same states.
            let Some(step) = stepper.step(state, space.fingerprint(state), *what) else { break };
            let mut next = Vec::new();
            stepper.write(state, &step, &mut next);
            behaviour.moves.push(*what);
            behaviour.states.push(next.into());
            let place = *places.entry(step.fingerprint).or_insert(behaviour.len());
            if place < behaviour.len() {
                behaviour.moves.truncate(place);
                behaviour.states.truncate(place + 1);
                places.retain(|_, known| *known <= place);
            }
        }
        behaviour
    }

    /// The behaviour without these steps, up to a state that decides, if the others are possible one
    /// after the other and there is one.
    fn without(&mut self, known: &Behaviour, left_out: Range<usize>) -> Option<Behaviour> {
        let space = self.judge.space;
        let (mut stepper, mut behaviour) = (space.stepper(), start(space));
        let mut steps = (0..known.len()).filter(|at| !left_out.contains(at));
        loop {
            let state = behaviour.last();
            if self.judge.decided(state, 1 << self.at) != 0 {
                return Some(behaviour);
            }
            self.tries = self.tries.checked_sub(1)?;
            let at = steps.next()?;
            let what = space.find(state, (&known.states[at], known.moves[at]))?;
            let step = stepper.step(state, space.fingerprint(state), what)?;
            let mut next = Vec::new();
            stepper.write(state, &step, &mut next);
            if !self.judge.is_within_boundary(&next) {
                return None;
            }
            behaviour.moves.push(what);
            behaviour.states.push(next.into());
        }
    }
}

/// The behaviour in which nothing happened yet.
fn start(space: &dyn Space) -> Behaviour {
    Behaviour { states: vec![space.initial().into()], moves: Vec::new(), cycle: None }
}
