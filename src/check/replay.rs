//! Replaying a trace against the model as it is now: does it still show what it was written for?
//!
//! Only one run is looked at: that takes no time, so a counterexample that was found once stays as
//! a test that fails at once when the bug is back. Whether another run has the bug is for the
//! check.

use super::liveness::is_fair;
use crate::models::world::step::Move;
use crate::models::world::{Checkable, Cluster, Kind, NO_PANIC, Observer};
use crate::trace::{Trace, TraceError};
use std::fmt;

/// What a trace shows of a property today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// The property is violated along the trace; a `sometimes` property is reached.
    Confirmed,
    /// Every step is possible, but the property is not violated (or reached) along them. Of a
    /// liveness property: it is satisfied on the way, or the cycle is not fair any more.
    Refuted,
    /// A step is not possible any more; up to there the property is not violated (or reached).
    ///
    /// The protocol does something else now, or names it otherwise.
    Ends {
        /// Which step, from 1.
        step: usize,
        /// What it says.
        action: String,
    },
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Confirmed => write!(f, "the trace shows what it was written for"),
            Self::Refuted => {
                write!(f, "the trace is possible, but does not show what it was written for")
            }
            Self::Ends { step, action } => {
                write!(f, "step {step} of the trace is not possible any more: {action}")
            }
        }
    }
}

/// Follows `trace` in `cluster` and judges the property of that name along it.
///
/// # Errors
/// When there is no such property, and where the cycle of a lasso is none.
pub fn replay<A: Checkable, H: Observer<A::Msg>>(
    cluster: &Cluster<A, H>,
    trace: &Trace,
    property: &str,
) -> Result<Replayed, TraceError> {
    let claim = Claim::of(cluster, property)?;
    trace.check_cycle()?;
    let run = Run::of(cluster, trace);
    let is_confirmed = match claim {
        Claim::NoPanic => run.any(|state| !cluster.is_without_panic(state)),
        Claim::Always(at) => run.any(|state| !cluster.holds(at, state)),
        Claim::Sometimes(at) => run.any(|state| cluster.holds(at, state)),
        Claim::LeadsTo(_, to) if run.end.is_none() => {
            run.waits(cluster, trace, &claim, to)? && run.is_fair(cluster, trace)
        }
        Claim::LeadsTo(..) => false,
    };
    Ok(match (is_confirmed, run.end) {
        (true, _) => Replayed::Confirmed,
        (false, None) => Replayed::Refuted,
        (false, Some((step, action))) => Replayed::Ends { step, action },
    })
}

/// The claim of a property about conditions, numbered as [`Cluster::holds`] does.
enum Claim {
    NoPanic,
    Always(usize),
    Sometimes(usize),
    /// From a condition (from the initial state if there is none) to a condition.
    LeadsTo(Option<usize>, usize),
}

impl Claim {
    fn of<A: Checkable, H: Observer<A::Msg>>(
        cluster: &Cluster<A, H>,
        name: &str,
    ) -> Result<Self, TraceError> {
        if name == NO_PANIC.name {
            return Ok(Self::NoPanic);
        }
        let properties = cluster.properties();
        let mut targets = properties.len();
        for (at, property) in properties.iter().enumerate() {
            let is_it = property.name == name;
            match property.kind {
                Kind::Always if is_it => return Ok(Self::Always(at)),
                Kind::Sometimes if is_it => return Ok(Self::Sometimes(at)),
                Kind::Eventually if is_it => return Ok(Self::LeadsTo(None, at)),
                Kind::LeadsTo(_) if is_it => return Ok(Self::LeadsTo(Some(at), targets)),
                Kind::LeadsTo(_) => targets += 1,
                Kind::Always | Kind::Sometimes | Kind::Eventually => {}
            }
        }
        Err(TraceError::UnknownProperty { name: name.into() })
    }
}

/// The states that a trace leads through, as far as its steps are possible.
struct Run {
    states: Vec<Box<[u32]>>,
    moves: Vec<Move>,
    /// The first step that is not possible, from 1, and what it says.
    end: Option<(usize, String)>,
}

impl Run {
    fn of<A: Checkable, H: Observer<A::Msg>>(cluster: &Cluster<A, H>, trace: &Trace) -> Self {
        let mut run = Self { states: vec![cluster.initial().into()], moves: Vec::new(), end: None };
        for (at, wanted) in trace.actions.iter().enumerate() {
            let Some((what, next)) = step(cluster, &run.states[at], wanted) else {
                run.end = Some((at + 1, wanted.clone()));
                break;
            };
            run.moves.push(what);
            run.states.push(next);
        }
        run
    }

    fn any(&self, is_wanted: impl Fn(&[u32]) -> bool) -> bool {
        self.states.iter().any(|state| is_wanted(state))
    }

    /// Whether the claim waits at some point, and from there on for ever.
    fn waits<A: Checkable, H: Observer<A::Msg>>(
        &self,
        cluster: &Cluster<A, H>,
        trace: &Trace,
        claim: &Claim,
        to: usize,
    ) -> Result<bool, TraceError> {
        let Some(cycle) = trace.cycle else { return Ok(false) };
        if self.states[cycle] != self.states[trace.actions.len()] {
            return Err(TraceError::NoCycle { cycle });
        }
        let is_start = |at: usize| match claim {
            Claim::LeadsTo(Some(from), _) => cluster.holds(*from, &self.states[at]),
            _ => at == 0,
        };
        // A claim that starts to wait within the cycle goes round, so all of the cycle must wait.
        let waits_from =
            |at: usize| self.states[at.min(cycle)..].iter().all(|state| !cluster.holds(to, state));
        Ok((0..self.states.len()).any(|at| is_start(at) && waits_from(at)))
    }

    fn is_fair<A: Checkable, H: Observer<A::Msg>>(
        &self,
        cluster: &Cluster<A, H>,
        trace: &Trace,
    ) -> bool {
        let Some(cycle) = trace.cycle else { return false };
        let last = self.states.len() - 1;
        // An empty cycle is the last state, in which nothing happens.
        let around: Vec<_> = if cycle == last { vec![last] } else { (cycle..last).collect() };
        let states: Vec<_> = (around.into_iter())
            .map(|at| (&*self.states[at], self.moves.get(at).copied()))
            .collect();
        is_fair(cluster, &states)
    }
}

/// The step that an action names, and where it leads.
fn step<A: Checkable, H: Observer<A::Msg>>(
    cluster: &Cluster<A, H>,
    state: &[u32],
    wanted: &str,
) -> Option<(Move, Box<[u32]>)> {
    let mut expander = cluster.expander();
    let mut moves = Vec::new();
    expander.moves(state, &mut moves);
    let what =
        (moves.into_iter()).find(|what| format!("{:?}", cluster.action(state, *what)) == wanted)?;
    let step = expander.step(state, cluster.fingerprint(state), what)?;
    let mut next = Vec::new();
    expander.write(state, &step, &mut next);
    Some((what, next.into()))
}
