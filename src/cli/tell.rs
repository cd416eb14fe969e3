//! Reports for people: tables, and counterexamples in words.

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, Color, Table};
use quorate::catalogue::Case;
use quorate::check::report::{Expectation, PropertyReport, Report, Verdict};
use quorate::trace::Trace;

/// The table of one instance, its surprises, and its counterexamples.
pub(crate) fn report(report: &Report, case: &dyn Case) {
    println!("{} {}: {}", report.protocol, report.instance, case.about());
    let mut table = Table::new();
    table.load_preset(NOTHING);
    table.set_header(["property", "kind", "expected", "verdict", "steps"]);
    for property in &report.properties {
        let steps = property.trace_len.map_or(String::new(), |steps| steps.to_string());
        table.add_row([
            Cell::new(property.name),
            Cell::new(property.kind),
            Cell::new(property.expected.name()),
            Cell::new(property.verdict.name()).fg(color(property)),
            Cell::new(steps),
        ]);
    }
    println!("{table}");
    println!(
        "{} unique states, {} generated, depth {}, {:.2} s, {} with {} thread(s); \
         a state hidden by a collision: p < {}",
        grouped(report.unique),
        grouped(report.generated),
        report.depth,
        report.seconds,
        report.engine,
        report.threads,
        rounded_up(report.collision_probability),
    );
    if let Some(why) = &report.shortfall {
        println!("INCOMPLETE: {why}");
    }
    for surprise in &report.surprises {
        println!("NOT AS EXPECTED: {surprise}");
    }
    for (name, trace) in report.counterexamples() {
        counterexample(report, case, name, trace);
    }
    println!();
}

fn counterexample(report: &Report, case: &dyn Case, name: &str, trace: &Trace) {
    let expected = (report.properties.iter())
        .any(|property| property.name == name && property.expected == Expectation::Violated);
    let label = if expected { "expected violation" } else { "VIOLATION" };
    println!("\n{label} of {name:?}, in {} steps:", trace.actions.len());
    let narrative = match case.narrate(trace) {
        Ok(narrative) => narrative,
        Err(error) => return println!("      (cannot be told: {error})"),
    };
    for (at, (action, changes)) in narrative.steps.iter().enumerate() {
        if trace.cycle == Some(at) {
            println!("      from here on, again and again:");
        }
        println!("{:>4}. {action}", at + 1);
        for change in changes {
            println!("        {change}");
        }
    }
    if trace.cycle == Some(narrative.steps.len()) {
        println!("      from here on, nothing more happens");
    }
}

fn color(property: &PropertyReport) -> Color {
    match (property.expected, property.verdict) {
        (Expectation::Holds, Verdict::Holds) | (Expectation::Reached, Verdict::Reached) => {
            Color::Green
        }
        (Expectation::Violated, Verdict::Violated) | (_, Verdict::Incomplete) => Color::Yellow,
        _ => Color::Red,
    }
}

/// A line for each instance.
pub(crate) fn summary(reports: &[Report]) -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    table.set_header(["protocol", "instance", "properties", "unique", "generated", "s", "result"]);
    for report in reports {
        let result = match (report.complete, report.surprises.is_empty()) {
            (_, false) => "NOT AS EXPECTED",
            (true, true) => "as expected",
            (false, true) => "incomplete",
        };
        table.add_row([
            report.protocol.to_string(),
            report.instance.to_string(),
            report.properties.len().to_string(),
            grouped(report.unique),
            grouped(report.generated),
            format!("{:.2}", report.seconds),
            result.to_string(),
        ]);
    }
    table
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
    // A hair less, so that 2e-3 is not 3e-3 for want of a bit.
    let digit = (bound / 10_f64.powf(exponent) - 1e-9).ceil();
    format!("{:.0e}", digit * 10_f64.powf(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_rounded_up_and_never_down() {
        let told = [1.16e-3, 2e-3, 9.01e-7, 1.0, 0.0].map(rounded_up);
        assert_eq!(told, ["2e-3", "2e-3", "1e-6", "1e0", "0"]);
    }
}
