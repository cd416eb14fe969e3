//! What was found against what was expected.

use super::run::{Discovery, Engine, Findings};
use crate::catalogue::Case;
use crate::models::world::NO_PANIC;
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

impl Verdict {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Violated => "violated",
            Self::Reached => "reached",
            Self::Unreached => "unreached",
            Self::Incomplete => "incomplete",
        }
    }
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
    /// Whether every reachable state was checked, and every property decided.
    pub complete: bool,
    /// At most how probable it is that a collision of fingerprints hid a state.
    pub collision_probability: f64,
    /// Whether all is as the instance records it.
    pub as_expected: bool,
    /// The properties; if anything panicked, [`NO_PANIC`] among them.
    pub properties: Vec<PropertyReport>,
    /// What the panic said, if anything panicked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panic: Option<String>,
    /// In words, what is not as expected.
    #[serde(skip)]
    pub surprises: Vec<String>,
    /// Why it is not complete.
    #[serde(skip)]
    pub shortfall: Option<String>,
    /// What was found, by property.
    #[serde(skip)]
    pub discoveries: BTreeMap<&'static str, Discovery>,
}

impl Report {
    /// Holds `findings` against what `case` records.
    pub fn new(protocol: &'static str, case: &dyn Case, findings: Findings) -> Self {
        let mut surprises = Vec::new();
        let properties: Vec<_> = (case.properties().into_iter())
            .chain(findings.panic.is_some().then_some((NO_PANIC, "always")))
            .map(|(name, kind)| judge(case, &findings, name, kind, &mut surprises))
            .collect();
        surprises.extend(findings.panic.iter().map(|said| format!("a panic: {said}")));
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
            if findings.shortfall.is_none() && expected != found {
                surprises.push(format!("{found} {what} states, expected {expected}"));
            }
        }
        let undecided = properties.iter().filter(|p| p.verdict == Verdict::Incomplete).count();
        let complete = findings.shortfall.is_none() && undecided == 0;
        let shortfall = match findings.shortfall {
            Some(shortfall) => Some(shortfall.to_string()),
            None if undecided > 0 => Some(format!(
                "{undecided} liveness properties are undecided: the engine decides safety only"
            )),
            None => None,
        };
        Self {
            protocol,
            instance: case.name(),
            engine: findings.engine.name(),
            threads: findings.threads,
            unique: findings.unique,
            generated: findings.generated,
            depth: findings.depth,
            seconds: findings.elapsed.as_secs_f64(),
            complete,
            collision_probability: findings.collision_probability,
            as_expected: surprises.is_empty() && complete,
            properties,
            panic: findings.panic,
            surprises,
            shortfall,
            discoveries: findings.discoveries,
        }
    }

    /// The counterexamples, by property: not the examples of what is to be reached.
    pub fn counterexamples(&self) -> impl Iterator<Item = (&'static str, &Trace)> {
        self.properties.iter().filter(|property| property.verdict == Verdict::Violated).filter_map(
            |property| match self.discoveries.get(property.name)? {
                Discovery::Found(trace) => Some((property.name, trace)),
                Discovery::Nothing => None,
            },
        )
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
    let verdict = match (is_sometimes, findings.discoveries.get(name)) {
        (true, Some(Discovery::Found(_))) => Verdict::Reached,
        (false, Some(Discovery::Found(_))) => Verdict::Violated,
        (true, Some(Discovery::Nothing)) => Verdict::Unreached,
        (false, Some(Discovery::Nothing)) => Verdict::Holds,
        (_, None) => Verdict::Incomplete,
    };
    let trace = findings.trace(name);
    let trace_len = trace.map(|trace| trace.actions.len());
    let is_as_expected = matches!(
        (expected, verdict),
        (Expectation::Holds, Verdict::Holds)
            | (Expectation::Violated, Verdict::Violated)
            | (Expectation::Reached, Verdict::Reached)
    );
    if !is_as_expected && verdict != Verdict::Incomplete {
        surprises.push(format!("{name:?} is {}, expected {}", verdict.name(), expected.name()));
    }
    if let (Some((_, shortest)), Some(len)) = (shortest, trace_len)
        && *shortest != len
        && (findings.threads == 1 || findings.engine == Engine::Quorate)
    {
        surprises.push(format!("{name:?} is violated in {len} steps, expected {shortest}"));
    }
    PropertyReport { name, kind, expected, verdict, trace_len }
}
