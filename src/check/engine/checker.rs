//! The checker: a cluster to check, with limits and options.

use super::disk::Disk;
use super::hosts::{Hosts, search::Shared};
use super::level::Totals;
use super::mask::PropertyMask;
use super::outcome::{CheckError, Limits, MAX_THREADS, Outcome, Progress};
use super::quiet;
use super::reducer::Reducer;
use super::search::{Search, Until};
use super::verdict;
use super::worker::Worker;
use crate::check::liveness::Recorder;
use crate::check::space::{Kind, OfCluster, Plain, PlainModel, Space};
use crate::models::world::{
    Checkable, Cluster, Fairness, NO_PANIC, NO_PANIC_AT, Observer, Symmetry, guarded,
};
use std::sync::atomic::AtomicBool;

/// How many liveness conditions there may be: a state's are kept in 32 bits.
const MAX_LIVENESS_CONDITIONS: u64 = 32;

/// Checks a cluster: exhaustively, or up to limits.
pub struct Checker<'c> {
    space: Box<dyn Space + 'c>,
    /// Whether the initial state of the space is none of the model.
    has_root: bool,
    threads: usize,
    limits: Limits,
    fairness: Fairness,
    liveness: bool,
    reduced: bool,
    disk: Option<Disk>,
    hosts: Option<&'c Hosts>,
    until: Stop,
}

/// Which violation ends the search.
enum Stop {
    /// None does.
    Never,
    /// Any.
    Any,
    /// That of one property.
    Of(String),
}

impl<'c> Checker<'c> {
    /// A checker with one thread and no limits that decides every property.
    pub fn new<A: Checkable, H: Observer<A::Msg>>(cluster: &'c Cluster<A, H>) -> Self {
        Self::of(Box::new(OfCluster::new(cluster, None)))
    }

    /// The same, which takes states that differ only by an exchange of nodes for one. Not with liveness
    /// properties: fairness distinguishes nodes.
    pub fn symmetric<A: Checkable, H: Observer<A::Msg>>(
        cluster: &'c Cluster<A, H>,
        symmetry: Symmetry<A, H>,
    ) -> Self {
        Self::of(Box::new(OfCluster::new(cluster, Some(symmetry))))
    }

    /// A checker of a plain model of stateright, as it is. It keeps nothing on disk.
    pub fn of_model<M: Plain>(model: &'c PlainModel<M>) -> Self {
        Self { has_root: model.has_root(), ..Self::of(Box::new(model)) }
    }

    fn of(space: Box<dyn Space + 'c>) -> Self {
        Self {
            has_root: false,
            threads: 1,
            limits: Limits::default(),
            fairness: space.fairness(),
            liveness: true,
            reduced: false,
            disk: None,
            hosts: None,
            until: Stop::Never,
            space,
        }
    }

    /// Sets how many threads work.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Sets when to give up.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets what liveness may assume, instead of what the cluster's setup says.
    #[must_use]
    pub fn fairness(mut self, fairness: Fairness) -> Self {
        self.fairness = fairness;
        self
    }

    /// Leaves liveness properties undecided.
    #[must_use]
    pub fn safety_only(mut self) -> Self {
        self.liveness = false;
        self
    }

    /// Leaves out states that others cover, and takes the steps that only send all at once, if that can
    /// hide nothing: on the set network, without losses, liveness, symmetry and a limit on depth, and
    /// if no condition looks at messages but those of [monotone](crate::models::world::Property::monotone)
    /// properties. Else the search is as without this; [`Outcome::reduction`] says which it was.
    ///
    /// Verdicts are the same, and so are counterexamples; the example of a `sometimes` may have more
    /// steps than it must.
    #[must_use]
    pub fn reduced(mut self) -> Self {
        self.reduced = true;
        self
    }

    /// Keeps on disk what need not be in memory, and writes checkpoints there, from which the check can
    /// be resumed. Not with liveness properties. The search is one of all states, unless there is a
    /// symmetry.
    #[must_use]
    pub fn disk(mut self, disk: Disk) -> Self {
        self.disk = Some(disk);
        self
    }

    /// Checks with other processes, which share the visited set. All must check the same, with the same
    /// options but for threads and the directory on [disk](Self::disk), of which each has its own. Not with
    /// liveness properties or a limit on depth; and all states are searched, unless there is a symmetry.
    /// Counts, verdicts and traces are those of a check by one process, and the memory that is reported
    /// is this process's.
    #[must_use]
    pub fn hosts(mut self, hosts: &'c Hosts) -> Self {
        self.hosts = Some(hosts);
        self
    }

    /// Stops at the first level that violates an `always`. The counts are then of what was
    /// covered, and still the same for any number of threads.
    #[must_use]
    pub fn until_violation(mut self) -> Self {
        self.until = Stop::Any;
        self
    }

    /// The same, for the violation of one property, by name, only. (That of a property that is
    /// no `always` is known only at the end.)
    #[must_use]
    pub fn until_violated(mut self, name: &str) -> Self {
        self.until = Stop::Of(name.to_string());
        self
    }

    /// Checks, quietly and to the end.
    ///
    /// # Errors
    /// See [`Self::run`].
    pub fn check(&self) -> Result<Outcome, CheckError> {
        self.run(&|_| (), &AtomicBool::new(false))
    }

    /// Checks. `progress` is called now and then; setting `stop` ends the check soon, with what was
    /// found so far.
    ///
    /// # Errors
    /// When a limit or the number of threads is zero, when a name is none of a property, when the
    /// cluster is not as symmetric as was said, when what was found cannot be trusted, and when
    /// there is too much to decide liveness on.
    pub fn run(
        &self,
        progress: &dyn Fn(Progress),
        stop: &AtomicBool,
    ) -> Result<Outcome, CheckError> {
        let decides_liveness = self.validate()?;
        let until = self.until()?;
        quiet::install();
        let outcome = guarded(|| self.search(progress, stop, decides_liveness, until))
            .unwrap_or_else(|said| Err(CheckError::Panic(said)))
            .inspect_err(|_| self.hosts.iter().for_each(|hosts| hosts.leave()))?;
        Ok(if self.has_root { without_root(outcome) } else { outcome })
    }

    fn search(
        &self,
        progress: &dyn Fn(Progress),
        stop: &AtomicBool,
        decides_liveness: bool,
        until: u64,
    ) -> Result<Outcome, CheckError> {
        let space = &*self.space;
        if self.reduced && self.is_reducible(decides_liveness) {
            let totals = Totals::new(self.limits, self.threads, stop);
            let workers = (0..self.threads).map(|_| Worker::new(space, None, None)).collect();
            let mask = PropertyMask::of(space).safety();
            let mut search = Search::new(space, workers, &totals, mask).reduced();
            search.run(Until::Any(until), progress)?;
            if search.unfit().is_none() {
                return self.trusted(verdict::conclude(space, search, None, None, progress)?);
            }
        }
        let totals = Totals::new(self.limits, self.threads, stop);
        let classes = space.classes(self.fairness);
        let mut workers = Vec::new();
        for _ in 0..self.threads {
            let recorder = decides_liveness.then(|| Recorder::new(&*classes, &totals.recorded));
            workers.push(Worker::new(space, self.reducer()?, recorder));
        }
        let mask = PropertyMask::of(space);
        let mask = if decides_liveness { mask } else { mask.safety() };
        let mut search = Search::new(space, workers, &totals, mask);
        let images = space.images() + 1;
        if let Some(hosts) = self.hosts {
            hosts.agree(&self.identity(until))?;
        }
        if let Some(disk) = &self.disk {
            search = search.on_disk(disk, images, self.hosts)?;
        }
        match self.hosts {
            Some(hosts) => Shared::new(hosts, &mut search).run(Until::Any(until), progress)?,
            None => search.run(Until::Any(until), progress)?,
        }
        let classes = decides_liveness.then_some(&*classes);
        let outcome = verdict::conclude(space, search, self.reducer()?, classes, progress)?;
        self.trusted(Outcome { images, ..outcome })
    }

    /// By what other processes know that they check the same.
    fn identity(&self, until: u64) -> String {
        let space = &*self.space;
        let names: Vec<_> = space.claims().iter().map(|claim| claim.name).collect();
        let on_disk = match &self.disk {
            None => "",
            Some(disk) if disk.resume => ", from a checkpoint",
            Some(_) => ", with checkpoints",
        };
        format!(
            "{} properties ({}) from the state {:032x} with {} exchanges until {until:x} within {:?} by \
             version {}{on_disk}",
            names.len(),
            names.join(", "),
            space.fingerprint(space.initial()),
            space.images(),
            Limits { memory: None, ..self.limits },
            env!("CARGO_PKG_VERSION"),
        )
    }

    /// Whether states may be left out, as far as it can be said before any is met.
    fn is_reducible(&self, decides_liveness: bool) -> bool {
        let is_free = self.space.images() == 0 && self.limits.depth.is_none();
        let is_free = is_free && self.disk.is_none() && self.hosts.is_none();
        is_free && !decides_liveness && self.space.is_monotone()
    }

    /// The outcome, unless two parts had one hash.
    fn trusted(&self, outcome: Outcome) -> Result<Outcome, CheckError> {
        match self.space.hash_clash() {
            Some(clash) => Err(CheckError::HashClash(clash)),
            None => Ok(outcome),
        }
    }

    fn reducer(&self) -> Result<Option<Reducer<'_>>, CheckError> {
        Reducer::of(&*self.space).map_err(CheckError::NotSymmetric)
    }

    /// The properties whose violation ends the search, a bit each.
    fn until(&self) -> Result<u64, CheckError> {
        let name = match &self.until {
            Stop::Never => return Ok(0),
            Stop::Any => return Ok(u64::MAX),
            Stop::Of(name) => name,
        };
        let at = self.space.claims().iter().position(|claim| claim.name == name);
        let at = at.or((name == NO_PANIC.name).then_some(NO_PANIC_AT));
        at.map(|at| 1 << at).ok_or_else(|| CheckError::UnknownProperty(name.clone()))
    }

    /// Refuses what makes no sense; whether liveness is to be decided.
    fn validate(&self) -> Result<bool, CheckError> {
        if self.threads == 0 {
            return Err(CheckError::ZeroThreads);
        }
        if self.threads > MAX_THREADS {
            return Err(CheckError::TooManyThreads(self.threads));
        }
        let Limits { time, states, depth, memory } = self.limits;
        let zeros = [
            ("time", time.is_some_and(|time| time.is_zero())),
            ("states", states == Some(0)),
            ("depth", depth == Some(0)),
            ("memory", memory == Some(0)),
        ];
        if let Some((what, _)) = zeros.iter().find(|(_, is_zero)| *is_zero) {
            return Err(CheckError::ZeroLimit(what));
        }
        if self.hosts.is_some() && self.limits.depth.is_some() {
            return Err(CheckError::NotByHosts("a limit on depth"));
        }
        let claims = self.space.claims().iter();
        let mut liveness = claims.filter(|claim| claim.kind.is_liveness());
        let Some(first) = liveness.clone().next().filter(|_| self.liveness) else {
            return Ok(false);
        };
        if self.space.images() > 0 {
            return Err(CheckError::LivenessUnderSymmetry(first.name));
        }
        if self.disk.is_some() {
            return Err(CheckError::LivenessOnDisk(first.name));
        }
        if self.hosts.is_some() {
            return Err(CheckError::NotByHosts(first.name));
        }
        let mut conditions = 0;
        for claim in &mut liveness {
            conditions += if matches!(claim.kind, Kind::LeadsTo(_)) { 2 } else { 1 };
        }
        if conditions > MAX_LIVENESS_CONDITIONS {
            let what = "conditions of liveness properties";
            return Err(CheckError::TooLarge { what, limit: MAX_LIVENESS_CONDITIONS });
        }
        Ok(true)
    }
}

/// What was counted, but for a root that is no state of the model.
fn without_root(outcome: Outcome) -> Outcome {
    let Outcome { unique, generated, expanded, depth, .. } = outcome;
    Outcome {
        unique: unique.saturating_sub(1),
        generated: generated.saturating_sub(1),
        expanded: expanded.saturating_sub(1),
        depth: depth.saturating_sub(1),
        ..outcome
    }
}
