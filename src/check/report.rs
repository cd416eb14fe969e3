//! Reports: findings compared with expectations.

use super::estimate::Estimate;
use super::findings::{Discovery, Engine, Findings, ReductionKind};
use super::recorded::Recorded;
pub use super::recorded::{Counts, Expectation};
use super::walk::Coverage;
use crate::catalogue::{Abstract, Case, PropertyInfo, SeededBug, Subject};
use crate::models::Expected;
use crate::models::world::NO_PANIC;
use crate::trace::Trace;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// What the check says of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportedVerdict {
    /// It holds in every behaviour within the bounds.
    Holds,
    /// It does not: there is a counterexample.
    Violated,
    /// A state as asked for was reached.
    Reached,
    /// No such state is reachable within the bounds.
    Unreached,
    /// The check ended before it was decided.
    Incomplete,
}

impl ReportedVerdict {
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
    /// What it says.
    pub says: &'static str,
    /// The paper and the section that state it; empty if it is the protocol's own.
    pub source: &'static str,
    /// `always`, `sometimes`, `eventually` or `leads-to`.
    pub kind: &'static str,
    /// What the instance says. A mutant says it of its killer only.
    pub expected: Option<Expectation>,
    /// What the check says.
    pub verdict: ReportedVerdict,
    /// How many steps its shortest counterexample must have, where one is recorded.
    pub expected_len: Option<usize>,
    /// How many steps its counterexample (or example) has.
    pub trace_len: Option<usize>,
    /// Its counterexample (or example).
    pub trace: Option<Trace>,
}

impl PropertyReport {
    /// Its name and what it says.
    pub fn title(&self) -> String {
        let Self { name, says, .. } = self;
        if name == says { format!("{name:?}") } else { format!("{name} ({says})") }
    }

    /// When its counterexample is shown: unexpected ones first.
    pub fn turn(&self) -> u8 {
        if self.is_unexpected_violation() {
            0
        } else if self.is_expected_violation() {
            1
        } else {
            2
        }
    }

    /// Whether it is violated although it is recorded to hold.
    pub fn is_unexpected_violation(&self) -> bool {
        self.verdict == ReportedVerdict::Violated && self.expected == Some(Expectation::Holds)
    }

    /// Whether it is violated as it is recorded to be.
    pub fn is_expected_violation(&self) -> bool {
        self.verdict == ReportedVerdict::Violated && self.expected == Some(Expectation::Violated)
    }
}

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// All is as recorded.
    AsExpected,
    /// Something is not.
    NotAsExpected,
    /// The check ended before that was decided.
    Incomplete,
}

/// Something that is not as recorded. As JSON, the words alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Surprise {
    /// The property that it is of; `None` if it is of the whole check.
    #[serde(skip)]
    pub property: Option<&'static str>,
    /// What is not as recorded.
    pub says: String,
}

impl fmt::Display for Surprise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.says)
    }
}

/// An abstract model within bounds.
#[derive(Clone, Debug, Serialize)]
pub struct Bounded {
    /// Its name.
    pub abstract_model: &'static str,
    /// Its bounds, by name.
    pub bounds: BTreeMap<&'static str, u64>,
    /// The states on the longest of the shortest paths: the depth as TLC counts it.
    pub tlc_depth: u64,
}

/// The check of one instance, mutant or abstract model. As JSON, one object.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The protocol.
    pub protocol: &'static str,
    /// The instance, if it is one; its bounds, such as `clients=2,servers=3`, if they were chosen.
    pub instance: Option<&'static str>,
    /// The mutant, if it is one.
    pub mutant: Option<&'static str>,
    /// The abstract model, if it is one, and its bounds.
    #[serde(flatten)]
    pub abstract_model: Option<Bounded>,
    /// The engine that checked.
    pub engine: &'static str,
    /// With how many threads.
    pub threads: usize,
    /// Distinct reachable states.
    pub unique: u64,
    /// States generated.
    pub generated: u64,
    /// States whose successors were found; `None` where the engine does not count them.
    pub expanded: Option<u64>,
    /// What kind of states were left out, if any were.
    pub reduction: Option<ReductionKind>,
    /// The bytes that the search held at most, for each unique state.
    pub bytes_per_state: Option<f64>,
    /// The counts that the instance records; a mutant records none.
    pub expected: Option<Counts>,
    /// Steps from the initial state to the furthest state.
    pub depth: u64,
    /// How long it took.
    pub seconds: f64,
    /// Whether every reachable state was checked, and every property decided.
    pub complete: bool,
    /// Why it is not complete.
    pub shortfall: Option<String>,
    /// About how many states there are, if it is not complete and that can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
    /// What random walks covered, if it was they that checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub walks: Option<Coverage>,
    /// At most how probable it is that a collision of fingerprints hid a state.
    pub collision_probability: f64,
    /// Whether all is as the instance records it; of a mutant, whether its property kills it.
    pub as_expected: bool,
    /// What is not as expected.
    pub surprises: Vec<Surprise>,
    /// The properties; if anything panicked, [`NO_PANIC`] among them.
    pub properties: Vec<PropertyReport>,
    /// What the panic said, if anything panicked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panic: Option<String>,
}

impl Report {
    /// Holds `findings` against what `case` records.
    pub fn new(protocol: &'static str, case: &dyn Case, findings: Findings) -> Self {
        let recorded = Recorded::Instance(case.expected(), case.reduced());
        let mut report = Self::against(&recorded, protocol, case.properties(), findings);
        if report.walks.is_some() && case.is_symmetric() {
            // Walks count each state, and what is recorded are those that no exchange of nodes
            // makes of another.
            report.expected = None;
        }
        Self { instance: Some(case.name()), ..report }
    }

    /// Holds `findings` against the claim that a property kills `mutant`.
    pub fn of_mutant(protocol: &'static str, mutant: &dyn SeededBug, findings: Findings) -> Self {
        let recorded = Recorded::Mutant { killed_by: mutant.killed_by() };
        let report = Self::against(&recorded, protocol, mutant.properties(), findings);
        Self { mutant: Some(mutant.name()), ..report }
    }

    /// Holds `findings` of an instance within bounds that were chosen against the claim that all its
    /// properties hold; no count is expected.
    pub fn of_chosen(protocol: &'static str, chosen: &dyn Subject, findings: Findings) -> Self {
        let nothing = Expected { unique: 0, generated: 0, violated: &[] };
        let recorded = Recorded::Elsewhere(nothing);
        let report = Self::against(&recorded, protocol, chosen.properties(), findings);
        Self { instance: Some(chosen.name()), ..report }
    }

    /// Holds `findings` of an abstract model, some of whose bounds were changed, against what is
    /// recorded of it. Within other bounds than those of record a property that is recorded to be
    /// violated may hold, and no count is expected.
    pub fn of_abstract_model(
        protocol: &'static str,
        model: &dyn Abstract,
        changed: &[(&str, u64)],
        findings: Findings,
    ) -> Self {
        let mut bounds: BTreeMap<_, _> =
            model.bounds().iter().map(|bound| (bound.name, bound.recorded)).collect();
        let of_record = bounds.clone();
        for (name, number) in &mut bounds {
            let last = changed.iter().rfind(|(changed, _)| changed == name);
            *number = last.map_or(*number, |(_, number)| *number);
        }
        let is_recorded = bounds == of_record;
        let expected = model.expected();
        let recorded = if is_recorded {
            Recorded::Instance(expected, None)
        } else {
            Recorded::Elsewhere(expected)
        };
        let report = Self::against(&recorded, protocol, model.properties(), findings);
        let (abstract_model, tlc_depth) = (model.name(), report.depth + 1);
        Self { abstract_model: Some(Bounded { abstract_model, bounds, tlc_depth }), ..report }
    }

    fn against(
        recorded: &Recorded,
        protocol: &'static str,
        properties: Vec<PropertyInfo>,
        findings: Findings,
    ) -> Self {
        let mut surprises = Vec::new();
        // The engine's are, but for one that a reduced check found and could not shorten in time.
        let is_cut_short = findings.reduction.is_some() && findings.shortfall.is_some();
        let is_exact = match findings.engine {
            Engine::Quorate => true,
            Engine::Stateright => findings.threads == 1,
            Engine::Walks(_) => false,
        };
        let is_shortest = is_exact && !is_cut_short;
        let bytes_per_state = findings.bytes_per_state();
        let mut discoveries = findings.discoveries;
        let properties: Vec<_> = (properties.into_iter())
            .chain(findings.panic.is_some().then_some(PropertyInfo::new(NO_PANIC, "always")))
            .map(|known| {
                let property = judge(recorded, discoveries.remove(known.name), known);
                surprises.extend(surprises_of(&property, is_shortest));
                property
            })
            .collect();
        if !recorded.violated().contains(&NO_PANIC.name) {
            surprises.extend(findings.panic.iter().map(|said| Surprise {
                property: Some(NO_PANIC.name),
                says: format!("a panic: {said}"),
            }));
        }
        for name in recorded.violated() {
            if !properties.iter().any(|property| property.name == name) {
                let says = format!("{name} is expected to be violated, but is no property");
                surprises.push(Surprise { property: None, says });
            }
        }
        let expected = recorded.counts(findings.reduction);
        if let (Some(expected), None) = (expected, findings.shortfall) {
            let counts = [
                ("unique", expected.unique, findings.unique),
                ("expanded", expected.expanded, findings.expanded.unwrap_or(findings.unique)),
                ("generated", Some(expected.generated), findings.generated),
            ];
            let recorded =
                counts.into_iter().filter_map(|(what, known, n)| Some((what, known?, n)));
            for (what, expected, found) in recorded.filter(|(_, known, found)| known != found) {
                let says = format!("{found} {what} states, expected {expected}");
                surprises.push(Surprise { property: None, says });
            }
        }
        let undecided =
            properties.iter().filter(|p| p.verdict == ReportedVerdict::Incomplete).count();
        let complete = findings.shortfall.is_none() && undecided == 0;
        let shortfall = match findings.shortfall {
            Some(shortfall) => Some(shortfall.to_string()),
            None if undecided > 0 => Some(format!(
                "{undecided} liveness properties are undecided: the engine decides safety only"
            )),
            None => None,
        };
        let is_killed = matches!(recorded, Recorded::Mutant { .. })
            && properties.iter().any(PropertyReport::is_expected_violation);
        Self {
            protocol,
            instance: None,
            mutant: None,
            abstract_model: None,
            engine: findings.engine.name(),
            threads: findings.threads,
            unique: findings.unique,
            generated: findings.generated,
            expanded: findings.expanded,
            reduction: findings.reduction,
            bytes_per_state,
            expected,
            depth: findings.depth,
            seconds: findings.elapsed.as_secs_f64(),
            complete,
            shortfall,
            estimate: None,
            walks: findings.walks,
            collision_probability: findings.collision_probability,
            as_expected: surprises.is_empty() && (complete || is_killed),
            surprises,
            properties,
            panic: findings.panic,
        }
    }

    /// The name of the instance, mutant or abstract model.
    pub fn name(&self) -> &'static str {
        let abstract_model = self.abstract_model.as_ref().map(|model| model.abstract_model);
        self.instance.or(self.mutant).or(abstract_model).unwrap_or_default()
    }

    /// What it came to.
    pub fn conclusion(&self) -> Conclusion {
        match (self.as_expected, self.surprises.is_empty()) {
            (true, _) => Conclusion::AsExpected,
            (false, true) => Conclusion::Incomplete,
            (false, false) => Conclusion::NotAsExpected,
        }
    }

    /// The violated properties with their counterexamples, unexpected ones first, and those last of
    /// which nothing is recorded; not the examples of what is to be reached.
    pub fn counterexamples(&self) -> Vec<(&PropertyReport, &Trace)> {
        let mut all: Vec<_> = (self.properties.iter())
            .filter(|property| property.verdict == ReportedVerdict::Violated)
            .filter_map(|property| Some((property, property.trace.as_ref()?)))
            .collect();
        all.sort_by_key(|(property, _)| property.turn());
        all
    }
}

fn judge(recorded: &Recorded, discovery: Option<Discovery>, known: PropertyInfo) -> PropertyReport {
    let PropertyInfo { name, says, source, kind } = known;
    let verdict = match (kind == "sometimes", &discovery) {
        (true, Some(Discovery::Found(_))) => ReportedVerdict::Reached,
        (false, Some(Discovery::Found(_))) => ReportedVerdict::Violated,
        (true, Some(Discovery::Nothing)) => ReportedVerdict::Unreached,
        (false, Some(Discovery::Nothing)) => ReportedVerdict::Holds,
        (_, None) => ReportedVerdict::Incomplete,
    };
    let trace = match discovery {
        Some(Discovery::Found(trace)) => Some(trace),
        Some(Discovery::Nothing) | None => None,
    };
    PropertyReport {
        name,
        says,
        source,
        kind,
        expected: recorded.expectation(name, kind),
        verdict,
        expected_len: recorded.steps(name),
        trace_len: trace.as_ref().map(|trace| trace.actions.len()),
        trace,
    }
}

/// What is not as expected of a property, whose counterexample is the shortest or may not be.
fn surprises_of(property: &PropertyReport, is_shortest: bool) -> Vec<Surprise> {
    let PropertyReport { name, expected, verdict, .. } = property;
    let surprise =
        |what| Surprise { property: Some(*name), says: format!("{} {what}", property.title()) };
    let mut surprises = Vec::new();
    let is_as_expected = matches!(
        (expected, verdict),
        (Some(Expectation::Holds), ReportedVerdict::Holds)
            | (Some(Expectation::Violated), ReportedVerdict::Violated)
            | (Some(Expectation::Reached), ReportedVerdict::Reached)
            | (None, _)
            | (_, ReportedVerdict::Incomplete)
    );
    if let (Some(expected), false) = (expected, is_as_expected) {
        let what = format!("is {}, expected {}", verdict.name(), expected.name());
        surprises.push(surprise(what));
    }
    if let (Some(shortest), Some(len)) = (property.expected_len, property.trace_len)
        && shortest != len
        && is_shortest
    {
        let what = format!("is violated in {len} steps, expected {shortest}");
        surprises.push(surprise(what));
    }
    surprises
}
