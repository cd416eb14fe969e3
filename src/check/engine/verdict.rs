//! The conclusion: from what the search found to a verdict per property.

use super::evaluator::Evaluator;
use super::mask::{PropertyMask, bits};
use super::outcome::{
    Behaviour, CheckError, LivenessSummary, Outcome, Phase, Progress, PropertyOutcome, Reduction,
    Shortfall, Verdict,
};
use super::reducer::Reducer;
use super::retrace;
use super::search::Search;
use super::trace;
use super::visited::Key;
use crate::check::liveness::{
    BYTES_A_STATE, Classes, Recorded, Recorder, Wait, Wish, assemble, replay, share,
};
use crate::check::space::{Kind, Space};
use crate::models::world::{NO_PANIC, NO_PANIC_AT, Statement};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

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
        let bytes = space.weight().held
            + bytes_of_liveness(
                (totals.recorded.load(Ordering::Relaxed), outcome.unique),
                numbers,
                live(space).count().min(recorders.len()),
            );
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

/// The memory that deciding liveness takes.
fn bytes_of_liveness((recorded, states): (u64, u64), numbers: u64, at_a_time: usize) -> u64 {
    // While the graph is assembled, the notes that it is made of, and by what states are known in both;
    // then what is known of each state for each property that is decided at a time.
    let assembling = recorded + 4 * (numbers + states);
    let deciding = BYTES_A_STATE * states * at_a_time as u64;
    recorded + assembling.max(deciding)
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

/// The properties that are decided on the recorded graph, by position.
fn live(space: &dyn Space) -> impl Iterator<Item = usize> {
    let claims = space.claims().iter().enumerate();
    claims.filter(|(_, claim)| claim.kind.is_liveness()).map(|(at, _)| at)
}

type Hooks<'a> = (&'a (dyn Fn() -> bool + Sync), &'a dyn Fn(&'static str));

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
        cut: recorded.cut,
        classes: recorded.graph.classes() as u64,
    });
    let (claims, live) = (space.claims(), live(space).collect::<Vec<_>>());
    let waits = Mutex::new(BTreeMap::new());
    for together in live.chunks(recorded.threads) {
        together.iter().for_each(|at| tell(claims[*at].name));
        share(recorded.threads, together, |at| {
            let wait = wish(space, &recorded, *at).wait(goes_on);
            waits.lock().unwrap_or_else(PoisonError::into_inner).insert(*at, wait);
        });
    }
    let waits = waits.into_inner().unwrap_or_else(PoisonError::into_inner);
    if waits.values().any(|wait| matches!(wait, Wait::Endless(_))) {
        // Which lasso is found depends on the order, and that on the threads.
        recorded.put_in_order(classes);
    }
    for (at, wait) in waits {
        let replay = |lasso| replay(space, &recorded, classes, &lasso).map(Verdict::Violated);
        outcome.properties[at].verdict = match wait {
            Wait::Ends => Verdict::Holds,
            Wait::Unknown => Verdict::Incomplete,
            Wait::Endless(fair) => (wish(space, &recorded, at).lasso(&fair))
                .map_or(Some(Verdict::Holds), replay)
                .ok_or(CheckError::NoPath(claims[at].name))?,
        };
    }
    Ok(())
}

/// What a property wants of the recorded graph.
fn wish<'g>(
    space: &'g dyn Space,
    recorded: &'g Recorded,
    at: usize,
) -> Wish<'g, impl Fn(u32) -> bool, impl Fn(u32) -> bool> {
    let asked = PropertyMask::of(space).liveness;
    // Where among the marks a condition is.
    let mark = move |condition: usize| bits(asked).position(|at| at == condition).unwrap_or(0);
    let holds = |state: u32, mark: usize| recorded.marks[state as usize] >> mark & 1 == 1;
    let (own, initial) = (mark(at), recorded.graph.initial());
    let target = match space.claims()[at].kind {
        Kind::Always | Kind::Sometimes | Kind::Eventually => None,
        Kind::LeadsTo(target) => Some(mark(target)),
    };
    Wish {
        graph: &recorded.graph,
        rests: &recorded.rests,
        threads: recorded.threads,
        from: move |state| target.map_or(state == initial, |_| holds(state, own)),
        goal: move |state| holds(state, target.unwrap_or(own)),
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
