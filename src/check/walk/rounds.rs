//! Walks in rounds: within a round walks know what the rounds before met, and not each other, so
//! that threads need not wait for one another and nothing depends on them.

use super::coverage::{Coverage, FoundBy, Point, Walks};
use super::known::{Found, Known, Walk};
use super::shorten::shortened;
use super::walker::{Judge, Walker};
use crate::check::engine::{Behaviour, CheckError, Limits, Phase, Progress, Shortfall, quiet};
use crate::check::findings::{Discovery, Engine, Findings};
use crate::check::space::{OfCluster, Space};
use crate::check::stateright_bfs::collision_probability;
use crate::models::world::step::Move;
use crate::models::world::{Checkable, Cluster, NO_PANIC, NO_PANIC_AT, Observer, guarded};
use crate::trace::Trace;
use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

/// How many walks a round has.
const ROUND: u64 = 32;

/// What bounds the walks, beside their number.
pub(in crate::check) struct Bounds<'a> {
    pub(in crate::check) threads: usize,
    pub(in crate::check) limits: Limits,
    /// The violation of this property ends them.
    pub(in crate::check) until: Option<&'a str>,
    pub(in crate::check) stop: &'a AtomicBool,
}

/// Makes walks in a cluster.
///
/// # Errors
/// When there are none to make, when a name is none of a property, and when what was found cannot
/// be trusted.
pub(in crate::check) fn run<A: Checkable, H: Observer<A::Msg>>(
    cluster: &Cluster<A, H>,
    walks: Walks,
    bounds: &Bounds<'_>,
    progress: &dyn Fn(Progress),
) -> Result<Findings, CheckError> {
    let zeros = [("walks", walks.count == 0), ("steps", walks.steps == 0)];
    if let Some((what, _)) = zeros.iter().find(|(_, is_zero)| *is_zero) {
        return Err(CheckError::ZeroLimit(what));
    }
    quiet::install();
    let space = OfCluster::new(cluster, None);
    let walked = guarded(|| rounds(&space, walks, bounds, progress))
        .unwrap_or_else(|said| Err(CheckError::Panic(said)));
    let (findings, shown) = walked?;
    let trace = |behaviour: Behaviour| Trace::of_actions(&behaviour.actions(cluster));
    let shown = shown.into_iter().map(|(name, by)| (name, Discovery::Found(trace(by))));
    Ok(Findings { discoveries: shown.collect(), ..findings })
}

/// What was found, and for each property that is decided the behaviour that shows it.
type Walked = (Findings, Vec<(&'static str, Behaviour)>);

fn rounds(
    space: &dyn Space,
    walks: Walks,
    bounds: &Bounds<'_>,
    progress: &dyn Fn(Progress),
) -> Result<Walked, CheckError> {
    let started = Instant::now();
    let until = until(space, bounds.until)?;
    let judge = Judge::new(space);
    let mut known = Known::new(walks.states, Judge::decidable(space));
    let mut walkers: Vec<_> = (0..bounds.threads).map(|_| Walker::new(space)).collect();
    let (mut made, mut steps, mut longest) = (0, 0, 0);
    let (mut curve, mut found) = (Vec::new(), BTreeMap::new());
    let mut shortfall = Shortfall::Walks;
    if !judge.is_within_boundary(space.initial()) {
        shortfall = Shortfall::Nothing;
    }
    while made < walks.count && shortfall == Shortfall::Walks {
        let end = walks.count.min(made + ROUND);
        let mut round = self::round(&mut walkers, walks, (made, end), &known, until);
        round.sort_unstable_by_key(|walk| walk.number);
        for walk in round {
            known.learn(&walk);
            steps += walk.steps;
            longest = longest.max(walk.steps);
            for Found { at, moves } in walk.found {
                found.entry(at).or_insert((walk.number, moves));
            }
        }
        made = end;
        curve.push(Point { walks: made, states: known.states() });
        progress(Progress {
            phase: Phase::Search,
            unique: known.states(),
            generated: steps + made,
            depth: longest as u32,
            waiting: 0,
            elapsed: started.elapsed(),
        });
        if until & !known.open != 0 {
            shortfall = Shortfall::Violation;
        } else if bounds.stop.load(Ordering::Relaxed) {
            shortfall = Shortfall::Stopped;
        } else if bounds.limits.time.is_some_and(|limit| started.elapsed() >= limit) {
            shortfall = Shortfall::Time;
        }
    }
    let panic = found.get(&NO_PANIC_AT).map(|(_, moves)| said(space, moves));
    let memory = known.bytes() + space.weight().held;
    let (name, mut shown, mut by) = (name(space), Vec::new(), Vec::new());
    for (at, (walk, moves)) in found {
        shown.push((name(at), shortened(&judge, at, &moves)));
        by.push(FoundBy { property: name(at), walk: walk + 1, steps: moves.len() });
    }
    if let Some(clash) = space.hash_clash() {
        return Err(CheckError::HashClash(clash));
    }
    let Walks { seed, steps: max_steps, is_uniform, .. } = walks;
    let is_exact = !known.is_full;
    let findings = Findings {
        engine: Engine::Walks(walks),
        threads: bounds.threads,
        unique: known.states(),
        generated: steps + made,
        expanded: None,
        reduction: None,
        depth: longest,
        elapsed: started.elapsed(),
        shortfall: Some(shortfall),
        collision_probability: collision_probability(known.states()),
        discoveries: BTreeMap::new(),
        panic,
        cut: None,
        liveness: None,
        memory: Some(memory),
        walks: Some(Coverage {
            count: made,
            seed,
            max_steps,
            is_uniform,
            is_exact,
            curve,
            found: by,
        }),
    };
    Ok((findings, shown))
}

/// The walks of one round.
fn round<'c>(
    walkers: &mut [Walker<'c>],
    walks: Walks,
    (first, end): (u64, u64),
    known: &Known,
    until: u64,
) -> Vec<Walk> {
    let next = AtomicU64::new(first);
    let make = |walker: &mut Walker<'c>| {
        let mut made = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= end {
                return made;
            }
            made.push(walker.walk(number, walks, known, until));
        }
    };
    let Some((first, others)) = walkers.split_first_mut() else { return Vec::new() };
    thread::scope(|scope| {
        let others: Vec<_> =
            others.iter_mut().map(|walker| scope.spawn(move || guarded(|| make(walker)))).collect();
        let mut all = make(first);
        for other in others {
            let theirs = other.join().unwrap_or_else(|panic| resume_unwind(panic));
            all.extend(theirs.unwrap_or_else(|said| resume_unwind(Box::new(said))));
        }
        all
    })
}

/// The properties whose violation ends the walks, a bit each.
fn until(space: &dyn Space, name: Option<&str>) -> Result<u64, CheckError> {
    let Some(name) = name else { return Ok(0) };
    let at = space.claims().iter().position(|claim| claim.name == name);
    let at = at.or((name == NO_PANIC.name).then_some(NO_PANIC_AT));
    at.map(|at| 1 << at).ok_or_else(|| CheckError::UnknownProperty(name.to_owned()))
}

/// The names of properties, by position.
fn name(space: &dyn Space) -> impl Fn(usize) -> &'static str {
    let names: Vec<_> = space.claims().iter().map(|claim| claim.name).collect();
    move |at| names.get(at).copied().unwrap_or(NO_PANIC.name)
}

/// What the panic said to which these moves lead.
fn said(space: &dyn Space, moves: &[Move]) -> String {
    let (mut stepper, mut state) = (space.stepper(), space.initial().to_vec());
    for what in moves {
        let Some(step) = stepper.step(&state, space.fingerprint(&state), *what) else { break };
        let mut next = Vec::new();
        stepper.write(&state, &step, &mut next);
        state = next;
    }
    space.panic_in(&state).unwrap_or_else(|| "it panicked once, but not when asked again".into())
}
