//! Checking an instance, by one engine or another.

use super::engine::{CheckError, Checker, Disk, Hosts, Limits, Outcome, Progress, Verdict};
use super::findings::{Discovery, Engine, Findings, ReductionKind};
use super::{stateright_bfs, walk};
use crate::trace::Trace;
use quorate_models::world::{Checkable, Cluster, Observer, Symmetry};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

/// Whether states may be left out that others cover, where that hides nothing; see
/// [`Checker::reduced`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduce {
    /// In the check of an instance of which it is recorded what such a check finds.
    #[default]
    Recorded,
    /// Wherever it hides nothing.
    Always,
    /// Not at all.
    Never,
}

/// How to check.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The engine that checks.
    pub engine: Engine,
    /// How many threads. With stateright, counterexamples are the shortest only with one.
    pub threads: usize,
    /// When to give up; stateright knows no limits.
    pub limits: Limits,
    /// Whether to decide liveness properties too.
    pub liveness: bool,
    /// Whether to leave out states that others cover.
    pub reduce: Reduce,
    /// Where the check keeps what need not be in memory, and from where it can be resumed; stateright
    /// keeps all in memory. No states are left out then but by symmetry.
    pub disk: Option<&'a Disk>,
    /// The processes with which it checks, if there are others: liveness is then not decided, and no
    /// states are left out but by symmetry. Stateright and walks know none.
    pub hosts: Option<&'a Hosts>,
    /// Stop when this `always` property is violated; a mutant's check stops at its killer if
    /// nothing is said. Stateright goes on.
    pub until_violated: Option<&'a str>,
    /// Set to end the check soon, with what was found so far. Stateright goes on.
    pub stop: &'a AtomicBool,
}

static NEVER: AtomicBool = AtomicBool::new(false);

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            engine: Engine::default(),
            threads: 1,
            limits: Limits::default(),
            liveness: true,
            reduce: Reduce::default(),
            disk: None,
            hosts: None,
            until_violated: None,
            stop: &NEVER,
        }
    }
}

/// Checks a cluster, with nodes that are alike if there is a symmetry.
///
/// # Errors
/// When the options make no sense, when the nodes are not alike, when what was found cannot be
/// trusted, or when there is too much to decide liveness on.
pub fn run<A: Checkable, H: Observer<A::Msg>>(
    cluster: Cluster<A, H>,
    symmetry: Option<Symmetry<A, H>>,
    options: &Options<'_>,
    progress: &dyn Fn(Progress),
) -> Result<Findings, CheckError> {
    if options.threads == 0 {
        return Err(CheckError::ZeroThreads);
    }
    match options.engine {
        Engine::Stateright if symmetry.is_some() => Err(CheckError::SymmetryElsewhere),
        Engine::Stateright => Ok(stateright_bfs::run(cluster, options.threads, progress)),
        Engine::Walks(walks) => {
            let Options { threads, limits, stop, until_violated: until, .. } = *options;
            walk::run(&cluster, walks, &walk::Bounds { threads, limits, until, stop }, progress)
        }
        Engine::Quorate => {
            let checker = match symmetry {
                Some(symmetry) => Checker::symmetric(&cluster, symmetry),
                None => Checker::new(&cluster),
            };
            let mut checker = checker.threads(options.threads).limits(options.limits);
            if !options.liveness || options.hosts.is_some() {
                checker = checker.safety_only();
            }
            if options.reduce == Reduce::Always {
                checker = checker.reduced();
            }
            if let Some(disk) = options.disk {
                checker = checker.disk(disk.clone());
            }
            if let Some(hosts) = options.hosts {
                checker = checker.hosts(hosts);
            }
            if let Some(name) = options.until_violated {
                checker = checker.until_violated(name);
            }
            let outcome = checker.run(progress, options.stop)?;
            Ok(findings(&cluster, options.threads, &outcome))
        }
    }
}

fn findings<A: Checkable, H: Observer<A::Msg>>(
    cluster: &Cluster<A, H>,
    threads: usize,
    outcome: &Outcome,
) -> Findings {
    let mut discoveries = BTreeMap::new();
    for property in &outcome.properties {
        let discovery = match &property.verdict {
            Verdict::Holds | Verdict::NotReached => Discovery::Nothing,
            Verdict::Violated(trace) | Verdict::Reached(trace) => {
                let mut told = Trace::of_actions(&trace.actions(cluster));
                told.cycle = trace.cycle;
                Discovery::Found(told)
            }
            Verdict::Incomplete => continue,
        };
        discoveries.insert(property.name, discovery);
    }
    Findings {
        engine: Engine::Quorate,
        threads,
        unique: outcome.unique,
        generated: outcome.generated,
        expanded: Some(outcome.expanded),
        reduction: match outcome.reduction {
            Some(_) => Some(ReductionKind::Cover),
            None => (outcome.images > 1).then_some(ReductionKind::Symmetry),
        },
        depth: u64::from(outcome.depth),
        elapsed: outcome.elapsed,
        shortfall: outcome.shortfall,
        collision_probability: outcome.collision_probability(),
        discoveries,
        panic: outcome.panic.clone(),
        cut: Some(outcome.cut),
        liveness: outcome.liveness,
        memory: Some(outcome.memory),
        walks: None,
    }
}
