//! The conclusion: from what the search found to a verdict per property.

use super::evaluator::{Evaluator, PropertyMask, bits};
use super::outcome::{
    Behaviour, CheckError, LivenessSummary, Outcome, Phase, Progress, PropertyOutcome, Reduction,
    Shortfall, Verdict,
};
use super::reducer::Reducer;
use super::retrace;
use super::search::Search;
use super::trace;
use super::visited::Key;
use crate::check::liveness::{Answer, Classes, Recorded, Recorder, assemble, decide, replay};
use crate::check::space::{Kind, Space};
use crate::models::world::{NO_PANIC, NO_PANIC_AT, Statement};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// The outcome of a search that is over.
pub(super) fn conclude(
    space: &dyn Space,
    search: Search<'_, '_>,
    mut reducer: Option<Reducer<'_>>,
    classes: Option<&dyn Classes>,
    progress: &dyn Fn(Progress),
) -> Result<Outcome, CheckError> {
    let totals = search.totals;
    let searched = totals.started.elapsed();
    let is_complete = totals.shortfall().is_none();
    let mut paths = paths(space, &search, &mut reducer)?;
    if search.cover.is_some() {
        let is_violation = |at: &usize| PropertyMask::of(space).always >> at & 1 == 1;
        let known = paths.iter().filter(|(at, _)| is_violation(at));
        let known = known.map(|(at, path)| (*at, path.clone())).collect();
        paths.extend(retrace::shortest(space, &search, &known, progress)?);
    }
    let mut properties = Vec::new();
    for (at, claim) in space.claims().iter().enumerate() {
        let verdict = match (claim.kind, paths.remove(&at)) {
            (Kind::Always, Some(trace)) => Verdict::Violated(trace),
            (Kind::Sometimes, Some(trace)) => Verdict::Reached(trace),
            (Kind::Always, None) if is_complete => Verdict::Holds,
            (Kind::Sometimes, None) if is_complete => Verdict::NotReached,
            _ => Verdict::Incomplete,
        };
        let (name, says, kind) = (claim.name, claim.says, claim.kind.name());
        properties.push(PropertyOutcome { name, says, kind, verdict });
    }
    let mut panic = None;
    if let Some(trace) = paths.remove(&NO_PANIC_AT) {
        let said = space.panic_in(trace.last());
        panic = Some(said.unwrap_or_else(|| "it panicked once, but not when asked again".into()));
        let Statement { name, says, .. } = NO_PANIC;
        let (kind, verdict) = (Kind::Always.name(), Verdict::Violated(trace));
        properties.push(PropertyOutcome { name, says, kind, verdict });
    }
    let mut outcome = Outcome {
        unique: totals.unique.load(Ordering::Relaxed),
        generated: totals.generated.load(Ordering::Relaxed),
        expanded: search.expanded,
        reduction: search.cover.as_ref().map(|cover| Reduction { cores: cover.cores() }),
        depth: search.depth,
        cut: search.cut,
        shortfall: None,
        properties,
        panic,
        liveness: None,
        search: searched,
        elapsed: searched,
        memory: totals.peak(),
        images: 1,
    };
    if let Some(classes) = classes.filter(|_| is_complete) {
        let numbers = search.visited.end_of_numbers();
        let recorders: Vec<_> =
            search.workers.into_iter().filter_map(|worker| worker.recorder).collect();
        // Nothing but the parts and what was recorded is needed from now on.
        drop((search.visited, search.lineage));
        let told = Progress {
            phase: Phase::Search,
            unique: outcome.unique,
            generated: outcome.generated,
            depth: outcome.depth,
            waiting: 0,
            elapsed: searched,
        };
        let goes_on = || {
            totals.check_time();
            totals.shortfall().is_none()
        };
        let tell = |name| {
            let elapsed = totals.started.elapsed();
            progress(Progress { phase: Phase::Liveness(name), elapsed, ..told });
        };
        // The graph beside the notes that it is made of, and by what states are known in both.
        let recorded = totals.recorded.load(Ordering::Relaxed);
        let bytes = space.weight().held + 2 * recorded + 4 * (numbers + outcome.unique);
        if totals.hold(bytes) {
            outcome.memory = outcome.memory.max(bytes);
            let recorders = (recorders, numbers);
            decide_liveness(space, recorders, classes, &mut outcome, (&goes_on, &tell))?;
        }
    }
    outcome.shortfall = totals.shortfall();
    outcome.elapsed = totals.started.elapsed();
    Ok(outcome)
}

/// A behaviour for each property that is decided by a state, by position.
fn paths(
    space: &dyn Space,
    search: &Search<'_, '_>,
    reducer: &mut Option<Reducer<'_>>,
) -> Result<BTreeMap<usize, Behaviour>, CheckError> {
    let mut paths = BTreeMap::new();
    for (at, target) in search.deciding.iter().enumerate() {
        let Some(target) = *target else { continue };
        let path = if let Some(ways) = &search.ways {
            let tags = ways.get(&at).map_or(&[][..], |tags| tags);
            way_over(space, (tags, target.key), reducer)
        } else if search.cover.is_some() {
            retrace::path(space, search, (at, target))
        } else {
            let met = (&search.visited, &search.lineage);
            trace::path(space, met, target, |state, fingerprint| match reducer {
                Some(reducer) => reducer.key(state, fingerprint),
                None => trace::plain(state, fingerprint),
            })
        };
        let name = space.claims().get(at).map_or(NO_PANIC.name, |claim| claim.name);
        paths.insert(at, path.ok_or(CheckError::NoPath(name))?);
    }
    Ok(paths)
}

/// The path to a state over states with these tags, where the visited set is with several processes: each
/// state on it was expanded, so its successors were met unless they are out of bounds.
fn way_over(
    space: &dyn Space,
    way: (&[u8], Key),
    reducer: &mut Option<Reducer<'_>>,
) -> Option<Behaviour> {
    let evaluator = Evaluator::new(space);
    let is_met = |state: &[u32], _| evaluator.within_boundary(state);
    trace::path_over(space, way, is_met, |state, fingerprint| match reducer {
        Some(reducer) => reducer.key(state, fingerprint),
        None => trace::plain(state, fingerprint),
    })
}

type Hooks<'a> = (&'a dyn Fn() -> bool, &'a dyn Fn(&'static str));

/// Decides the liveness properties on the recorded graph.
fn decide_liveness(
    space: &dyn Space,
    (recorders, numbers): (Vec<Recorder<'_>>, u64),
    classes: &dyn Classes,
    outcome: &mut Outcome,
    (goes_on, tell): Hooks<'_>,
) -> Result<(), CheckError> {
    let mut recorded = assemble(recorders, classes, numbers)?;
    outcome.liveness = Some(LivenessSummary {
        steps: recorded.graph.steps() as u64,
        cut: recorded.graph.cut() as u64,
        classes: recorded.graph.classes() as u64,
    });
    for (at, claim) in space.claims().iter().enumerate() {
        if claim.kind.is_liveness() {
            tell(claim.name);
            let mut found = answer(space, &recorded, (at, claim.kind), goes_on);
            if matches!(found, Answer::Violated(_)) && !recorded.is_in_order {
                // Which lasso is found depends on the order, and that on the threads.
                recorded = recorded.in_order(classes);
                found = answer(space, &recorded, (at, claim.kind), goes_on);
            }
            outcome.properties[at].verdict = match found {
                Answer::Holds => Verdict::Holds,
                Answer::Stopped => Verdict::Incomplete,
                Answer::Violated(lasso) => replay(space, &recorded, classes, &lasso)
                    .map(Verdict::Violated)
                    .ok_or(CheckError::NoPath(claim.name))?,
            };
        }
    }
    Ok(())
}

fn answer(
    space: &dyn Space,
    recorded: &Recorded,
    (at, kind): (usize, Kind),
    goes_on: &dyn Fn() -> bool,
) -> Answer {
    let asked = PropertyMask::of(space).liveness;
    // Where among the marks a condition is.
    let mark = |condition: usize| bits(asked).position(|at| at == condition).unwrap_or(0);
    let holds = |state: u32, mark: usize| recorded.marks[state as usize] >> mark & 1 == 1;
    let (own, graph) = (mark(at), &recorded.graph);
    match kind {
        Kind::Always | Kind::Sometimes | Kind::Eventually => {
            decide(graph, |s| s == graph.initial(), |s| holds(s, own), goes_on)
        }
        Kind::LeadsTo(target) => {
            let target = mark(target);
            decide(graph, |s| holds(s, own), |s| holds(s, target), goes_on)
        }
    }
}

impl super::level::Totals<'_> {
    /// Notes the limits that deciding liveness may reach.
    fn check_time(&self) {
        if self.stop.load(Ordering::Relaxed) {
            self.fall_short(Shortfall::Stopped);
        }
        if self.limits.time.is_some_and(|limit| self.started.elapsed() >= limit) {
            self.fall_short(Shortfall::Time);
        }
    }
}
