//! JUnit's XML: a suite for each instance, a test for each property and one for the counts.

use super::problem::{Checked, Problem};
use crate::check::report::ReportedVerdict;
use crate::cli::CliError;
use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};
use std::io;
use std::time::Duration;

/// The results of the checks, as XML.
pub(in crate::cli::check) fn junit(
    all: &[Checked<'_>],
    failed: &[CliError],
) -> Result<String, CliError> {
    let mut document = Document::new("quorate check");
    document.add_test_suites(all.iter().map(|one| suite(*one)));
    if !failed.is_empty() {
        let mut suite = TestSuite::new("errors");
        suite.add_test_cases(failed.iter().map(|error| {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(error.to_string());
            TestCase::new("the check ends in an error", status)
        }));
        document.add_test_suite(suite);
    }
    document.to_string().map_err(|error| CliError::Output(io::Error::other(error)))
}

fn suite(one: Checked<'_>) -> TestSuite {
    let problems = one.problems();
    let mut suite = TestSuite::new(one.title());
    suite.set_time(Duration::from_secs_f64(one.report.seconds));
    for property in &one.report.properties {
        let of_it: Vec<_> = problems.iter().filter(|problem| problem.is_of(property)).collect();
        let mut test = test(one, property.name, &of_it);
        if of_it.is_empty() && property.verdict == ReportedVerdict::Incomplete {
            test.status = TestCaseStatus::skipped();
            test.status.set_message("not decided");
        }
        suite.add_test_case(test);
    }
    let others: Vec<_> = problems.iter().filter(|problem| problem.property.is_none()).collect();
    suite.add_test_case(test(one, "everything is checked, with the recorded counts", &others));
    suite
}

fn test(one: Checked<'_>, name: &str, problems: &[&Problem<'_>]) -> TestCase {
    let status = match problems.first() {
        None => TestCaseStatus::success(),
        Some(first) => {
            let kind =
                if first.is_undecided { NonSuccessKind::Error } else { NonSuccessKind::Failure };
            let mut status = TestCaseStatus::non_success(kind);
            status.set_message(first.says.clone());
            status.set_description(
                problems.iter().map(|problem| described(problem)).collect::<Vec<_>>().join("\n"),
            );
            status
        }
    };
    let mut case = TestCase::new(name, status);
    case.set_classname(one.title());
    case
}

fn described(problem: &Problem<'_>) -> String {
    let place = problem.place().map_or(String::new(), |place| format!(" ({place})"));
    let steps = problem.steps().unwrap_or_default();
    format!("{}{place}\n{steps}{}\n", problem.says, problem.commands().join("\n"))
}
