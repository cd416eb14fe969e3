//! A list of protocols with the types hidden, so that the commands and the tests treat all alike.
//!
//! Each protocol has types of its own; a [`Case`] hides those of an instance, a [`SeededBug`] those
//! of a mutant, and a [`Deployed`] those of its nodes and clients. [`Catalogue::of`] makes one of
//! any list of protocols, ours or a user's.

mod abstract_model;
mod choice;
pub mod comparison;
pub mod guarantees;
mod names;
mod subject;
pub mod tables;

pub use abstract_model::{Abstract, BoundInfo};
pub use choice::{Choose, NoChoice};
pub use names::{Kind, UnknownName, nearest};
pub use subject::{Case, PropertyInfo, SeededBug, Shape, Subject};

use crate::check::Replayed;
use crate::node::deploy::deployed::deployed;
use crate::node::{ClusterFile, DeployError, Deployed};
use crate::trace::{Of, TraceError, TraceFile};
use abstract_model::AbstractModels;
use choice::Chooser;
use quorate_models::guarantee::Guarantee;
use quorate_models::protocol::{self, Deploy};
use quorate_models::protocols::{All, Protocols, Visitor};
use quorate_models::world::{Checkable, Observer};
use quorate_models::{Instance, Mutant, Reduced};
use subject::Recorded;

/// A protocol, its types hidden.
pub struct Protocol {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Its instances, quick ones first.
    pub cases: Vec<Box<dyn Case>>,
    /// What is recorded of the reduced checks of its instances.
    pub reduced: &'static [Reduced],
    /// Its seeded bugs.
    pub mutants: Vec<Box<dyn SeededBug>>,
    /// What it guarantees, for each of its modes.
    pub guarantees: Vec<Guarantee>,
    /// Its abstract models.
    pub abstract_models: Vec<Box<dyn Abstract>>,
    /// What may be chosen of an instance that is not recorded.
    pub choice: Option<Box<dyn Choose>>,
    /// Its nodes and clients, if it can be deployed.
    pub deployed: Option<Box<dyn Deployed>>,
}

/// A list of protocols.
pub struct Catalogue {
    /// The protocols, in the order of the list.
    pub protocols: Vec<Protocol>,
    /// The list's name as a Rust type.
    pub list: &'static str,
}

impl Catalogue {
    /// Of the list `L`.
    pub fn of<L: Protocols>() -> Self {
        let mut catalogue = Self { protocols: Vec::new(), list: std::any::type_name::<L>() };
        L::each(&mut catalogue);
        catalogue
    }

    /// A protocol by name.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn protocol(&self, name: &str) -> Result<&Protocol, UnknownName> {
        self.protocols.iter().find(|protocol| protocol.name == name).ok_or_else(|| {
            let known = self.protocols.iter().map(|protocol| protocol.name).collect();
            UnknownName { protocol: None, kind: Kind::Protocol, name: name.into(), known }
        })
    }

    /// The protocols that can be deployed.
    pub fn deployable(&self) -> impl Iterator<Item = &dyn Deployed> {
        self.protocols.iter().filter_map(|protocol| protocol.deployed.as_deref())
    }

    /// The protocol that a cluster runs.
    ///
    /// # Errors
    /// When the list has none of its name that can be deployed.
    pub fn of_cluster(&self, cluster: &ClusterFile) -> Result<&dyn Deployed, DeployError> {
        self.deployable().find(|it| it.name() == cluster.protocol).ok_or_else(|| {
            let (file, protocol) = (cluster.path().into(), cluster.protocol.clone());
            let known = self.deployable().map(Deployed::name).collect();
            DeployError::UnknownProtocol { file, protocol, known }
        })
    }

    /// Follows a trace in the instance or mutant that it names, and says whether it still shows
    /// that its property is violated (or reached).
    ///
    /// # Errors
    /// When there is no such instance, mutant or property, or the trace's cycle is none.
    pub fn replay(&self, file: &TraceFile) -> Result<Replayed, ReplayError> {
        let protocol = self.protocol(&file.protocol)?;
        Ok(protocol.subject(&file.of)?.replay(&file.trace, &file.property)?)
    }
}

impl Visitor for Catalogue {
    fn checked<P: protocol::Protocol>(&mut self) {
        let mut abstract_models = AbstractModels::default();
        P::abstract_models(&mut abstract_models);
        let mut chooser = Chooser { protocol: P::NAME, choice: None };
        P::choice(&mut chooser);
        self.protocols.push(Protocol {
            name: P::NAME,
            about: P::ABOUT,
            cases: cases(P::instances(), P::reduced()),
            reduced: P::reduced(),
            mutants: mutants(P::mutants()),
            guarantees: P::guarantees(),
            abstract_models: abstract_models.0,
            choice: chooser.choice,
            deployed: None,
        });
    }

    fn deployed<D: Deploy>(&mut self) {
        self.checked::<D>();
        if let Some(protocol) = self.protocols.last_mut() {
            protocol.deployed = Some(deployed::<D>());
        }
    }
}

/// The protocols of this crate.
pub fn protocols() -> Vec<Protocol> {
    Catalogue::of::<All>().protocols
}

/// A protocol of this crate by name.
///
/// # Errors
/// When there is none of that name.
pub fn protocol(name: &str) -> Result<Protocol, UnknownName> {
    let mut all = Catalogue::of::<All>();
    all.protocol(name)?;
    all.protocols.retain(|protocol| protocol.name == name);
    // It was found.
    Ok(all.protocols.swap_remove(0))
}

/// One protocol for unit tests: those that need all are in `tests`, where the library with its many
/// types is not compiled once more.
#[cfg(test)]
pub(crate) fn multi_primary() -> Protocol {
    let mut alone = Catalogue { protocols: Vec::new(), list: "" };
    alone.checked::<quorate_models::multi_primary::MultiPrimary>();
    alone.protocols.swap_remove(0)
}

/// Follows a trace of a protocol of this crate; see [`Catalogue::replay`].
///
/// # Errors
/// When there is no such instance, mutant or property, or the trace's cycle is none.
pub fn replay(file: &TraceFile) -> Result<Replayed, ReplayError> {
    Catalogue::of::<All>().replay(file)
}

fn cases<A: Checkable, H: Observer<A::Msg>>(
    instances: Vec<Instance<A, H>>,
    reduced: &[Reduced],
) -> Vec<Box<dyn Case>> {
    let case = |instance| Box::new(Recorded::new(instance, reduced)) as Box<dyn Case>;
    instances.into_iter().map(case).collect()
}

fn mutants<A: Checkable, H: Observer<A::Msg>>(
    mutants: Vec<Mutant<A, H>>,
) -> Vec<Box<dyn SeededBug>> {
    mutants.into_iter().map(|mutant| Box::new(mutant) as Box<dyn SeededBug>).collect()
}

/// Why a trace cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// Its protocol is not in the catalogue.
    #[error(transparent)]
    Name(#[from] UnknownName),
    /// What it is of is not.
    #[error(transparent)]
    Subject(#[from] NoChoice),
    /// It cannot be used.
    #[error(transparent)]
    Trace(#[from] TraceError),
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
    /// When there is none of that name, or no instance within the bounds that it lists.
    pub fn subject(&self, of: &Of) -> Result<&dyn Subject, NoChoice> {
        Ok(match of {
            Of::Instance(name) => match choice::bounds_of(name) {
                Some(bounds) => self.within(&bounds?)?,
                None => self.case(name)?,
            },
            Of::Mutant(name) => self.mutant(name)?,
        })
    }

    /// The instance within bounds that are chosen.
    ///
    /// # Errors
    /// When there is none.
    pub fn within(&self, changed: &[(&str, u64)]) -> Result<&'static dyn Subject, NoChoice> {
        self.choice.as_ref().ok_or(NoChoice::Nothing(self.name))?.within(changed)
    }

    /// An abstract model by name.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn abstract_model(&self, name: &str) -> Result<&dyn Abstract, UnknownName> {
        let found = self.abstract_models.iter().find(|model| model.name() == name);
        found.map(AsRef::as_ref).ok_or_else(|| {
            let known = self.abstract_models.iter().map(|model| model.name()).collect();
            self.unknown(Kind::AbstractModel, name, known)
        })
    }

    fn unknown(&self, kind: Kind, name: &str, known: Vec<&'static str>) -> UnknownName {
        UnknownName { protocol: Some(self.name), kind, name: name.into(), known }
    }
}
