//! `quorate check`: verdicts for every property of every instance asked for.

use super::CliError;
use clap::Parser;
use comfy_table::presets::NOTHING;
use comfy_table::{Cell, Color, Table};
use indicatif::{ProgressBar, ProgressStyle};
use quorate::catalogue::{self, Case, Protocol};
use quorate::check::{Expectation, Options, Progress, PropertyReport, Report, Verdict};
use quorate::trace::TraceFile;
use std::path::PathBuf;

/// Check protocols: every behaviour within the bounds of each instance.
#[derive(Parser)]
#[command(after_help = "\
Examples:
  quorate check                                  every quick instance of every protocol
  quorate check primary-backup --instance async  one instance
  quorate check primary-backup --deep            the deep instances too

Exit codes: 0 all as expected, 1 not as expected, 2 bad usage, 3 incomplete.")]
pub(crate) struct Args {
    /// The protocol, or `all`.
    #[arg(default_value = "all")]
    protocol: String,
    /// Only this instance.
    #[arg(long, value_name = "NAME")]
    instance: Option<String>,
    /// The deep instances too: minutes instead of seconds.
    #[arg(long)]
    deep: bool,
    /// How many threads check. More than one may find counterexamples that are not the shortest.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: u16,
    /// One JSON object a line for each instance, instead of a table.
    #[arg(long)]
    json: bool,
    /// Write the first counterexample here, for `quorate explore --at`.
    #[arg(long, value_name = "FILE")]
    counterexample: Option<PathBuf>,
}

pub(crate) fn execute(args: &Args) -> Result<u8, CliError> {
    let protocols = match args.protocol.as_str() {
        "all" => catalogue::protocols(),
        name => vec![catalogue::protocol(name)?],
    };
    let mut reports = Vec::new();
    for protocol in &protocols {
        for case in chosen(protocol, args)? {
            let report = check(protocol, case, args);
            if args.json {
                println!("{}", serde_json::to_string(&report).map_err(CliError::json)?);
            } else {
                tell(&report, case);
            }
            reports.push(report);
        }
    }
    if !args.json {
        println!("{}", summary(&reports));
    }
    if let Some(path) = &args.counterexample {
        write_counterexample(&reports, path)?;
    }
    Ok(exit_code(&reports))
}

fn chosen<'a>(protocol: &'a Protocol, args: &Args) -> Result<Vec<&'a dyn Case>, CliError> {
    if let Some(name) = &args.instance {
        if args.protocol == "all" {
            return Err(CliError::Usage(format!(
                "--instance needs a protocol: quorate check PROTOCOL --instance {name}"
            )));
        }
        return Ok(vec![protocol.case(name)?]);
    }
    let cases = protocol.cases.iter().map(AsRef::as_ref);
    Ok(cases.filter(|case| args.deep || !case.is_deep()).collect())
}

fn check(protocol: &Protocol, case: &dyn Case, args: &Args) -> Report {
    let bar = if args.json { ProgressBar::hidden() } else { ProgressBar::no_length() };
    let style = ProgressStyle::with_template("{spinner} {prefix}: {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.set_prefix(format!("{} {}", protocol.name, case.name()));
    let options = Options { threads: usize::from(args.threads), ..Options::default() };
    let findings = case.check(&options, &|progress| {
        bar.set_message(line(progress));
        bar.tick();
    });
    bar.finish_and_clear();
    Report::new(protocol.name, case, findings)
}

fn line(progress: Progress) -> String {
    let seconds = progress.elapsed.as_secs_f64();
    format!(
        "{} states ({} generated, {:.0}/s), depth {}, {seconds:.1} s",
        grouped(progress.unique),
        grouped(progress.generated),
        progress.generated as f64 / seconds.max(1e-9),
        progress.depth,
    )
}

/// The table of one instance, its surprises, and its counterexamples.
fn tell(report: &Report, case: &dyn Case) {
    println!("{} {}: {}", report.protocol, report.instance, case.about());
    let mut table = Table::new();
    table.load_preset(NOTHING);
    table.set_header(["property", "kind", "expected", "verdict", "steps"]);
    for property in &report.properties {
        let steps = property.trace_len.map_or(String::new(), |steps| steps.to_string());
        table.add_row([
            Cell::new(property.name),
            Cell::new(property.kind),
            Cell::new(lower(property.expected)),
            Cell::new(lower(property.verdict)).fg(color(property)),
            Cell::new(steps),
        ]);
    }
    println!("{table}");
    println!(
        "{} unique states, {} generated, depth {}, {:.2} s, {} with {} thread(s)",
        grouped(report.unique),
        grouped(report.generated),
        report.depth,
        report.seconds,
        report.engine,
        report.threads,
    );
    for surprise in &report.surprises {
        println!("NOT AS EXPECTED: {surprise}");
    }
    for (name, trace) in report.counterexamples() {
        let expected = report
            .properties
            .iter()
            .any(|property| property.name == name && property.expected == Expectation::Violated);
        let label = if expected { "expected violation" } else { "VIOLATION" };
        println!("\n{label} of {name:?}, in {} steps:", trace.actions.len());
        match case.narrate(trace) {
            Ok(narrative) => {
                for (at, (action, changes)) in narrative.steps.iter().enumerate() {
                    println!("{:>4}. {action}", at + 1);
                    for change in changes {
                        println!("        {change}");
                    }
                }
            }
            Err(error) => println!("      (cannot be told: {error})"),
        }
    }
    println!();
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

fn summary(reports: &[Report]) -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    table.set_header(["protocol", "instance", "properties", "unique", "generated", "s", "result"]);
    for report in reports {
        let result = match (report.complete, report.as_expected) {
            (true, true) => "as expected",
            (true, false) => "NOT AS EXPECTED",
            (false, _) => "incomplete",
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

fn write_counterexample(reports: &[Report], path: &std::path::Path) -> Result<(), CliError> {
    let first = reports.iter().find_map(|report| {
        report.counterexamples().next().map(|(property, trace)| (report, property, trace))
    });
    let Some((report, property, trace)) = first else {
        eprintln!("no property was violated, so {} was not written", path.display());
        return Ok(());
    };
    TraceFile::new(report.protocol, report.instance, property, trace).write(path)?;
    eprintln!(
        "wrote the counterexample to {property:?}; step through it with: quorate explore {} --at {}",
        report.protocol,
        path.display(),
    );
    Ok(())
}

fn exit_code(reports: &[Report]) -> u8 {
    if reports.iter().any(|report| report.complete && !report.as_expected) {
        1
    } else if reports.iter().any(|report| !report.complete) {
        3
    } else {
        0
    }
}

fn lower(value: impl std::fmt::Debug) -> String {
    format!("{value:?}").to_lowercase()
}

/// 1234567 as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    indicatif::HumanCount(number).to_string()
}
