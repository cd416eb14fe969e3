//! Behaviours that a reduced search found: its path leads over saturated states, so between two of its
//! steps lie all steps that only send. Those whose messages nothing needs are left out.
//!
//! The behaviour is then a real one, but not always a shortest one: it may take a detour to a state with
//! more messages. A counterexample is looked for once more, by a search that leaves nothing out and
//! goes no further than the behaviour that is known.

use super::level::Totals;
use super::lineage::{Target, tag};
use super::mask::{PropertyMask, bits};
use super::outcome::{Behaviour, CheckError, Limits, Progress};
use super::search::{Search, Until};
use super::trace::{self, Found, add};
use super::visited::key_of;
use super::worker::Worker;
use crate::check::space::{Kind, Space};
use crate::models::world::{Event, Fingerprint, NO_PANIC_AT};
use std::collections::BTreeMap;

/// A behaviour to the state that decides property `at`, which the visited set knows as `target`. The
/// same whatever the number of threads.
pub(super) fn path(
    space: &dyn Space,
    search: &Search<'_, '_>,
    (at, target): (usize, Target),
) -> Option<Behaviour> {
    let mut events = events(space, search, target)?;
    let decides = |behaviour: &Behaviour| decides(space, at, behaviour.last());
    let mut behaviour = follow(space, &events).filter(decides)?;
    // The last first, since earlier ones may be there for their sake alone.
    for place in (0..events.len()).rev().filter(|place| events[*place].0).collect::<Vec<_>>() {
        let mut fewer = events.clone();
        fewer.remove(place);
        if let Some(shorter) = follow(space, &fewer).filter(decides) {
            (events, behaviour) = (fewer, shorter);
        }
    }
    Some(behaviour)
}

/// Whether an event only sends, and the event.
type Sent = (bool, Event);
/// The events that lead from one saturated state to another, and that state with its fingerprint.
type Reached = (Vec<Sent>, Vec<u32>, Fingerprint);

/// All events on the way to a saturated state.
fn events(space: &dyn Space, search: &Search<'_, '_>, target: Target) -> Option<Vec<Sent>> {
    let mut stepper = space.stepper();
    let (mut events, mut state) = (Vec::new(), space.initial().to_vec());
    let fingerprint = space.fingerprint(&state);
    let mut note = |event| events.push((true, event));
    let fingerprint = stepper.saturate(&mut state, fingerprint, None, &mut note);
    let visited = search.visited.all();
    let tags = search.lineage.tags_to(target.index);
    let first = (events, state, fingerprint);
    let way =
        trace::walk(&tags, target.key, first, |(_, state, fingerprint): &Reached, wanted| {
            let mut steps = Vec::new();
            stepper.steps(state, *fingerprint, &mut steps);
            let mut found = Found::<Reached>::new();
            for (what, step) in steps {
                if stepper.only_sends(state, &step) {
                    continue;
                }
                let Some(event) = stepper.event(state, what) else { continue };
                let mut on_the_way = vec![(false, event)];
                let mut next = Vec::new();
                stepper.write(state, &step, &mut next);
                let mut note = |event| on_the_way.push((true, event));
                let reached = stepper.saturate(&mut next, step.fingerprint, Some(&step), &mut note);
                let key = key_of(reached);
                if tag(key) == wanted && visited.contains(key) {
                    let way = (space, state.as_slice(), what);
                    add(&mut found, key, way, (on_the_way, next, reached));
                }
            }
            found
        })?;
    Some(way.into_iter().flat_map(|(events, ..)| events).collect())
}

/// The behaviour of these events, if they are possible one after the other.
fn follow(space: &dyn Space, events: &[Sent]) -> Option<Behaviour> {
    let mut behaviour =
        Behaviour { states: vec![space.initial().into()], moves: Vec::new(), cycle: None };
    let mut stepper = space.stepper();
    for (_, event) in events {
        let state = behaviour.last();
        let what = stepper.find(state, *event)?;
        let step = stepper.step(state, space.fingerprint(state), what)?;
        let mut next = Vec::new();
        stepper.write(state, &step, &mut next);
        behaviour.moves.push(what);
        behaviour.states.push(next.into());
    }
    Some(behaviour)
}

/// Whether a state decides a property: violates it, or is what it looks for.
fn decides(space: &dyn Space, at: usize, state: &[u32]) -> bool {
    if at == NO_PANIC_AT {
        return !space.is_without_panic(state);
    }
    let is_sought = space.claims()[at].kind == Kind::Sometimes;
    space.holds(at, state) == is_sought
}

/// Shortest counterexamples, by property, where `known` has one: the same as without the reduction.
/// None of those that are not found within the limits; then the check falls short.
pub(super) fn shortest(
    space: &dyn Space,
    reduced: &Search<'_, '_>,
    known: &BTreeMap<usize, Behaviour>,
    progress: &dyn Fn(Progress),
) -> Result<BTreeMap<usize, Behaviour>, CheckError> {
    let Some(depth) = known.values().map(Behaviour::len).max() else { return Ok(BTreeMap::new()) };
    let wanted = known.keys().fold(0, |wanted, at| wanted | 1 << at);
    let totals =
        Totals::new(limits(reduced, depth as u32), reduced.workers.len(), reduced.totals.stop);
    let mask = PropertyMask { always: wanted, ..PropertyMask::default() };
    let workers = reduced.workers.iter().map(|_| Worker::new(space, None, None)).collect();
    let mut search = Search::new(space, workers, &totals, mask);
    search.run(Until::All(wanted), progress)?;
    let is_missing = bits(wanted).any(|at| search.deciding[at].is_none());
    if let Some(why) = totals.shortfall().filter(|_| is_missing) {
        reduced.totals.fall_short(why);
    }
    let found = bits(wanted).filter_map(|at| {
        let target = search.deciding[at]?;
        let met = (&search.visited, &search.lineage);
        Some((at, trace::path(space, met, target, trace::plain)?))
    });
    Ok(found.collect())
}

/// The limits that are left for another search of so many steps.
fn limits(reduced: &Search<'_, '_>, depth: u32) -> Limits {
    let Limits { time, states, memory, .. } = reduced.totals.limits;
    let elapsed = reduced.totals.started.elapsed();
    Limits {
        time: time.map(|time| time.saturating_sub(elapsed)),
        states,
        depth: Some(depth),
        memory: memory.map(|bytes| bytes.saturating_sub(reduced.bytes_of_tables())),
    }
}
