//! One walk: a step after the other, each state checked when it is met first.

use super::coverage::Walks;
use super::known::{Found, Known, Walk};
use super::race::{Mood, Random, time};
use crate::check::space::{Kind, Space, Stepper};
use crate::models::world::step::{Move, Step};
use crate::models::world::{Derived, Fingerprint, NO_PANIC_AT, Scopes};
use rustc_hash::FxHashSet;

/// Makes walks, for one thread.
pub(super) struct Walker<'c> {
    judge: Judge<'c>,
    stepper: Box<dyn Stepper<'c> + 'c>,
    /// Room to work in.
    steps: Vec<(Move, Step<'c>)>,
    racing: Vec<Racing>,
}

/// A step that may be taken.
#[derive(Clone, Copy)]
struct Racing {
    time: f64,
    what: Move,
}

impl<'c> Walker<'c> {
    pub(super) fn new(space: &'c dyn Space) -> Self {
        let (judge, stepper) = (Judge::new(space), space.stepper());
        Self { judge, stepper, steps: Vec::new(), racing: Vec::new() }
    }

    /// One of the walks; it ends where one of the properties `until` is decided.
    pub(super) fn walk(&mut self, number: u64, of: Walks, known: &Known, until: u64) -> Walk {
        let (Walks { seed, steps, is_uniform, .. }, space) = (of, self.judge.space);
        let (mut random, mood) = (Random::new(seed, number), Mood::new(seed, number));
        let mut walk = Walk { number, ..Walk::default() };
        let (mut met, mut open) = (FxHashSet::default(), known.open);
        let (mut path, mut state) = (Vec::new(), space.initial().to_vec());
        let mut fingerprint = space.fingerprint(&state);
        loop {
            // Half of the bits: walks meet millions of states, not billions.
            let short = fingerprint as u64;
            if !known.has(short) && met.insert(short) {
                walk.met.push(short);
                let decided = self.judge.decided(&state, open);
                open &= !decided;
                for at in bits(decided) {
                    walk.found.push(Found { at, moves: path.clone() });
                }
                if decided & until != 0 {
                    break;
                }
            }
            if path.len() == steps as usize {
                break;
            }
            let draw = random.next();
            let is_new = |next: u64| !known.has(next) && !met.contains(&next);
            let weigh = |next: u64| {
                let change = next.wrapping_sub(short);
                if is_uniform { 1.0 } else { mood.weight(change, is_new(next)) }
            };
            self.race(&state, fingerprint, draw, &weigh);
            let Some((taken, next, leads_to)) = self.winner(&state, fingerprint) else { break };
            path.push(taken);
            (state, fingerprint) = (next, leads_to);
        }
        walk.steps = path.len() as u64;
        walk
    }

    /// Lets all steps that are possible race.
    fn race(
        &mut self,
        state: &[u32],
        fingerprint: Fingerprint,
        draw: u64,
        weigh: &dyn Fn(u64) -> f64,
    ) {
        self.steps.clear();
        self.stepper.steps(state, fingerprint, &mut self.steps);
        self.racing.clear();
        for (what, step) in &self.steps {
            let next = step.fingerprint as u64;
            self.racing.push(Racing { time: time(draw, next, weigh(next)), what: *what });
        }
    }

    /// The first of the steps that does not lead out of bounds, and where it leads.
    fn winner(
        &mut self,
        state: &[u32],
        fingerprint: Fingerprint,
    ) -> Option<(Move, Vec<u32>, Fingerprint)> {
        let space = self.judge.space;
        loop {
            // Two steps may lead to one state: then the first by name.
            let by_time = |(_, one): &(usize, &Racing), (_, other): &(usize, &Racing)| {
                let ordering = one.time.total_cmp(&other.time);
                ordering.then_with(|| space.compare(state, one.what, other.what))
            };
            let (at, _) = self.racing.iter().enumerate().min_by(by_time)?;
            let first = self.racing.swap_remove(at);
            let step = self.stepper.step(state, fingerprint, first.what)?;
            let mut next = Vec::new();
            self.stepper.write(state, &step, &mut next);
            if self.judge.is_within_boundary(&next) {
                return Some((first.what, next, step.fingerprint));
            }
        }
    }
}

/// Says what a state decides.
pub(super) struct Judge<'c> {
    pub(super) space: &'c dyn Space,
    scopes: Scopes,
    derived: Derived,
    sometimes: u64,
    boundary: Option<usize>,
}

impl<'c> Judge<'c> {
    pub(super) fn new(space: &'c dyn Space) -> Self {
        let is_sought = |kind: Kind| kind == Kind::Sometimes;
        let claims = space.claims().iter().enumerate();
        let sometimes = claims.map(|(at, claim)| u64::from(is_sought(claim.kind)) << at).sum();
        let (scopes, boundary) = (space.scopes(), space.boundary());
        Self { space, scopes, derived: Derived::default(), sometimes, boundary }
    }

    /// The properties that a single state can decide, a bit each.
    pub(super) fn decidable(space: &dyn Space) -> u64 {
        let claims = space.claims().iter().enumerate();
        let all = claims.map(|(at, claim)| u64::from(!claim.kind.is_liveness()) << at);
        all.sum::<u64>() | 1 << NO_PANIC_AT
    }

    /// Which of these properties a state decides: an `always` that does not hold there, a
    /// `sometimes` that does.
    pub(super) fn decided(&self, state: &[u32], open: u64) -> u64 {
        const CALM: u64 = 1 << NO_PANIC_AT;
        self.derived.begin();
        let facts = self.space.facts(state, &self.scopes);
        let by_parts = self.scopes.each_node | self.scopes.some_node | self.scopes.history;
        let known = if facts & CALM == 0 { 0 } else { by_parts };
        let mut decided = 0;
        for at in bits(open & !CALM) {
            let holds = if known >> at & 1 == 1 {
                Some(facts >> at & 1 == 1)
            } else {
                self.space.verdict(at, state, &self.derived).0
            };
            let is_sought = self.sometimes >> at & 1 == 1;
            decided |= u64::from(holds.unwrap_or(false) == is_sought) << at;
        }
        if self.space.has_panics() && !self.space.is_without_panic(state) {
            decided |= open & CALM;
        }
        decided
    }

    pub(super) fn is_within_boundary(&self, state: &[u32]) -> bool {
        let Some(at) = self.boundary else { return true };
        self.derived.begin();
        self.space.verdict(at, state, &self.derived).0.unwrap_or(true)
    }
}

/// The positions of the bits that are set.
fn bits(of: u64) -> impl Iterator<Item = usize> {
    (0..u64::BITS as usize).filter(move |at| of >> at & 1 == 1)
}
