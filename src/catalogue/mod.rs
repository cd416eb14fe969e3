//! The one list of protocols and their instances.
//!
//! Each protocol has types of its own; a [`Case`] hides them, so that the commands and the tests
//! treat all instances alike.

pub mod guarantees;
mod names;
mod rehearsal;
mod subject;
pub mod tables;

pub use names::{Kind, UnknownName, nearest};
pub use subject::{Case, PropertyInfo, SeededBug, Shape, Subject};

use crate::check::Replayed;
use crate::trace::{Of, TraceError, TraceFile};
use quorate_models::world::{Checkable, Observer};
use quorate_models::{Instance, Mutant};
use quorate_models::{multi_primary, paxos, primary_backup, two_phase_commit};

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

/// A protocol by name.
///
/// # Errors
/// When there is none of that name.
pub fn protocol(name: &str) -> Result<Protocol, UnknownName> {
    let mut all = protocols();
    let known = all.iter().map(|protocol| protocol.name).collect();
    match all.iter().position(|protocol| protocol.name == name) {
        Some(at) => Ok(all.swap_remove(at)),
        None => Err(UnknownName { protocol: None, kind: Kind::Protocol, name: name.into(), known }),
    }
}

/// Why a trace cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// What it is of is not in the catalogue.
    #[error(transparent)]
    Name(#[from] UnknownName),
    /// It cannot be used.
    #[error(transparent)]
    Trace(#[from] TraceError),
}

/// Follows a trace in the instance or mutant that it names, and says whether it still shows that
/// its property is violated (or reached).
///
/// # Errors
/// When there is no such instance, mutant or property, or the trace's cycle is none.
pub fn replay(file: &TraceFile) -> Result<Replayed, ReplayError> {
    let protocol = protocol(&file.protocol)?;
    Ok(protocol.subject(&file.of)?.replay(&file.trace, &file.property)?)
}

impl Protocol {
    /// The properties of all instances, each once.
    pub fn properties(&self) -> Vec<PropertyInfo> {
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
        found.map(AsRef::as_ref).ok_or_else(|| {
            let known = self.cases.iter().map(|case| case.name()).collect();
            self.unknown(Kind::Instance, name, known)
        })
    }

    /// A mutant by name.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn mutant(&self, name: &str) -> Result<&dyn SeededBug, UnknownName> {
        let found = self.mutants.iter().find(|mutant| mutant.name() == name);
        found.map(AsRef::as_ref).ok_or_else(|| {
            let known = self.mutants.iter().map(|mutant| mutant.name()).collect();
            self.unknown(Kind::Mutant, name, known)
        })
    }

    /// What a trace is of.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn subject(&self, of: &Of) -> Result<&dyn Subject, UnknownName> {
        Ok(match of {
            Of::Instance(name) => self.case(name)?,
            Of::Mutant(name) => self.mutant(name)?,
        })
    }

    fn unknown(&self, kind: Kind, name: &str, known: Vec<&'static str>) -> UnknownName {
        UnknownName { protocol: Some(self.name), kind, name: name.into(), known }
    }
}
