//! Reports for people: tables, and counterexamples in words.

use super::CliError;
use super::out::wrapped;
use crate::catalogue::Subject;
use crate::check::report::{Conclusion, Expectation, PropertyReport, Report, ReportedVerdict};
use crate::check::{Coverage, Estimate, ReductionKind};
use crate::trace::Trace;
use comfy_table::presets::NOTHING;
use comfy_table::{Cell, Color, ContentArrangement, Table};
use std::fmt::Write;
use std::time::Duration;

/// How wide the names are in the summary; a longer one has a line of its own.
const NAME: usize = 22;

/// What to show of a report.
pub(crate) struct Show<'a> {
    /// Only this property.
    pub(crate) property: Option<&'a str>,
    /// The steps of expected violations too.
    pub(crate) expected: bool,
}

/// About how many states there are, after the number of those that were found.
pub(crate) fn estimate(Estimate { states, growth }: Estimate) -> String {
    match states {
        // Two digits: it is not known better.
        Some(states) => {
            let unit = 10_u64.pow(states.max(1).ilog10().saturating_sub(1));
            format!("of about {}", grouped((states + unit / 2) / unit * unit))
        }
        None => format!("and each level {growth:.1} times as many as the one before"),
    }
}

/// The table of one instance, its surprises, and its counterexamples.
pub(crate) fn report(
    report: &Report,
    subject: &dyn Subject,
    show: &Show<'_>,
    width: usize,
) -> String {
    let mutant = if report.mutant.is_some() { " mutant" } else { "" };
    let title = format!("{}{mutant} {}: {}", report.protocol, subject.name(), subject.about());
    told_as(report, &title, &|trace| steps(subject, trace, width), show, width)
}

/// The same of an abstract model.
pub(crate) fn abstract_model(
    report: &Report,
    about: &str,
    show: &Show<'_>,
    width: usize,
) -> String {
    let bounds = report.abstract_model.iter().flat_map(|model| &model.bounds);
    let bounds: Vec<_> = bounds.map(|(name, number)| format!("{name}={number}")).collect();
    let (protocol, name) = (report.protocol, report.name());
    let title = format!("{protocol} abstract model {name}, {}: {about}", bounds.join(", "));
    let steps = |trace: &Trace| {
        let numbered = trace.actions.iter().enumerate();
        let line = |(at, action): (usize, &String)| {
            wrapped(action, &format!("{:>4}. ", at + 1), "      ", width)
        };
        numbered.map(line).collect()
    };
    told_as(report, &title, &steps, show, width)
}

fn told_as(
    report: &Report,
    title: &str,
    steps: &dyn Fn(&Trace) -> String,
    show: &Show<'_>,
    width: usize,
) -> String {
    let is_shown = |property: &PropertyReport| show.property.is_none_or(|p| p == property.name);
    let mut text = wrapped(title, "", "  ", width);
    text += &table(report.properties.iter().filter(|property| is_shown(property)), width);
    if let Some(walks) = &report.walks {
        text += &wrapped(&walked(report, walks), "", "  ", width);
    } else {
        text += &wrapped(&counts(report), "", "  ", width);
        let bound = rounded_up(report.collision_probability);
        text += &wrapped(&format!("a state hidden by a collision: p < {bound}"), "", "  ", width);
    }
    if let (Some(why), false) = (&report.shortfall, report.as_expected) {
        text += &wrapped(&format!("INCOMPLETE: {why}"), "", "  ", width);
        if let Some(told) = report.estimate {
            let told = format!("{} states were found, {}", grouped(report.unique), estimate(told));
            text += &wrapped(&told, "", "  ", width);
        }
    }
    for surprise in &report.surprises {
        text += &wrapped(&format!("NOT AS EXPECTED: {surprise}"), "", "  ", width);
    }
    for (property, trace) in report.counterexamples() {
        if is_shown(property) {
            text += &told(property, steps, trace, show, width);
        }
    }
    text + "\n"
}

fn table<'a>(properties: impl Iterator<Item = &'a PropertyReport>, width: usize) -> String {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table.set_header(["property", "kind", "expected", "verdict", "steps"]);
    for property in properties {
        let steps = property.trace_len.map_or(String::new(), |steps| steps.to_string());
        table.add_row([
            Cell::new(property.title()),
            Cell::new(property.kind),
            Cell::new(property.expected.map_or("", Expectation::name)),
            Cell::new(property.verdict.name()).fg(color(property)),
            Cell::new(steps),
        ]);
    }
    format!("{}\n", table.trim_fmt())
}

fn counts(report: &Report) -> String {
    let threads = if report.threads == 1 { "thread" } else { "threads" };
    let tlc_depth = report
        .abstract_model
        .as_ref()
        .map_or_else(String::new, |model| format!(" ({} as TLC counts)", model.tlc_depth));
    let reduced = match report.expanded {
        Some(expanded) if is_reduced(report) => {
            format!(", {} expanded: reduced", grouped(expanded))
        }
        _ => String::new(),
    };
    format!(
        "{} unique states, {} generated{reduced}, depth {}{tlc_depth}, {:.2} s, {} with {} {threads}",
        grouped(report.unique),
        grouped(report.generated),
        report.depth,
        report.seconds,
        report.engine,
        report.threads,
    )
}

/// What random walks covered.
#[allow(clippy::cast_precision_loss, reason = "a share for people")]
fn walked(report: &Report, walks: &Coverage) -> String {
    let at_least = if walks.is_exact { "" } else { "at least " };
    let states = grouped(report.unique);
    let share = report.expected.and_then(|expected| expected.unique).map(|all| {
        let percent = report.unique as f64 * 100.0 / all.max(1) as f64;
        format!(", {percent:.1} % of the {} that are recorded", grouped(all))
    });
    let found: Vec<_> = (walks.found.iter())
        .map(|by| format!("{} by walk {} after {} steps", by.property, grouped(by.walk), by.steps))
        .collect();
    let found = if found.is_empty() { "nothing".into() } else { found.join(", ") };
    format!(
        "{at_least}{states} states{} in {} walks of at most {} steps (seed {}), {} steps, {:.2} s, \
         with {} threads; found: {found} (traces are shortened, but need not be shortest)",
        share.unwrap_or_default(),
        grouped(walks.count),
        walks.max_steps,
        walks.seed,
        grouped(report.generated - walks.count),
        report.seconds,
        report.threads,
    )
}

/// Whether states were left out that others cover.
fn is_reduced(report: &Report) -> bool {
    report.reduction == Some(ReductionKind::Cover)
}

/// A violation: an expected one in a line, unless its steps are asked for.
fn told(
    property: &PropertyReport,
    steps: &dyn Fn(&Trace) -> String,
    trace: &Trace,
    show: &Show<'_>,
    width: usize,
) -> String {
    let (title, len) = (property.title(), trace.actions.len());
    let label = match property.turn() {
        0 => "VIOLATION",
        1 => "expected violation",
        _ => "also a violation",
    };
    if property.is_unexpected_violation() || show.expected {
        let title = format!("{label} of {title}, in {len} steps:");
        return format!("\n{}{}", wrapped(&title, "", "  ", width), steps(trace));
    }
    let name = property.name;
    let title = format!("{label} of {name}, in {len} steps (--show-expected)");
    wrapped(&title, "", "  ", width)
}

/// A run in words: its steps, numbered, and what each changes.
pub(crate) fn steps(subject: &dyn Subject, trace: &Trace, width: usize) -> String {
    let mut text = String::new();
    let narrative = match subject.narrate(trace) {
        Ok(narrative) => narrative,
        Err(error) => {
            return wrapped(&format!("(cannot be shown: {error})"), "      ", "      ", width);
        }
    };
    for (at, (action, changes)) in narrative.steps.iter().enumerate() {
        if trace.cycle == Some(at) {
            text += "      the cycle, repeated for ever:\n";
        }
        text += &wrapped(action, &format!("{:>4}. ", at + 1), "      ", width);
        for change in changes {
            text += &wrapped(change, "        ", "          ", width);
        }
    }
    if trace.cycle == Some(narrative.steps.len()) {
        text += "      from here on, nothing more happens\n";
    }
    text
}

fn color(property: &PropertyReport) -> Color {
    match (property.expected, property.verdict) {
        (Some(Expectation::Holds), ReportedVerdict::Holds)
        | (Some(Expectation::Reached), ReportedVerdict::Reached) => Color::Green,
        (Some(Expectation::Violated), ReportedVerdict::Violated)
        | (_, ReportedVerdict::Incomplete)
        | (None, _) => Color::Yellow,
        _ => Color::Red,
    }
}

/// The instances that were to be checked, and the errors of those that could not be.
pub(crate) struct Asked<'a> {
    /// How many instances and mutants.
    pub(crate) instances: usize,
    /// The errors that ended the check of some of them.
    pub(crate) failed: &'a [CliError],
}

/// A line for each instance, the failures once more, and a line for all `asked` for.
pub(crate) fn summary(
    reports: &[&Report],
    asked: &Asked<'_>,
    elapsed: Duration,
    width: usize,
) -> String {
    let mut text = row("", "unique", "generated", "s", "result");
    let mut protocol = "";
    for report in reports {
        if report.protocol != protocol {
            protocol = report.protocol;
            text += &wrapped(protocol, " ", " ", width);
        }
        let (unique, generated) = (grouped(report.unique), grouped(report.generated));
        let seconds = format!("{:.2}", report.seconds);
        let mark = if is_reduced(report) { "*" } else { "" };
        let result = format!("{}{mark}", result(report));
        text += &row(report.name(), &unique, &generated, &seconds, &result);
    }
    if reports.iter().any(|report| is_reduced(report)) {
        text += " * reduced: states that others cover are left out (not with --full)\n";
    }
    text += "\n";
    for report in reports {
        let at = format!("{} {}", report.protocol, report.name());
        for surprise in &report.surprises {
            text += &wrapped(&format!("NOT AS EXPECTED: {at}: {surprise}"), "", "  ", width);
        }
        if let (Some(why), Conclusion::Incomplete) = (&report.shortfall, report.conclusion()) {
            text += &wrapped(&format!("INCOMPLETE: {at}: {why}"), "", "  ", width);
        }
    }
    for error in asked.failed {
        text += &wrapped(&format!("ERROR: {error}"), "", "  ", width);
    }
    text + &total(reports, asked, elapsed)
}

/// The conclusion of a check, in words.
pub(crate) fn result(report: &Report) -> &'static str {
    match report.conclusion() {
        Conclusion::AsExpected => "as expected",
        Conclusion::NotAsExpected => "NOT AS EXPECTED",
        Conclusion::Incomplete => "incomplete",
    }
}

fn row(name: &str, unique: &str, generated: &str, seconds: &str, result: &str) -> String {
    let mut line = String::new();
    // Writing to a string does not fail.
    let name = if name.chars().count() >= NAME {
        let _ = writeln!(line, "   {name}");
        ""
    } else {
        name
    };
    let _ = writeln!(line, "   {name:<NAME$}{unique:>13}{generated:>15}{seconds:>9}  {result}");
    line
}

/// Such as `44 as expected, 1 not, in 9 s`.
pub(crate) fn total(reports: &[&Report], asked: &Asked<'_>, elapsed: Duration) -> String {
    let count =
        |conclusion| reports.iter().filter(|report| report.conclusion() == conclusion).count();
    let counts = [
        (count(Conclusion::AsExpected), "as expected"),
        (count(Conclusion::NotAsExpected), "not"),
        (count(Conclusion::Incomplete), "incomplete"),
        (asked.failed.len(), "in error"),
        (asked.instances - reports.len() - asked.failed.len(), "not checked"),
    ];
    let told: Vec<_> = (counts.iter())
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| match (*what, counts[0].0) {
            ("not", 0) => format!("{count} not as expected"),
            _ => format!("{count} {what}"),
        })
        .collect();
    let seconds = elapsed.as_secs_f64();
    let digits = usize::from(seconds < 10.0);
    format!("{}, in {seconds:.digits$} s\n", told.join(", "))
}

/// 1234567 as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    indicatif::HumanCount(number).to_string()
}

/// A bound in one digit, such as `2e-3`: never less than it is.
fn rounded_up(bound: f64) -> String {
    if bound <= 0.0 {
        return "0".into();
    }
    let exponent = bound.log10().floor();
    // A hair less, so that 2e-3 does not become 3e-3 by a rounding error.
    let digit = (bound / 10_f64.powf(exponent) - 1e-9).ceil();
    format!("{:.0e}", digit * 10_f64.powf(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::CheckError;

    #[test]
    fn a_bound_is_rounded_up_and_never_down() {
        let told = [1.16e-3, 2e-3, 9.01e-7, 1.0, 0.0].map(rounded_up);
        assert_eq!(told, ["2e-3", "2e-3", "1e-6", "1e0", "0"]);
    }

    #[test]
    fn the_summary_tells_of_errors_and_of_what_was_not_reached() {
        let failed =
            [CliError::Check { at: "paxos lossy".into(), source: CheckError::ZeroThreads }];
        let asked = Asked { instances: 3, failed: &failed };
        let told = summary(&[], &asked, Duration::from_secs(2), 80);
        assert!(told.contains("ERROR: paxos lossy: "), "{told}");
        assert!(told.ends_with("1 in error, 2 not checked, in 2.0 s\n"), "{told}");
    }

    #[test]
    fn the_summary_fits_80_columns_whatever_the_name() {
        for name in ["short", "snapshot-without-sessions-takes-over"] {
            let row = row(name, "207,011,900", "2,937,762,980", "12345.67", "NOT AS EXPECTED");
            assert!(row.lines().all(|line| line.len() <= 80), "{row}");
            assert_eq!(row.split_whitespace().next(), Some(name));
        }
    }
}
