//! SARIF 2.1.0 (OASIS 2020): a rule for each property, a result for each problem, the
//! counterexample as a code flow.

use super::problem::{Checked, Problem};
use crate::cli::{CliError, joined};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::panic::Location;

/// The results of the checks, as a log file's object.
pub(in crate::cli::check) fn sarif(all: &[Checked<'_>], failed: &[CliError]) -> Value {
    let problems: Vec<_> = all.iter().flat_map(|one| one.problems()).collect();
    let rules: BTreeMap<_, _> =
        problems.iter().map(|problem| (rule_id(problem), rule_says(problem))).collect();
    let rules: Vec<_> = (rules.into_iter())
        .map(|(id, says)| json!({ "id": id, "shortDescription": { "text": says } }))
        .collect();
    let errors = failed.iter().map(
        |error| json!({ "ruleId": "error", "level": "error", "message": { "text": error.to_string() } }),
    );
    json!({
        "version": "2.1.0",
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "runs": [{
            "tool": { "driver": {
                "name": "quorate",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "results": problems.iter().map(result).chain(errors).collect::<Vec<_>>(),
        }],
    })
}

fn rule_id(problem: &Problem<'_>) -> String {
    let property = problem.property.map_or("recorded", |property| property.name);
    format!("{}/{}", problem.checked.report.protocol, joined(property, "-"))
}

fn rule_says(problem: &Problem<'_>) -> &'static str {
    problem.property.map_or("everything is checked, with the recorded counts", |p| p.says)
}

fn result(problem: &Problem<'_>) -> Value {
    let text =
        format!("{}: {}\n{}", problem.checked.title(), problem.says, problem.commands().join("\n"));
    let mut result = json!({
        "ruleId": rule_id(problem),
        "level": if problem.is_undecided { "warning" } else { "error" },
        "message": { "text": text },
    });
    let Some(place) = problem.place().map(physical) else { return result };
    result["locations"] = json!([{ "physicalLocation": place }]);
    if let Some(narrative) =
        (problem.trace()).and_then(|trace| problem.checked.subject.narrate(trace).ok())
    {
        let steps: Vec<_> = (narrative.steps.iter())
            .map(|(action, _)| {
                json!({ "location": {
                    "physicalLocation": place,
                    "message": { "text": action },
                } })
            })
            .collect();
        result["codeFlows"] = json!([{ "threadFlows": [{ "locations": steps }] }]);
    }
    result
}

fn physical(place: &Location<'_>) -> Value {
    json!({
        "artifactLocation": { "uri": place.file().replace('\\', "/") },
        "region": { "startLine": place.line() },
    })
}
