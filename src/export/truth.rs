//! Conditions as tables. A condition is a function in Rust; what is written down is for which values of
//! what it looks at it holds.

use super::bound::Bound;
use super::error::ExportError;
use super::numbering::Numbering;
use super::survey::Survey;
use super::values::tuple;
use crate::models::world::Reads;
use std::collections::{BTreeMap, BTreeSet};

/// The most entries of one table.
const MAX_CASES: usize = 5_000;

/// What a condition looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// Every single node.
    EachNode,
    /// Some single node.
    SomeNode,
    /// These parts of the state.
    Parts(Reads),
}

/// For what a condition holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Truth {
    pub(super) subject: Subject,
    /// Whether the cases are those in which it holds, or all others.
    pub(super) holds: bool,
    /// The values of what it looks at, in TLA+.
    pub(super) cases: BTreeSet<String>,
}

/// The conditions of an instance.
pub(super) fn truths(
    survey: &Survey<'_>,
    numbering: &mut Numbering,
    bounds: &[Bound],
) -> Result<Vec<Truth>, ExportError> {
    let claims = &survey.setting.claims;
    let targets = claims.iter().filter(|claim| claim.target.is_some()).count();
    let count = claims.len() + targets + usize::from(survey.setting.boundary.is_some());
    let truths = (0..count).map(|at| {
        let truth = truth(at, survey, numbering, bounds)?;
        if truth.cases.len() > MAX_CASES {
            let (property, cases) = (name_of(at, survey), truth.cases.len());
            return Err(ExportError::TooManyCases { property, cases, limit: MAX_CASES });
        }
        Ok(truth)
    });
    truths.collect()
}

/// What a condition belongs to.
fn name_of(at: usize, survey: &Survey<'_>) -> String {
    let claims = survey.setting.claims.iter();
    let owner = claims.clone().find(|claim| claim.condition == at || claim.target == Some(at));
    owner.map_or("the boundary", |claim| claim.name).into()
}

fn truth(
    at: usize,
    survey: &Survey<'_>,
    numbering: &mut Numbering,
    bounds: &[Bound],
) -> Result<Truth, ExportError> {
    let scopes = survey.setting.scopes;
    let is = |scope: u64| scope >> at & 1 == 1;
    let mut cases: BTreeMap<String, bool> = BTreeMap::new();
    if is(scopes.each_node | scopes.some_node) {
        for (number, part) in (1..).zip(&numbering.parts.list) {
            let number: usize = number;
            cases.insert(number.to_string(), survey.cluster.holds_of(at, *part));
        }
        let subject = if is(scopes.each_node) { Subject::EachNode } else { Subject::SomeNode };
        return Ok(fewer(subject, cases));
    }
    // What is beyond the bounds is judged by the boundary alone.
    let beyond = survey.beyond.iter().filter(|_| survey.setting.boundary == Some(at));
    let states: Vec<&Vec<u32>> = survey.states.iter().chain(beyond).collect();
    let mut reads = if is(scopes.nodes) { Reads::NODES } else { Reads::default() };
    reads = if is(scopes.history) { Reads::HISTORY } else { reads };
    let mut answers = Vec::new();
    for state in &states {
        let (answer, looked_at) = survey.cluster.judged(at, state);
        reads = reads.and(looked_at);
        answers.push(answer.ok_or(ExportError::Panics)?);
    }
    for (state, answer) in states.iter().zip(answers) {
        let case = looked_at(reads, survey, numbering, bounds, state);
        if *cases.entry(case).or_insert(answer) != answer {
            return Err(ExportError::NoFunction(name_of(at, survey)));
        }
    }
    Ok(fewer(Subject::Parts(reads), cases))
}

/// The cases in which it holds, or those in which it does not: whichever are fewer.
fn fewer(subject: Subject, cases: BTreeMap<String, bool>) -> Truth {
    let count = cases.values().filter(|holds| **holds).count();
    let holds = count * 2 <= cases.len();
    let cases = cases.into_iter().filter(|(_, answer)| *answer == holds);
    Truth { subject, holds, cases: cases.map(|(case, _)| case).collect() }
}

/// The variables of these parts, in TLA+.
pub(super) fn variables(reads: Reads, has_cuts: bool) -> Vec<&'static str> {
    let budget: &[&str] = if has_cuts { &["left", "cut"] } else { &["left"] };
    let parts = [
        (Reads::NODES, &["node"][..]),
        (Reads::BUDGET, budget),
        (Reads::HISTORY, &["history"]),
        (Reads::MESSAGES, &["network"]),
    ];
    let read = parts.into_iter().filter(|(part, _)| reads.contains(*part));
    read.flat_map(|(_, variables)| variables.iter().copied()).collect()
}

/// The values of these parts in a state.
fn looked_at(
    reads: Reads,
    survey: &Survey<'_>,
    numbering: &mut Numbering,
    bounds: &[Bound],
    state: &[u32],
) -> String {
    let mut values: Vec<String> = variables(reads, !survey.setting.links.is_empty())
        .into_iter()
        .map(|variable| match variable {
            "node" => numbering.node(survey, state),
            "left" => Numbering::left(survey, state, bounds),
            "cut" => Numbering::cut(survey, state),
            "history" => numbering.histories.of(&survey.history(state)).to_string(),
            _ => numbering.network(survey, state),
        })
        .collect();
    if values.len() == 1 { values.remove(0) } else { tuple(values) }
}
