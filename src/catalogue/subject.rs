//! The subjects of checks, with their types hidden: instances and mutants.

use crate::check::{self, CheckError, Findings, GraphError, Options, Progress, Reduce, Replayed};
use crate::explore::{self, ExploreError, Served, Shown};
use crate::export::{ExportError, Tables};
use crate::trace::{Narrative, Trace, TraceError};
use quorate_models::world::{Checkable, Cluster, Observer, Property, Statement, Symmetry};
use quorate_models::{Expected, Instance, Mutant, Reduced};
use stateright::actor::Actor;
use std::net::SocketAddr;
use std::panic::Location;

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

/// A property as data, without its condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PropertyInfo {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub says: &'static str,
    /// The paper and the section that state it; empty if it is the protocol's own.
    pub source: &'static str,
    /// `always`, `sometimes`, `eventually` or `leads-to`.
    pub kind: &'static str,
}

impl PropertyInfo {
    pub(crate) fn new(stated: Statement, kind: &'static str) -> Self {
        let Statement { name, says, source } = stated;
        Self { name, says, source, kind }
    }

    fn of<A: Checkable, H>(property: &Property<A, H>) -> Self {
        let Property { name, says, source, .. } = *property;
        Self { name, says, source, kind: property.kind.name() }
    }
}

/// Something that can be checked and explored: an instance, or a mutant.
pub trait Subject: Send + Sync {
    /// Its name.
    fn name(&self) -> &'static str;
    /// What it has and what may happen in it; of a mutant, what is missing.
    fn about(&self) -> &'static str;
    /// Its properties.
    fn properties(&self) -> Vec<PropertyInfo>;
    /// Where in the source a property is claimed; `None` if it has no such property, or has it
    /// without being asked ([`check::NO_PANIC`]).
    fn place(&self, property: &str) -> Option<&'static Location<'static>>;
    /// Checks it.
    ///
    /// # Errors
    /// See [`check::run`].
    fn check(
        &self,
        options: &Options<'_>,
        progress: &dyn Fn(Progress),
    ) -> Result<Findings, CheckError>;
    /// Follows a trace and describes it in words.
    ///
    /// # Errors
    /// When the trace is not a behaviour of it.
    fn narrate(&self, trace: &Trace) -> Result<Narrative, TraceError>;
    /// Follows a trace and says whether it shows that a property is violated (or reached).
    ///
    /// # Errors
    /// See [`check::replay`].
    fn replay(&self, trace: &Trace, property: &str) -> Result<Replayed, TraceError>;
    /// The graph of its states, in the language of Graphviz.
    ///
    /// # Errors
    /// When there are more states than `limit`.
    fn dot(&self, limit: usize) -> Result<String, GraphError>;
    /// What its handlers do, as tables.
    ///
    /// # Errors
    /// See [`Tables::of`].
    fn tables(&self, limit: usize) -> Result<Tables, ExportError>;
    /// Serves the Explorer, which shows a trace if there is one.
    ///
    /// # Errors
    /// When the address cannot be used.
    fn explore(&self, address: SocketAddr, shown: Option<Shown>) -> Result<Served, ExploreError>;
}

/// An instance whose types are hidden.
pub trait Case: Subject {
    /// Whether it is too large for the default run.
    fn is_deep(&self) -> bool;
    /// How many take part, and what may go wrong.
    fn shape(&self) -> Shape;
    /// Whether states that differ only by an exchange of nodes count as one.
    fn is_symmetric(&self) -> bool;
    /// What its check must find.
    fn expected(&self) -> Expected;
    /// What its reduced check must find, if that is recorded.
    fn reduced(&self) -> Option<Reduced> {
        None
    }
}

/// A mutant whose types are hidden.
pub trait SeededBug: Subject {
    /// The name of the property that must be violated.
    fn killed_by(&self) -> &'static str;
}

/// What an instance and a mutant have in common, with their types.
trait Typed: Send + Sync {
    type Actor: Checkable;
    type History: Observer<<Self::Actor as Actor>::Msg>;

    fn name(&self) -> &'static str;
    fn about(&self) -> &'static str;
    fn cluster(&self) -> Cluster<Self::Actor, Self::History>;
    fn symmetry(&self) -> Option<Symmetry<Self::Actor, Self::History>>;
    /// The property at whose violation a check stops if nothing else is asked for.
    fn until_violated(&self) -> Option<&'static str>;
    /// Whether it is recorded what a reduced check finds. Not of a mutant: its check stops early, at
    /// a counterexample that is to be a shortest one.
    fn is_reduced(&self) -> bool {
        false
    }
}

/// An instance, and what is recorded of its reduced check.
pub(super) struct Recorded<A: Checkable, H> {
    instance: Instance<A, H>,
    reduced: Option<Reduced>,
}

impl<A: Checkable, H> Recorded<A, H> {
    /// With what is recorded of it among that of others.
    pub(super) fn new(instance: Instance<A, H>, reduced: &[Reduced]) -> Self {
        let reduced = reduced.iter().find(|reduced| reduced.instance == instance.name).copied();
        Self { instance, reduced }
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Typed for Recorded<A, H> {
    type Actor = A;
    type History = H;

    fn name(&self) -> &'static str {
        Typed::name(&self.instance)
    }

    fn about(&self) -> &'static str {
        Typed::about(&self.instance)
    }

    fn cluster(&self) -> Cluster<A, H> {
        self.instance.cluster()
    }

    fn symmetry(&self) -> Option<Symmetry<A, H>> {
        self.instance.symmetry()
    }

    fn until_violated(&self) -> Option<&'static str> {
        self.instance.until_violated()
    }

    fn is_reduced(&self) -> bool {
        self.reduced.is_some()
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Typed for Instance<A, H> {
    type Actor = A;
    type History = H;

    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn cluster(&self) -> Cluster<A, H> {
        (self.cluster)()
    }

    fn symmetry(&self) -> Option<Symmetry<A, H>> {
        self.symmetry.map(|of| of())
    }

    fn until_violated(&self) -> Option<&'static str> {
        None
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Typed for Mutant<A, H> {
    type Actor = A;
    type History = H;

    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn cluster(&self) -> Cluster<A, H> {
        (self.cluster)()
    }

    fn symmetry(&self) -> Option<Symmetry<A, H>> {
        None
    }

    /// A mutant may have infinitely many states.
    fn until_violated(&self) -> Option<&'static str> {
        Some(self.killed_by.name)
    }
}

/// An instance within bounds that were chosen.
pub(super) struct Built<A: Checkable, H> {
    pub(super) name: &'static str,
    pub(super) cluster: Box<dyn Fn() -> Cluster<A, H> + Send + Sync>,
}

impl<A: Checkable, H: Observer<A::Msg>> Typed for Built<A, H> {
    type Actor = A;
    type History = H;

    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        "bounds that were chosen"
    }

    fn cluster(&self) -> Cluster<A, H> {
        (self.cluster)()
    }

    fn symmetry(&self) -> Option<Symmetry<A, H>> {
        None
    }

    fn until_violated(&self) -> Option<&'static str> {
        None
    }

    /// There are no counts that a reduction could change.
    fn is_reduced(&self) -> bool {
        true
    }
}

impl<T: Typed> Subject for T {
    fn name(&self) -> &'static str {
        Typed::name(self)
    }

    fn about(&self) -> &'static str {
        Typed::about(self)
    }

    fn properties(&self) -> Vec<PropertyInfo> {
        self.cluster().properties().iter().map(PropertyInfo::of).collect()
    }

    fn place(&self, property: &str) -> Option<&'static Location<'static>> {
        let cluster = self.cluster();
        let properties = cluster.properties();
        properties.iter().find(|p| p.name == property).map(|p| p.place)
    }

    fn check(
        &self,
        options: &Options<'_>,
        progress: &dyn Fn(Progress),
    ) -> Result<Findings, CheckError> {
        let until_violated = options.until_violated.or(self.until_violated());
        let reduce = match options.reduce {
            Reduce::Recorded if self.is_reduced() => Reduce::Always,
            other => other,
        };
        let options = Options { reduce, until_violated, ..*options };
        check::run(self.cluster(), self.symmetry(), &options, progress)
    }

    fn narrate(&self, trace: &Trace) -> Result<Narrative, TraceError> {
        trace.follow(&self.cluster())
    }

    fn replay(&self, trace: &Trace, property: &str) -> Result<Replayed, TraceError> {
        check::replay(&self.cluster(), trace, property)
    }

    fn dot(&self, limit: usize) -> Result<String, GraphError> {
        check::dot(&self.cluster(), limit)
    }

    fn tables(&self, limit: usize) -> Result<Tables, ExportError> {
        Tables::of(&self.cluster(), limit)
    }

    fn explore(&self, address: SocketAddr, shown: Option<Shown>) -> Result<Served, ExploreError> {
        explore::serve(self.cluster(), address, shown)
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Case for Instance<A, H> {
    fn is_deep(&self) -> bool {
        self.deep
    }

    fn shape(&self) -> Shape {
        let cluster = (self.cluster)();
        let (crashes, restarts) = (cluster.faults().crashes, cluster.faults().restarts);
        Shape { servers: cluster.servers(), clients: cluster.clients(), crashes, restarts }
    }

    fn is_symmetric(&self) -> bool {
        self.symmetry.is_some()
    }

    fn expected(&self) -> Expected {
        self.expected
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Case for Recorded<A, H> {
    fn is_deep(&self) -> bool {
        self.instance.is_deep()
    }

    fn shape(&self) -> Shape {
        self.instance.shape()
    }

    fn is_symmetric(&self) -> bool {
        self.instance.is_symmetric()
    }

    fn expected(&self) -> Expected {
        self.instance.expected()
    }

    fn reduced(&self) -> Option<Reduced> {
        self.reduced
    }
}

impl<A: Checkable, H: Observer<A::Msg>> SeededBug for Mutant<A, H> {
    fn killed_by(&self) -> &'static str {
        self.killed_by.name
    }
}
