//! Abstract models: published specifications as plain models, within bounds that whoever counts
//! their states may choose.
//!
//! A protocol shows its abstract models to a [`ModelVisitor`]; `quorate check PROTOCOL --abstract-model
//! NAME --bound LIMIT=N` counts one, so that its states can be compared with those that another
//! checker of the same specification reports.

use crate::bound::{Bound, NoBound, within};
use crate::instance::Expected;
use crate::world::Statement;
use stateright::Model;
use std::fmt::Debug;
use std::hash::Hash;

/// A model whose states can be counted.
pub trait Countable:
    Model<State: Clone + Hash, Action: Clone + Debug> + Clone + Send + Sync + 'static
{
}

impl<M> Countable for M where
    M: Model<State: Clone + Hash, Action: Clone + Debug> + Clone + Send + Sync + 'static
{
}

/// A published specification as a plain model.
#[derive(Clone, Debug)]
pub struct AbstractModel<M: 'static> {
    /// Its name, unique within its protocol: in kebab-case.
    pub name: &'static str,
    /// What it specifies, in a line.
    pub about: &'static str,
    /// Where it is published.
    pub source: &'static str,
    /// The model, within the bounds for which `expected` is recorded.
    pub model: M,
    /// Its bounds.
    pub bounds: &'static [Bound<M>],
    /// What its properties say, by their names.
    pub properties: &'static [Statement],
    /// What is found within the recorded bounds. Within others, no property may be violated but those
    /// that are here.
    pub expected: Expected,
}

/// A generic action on abstract models, called once per model with its type.
pub trait ModelVisitor {
    /// One of them.
    fn visit<M: Countable>(&mut self, model: AbstractModel<M>);
}

impl<M: Clone + 'static> AbstractModel<M> {
    /// The model within other bounds: those of `changed`, by name, and the recorded ones otherwise.
    ///
    /// # Errors
    /// When a bound is not known, or cannot be that number.
    pub fn within(&self, changed: &[(&str, u64)]) -> Result<M, NoBound> {
        within(&self.model, self.bounds, changed)
    }
}

#[cfg(test)]
mod tests {
    use crate::bound::NoBound;
    use crate::two_phase_commit::abstract_model::{TwoPhase, abstract_model};

    #[test]
    fn a_bound_is_changed_by_its_name_and_within_its_range() {
        let model = abstract_model();
        assert_eq!(model.within(&[]), Ok(TwoPhase { resource_managers: 3 }));
        let six = model.within(&[("resource-managers", 6)]);
        assert_eq!(six, Ok(TwoPhase { resource_managers: 6 }));
        let unknown = model.within(&[("acceptors", 3)]);
        assert_eq!(unknown, Err(NoBound::Unknown("acceptors".into())));
        let none = model.within(&[("resource-managers", 0)]);
        assert!(matches!(none, Err(NoBound::OutOfRange { number: 0, .. })), "{none:?}");
    }
}
