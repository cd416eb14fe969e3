//! What is recorded of an instance, a mutant or an abstract model.

use super::findings::ReductionKind;
use crate::models::{Expected, Reduced};
use serde::Serialize;

/// What an instance says of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Expectation {
    /// It holds.
    Holds,
    /// It is violated: an anti-theorem.
    Violated,
    /// It is reached: for a `sometimes`.
    Reached,
}

impl Expectation {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Violated => "violated",
            Self::Reached => "reached",
        }
    }
}

/// The state counts that an instance records: of a check of all states, or of a reduced one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Distinct reachable states; `None` of a reduced check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique: Option<u64>,
    /// States whose successors were found; `None` of a check of all states.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expanded: Option<u64>,
    /// States generated.
    pub generated: u64,
}

/// What is recorded of a subject.
pub(super) enum Recorded {
    Instance(Expected, Option<Reduced>),
    Mutant {
        killed_by: &'static str,
    },
    /// An abstract model within other bounds than those of record: what holds there holds here.
    Elsewhere(Expected),
}

impl Recorded {
    pub(super) fn expectation(&self, name: &str, kind: &str) -> Option<Expectation> {
        match self {
            Self::Mutant { killed_by } => (name == *killed_by).then_some(Expectation::Violated),
            Self::Instance(..) if kind == "sometimes" => Some(Expectation::Reached),
            Self::Instance(..) if self.steps(name).is_some() => Some(Expectation::Violated),
            Self::Elsewhere(_) if kind == "sometimes" => None,
            Self::Elsewhere(it) if it.violated.iter().any(|(known, _)| known.name == name) => None,
            Self::Instance(..) | Self::Elsewhere(_) => Some(Expectation::Holds),
        }
    }

    /// How many steps the shortest counterexample to a property has.
    pub(super) fn steps(&self, name: &str) -> Option<usize> {
        let Self::Instance(expected, _) = self else { return None };
        expected.violated.iter().find(|(known, _)| known.name == name).map(|(_, steps)| *steps)
    }

    /// The properties that must be violated.
    pub(super) fn violated(&self) -> Vec<&'static str> {
        match self {
            Self::Instance(expected, _) => {
                expected.violated.iter().map(|(known, _)| known.name).collect()
            }
            Self::Mutant { killed_by } => vec![killed_by],
            Self::Elsewhere(_) => Vec::new(),
        }
    }

    /// What is recorded of a check with this reduction.
    pub(super) fn counts(&self, reduction: Option<ReductionKind>) -> Option<Counts> {
        let Self::Instance(expected, reduced) = *self else { return None };
        if reduction == Some(ReductionKind::Cover) {
            let Reduced { expanded, generated, .. } = reduced?;
            return Some(Counts { unique: None, expanded: Some(expanded), generated });
        }
        let unique = Some(expected.counted()?);
        Some(Counts { unique, expanded: None, generated: expected.generated })
    }
}
