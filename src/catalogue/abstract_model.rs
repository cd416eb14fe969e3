//! Abstract models, their types hidden.

use super::PropertyInfo;
use crate::check::{CountLimits, Findings, Progress, count};
use quorate_models::Expected;
use quorate_models::abstract_model::{AbstractModel, Countable, ModelVisitor};
use quorate_models::bound::{Bound, NoBound};
use quorate_models::world::Statement;
use stateright::Expectation;
use std::ops::RangeInclusive;

/// An abstract model whose types are hidden.
pub trait Abstract: Send + Sync {
    /// Its name.
    fn name(&self) -> &'static str;
    /// What it specifies.
    fn about(&self) -> &'static str;
    /// Where it is published.
    fn source(&self) -> &'static str;
    /// Its bounds.
    fn bounds(&self) -> Vec<BoundInfo>;
    /// Its properties.
    fn properties(&self) -> Vec<PropertyInfo>;
    /// What is found within the recorded bounds.
    fn expected(&self) -> Expected;
    /// Counts its states within these bounds, and the recorded ones otherwise.
    ///
    /// # Errors
    /// When a bound is not known, or cannot be that number.
    fn count(
        &self,
        changed: &[(&str, u64)],
        limits: CountLimits,
        progress: &dyn Fn(Progress),
    ) -> Result<Findings, NoBound>;
}

/// A bound as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundInfo {
    /// Its name.
    pub name: &'static str,
    /// What it bounds.
    pub about: &'static str,
    /// What it may be.
    pub range: RangeInclusive<u64>,
    /// What it is where counts are recorded, or where nothing else is chosen.
    pub recorded: u64,
}

impl BoundInfo {
    pub(super) fn of<M>(bound: &Bound<M>, model: &M) -> Self {
        let Bound { name, about, .. } = *bound;
        Self { name, about, range: bound.range.clone(), recorded: (bound.get)(model) }
    }
}

impl<M: Countable> Abstract for AbstractModel<M> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn source(&self) -> &'static str {
        self.source
    }

    fn bounds(&self) -> Vec<BoundInfo> {
        self.bounds.iter().map(|bound| BoundInfo::of(bound, &self.model)).collect()
    }

    fn properties(&self) -> Vec<PropertyInfo> {
        let properties = self.model.properties().into_iter();
        let info = |property: stateright::Property<M>| {
            let kind = match property.expectation {
                Expectation::Always => "always",
                Expectation::Sometimes => "sometimes",
                Expectation::Eventually => "eventually",
            };
            let stated = self.properties.iter().find(|stated| stated.name == property.name);
            let stated = stated.copied().unwrap_or_else(|| Statement::from(property.name));
            PropertyInfo::new(stated, kind)
        };
        properties.map(info).collect()
    }

    fn expected(&self) -> Expected {
        self.expected
    }

    fn count(
        &self,
        changed: &[(&str, u64)],
        limits: CountLimits,
        progress: &dyn Fn(Progress),
    ) -> Result<Findings, NoBound> {
        Ok(count(&self.within(changed)?, limits, progress))
    }
}

/// The abstract models of a protocol.
#[derive(Default)]
pub(super) struct AbstractModels(pub(super) Vec<Box<dyn Abstract>>);

impl ModelVisitor for AbstractModels {
    fn visit<M: Countable>(&mut self, model: AbstractModel<M>) {
        self.0.push(Box::new(model));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::{Conclusion, Report};
    use stateright::{Model, Property};

    /// A counter that must stay below 4.
    #[derive(Clone)]
    struct Counter(u64);

    impl Model for Counter {
        type State = u64;
        type Action = ();

        fn init_states(&self) -> Vec<u64> {
            vec![0]
        }

        fn actions(&self, state: &u64, actions: &mut Vec<()>) {
            actions.extend((*state < self.0).then_some(()));
        }

        fn next_state(&self, state: &u64, (): ()) -> Option<u64> {
            Some(state + 1)
        }

        fn properties(&self) -> Vec<Property<Self>> {
            vec![Property::always("small", |_, state| *state < 4)]
        }
    }

    fn counter() -> AbstractModel<Counter> {
        AbstractModel {
            name: "counter",
            about: "it counts",
            source: "",
            model: Counter(3),
            bounds: &[Bound {
                name: "end",
                about: "where it ends",
                range: 0..=9,
                get: |model| model.0,
                set: |model, end| model.0 = end,
            }],
            properties: &[],
            expected: Expected { unique: 4, generated: 4, violated: &[] },
        }
    }

    fn concluded(model: &dyn Abstract, changed: &[(&str, u64)]) -> Conclusion {
        let findings = model.count(changed, CountLimits::default(), &|_| {}).unwrap();
        Report::of_abstract_model("none", model, changed, findings).conclusion()
    }

    #[test]
    fn what_holds_within_the_recorded_bounds_must_hold_within_others() {
        assert_eq!(concluded(&counter(), &[]), Conclusion::AsExpected);
        assert_eq!(concluded(&counter(), &[("end", 2)]), Conclusion::AsExpected);
        assert_eq!(concluded(&counter(), &[("end", 5)]), Conclusion::NotAsExpected);
        assert_eq!(concluded(&counter(), &[("end", 5), ("end", 3)]), Conclusion::AsExpected);
    }

    #[test]
    fn a_count_or_violation_other_than_recorded_is_noticed() {
        let expected = Expected { unique: 5, generated: 4, violated: &[] };
        let other = AbstractModel { expected, ..counter() };
        assert_eq!(concluded(&other, &[]), Conclusion::NotAsExpected);
        let small = Statement::from("small");
        let violated: &'static [(Statement, usize)] = Box::leak(Box::new([(small, 4)]));
        let expected = Expected { violated, ..counter().expected };
        let other = AbstractModel { expected, ..counter() };
        assert_eq!(concluded(&other, &[]), Conclusion::NotAsExpected);
        assert_eq!(concluded(&other, &[("end", 3)]), Conclusion::NotAsExpected, "as recorded");
        assert_eq!(concluded(&other, &[("end", 5)]), Conclusion::AsExpected);
    }
}
