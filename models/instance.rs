//! Instances: a protocol with bounds, and what is expected of it, as data.
//!
//! An instance that behaves otherwise than recorded fails its check, in either direction: a
//! violation that was expected and did not come is as wrong as one that came unasked, and a state
//! count that moved means that the model changed.

use crate::world::{Checkable, Cluster, Statement, Symmetry};

/// A protocol with bounds.
pub struct Instance<A: Checkable, H> {
    /// Its name, unique within its protocol.
    pub name: &'static str,
    /// What it has and what may happen in it, in a line.
    pub about: &'static str,
    /// Whether it is too large for the default run of `quorate check`.
    pub deep: bool,
    /// Builds it.
    pub cluster: fn() -> Cluster<A, H>,
    /// The nodes that its check takes to be alike, so that states that differ only by an exchange
    /// of them count as one; `None` if every state counts.
    pub symmetry: Option<fn() -> Symmetry<A, H>>,
    /// What its check must find.
    pub expected: Expected,
}

/// What the check of an instance must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Distinct reachable states; 0 if nobody has counted them: see [`Self::only_reduced`].
    pub unique: u64,
    /// States generated, counting the initial one and every repetition; 0 if nobody has counted them.
    pub generated: u64,
    /// The properties that must be violated, each with the number of steps of its shortest
    /// counterexample. All others must hold, and every `sometimes` must be reached.
    pub violated: &'static [(Statement, usize)],
}

impl Expected {
    /// Of an instance with too many states to count them: what its reduced check finds is recorded
    /// alone.
    pub const fn only_reduced(violated: &'static [(Statement, usize)]) -> Self {
        Self { unique: 0, generated: 0, violated }
    }

    /// How many distinct states are reachable, if somebody has counted them.
    pub fn counted(&self) -> Option<u64> {
        // There is always one, the initial one.
        (self.unique > 0).then_some(self.unique)
    }
}

/// What the reduced check of an instance must find: that of fewer states, of which the others follow.
/// The verdicts are the same.
///
/// A check is reduced if this is recorded, and if every property allows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reduced {
    /// The name of the instance.
    pub instance: &'static str,
    /// States whose successors are found.
    pub expanded: u64,
    /// States generated from them, counting the initial one and every repetition, but for those to
    /// which a step leads that only sends.
    pub generated: u64,
}

impl Reduced {
    /// What is recorded of an instance, by name.
    pub const fn new(instance: &'static str, expanded: u64, generated: u64) -> Self {
        Self { instance, expanded, generated }
    }
}

/// A seeded bug: a protocol without one of its guards or saves.
pub struct Mutant<A: Checkable, H> {
    /// Its name.
    pub name: &'static str,
    /// What is missing.
    pub about: &'static str,
    /// The property that must be violated.
    pub killed_by: Statement,
    /// Builds an instance with the bug.
    pub cluster: fn() -> Cluster<A, H>,
}

/// What tests of a protocol's claims ask of its instances and mutants.
#[cfg(test)]
pub(crate) mod asking {
    use super::{Instance, Mutant};
    use crate::world::{Checkable, Cluster, Kind, Observer, Statement};
    use stateright::{Checker, HasDiscoveries, Model};

    /// Whether there is a counterexample to a property that is claimed always.
    fn is_violated<A: Checkable, H: Observer<A::Msg>>(
        cluster: Cluster<A, H>,
        property: Statement,
    ) -> bool {
        let properties = &cluster.setup().properties;
        let is_claimed =
            properties.iter().any(|p| p.name == property.name && matches!(p.kind, Kind::Always));
        assert!(is_claimed, "{property} is not claimed always");
        let found = HasDiscoveries::AllOf([property.name].into());
        let checker = cluster.checker().finish_when(found).spawn_bfs().join();
        checker.discovery(property.name).is_some()
    }

    fn instance<A: Checkable, H>(all: Vec<Instance<A, H>>, name: &str) -> Cluster<A, H> {
        let found = all.into_iter().find(|instance| instance.name == name);
        (found.unwrap_or_else(|| panic!("no instance {name:?}")).cluster)()
    }

    /// A property holds in every state of an instance.
    pub(crate) fn holds<A: Checkable, H: Observer<A::Msg>>(
        all: Vec<Instance<A, H>>,
        name: &str,
        property: Statement,
    ) {
        assert!(!is_violated(instance(all, name), property), "{name}: {property}");
    }

    /// A property does not hold in an instance.
    pub(crate) fn fails<A: Checkable, H: Observer<A::Msg>>(
        all: Vec<Instance<A, H>>,
        name: &str,
        property: Statement,
    ) {
        assert!(is_violated(instance(all, name), property), "{name}: {property}");
    }

    /// A seeded bug violates a property, and without it the same instance does not within as many
    /// steps.
    pub(crate) fn is_to_blame<A: Checkable, H: Observer<A::Msg>>(
        seeded: Cluster<A, H>,
        sound: Cluster<A, H>,
        name: &str,
        property: Statement,
    ) {
        let found = HasDiscoveries::AllOf([property.name].into());
        let checker = seeded.checker().finish_when(found.clone()).spawn_bfs().join();
        let trace = checker.discovery(property.name);
        let steps = trace.unwrap_or_else(|| panic!("{name} survives")).into_actions().len();
        let sound = sound.checker().finish_when(found).target_max_depth(steps + 1);
        let found = sound.spawn_bfs().join().discovery(property.name);
        assert!(found.is_none(), "{name} is not to blame");
    }

    /// Without what a mutant lacks, a property does not hold.
    pub(crate) fn needs<A: Checkable, H: Observer<A::Msg>>(
        all: Vec<Mutant<A, H>>,
        name: &str,
        property: Statement,
    ) {
        let found = all.into_iter().find(|mutant| mutant.name == name);
        let cluster = (found.unwrap_or_else(|| panic!("no mutant {name:?}")).cluster)();
        assert!(is_violated(cluster, property), "{name}: {property}");
    }
}
