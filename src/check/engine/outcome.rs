//! The inputs and outputs of a check: limits, progress, verdicts, traces.

use crate::models::world::step::Move;
use crate::models::world::{ActionOf, Checkable, Cluster, Observer};
use std::fmt;
use std::time::Duration;

/// When to give up. Giving up makes a check incomplete, never a success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// For how long.
    pub time: Option<Duration>,
    /// After how many unique states.
    pub states: Option<u64>,
    /// How many steps from the initial state. States farther away make the check incomplete.
    pub depth: Option<u32>,
    /// How many bytes the search may hold: the visited set, also while a part of it grows, the parents,
    /// the states that wait and those that are worked on, the distinct parts (nodes, messages,
    /// histories) with what is remembered of them and, for liveness, the graph. What is allocated counts,
    /// used or not, and nothing is allocated that would exceed it. The parts' collections are estimated
    /// from what they contain.
    pub memory: Option<u64>,
}

/// The most threads that a check may have.
pub const MAX_THREADS: usize = 1024;

/// Why a check cannot be started, or not be trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// Nobody to do the work.
    #[error("0 threads cannot check anything; use at least 1")]
    ZeroThreads,
    /// More than would ever help.
    #[error("{0} threads are too many; use at most {MAX_THREADS}")]
    TooManyThreads(usize),
    /// Nothing may be done.
    #[error("a limit of 0 on {0} leaves nothing to check; leave it out for no limit")]
    ZeroLimit(&'static str),
    /// Liveness counts states and classes in fewer bits than this needs.
    #[error("liveness can be decided on at most {limit} {what}; narrow the bounds")]
    TooLarge {
        /// Of what there are too many.
        what: &'static str,
        /// How many are possible.
        limit: u64,
    },
    /// Fairness distinguishes nodes, so states that differ by an exchange are not the same to it.
    #[error("liveness ({0:?}) cannot be decided under symmetry; check it without")]
    LivenessUnderSymmetry(&'static str),
    /// Stateright's breadth-first search ignores symmetry, so its counts are of something else.
    #[error(
        "stateright's search knows no symmetry, so it cannot check this instance; \
         leave --engine out, or check the instance without symmetry"
    )]
    SymmetryElsewhere,
    /// The nodes that are said to be alike are not.
    #[error("the cluster is not symmetric: {0}")]
    NotSymmetric(String),
    /// The search would never stop at it.
    #[error("there is no property named {0:?} to stop at")]
    UnknownProperty(String),
    /// States are told apart by hashes, so one of these would have been taken for the other.
    #[error("{0}; a type's Hash must tell apart what its Eq tells apart")]
    HashClash(String),
    /// A state that decides the property was met, but the way to it cannot be walked again.
    #[error(
        "{0:?} is decided, but no path shows it; a handler, a Hash or a Rewrite is not a function \
         of its arguments alone"
    )]
    NoPath(&'static str),
    /// More messages in flight hid what decides the property.
    #[error(
        "the property {0:?} is said to be monotone and is not: more messages in flight hide what \
         decides it; name the messages whose absence does (Property::counting), or take the mark away"
    )]
    NotMonotone(&'static str),
    /// What the check keeps on disk cannot be written or read, or is of something else.
    #[error("{0}")]
    Disk(String),
    /// A check on disk can be resumed, and the graph for liveness is not written down.
    #[error(
        "liveness ({0:?}) cannot be decided by a check on disk, which is to be resumed; check it \
         without --disk"
    )]
    LivenessOnDisk(&'static str),
    /// The processes that check together are no longer together.
    #[error("{0}")]
    Hosts(String),
    /// Liveness is decided on one graph of all states, which no process has; and which successors lie
    /// beyond a limit on depth is not known where others keep their keys.
    #[error(
        "a check by several processes has no liveness properties and no limit on depth; this one has \
         {0:?}"
    )]
    NotByHosts(&'static str),
    /// Something panicked that is no handler, observer or property, such as a `Rewrite`.
    #[error("the check panicked: {0}")]
    Panic(String),
}

/// How far a check is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// Unique states so far.
    pub unique: u64,
    /// Generated states so far.
    pub generated: u64,
    /// Steps from the initial state to the states being expanded.
    pub depth: u32,
    /// States that waited to be expanded when this level began.
    pub waiting: u64,
    /// Since the start.
    pub elapsed: Duration,
}

/// What a check is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Searching the states.
    Search,
    /// Deciding a liveness property.
    Liveness(&'static str),
}

/// Why a check is incomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortfall {
    /// [`Limits::time`] was reached.
    Time,
    /// [`Limits::states`] was reached.
    States,
    /// There are states beyond [`Limits::depth`].
    Depth,
    /// [`Limits::memory`] was reached.
    Memory,
    /// It was asked to stop.
    Stopped,
    /// It stopped at the first violation, as it was asked to.
    Violation,
    /// Random walks were made, which see some of the states.
    Walks,
    /// Not even the initial state is within the boundary, so there was nothing to check.
    Nothing,
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Time => "the time limit was reached",
            Self::States => "the limit on states was reached",
            Self::Depth => "the limit on depth was reached",
            Self::Memory => "the memory limit was reached",
            Self::Stopped => "it was stopped",
            Self::Violation => "it stopped at a violation",
            Self::Walks => "random walks see some of the states",
            Self::Nothing => "the initial state is out of bounds",
        })
    }
}

/// What came of a check.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Unique states, the initial one included.
    pub unique: u64,
    /// States that steps led to, each as often as it was reached, and the initial one.
    pub generated: u64,
    /// States whose successors were found: in a search of all states, all of them.
    pub expanded: u64,
    /// What was left out, if the search was reduced.
    pub reduction: Option<Reduction>,
    /// Steps from the initial state to the states farthest from it; in a reduced search, without the
    /// steps that only send.
    pub depth: u32,
    /// Steps that lead out of bounds: what the boundary leaves out.
    pub cut: u64,
    /// Why not everything was covered; `None` if it was.
    pub shortfall: Option<Shortfall>,
    /// In the order of the cluster. If anything panicked, [`NO_PANIC`](crate::check::NO_PANIC) is
    /// one more at the end.
    pub properties: Vec<PropertyOutcome>,
    /// What the panic said, if anything panicked.
    pub panic: Option<String>,
    /// What was met in deciding liveness, if it was asked for.
    pub liveness: Option<LivenessSummary>,
    /// How long the search took.
    pub search: Duration,
    /// How long it all took.
    pub elapsed: Duration,
    /// The most memory that the search held, counted as for [`Limits::memory`].
    pub memory: u64,
    /// How many images a state has under symmetry, itself among them; without symmetry, 1.
    pub images: u64,
}

/// What a reduced search met: steps that only send are taken all at once, and states that others
/// cover are not expanded.
///
/// Unique are then the states that none of an earlier level covers, and generated those that a step
/// led to which does more than send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reduction {
    /// How many states there are if messages do not count.
    pub cores: u64,
}

/// What was met in deciding liveness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LivenessSummary {
    /// Steps of the reachable graph.
    pub steps: u64,
    /// States with a step that leads beyond the boundary. Such a step counts as possible and
    /// never as taken, so a behaviour that only waits for it is no violation.
    pub cut: u64,
    /// Sets of steps that fairness is about.
    pub classes: u64,
}

impl Outcome {
    /// At most how probable it is that two of the states share a fingerprint, so that one of
    /// them was not expanded: `n² / 2⁸¹`, since 80 bits are kept. Under symmetry a state is
    /// known by the largest fingerprint of its `k` images, and the largest of many are more often
    /// equal: `k² / (2k − 1)` times as often.
    #[allow(clippy::cast_precision_loss)]
    pub fn collision_probability(&self) -> f64 {
        // Also a state that is covered is held against others.
        let met = if self.reduction.is_some() { self.generated } else { self.unique };
        let (n, k) = (met as f64, self.images as f64);
        (n * n / 2_f64.powi(81) * (k * k / (2.0 * k - 1.0))).min(1.0)
    }

    /// The outcome of a property, by name.
    pub fn property(&self, name: &str) -> Option<&PropertyOutcome> {
        self.properties.iter().find(|property| property.name == name)
    }

    /// Whether everything was covered and is as claimed.
    pub fn holds(&self) -> bool {
        let as_claimed = |property: &PropertyOutcome| {
            matches!(property.verdict, Verdict::Holds | Verdict::Reached(_))
        };
        self.shortfall.is_none() && self.properties.iter().all(as_claimed)
    }

    /// The properties that are violated: a `sometimes` that never was is one.
    pub fn violated(&self) -> impl Iterator<Item = &PropertyOutcome> {
        (self.properties.iter())
            .filter(|p| matches!(p.verdict, Verdict::Violated(_) | Verdict::NotReached))
    }
}

/// What came of a property.
#[derive(Clone, Debug)]
pub struct PropertyOutcome {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub says: &'static str,
    /// `always`, `sometimes`, `eventually` or `leads-to`.
    pub kind: &'static str,
    /// The verdict.
    pub verdict: Verdict,
}

/// A verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds, exhaustively.
    Holds,
    /// It is violated, as shown.
    Violated(Behaviour),
    /// The `sometimes` happens, as shown.
    Reached(Behaviour),
    /// The `sometimes` never happens.
    NotReached,
    /// Not everything was covered, and what was covered does not decide it.
    Incomplete,
}

impl Verdict {
    /// The behaviour that shows it, if there is one.
    pub fn trace(&self) -> Option<&Behaviour> {
        match self {
            Self::Violated(trace) | Self::Reached(trace) => Some(trace),
            Self::Holds | Self::NotReached | Self::Incomplete => None,
        }
    }
}

/// A behaviour: a path from the initial state, and for liveness where it goes round.
///
/// The packed states belong to the cluster that was checked (and its clones).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behaviour {
    /// The states, the initial one first.
    pub states: Vec<Box<[u32]>>,
    /// The steps between them: one fewer.
    pub moves: Vec<Move>,
    /// Where the cycle of a lasso begins: from there to the end, again and again. The last state
    /// is then the one at this index; if it *is* this index, nothing more happens.
    pub cycle: Option<usize>,
}

impl Behaviour {
    /// How many steps it has.
    pub fn len(&self) -> usize {
        self.moves.len()
    }

    /// Whether it shows the initial state alone.
    pub fn is_empty(&self) -> bool {
        self.moves.is_empty()
    }

    /// The last state.
    pub fn last(&self) -> &[u32] {
        self.states.last().map_or(&[], |state| state)
    }

    /// Its steps by name.
    pub fn actions<A: Checkable, H: Observer<A::Msg>>(
        &self,
        cluster: &Cluster<A, H>,
    ) -> Vec<ActionOf<A>> {
        (self.states.iter().zip(&self.moves))
            .map(|(state, what)| cluster.action(state, *what))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(unique: u64, images: u64) -> Outcome {
        Outcome {
            unique,
            generated: 0,
            expanded: 0,
            reduction: None,
            depth: 0,
            cut: 0,
            shortfall: None,
            properties: Vec::new(),
            panic: None,
            liveness: None,
            search: Duration::ZERO,
            elapsed: Duration::ZERO,
            memory: 0,
            images,
        }
    }

    /// Counted out on small fingerprints: how often the largest of `k` equals that of `k` others.
    #[test]
    fn the_largest_of_more_images_is_more_often_equal() {
        const VALUES: i32 = 4096;
        let values = f64::from(VALUES);
        for images in [1_u32, 2, 6, 24] {
            let is_largest = |value: i32| {
                let up_to = |value: i32| (f64::from(value) / values).powf(f64::from(images));
                up_to(value + 1) - up_to(value)
            };
            let equal: f64 = (0..VALUES).map(|value| is_largest(value).powi(2)).sum();
            let pairs = 2_f64.powi(40) / 2.0;
            let bound = outcome(1 << 20, images.into()).collision_probability();
            let ratio = bound / (pairs * equal * values / 2_f64.powi(80));
            assert!((0.99..1.01).contains(&ratio), "{images} images: {ratio} times");
        }
        assert!((outcome(u64::MAX, 6).collision_probability() - 1.0).abs() < f64::EPSILON);
    }
}
