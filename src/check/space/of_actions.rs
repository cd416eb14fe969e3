//! The actions of a plain model as steps, for one thread.
//!
//! A state is made again when its own actions are taken; the states before it in the search lie on nearly the
//! same way, so that takes few actions. Where it takes many, states are kept.

use super::digest::Digest;
use super::interface::Stepper;
use super::waiting::{BUILT, NOT_AGAIN, Plain, ROOT, Waiting, split};
use super::way::Way;
use crate::models::world::step::{Move, Step};
use crate::models::world::{Event, Fingerprint};

/// States are kept at the end of a longer way.
const LONGEST: usize = 256;

/// Whether two fingerprints are one, as far as they are kept of a state that waits: 80 bits.
fn is_same(one: Fingerprint, other: Fingerprint) -> bool {
    (one ^ other) << (Fingerprint::BITS - 80) == 0
}

/// Takes the actions of states, for one thread.
pub(super) struct OfActions<'m, M: Plain> {
    waiting: &'m Waiting<M>,
    part: usize,
    digest: Digest,
    /// The successors that were found, until they are written down, each with the number of its action.
    found: Vec<(u32, Option<M::State>)>,
    /// The words of the state that was settled last.
    words: Vec<u32>,
    /// The way to the state whose actions were taken last.
    way: Way<M::State>,
    costs: Costs,
}

impl<'m, M: Plain> OfActions<'m, M> {
    pub(super) fn new(waiting: &'m Waiting<M>) -> Self {
        let (part, digest, found) = (waiting.kept.part(), Digest::default(), Vec::new());
        let (words, way, costs) = (Vec::new(), Way::default(), Costs::default());
        Self { waiting, part, digest, found, words, way, costs }
    }
}

impl<'c, M: Plain> Stepper<'c> for OfActions<'_, M> {
    /// # Panics
    /// If the state cannot be made again as it was.
    fn steps(&mut self, state: &[u32], known: Fingerprint, out: &mut Vec<(Move, Step<'c>)>) {
        let (waiting, first) = (self.waiting, self.found.len());
        let state = (*state != [ROOT]).then(|| {
            let state = waiting.state(&mut self.way, state, &mut self.costs.again);
            assert!(is_same(known, self.digest.of(&*state)), "{NOT_AGAIN}");
            state
        });
        let take = |at: usize, next| {
            let step = Step::to(self.digest.of(&next), self.found.len() as u32);
            self.found.push((at as u32, Some(next)));
            out.push((Move::Local { node: 0, at: at as u32 }, step));
        };
        match state {
            Some(state) => waiting.each_successor(&state, take),
            None => waiting.each_initial(take),
        }
        self.costs.own += (self.found.len() - first) as u64;
    }

    fn step(&mut self, state: &[u32], of: Fingerprint, what: Move) -> Option<Step<'c>> {
        let mut steps = Vec::new();
        self.steps(state, of, &mut steps);
        steps.into_iter().find(|(known, _)| *known == what).map(|(_, step)| step)
    }

    fn write(&mut self, state: &[u32], step: &Step<'c>, out: &mut Vec<u32>) {
        let (number, next) = &mut self.found[step.word() as usize];
        let next = next.take().expect("a step is written down once, before it is forgotten");
        let (_, words) = split(state);
        self.waiting.hold_first(words);
        out.push(BUILT | self.waiting.kept.put(self.part, next));
        out.extend_from_slice(words);
        out.push(words[words.len() - 1].wrapping_add(*number));
    }

    fn forget(&mut self) {
        self.found.clear();
    }

    fn settle<'s>(&'s mut self, state: &'s [u32]) -> &'s [u32] {
        let (Some(built), words) = split(state) else { return state };
        let is_near = words[0] != ROOT && words.len() <= LONGEST;
        if is_near && !self.waiting.keeps && !self.costs.are_high() {
            self.waiting.kept.free(built);
            return words;
        }
        self.waiting.free_first(words);
        self.words.clear();
        self.words.push(built);
        &self.words
    }

    fn release(&mut self, state: &[u32]) {
        let (built, words) = split(state);
        if let Some(built) = built {
            self.waiting.kept.free(built);
        }
        self.waiting.free_first(words);
    }

    fn bytes(&self) -> u64 {
        let found = self.found.capacity() * size_of::<(u32, Option<M::State>)>();
        (found + self.words.capacity() * 4) as u64 + self.digest.bytes()
    }

    fn only_sends(&self, _: &[u32], _: &Step<'c>) -> bool {
        false
    }

    fn saturate(
        &mut self,
        _: &mut Vec<u32>,
        of: Fingerprint,
        _: Option<&Step<'c>>,
        _: &mut dyn FnMut(Event),
    ) -> Fingerprint {
        of
    }

    fn event(&self, _: &[u32], _: Move) -> Option<Event> {
        None
    }

    fn find(&self, _: &[u32], _: Event) -> Option<Move> {
        None
    }
}

/// So many actions are too few to tell what it costs to make states again; and so many states are kept
/// when that is too much, twice as many each time.
const FEW: u64 = 1 << 10;
/// What was counted longer ago counts half; and no more states are kept at a time.
const LONG_AGO: u64 = 1 << 20;

/// What it costs to make states again.
#[derive(Default)]
struct Costs {
    /// The actions that were taken of states, and those to make states again.
    own: u64,
    again: u64,
    /// How many states are to be kept as yet, and how many were the last time.
    to_keep: u64,
    keeps: u64,
}

impl Costs {
    /// Whether they are so high that the next state had better be kept.
    fn are_high(&mut self) -> bool {
        if self.to_keep > 0 {
            self.to_keep -= 1;
            return true;
        }
        if self.own + self.again >= LONG_AGO {
            (self.own, self.again) = (self.own / 2, self.again / 2);
        }
        let are_high = self.own + self.again >= FEW && self.again > 4 * self.own;
        if are_high {
            (self.own, self.again) = (0, 0);
            self.keeps = (self.keeps * 2).clamp(FEW, LONG_AGO);
            self.to_keep = self.keeps;
        }
        are_high
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Checker, PlainModel};
    use stateright::{Model, Property};

    /// So many counters, of which one is chosen first, then each step counts.
    struct Counters {
        many: u64,
        to: u64,
        ways: u64,
        /// No counter is to count further.
        most: u64,
    }

    impl Model for Counters {
        type State = (u64, u64);
        type Action = u64;

        fn init_states(&self) -> Vec<(u64, u64)> {
            vec![(0, 0)]
        }

        fn actions(&self, (_, at): &(u64, u64), actions: &mut Vec<u64>) {
            actions.extend(0..if *at == 0 { self.many } else { self.ways });
        }

        fn next_state(&self, (chosen, at): &(u64, u64), action: u64) -> Option<(u64, u64)> {
            let chosen = if *at == 0 { action } else { *chosen };
            (*at < self.to).then_some((chosen, at + 1))
        }

        fn properties(&self) -> Vec<Property<Self>> {
            let is_at_most = |counters: &Self, (_, at): &(u64, u64)| *at <= counters.most;
            vec![Property::always("at most", is_at_most)]
        }
    }

    #[test]
    fn nothing_is_kept_of_states_that_were_expanded() {
        // Few ways, one that is far longer than any that is remembered, many that have nothing in common.
        for (many, to, ways) in [(10, 20, 3), (1, 3000, 1), (2000, 40, 1)] {
            for (most, threads) in [(to, 1), (to, 3), (to - 1, 1), (to - 1, 3)] {
                let plain = PlainModel::new(Counters { many, to, ways, most });
                let outcome = Checker::of_model(&plain).threads(threads).check().unwrap();
                assert_eq!(outcome.unique, many * to + 1);
                let Some(found) = outcome.properties[0].verdict.trace() else {
                    assert_eq!((most, plain.kept()), (to, 1));
                    continue;
                };
                assert_eq!((found.len() as u64, most), (to, to - 1));
                assert_eq!(plain.last(found, |(_, at)| *at), Some(to));
            }
        }
    }

    #[test]
    fn states_are_kept_where_it_costs_too_much_to_make_them_again() {
        let mut costs = Costs { own: 1000, again: 4000, ..Costs::default() };
        assert!(!costs.are_high());
        costs.again += 1;
        for times in [FEW, 2 * FEW] {
            assert!((0..=times).all(|_| costs.are_high()), "{times} more");
            assert!(!costs.are_high());
            (costs.own, costs.again) = (FEW, 5 * FEW);
        }
    }
}
