//! The one list of protocols and their instances.
//!
//! Each protocol has types of its own; a [`Case`] hides them, so that the commands and the tests
//! treat all instances alike.

pub mod guarantees;
mod rehearsal;
pub mod tables;

use crate::check::{self, CheckError, Findings, Options, Progress};
use crate::explore::{self, ExploreError};
use crate::trace::{Narrative, Trace, TraceError};
use quorate_models::world::{Checkable, Observer};
use quorate_models::{Expected, Instance, Mutant};
use quorate_models::{multi_primary, paxos, primary_backup, two_phase_commit};
use std::net::SocketAddr;
use thiserror::Error;

/// A protocol.
pub struct Protocol {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Its instances, quick ones first.
    pub cases: Vec<Box<dyn Case>>,
    /// Its seeded bugs.
    pub mutants: Vec<Box<dyn SeededBug>>,
}

/// All protocols.
pub fn protocols() -> Vec<Protocol> {
    vec![
        Protocol {
            name: "primary-backup",
            about: "one primary orders, backups follow, a view service replaces who is suspected",
            cases: cases(primary_backup::instances::instances()),
            mutants: mutants(primary_backup::mutants::mutants()),
        },
        Protocol {
            name: "multi-primary",
            about: "every node takes writes at once; conflicts are settled or kept as siblings",
            cases: cases(multi_primary::instances::instances()),
            mutants: mutants(multi_primary::mutants::mutants()),
        },
        Protocol {
            name: "two-phase-commit",
            about: "transactions over shards: all participants commit, or none does",
            cases: cases(two_phase_commit::instances::instances()),
            mutants: mutants(two_phase_commit::mutants::mutants()),
        },
        Protocol {
            name: "synod",
            about: "single-decree Paxos, in the paper's roles: one value is chosen",
            cases: cases(paxos::synod::instances::instances()),
            mutants: mutants(paxos::synod::mutants::mutants()),
        },
        Protocol {
            name: "paxos",
            about: "Multi-Paxos: a log under a stable leader; any minority may crash",
            cases: cases(paxos::instances::instances()),
            mutants: mutants(paxos::mutants::mutants()),
        },
    ]
}

fn cases<A: Checkable, H: Observer<A::Msg>>(instances: Vec<Instance<A, H>>) -> Vec<Box<dyn Case>> {
    instances.into_iter().map(|instance| Box::new(instance) as Box<dyn Case>).collect()
}

fn mutants<A: Checkable, H: Observer<A::Msg>>(
    mutants: Vec<Mutant<A, H>>,
) -> Vec<Box<dyn SeededBug>> {
    mutants.into_iter().map(|mutant| Box::new(mutant) as Box<dyn SeededBug>).collect()
}

/// How many take part in an instance, and what may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Servers.
    pub servers: usize,
    /// Clients, all at once.
    pub clients: usize,
    /// Crashes in all.
    pub crashes: u8,
    /// Restarts in all.
    pub restarts: u8,
}

/// An instance whose types are hidden.
pub trait Case: Send + Sync {
    /// The instance's name.
    fn name(&self) -> &'static str;
    /// What it has and what may happen in it.
    fn about(&self) -> &'static str;
    /// Whether it is too large for the default run.
    fn is_deep(&self) -> bool;
    /// How many take part, and what may go wrong.
    fn shape(&self) -> Shape;
    /// Whether states that differ only by an exchange of nodes count as one.
    fn is_reduced(&self) -> bool;
    /// What its check must find.
    fn expected(&self) -> Expected;
    /// Its properties: name and kind.
    fn properties(&self) -> Vec<(&'static str, &'static str)>;
    /// Checks it.
    ///
    /// # Errors
    /// See [`check::run`].
    fn check(
        &self,
        options: &Options<'_>,
        progress: &dyn Fn(Progress),
    ) -> Result<Findings, CheckError>;
    /// Follows a trace and tells it in words.
    ///
    /// # Errors
    /// When the trace is not a behaviour of this instance.
    fn narrate(&self, trace: &Trace) -> Result<Narrative, TraceError>;
    /// Serves the Explorer until the process ends.
    ///
    /// # Errors
    /// When the address cannot be used.
    fn explore(&self, address: SocketAddr) -> Result<(), ExploreError>;
}

impl<A: Checkable, H: Observer<A::Msg>> Case for Instance<A, H> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn is_deep(&self) -> bool {
        self.deep
    }

    fn shape(&self) -> Shape {
        let cluster = (self.cluster)();
        let setup = cluster.setup();
        let (crashes, restarts) = (setup.faults.crashes, setup.faults.restarts);
        let clients = setup.actors.len() - setup.servers;
        Shape { servers: setup.servers, clients, crashes, restarts }
    }

    fn is_reduced(&self) -> bool {
        self.symmetry.is_some()
    }

    fn expected(&self) -> Expected {
        self.expected
    }

    fn properties(&self) -> Vec<(&'static str, &'static str)> {
        let cluster = (self.cluster)();
        cluster.setup().properties.iter().map(|p| (p.name, p.kind.name())).collect()
    }

    fn check(
        &self,
        options: &Options<'_>,
        progress: &dyn Fn(Progress),
    ) -> Result<Findings, CheckError> {
        check::run((self.cluster)(), self.symmetry.map(|of| of()), options, progress)
    }

    fn narrate(&self, trace: &Trace) -> Result<Narrative, TraceError> {
        trace.follow(&(self.cluster)())
    }

    fn explore(&self, address: SocketAddr) -> Result<(), ExploreError> {
        explore::serve((self.cluster)(), address)
    }
}

/// A mutant whose types are hidden.
pub trait SeededBug: Send + Sync {
    /// The mutant's name.
    fn name(&self) -> &'static str;
    /// What is missing.
    fn about(&self) -> &'static str;
    /// The property that must be violated.
    fn killed_by(&self) -> &'static str;
    /// Checks it, until its killer is violated if nothing else is asked for: a mutant may have
    /// infinitely many states.
    ///
    /// # Errors
    /// See [`check::run`].
    fn check(&self, options: &Options<'_>) -> Result<Findings, CheckError>;
}

impl<A: Checkable, H: Observer<A::Msg>> SeededBug for Mutant<A, H> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn killed_by(&self) -> &'static str {
        self.killed_by
    }

    fn check(&self, options: &Options<'_>) -> Result<Findings, CheckError> {
        let until_violated = options.until_violated.or(Some(self.killed_by));
        check::run((self.cluster)(), None, &Options { until_violated, ..*options }, &|_| {})
    }
}

/// A name that is not in the catalogue.
#[derive(Debug, Error)]
pub enum UnknownName {
    /// No such protocol.
    #[error("there is no protocol named {name:?}; the protocols are: {known}")]
    Protocol {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// No such instance.
    #[error("{protocol} has no instance named {name:?}; its instances are: {known}")]
    Instance {
        /// The protocol.
        protocol: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
}

/// A protocol by name.
///
/// # Errors
/// When there is none of that name.
pub fn protocol(name: &str) -> Result<Protocol, UnknownName> {
    let mut all = protocols();
    let known = names(all.iter().map(|protocol| protocol.name));
    match all.iter().position(|protocol| protocol.name == name) {
        Some(at) => Ok(all.swap_remove(at)),
        None => Err(UnknownName::Protocol { name: name.into(), known }),
    }
}

impl Protocol {
    /// The properties of all instances: name and kind, each once.
    pub fn properties(&self) -> Vec<(&'static str, &'static str)> {
        let mut all = Vec::new();
        for property in self.cases.iter().flat_map(|case| case.properties()) {
            if !all.contains(&property) {
                all.push(property);
            }
        }
        all
    }

    /// An instance by name.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn case(&self, name: &str) -> Result<&dyn Case, UnknownName> {
        let found = self.cases.iter().find(|case| case.name() == name);
        found.map(AsRef::as_ref).ok_or_else(|| UnknownName::Instance {
            protocol: self.name,
            name: name.into(),
            known: names(self.cases.iter().map(|case| case.name())),
        })
    }
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
