//! The decision: is there a fair behaviour that never reaches the goal?

use super::classes::UNFAIR;
use super::cycles::leave_cycles;
use super::fair_sets::{FairSets, WORTH_A_THREAD, find_fair};
use super::graph::{BEYOND, Graph};
use super::lasso::{self, Lasso};
use crate::models::world::Strength;

/// Whether a goal is always eventually reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Every fair behaviour reaches it.
    Holds,
    /// This one does not.
    Violated(Lasso),
    /// It was asked to stop before it knew.
    Stopped,
}

/// Whether every fair behaviour that is in a state of `from` is then or later in one of `goal`.
/// `goes_on` is asked now and then.
pub fn decide(
    graph: &Graph,
    from: impl Fn(u32) -> bool,
    goal: impl Fn(u32) -> bool,
    goes_on: &dyn Fn() -> bool,
) -> Answer {
    let rests = |state: u32| {
        let steps = graph.steps_of(state);
        let steps = (&graph.targets[steps.clone()], &graph.classes[steps]);
        rests(&graph.strengths, steps, state)
    };
    let rests: Vec<bool> = (0..graph.states() as u32).map(rests).collect();
    let wish = Wish { graph, rests: &rests, threads: 1, from, goal };
    match wish.wait(goes_on) {
        Wait::Ends => Answer::Holds,
        Wait::Unknown => Answer::Stopped,
        Wait::Endless(fair) => wish.lasso(&fair).map_or(Answer::Holds, Answer::Violated),
    }
}

/// The bytes that deciding takes for each state of the graph: of a byte whether it may be on a cycle, is
/// reached, waits; of four its set, its place in the part, when it was met, its component, and its places
/// on the path and among those that are open.
pub(crate) const BYTES_A_STATE: u64 = 3 + 4 * 4 + 28;

/// What must happen: whoever is in a state of `from` is then or later in one of `goal`.
pub(crate) struct Wish<'g, F, G> {
    pub(crate) graph: &'g Graph,
    /// Which states [rest](rests).
    pub(crate) rests: &'g [bool],
    /// How many threads may decide it; more than two have nothing to do.
    pub(crate) threads: usize,
    pub(crate) from: F,
    pub(crate) goal: G,
}

/// How long a fair behaviour may wait for the goal.
pub(crate) enum Wait {
    /// It comes to an end.
    Ends,
    /// It may be endless, in these sets of states.
    Endless(FairSets),
    /// It was asked to stop before it knew.
    Unknown,
}

impl<F: Fn(u32) -> bool, G: Fn(u32) -> bool> Wish<'_, F, G> {
    /// How long a fair behaviour may wait.
    pub(crate) fn wait(&self, goes_on: &dyn Fn() -> bool) -> Wait {
        match self.fair_sets(goes_on) {
            None => Wait::Unknown,
            Some(fair) if !fair.is_empty() && self.reaches(&fair) => Wait::Endless(fair),
            Some(_) => Wait::Ends,
        }
    }

    /// A behaviour that waits for ever in one of these sets; the order of the steps says which.
    pub(crate) fn lasso(&self, fair: &FairSets) -> Option<Lasso> {
        let starts = |state: u32| (self.from)(state) && !(self.goal)(state);
        lasso::build(self.graph, fair.numbers(), starts, |state| !(self.goal)(state))
    }

    /// The fair sets without the goal; `None` if it was asked to stop.
    fn fair_sets(&self, goes_on: &dyn Fn() -> bool) -> Option<FairSets> {
        let states = self.graph.states();
        let mut sets = FairSets::none(states);
        for state in (0..states as u32).filter(|state| self.rests[*state as usize]) {
            if !(self.goal)(state) {
                sets.add(&[state]);
            }
        }
        let mut on_cycles: Vec<bool> =
            (0..states as u32).map(|state| !(self.goal)(state)).collect();
        leave_cycles(self.graph, &mut on_cycles);
        let among = (0..states as u32).filter(|state| on_cycles[*state as usize]);
        let among: Vec<u32> = among.collect();
        drop(on_cycles);
        let beside = (self.threads > 1).then_some(WORTH_A_THREAD);
        if !among.is_empty() && !find_fair(self.graph, among, &mut sets, (beside, goes_on))
            || !goes_on()
        {
            return None;
        }
        Some(sets)
    }

    /// Whether a behaviour that waits can come to one of these sets.
    fn reaches(&self, fair: &FairSets) -> bool {
        let fair = fair.numbers();
        let mut waits = vec![false; fair.len()];
        // Nearly all steps lead on in the order of the search: what they lead to comes later anyway.
        let mut again = Vec::new();
        for state in 0..fair.len() as u32 {
            let starts = || (self.from)(state) && !(self.goal)(state);
            if waits[state as usize] || starts() {
                waits[state as usize] = true;
                if fair[state as usize] != 0 {
                    return true;
                }
                self.go_on(state, &mut waits, |target| {
                    if target < state {
                        again.push(target);
                    }
                });
            }
        }
        while let Some(state) = again.pop() {
            if fair[state as usize] != 0 {
                return true;
            }
            self.go_on(state, &mut waits, |target| again.push(target));
        }
        false
    }

    /// Notes where the steps of a state lead that waits, and calls `met` with what is met first.
    fn go_on(&self, state: u32, waits: &mut [bool], mut met: impl FnMut(u32)) {
        for target in &self.graph.targets[self.graph.steps_of(state)] {
            if *target != BEYOND && !waits[*target as usize] && !(self.goal)(*target) {
                waits[*target as usize] = true;
                met(*target);
            }
        }
    }
}

/// Whether it is fair that nothing more happens than steps of a state to itself: each class of which
/// something is promised, and that is possible, has such a step.
pub(super) fn rests(strengths: &[Strength], steps: (&[u32], &[u16]), state: u32) -> bool {
    let (targets, classes) = steps;
    let stays = |class: u16| {
        targets.iter().zip(classes).any(|(target, other)| *target == state && *other == class)
    };
    (targets.iter().zip(classes)).all(|(target, class)| {
        *target == state
            || *class == UNFAIR
            || strengths[usize::from(*class)] == Strength::None
            || stays(*class)
    })
}
