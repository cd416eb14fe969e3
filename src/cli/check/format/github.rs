//! GitHub: annotations at the lines that claim what is violated, and a summary of the job.
//!
//! The form is that of the *workflow commands* of GitHub Actions' documentation.

use super::problem::{Checked, Problem};
use crate::cli::CliError;
use crate::cli::tell::{grouped, result};
use std::fmt::Write;

/// A line for each problem of a check; nothing if there is none.
pub(in crate::cli::check) fn annotations(one: Checked<'_>) -> String {
    one.problems().iter().map(annotation).collect()
}

fn annotation(problem: &Problem<'_>) -> String {
    let level = if problem.is_undecided { "warning" } else { "error" };
    let place = problem.place().map_or(String::new(), |place| {
        format!("file={},line={},", escaped(place.file(), true), place.line())
    });
    let title = escaped(&problem.checked.title(), true);
    let message = format!(
        "{}\n{}{}",
        problem.says,
        problem.steps().unwrap_or_default(),
        problem.commands().join("\n")
    );
    format!("::{level} {place}title={title}::{}\n", escaped(&message, false))
}

fn escaped(text: &str, is_property: bool) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    if is_property { text.replace(':', "%3A").replace(',', "%2C") } else { text }
}

/// The summary of the job, in Markdown: a table, and each problem with its counterexample.
pub(in crate::cli::check) fn summary(
    all: &[Checked<'_>],
    failed: &[CliError],
    total: &str,
) -> String {
    let mut text = format!("## quorate check: {}\n\n", total.trim_end());
    for error in failed {
        let _ = writeln!(text, "**Error:** {error}\n");
    }
    for problem in all.iter().flat_map(|one| one.problems()) {
        text += &section(&problem);
    }
    text += "<details><summary>All instances</summary>\n\n\
             | protocol | instance or mutant | unique | generated | s | result |\n\
             |---|---|---:|---:|---:|---|\n";
    for Checked { report, .. } in all {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "| {} | `{}` | {} | {} | {:.2} | {} |",
            report.protocol,
            report.name(),
            grouped(report.unique),
            grouped(report.generated),
            report.seconds,
            result(report),
        );
    }
    text + "\n</details>\n"
}

fn section(problem: &Problem<'_>) -> String {
    let mut text = format!("### {}: {}\n\n", problem.checked.title(), problem.says);
    if let Some(place) = problem.place() {
        let _ = writeln!(text, "`{}:{}`\n", place.file(), place.line());
    }
    if let Some(steps) = problem.steps() {
        let _ = writeln!(text, "```text\n{}\n```\n", steps.trim_end());
    }
    let _ = writeln!(text, "```sh\n{}\n```\n", problem.commands().join("\n"));
    text
}
