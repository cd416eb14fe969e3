//! What was found against what was expected.

use super::Findings;
use crate::catalogue::Case;
use crate::trace::Trace;
use serde::Serialize;
use std::collections::BTreeMap;

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

/// What the check says of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It holds in every behaviour within the bounds.
    Holds,
    /// It does not: there is a counterexample.
    Violated,
    /// A state as asked for was reached.
    Reached,
    /// No such state is reachable within the bounds.
    Unreached,
    /// The check ended before it could be told.
    Incomplete,
}

/// One property of one instance.
#[derive(Clone, Debug, Serialize)]
pub struct PropertyReport {
    /// Its name.
    pub name: &'static str,
    /// `always`, `sometimes`, `eventually` or `leads-to`.
    pub kind: &'static str,
    /// What the instance says.
    pub expected: Expectation,
    /// What the check says.
    pub verdict: Verdict,
    /// How many steps its counterexample (or example) has.
    pub trace_len: Option<usize>,
}

/// The check of one instance. As JSON, one object.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The protocol.
    pub protocol: &'static str,
    /// The instance.
    pub instance: &'static str,
    /// What did the checking.
    pub engine: &'static str,
    /// With how many threads.
    pub threads: usize,
    /// Distinct reachable states.
    pub unique: u64,
    /// States generated.
    pub generated: u64,
    /// Steps from the initial state to the furthest state.
    pub depth: u64,
    /// How long it took.
    pub seconds: f64,
    /// Whether every reachable state was checked.
    pub complete: bool,
    /// Whether all is as the instance records it.
    pub as_expected: bool,
    /// The properties.
    pub properties: Vec<PropertyReport>,
    /// In words, what is not as expected.
    #[serde(skip)]
    pub surprises: Vec<String>,
    /// The traces of what was found, by property.
    #[serde(skip)]
    pub discoveries: BTreeMap<&'static str, Trace>,
}

impl Report {
    /// Holds `findings` against what `case` records.
    pub fn new(protocol: &'static str, case: &dyn Case, findings: Findings) -> Self {
        let mut surprises = Vec::new();
        let properties: Vec<_> = (case.properties().into_iter())
            .map(|(name, kind)| judge(case, &findings, name, kind, &mut surprises))
            .collect();
        let expected = case.expected();
        for (name, _) in expected.violated {
            if !properties.iter().any(|property| property.name == *name) {
                surprises.push(format!("{name:?} is expected to be violated, but is no property"));
            }
        }
        let counts = [
            ("unique", expected.unique, findings.unique),
            ("generated", expected.generated, findings.generated),
        ];
        for (what, expected, found) in counts {
            if findings.complete && expected != found {
                surprises.push(format!("{found} {what} states, expected {expected}"));
            }
        }
        Self {
            protocol,
            instance: case.name(),
            engine: findings.engine.into(),
            threads: findings.threads,
            unique: findings.unique,
            generated: findings.generated,
            depth: findings.depth,
            seconds: findings.elapsed.as_secs_f64(),
            complete: findings.complete,
            as_expected: surprises.is_empty() && findings.complete,
            properties,
            surprises,
            discoveries: findings.discoveries,
        }
    }

    /// The counterexamples, by property: not the examples of what is to be reached.
    pub fn counterexamples(&self) -> impl Iterator<Item = (&'static str, &Trace)> {
        self.properties
            .iter()
            .filter(|property| property.verdict == Verdict::Violated)
            .filter_map(|property| Some((property.name, self.discoveries.get(property.name)?)))
    }
}

fn judge(
    case: &dyn Case,
    findings: &Findings,
    name: &'static str,
    kind: &'static str,
    surprises: &mut Vec<String>,
) -> PropertyReport {
    let is_sometimes = kind == "sometimes";
    let shortest = case.expected().violated.iter().find(|(known, _)| *known == name);
    let expected = match (is_sometimes, shortest) {
        (true, _) => Expectation::Reached,
        (false, Some(_)) => Expectation::Violated,
        (false, None) => Expectation::Holds,
    };
    let trace = findings.discoveries.get(name);
    let verdict = match (is_sometimes, trace, findings.complete) {
        (true, Some(_), _) => Verdict::Reached,
        (false, Some(_), _) => Verdict::Violated,
        (_, None, false) => Verdict::Incomplete,
        (true, None, true) => Verdict::Unreached,
        (false, None, true) => Verdict::Holds,
    };
    let trace_len = trace.map(|trace| trace.actions.len());
    let is_as_expected = matches!(
        (expected, verdict),
        (Expectation::Holds, Verdict::Holds)
            | (Expectation::Violated, Verdict::Violated)
            | (Expectation::Reached, Verdict::Reached)
    );
    if !is_as_expected && verdict != Verdict::Incomplete {
        surprises.push(format!("{name:?} is {verdict:?}, expected {expected:?}").to_lowercase());
    }
    if let (Some((_, shortest)), Some(len)) = (shortest, trace_len)
        && *shortest != len
        && findings.threads == 1
    {
        surprises.push(format!("{name:?} is violated in {len} steps, expected {shortest}"));
    }
    PropertyReport { name, kind, expected, verdict, trace_len }
}
